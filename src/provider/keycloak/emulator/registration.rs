//! People who sign up by themselves through the registration form, without cookies and pages of their own.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal};
use super::claims::session_id;
use super::credentials::{require, set_password};
use super::events::UserEvent;
use super::profile::ROOT;
use super::tokens::{Oidc, issuer};
use super::world::{Client, Object, User, new_id};

const HTML: &str = "text/html;charset=utf-8";

impl Oidc<'_> {
    /// `GET …/registrations`: the form.
    pub fn registration_page(&self) -> Outcome {
        self.registering_client()?;
        Ok(self.form_page(&[]))
    }

    /// `POST …/login-actions/registration`: what was typed into the form.
    pub fn register(&mut self) -> Outcome {
        let client = self.registering_client()?.clone();
        let form = self.request.form();
        let field = |name: &str| {
            form.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let redirect = self.request.query("redirect_uri").map(str::to_owned).unwrap_or_else(|| first_redirect(&client));
        let session = session_id();
        let mut details: Vec<(String, Value)> = vec![
            ("auth_method".into(), json!("openid-connect")),
            ("register_method".into(), json!("form")),
            ("last_name".into(), json!(field("lastName"))),
            ("redirect_uri".into(), json!(redirect)),
            ("first_name".into(), json!(field("firstName"))),
            ("code_id".into(), json!(session)),
        ];
        let mut body: Object = ROOT.iter().filter_map(|name| Some(((*name).to_owned(), json!(field(name)?)))).collect();
        if self.realm.is("registrationEmailAsUsername")
            && let Some(email) = body.get("email").cloned()
        {
            body.insert("username".into(), email);
        }
        if let Err((error, words)) = self.check_registration(&body, &field) {
            for name in ["email", "username"] {
                details.push((name.into(), json!(field(name).map(|value| value.to_lowercase()))));
            }
            let event = UserEvent { client: &client.client_id, error: Some(error), details, ..UserEvent::default() };
            self.realm.user_event(self.now, "REGISTER_ERROR", event);
            return Ok(self.form_page(&[words]));
        }
        let blank = User { id: new_id(), ..User::default() };
        let mut user = self.realm.apply_profile(&body, &blank, true)?;
        user.enabled = true;
        user.created = self.now;
        user.roles.insert(self.realm.default_role.clone());
        user.groups.extend(self.realm.default_groups.iter().cloned());
        let verify = self.realm.is("verifyEmail");
        if verify {
            require(&mut user, "VERIFY_EMAIL");
            require(&mut user, "UPDATE_PASSWORD");
        } else if let Some(password) = field("password") {
            set_password(&mut user, &password, self.now);
        }
        let (id, username) = (user.id.clone(), user.username.clone());
        self.realm.put_user(user);
        for name in ["email", "username"] {
            details.push((name.into(), json!(field(name))));
        }
        let event = UserEvent { client: &client.client_id, user: Some(&id), details, ..UserEvent::default() };
        self.realm.user_event(self.now, "REGISTER", event);
        let issuer = issuer(self.request, &self.realm.name);
        if verify {
            let place =
                format!("{issuer}/login-actions/required-action?execution=VERIFY_EMAIL&client_id={}", client.client_id);
            return Ok(Answer::nothing(302).with_header("location", place));
        }
        let details = vec![
            ("auth_method".to_owned(), json!("openid-connect")),
            ("response_type".to_owned(), json!("code")),
            ("redirect_uri".to_owned(), json!(redirect)),
            ("consent".to_owned(), json!("no_consent_required")),
            ("code_id".to_owned(), json!(session)),
            ("username".to_owned(), json!(username)),
            ("response_mode".to_owned(), json!("query")),
        ];
        let event =
            UserEvent { client: &client.client_id, user: Some(&id), session: Some(&session), details, error: None };
        self.realm.user_event(self.now, "LOGIN", event);
        let place = format!("{redirect}?session_state={session}&iss={issuer}&code={}", new_id());
        Ok(Answer::nothing(302).with_header("location", place))
    }

    fn registering_client(&self) -> Result<&Client, Refusal> {
        let refuse = |words: &str| -> Refusal { page(400, "We are sorry...", &[words], &[]).into() };
        if !self.realm.is("registrationAllowed") {
            return Err(refuse("Registration not allowed"));
        }
        let client = self.request.query("client_id").and_then(|id| self.realm.client_named(id));
        client.ok_or_else(|| refuse("Client not found."))
    }

    fn check_registration(
        &self,
        body: &Object,
        field: &impl Fn(&str) -> Option<String>,
    ) -> Result<(), (&'static str, &'static str)> {
        let lower = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_lowercase);
        if ROOT.iter().any(|name| !body.contains_key(*name)) {
            return Err(("invalid_registration", "Please specify this field."));
        }
        if !self.realm.is("verifyEmail") {
            if field("password").is_none() {
                return Err(("invalid_registration", "Please specify password."));
            }
            if field("password") != field("password-confirm") {
                return Err(("invalid_registration", "Password confirmation doesn't match."));
            }
        }
        if lower("email").is_some_and(|email| self.realm.user_with_email(&email).is_some()) {
            return Err(("email_in_use", "Email already exists."));
        }
        if lower("username").is_some_and(|name| self.realm.user_named(&name).is_some()) {
            return Err(("username_in_use", "Username already exists."));
        }
        let blank = User { id: new_id(), ..User::default() };
        self.realm.apply_profile(body, &blank, true).map(|_| ()).map_err(|_| ("invalid_registration", "Invalid value."))
    }

    fn form_page(&self, messages: &[&str]) -> Answer {
        let mut inputs = vec!["email", "firstName", "lastName", "username"];
        if !self.realm.is("verifyEmail") {
            inputs.extend(["password", "password-confirm"]);
        }
        page(200, "Register", messages, &inputs)
    }
}

fn page(status: u16, title: &str, messages: &[&str], inputs: &[&str]) -> Answer {
    let messages: String = messages.iter().map(|words| format!("<p>{words}</p>")).collect();
    let inputs: String = inputs.iter().map(|name| format!("<input name=\"{name}\">")).collect();
    let text = format!("<html><body><h1>{title}</h1>{messages}<form method=\"post\">{inputs}</form></body></html>");
    Answer::text(status, HTML, text)
}

/// Where the form of a client leads: its first redirect URI, with something in place of the star.
fn first_redirect(client: &Client) -> String {
    let uris = client.fields.get("redirectUris").and_then(Value::as_array);
    let first = uris.and_then(|uris| uris.first()).and_then(Value::as_str).unwrap_or_default();
    first.replace('*', "cb")
}
