//! Passwords, sessions, and mails that ask for an action.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, described, done, error, message};
use super::call::Call;
use super::defaults::REQUIRED_ACTIONS;
use super::json::Shape;
use super::realms::text;
use super::shapes;
use super::users::user_not_found;
use super::world::{Credential, Object, Realm, User, new_id};

/// What a password's row says of how it was hashed.
const HASHING: &str = r#"{"hashIterations":5,"algorithm":"argon2","additionalParameters":{"hashLength":["32"],"memory":["7168"],"type":["id"],"version":["1.3"],"parallelism":["1"]}}"#;

/// The policies that a realm may demand of passwords.
const POLICIES: &[&str] = &[
    "length",
    "maxLength",
    "digits",
    "lowerCase",
    "upperCase",
    "specialChars",
    "notUsername",
    "notEmail",
    "notContainsUsername",
    "passwordHistory",
    "passwordAge",
    "forceExpiredPasswordChange",
    "hashAlgorithm",
    "hashIterations",
    "regexPattern",
    "passwordBlacklist",
    "maxAuthAge",
    "recovery-codes-warning-threshold",
];

/// Refuses a policy that names a rule that does not exist.
pub(super) fn check_policy(policy: &str) -> Result<(), Refusal> {
    for (name, _) in rules(policy) {
        if !POLICIES.contains(&name) {
            return Err(message(400, "Password policy not found"));
        }
    }
    Ok(())
}

/// Takes over the passwords that a body brings along; each replaces the one before.
pub(super) fn import(realm: &Realm, user: &mut User, body: &Object, now: i64) -> Result<(), Refusal> {
    for credential in body.get("credentials").and_then(Value::as_array).into_iter().flatten() {
        let kind = credential["type"].as_str().unwrap_or("password");
        let Some(value) = credential["value"].as_str() else {
            continue;
        };
        if kind == "password" {
            demand_policy(realm, user, value)?;
            set_password(user, value, now);
            if credential["temporary"].as_bool().unwrap_or(false) {
                require(user, "UPDATE_PASSWORD");
            }
        }
    }
    Ok(())
}

impl User {
    pub fn has_password(&self, password: &str) -> bool {
        self.credentials.iter().any(|credential| credential.kind == "password" && credential.secret == password)
    }
}

impl Call<'_> {
    pub fn reset_password(&mut self, id: &str) -> Outcome {
        let body = self.request.bean(&shapes::CREDENTIAL)?;
        let user = self.managed_user(id)?;
        let value = text(&body, "value").ok_or_else(|| error(400, "No password provided"))?;
        if value.trim().is_empty() {
            return Err(error(400, "Empty password not allowed"));
        }
        demand_policy(self.realm, user, value)?;
        let now = self.now;
        let user = self.realm.users.get_mut(id).ok_or_else(user_not_found)?;
        set_password(user, value, now);
        if body.get("temporary").and_then(Value::as_bool).unwrap_or(false) {
            require(user, "UPDATE_PASSWORD");
        }
        self.record("ACTION", "USER", Some(format!("users/{id}/reset-password")), None);
        done()
    }

    pub fn credentials(&self, id: &str) -> Outcome {
        let user = self.visible_user(id)?;
        let shown = user.credentials.iter().map(|credential| {
            let mut shown = Object::new();
            shown.insert("id".into(), json!(credential.id));
            shown.insert("type".into(), json!(credential.kind));
            if let Some(label) = &credential.label {
                shown.insert("userLabel".into(), json!(label));
            }
            shown.insert("createdDate".into(), json!(credential.created));
            shown.insert("credentialData".into(), json!(HASHING));
            Value::Object(shown)
        });
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn remove_credential(&mut self, id: &str, credential: &str) -> Outcome {
        self.managed_user(id)?;
        let user = self.realm.users.get_mut(id).ok_or_else(user_not_found)?;
        let before = user.credentials.len();
        user.credentials.retain(|known| known.id != credential);
        if user.credentials.len() == before {
            return Err(error(404, "Credential not found"));
        }
        self.record("ACTION", "USER", Some(format!("users/{id}/credentials/{credential}")), None);
        done()
    }

    /// Ends all sessions; tokens that were handed out before stop counting.
    pub fn logout(&mut self, id: &str) -> Outcome {
        self.managed_user(id)?;
        self.realm.sessions.retain(|_, session| session.user != id);
        let now = self.now / 1000;
        if let Some(user) = self.realm.users.get_mut(id) {
            user.not_before = now;
        }
        self.record("ACTION", "USER", Some(format!("users/{id}/logout")), None);
        done()
    }

    pub fn sessions(&self, id: &str) -> Outcome {
        let user = self.visible_user(id)?;
        let shown = self.realm.sessions.values().filter(|session| session.user == id).map(|session| {
            json!({"id": session.id, "username": user.username, "userId": user.id, "ipAddress": "127.0.0.1",
                   "start": session.start, "lastAccess": session.last_access, "rememberMe": false,
                   "clients": session.clients, "transientUser": false})
        });
        Ok(Answer::json(shown.collect::<Vec<_>>()))
    }

    pub fn remove_session(&mut self, id: &str) -> Outcome {
        self.caller.demand(&["manage-users"])?;
        if self.realm.sessions.remove(id).is_none() {
            return Err(error(404, "Sesssion not found"));
        }
        self.record("DELETE", "USER_SESSION", Some(format!("sessions/{id}")), None);
        done()
    }

    /// Asks a person by mail to do something. No mail is sent; whether one could be is what the realm's settings say.
    pub fn execute_actions_email(&mut self, id: &str) -> Outcome {
        static ACTIONS: Shape = Shape::List(&Shape::Text);
        let actions = match self.request.read(&ACTIONS)? {
            Value::Array(actions) => actions,
            _ => Vec::new(),
        };
        let user = self.managed_user(id)?;
        if user.email.is_none() {
            return Err(message(400, "User email missing"));
        }
        if !user.enabled {
            return Err(message(400, "User is disabled"));
        }
        self.check_mail_target()?;
        if actions.iter().any(|action| !REQUIRED_ACTIONS.iter().any(|(alias, ..)| action == alias)) {
            return Err(message(400, "Provided invalid required actions"));
        }
        self.send_mail("execute actions")?;
        self.record("ACTION", "USER", Some(format!("users/{id}/execute-actions-email")), None);
        done()
    }

    pub fn send_verify_email(&mut self, id: &str) -> Outcome {
        let user = self.managed_user(id)?;
        if user.email.is_none() {
            return Err(message(400, "User email missing"));
        }
        if !user.enabled {
            return Err(message(400, "User is disabled"));
        }
        self.check_mail_target()?;
        self.send_mail("verify")?;
        self.record("ACTION", "USER", Some(format!("users/{id}/send-verify-email")), None);
        done()
    }

    fn check_mail_target(&self) -> Result<(), Refusal> {
        let target = self.request.query("redirect_uri");
        let Some(client_id) = self.request.query("client_id") else {
            return if target.is_some() { Err(message(400, "Client id missing")) } else { Ok(()) };
        };
        let client = self.realm.client_named(client_id).ok_or_else(|| message(400, "Client doesn't exist"))?;
        if !client.is("enabled") {
            return Err(message(400, "Client is not enabled"));
        }
        let allowed = client.fields.get("redirectUris").and_then(Value::as_array);
        let fits = |target: &str| {
            allowed.into_iter().flatten().filter_map(Value::as_str).any(|pattern| match pattern.strip_suffix('*') {
                Some(prefix) => target.starts_with(prefix),
                None => pattern == target,
            })
        };
        if target.is_none_or(fits) { Ok(()) } else { Err(message(400, "Invalid redirect uri.")) }
    }

    /// Fails as the service does when the realm has no mail server.
    fn send_mail(&self, what: &str) -> Result<(), Refusal> {
        if self.realm.has_mail_server() {
            return Ok(());
        }
        Err(message(
            500,
            format!(
                "Failed to send {what} email: Invalid sender address 'null'. If the address contains UTF-8 characters in \
                 the local part please ensure the SMTP server supports the SMTPUTF8 extension and enable 'Allow UTF-8' in \
                 the email realm configuration."
            ),
        ))
    }
}

impl Realm {
    pub fn has_mail_server(&self) -> bool {
        self.setting("smtpServer")["from"].as_str().is_some_and(|from| !from.is_empty())
    }
}

/// Adds a required action that is not there yet.
pub(super) fn require(user: &mut User, action: &str) {
    if !user.required_actions.iter().any(|known| known == action) {
        user.required_actions.push(action.to_owned());
    }
}

/// Replaces the password.
pub(super) fn set_password(user: &mut User, password: &str, now: i64) {
    user.credentials.retain(|credential| credential.kind != "password");
    user.credentials.push(Credential {
        id: new_id(),
        kind: "password".into(),
        secret: password.to_owned(),
        label: None,
        created: now,
    });
}

/// The rules of a policy that speak of the text of a password.
fn demand_policy(realm: &Realm, user: &User, password: &str) -> Result<(), Refusal> {
    let policy = realm.setting("passwordPolicy").as_str().unwrap_or_default().to_owned();
    for (name, value) in rules(&policy) {
        let number: usize = value.parse().unwrap_or(0);
        let count = |is: fn(char) -> bool| password.chars().filter(|c| is(*c)).count();
        let broken = match name {
            "length" => (password.chars().count() < number)
                .then(|| ("invalidPasswordMinLengthMessage", format!("Invalid password: minimum length {number}."))),
            "maxLength" => (password.chars().count() > number)
                .then(|| ("invalidPasswordMaxLengthMessage", format!("Invalid password: maximum length {number}."))),
            "digits" => (count(|c| c.is_ascii_digit()) < number).then(|| {
                (
                    "invalidPasswordMinDigitsMessage",
                    format!("Invalid password: must contain at least {number} numerical digits."),
                )
            }),
            "lowerCase" => (count(char::is_lowercase) < number).then(|| {
                (
                    "invalidPasswordMinLowerCaseCharsMessage",
                    format!("Invalid password: must contain at least {number} lower case characters."),
                )
            }),
            "upperCase" => (count(char::is_uppercase) < number).then(|| {
                (
                    "invalidPasswordMinUpperCaseCharsMessage",
                    format!("Invalid password: must contain at least {number} upper case characters."),
                )
            }),
            "specialChars" => (count(|c| !c.is_alphanumeric()) < number).then(|| {
                (
                    "invalidPasswordMinSpecialCharsMessage",
                    format!("Invalid password: must contain at least {number} special characters."),
                )
            }),
            "notUsername" => (password == user.username).then(|| {
                ("invalidPasswordNotUsernameMessage", "Invalid password: must not be equal to the username.".to_owned())
            }),
            "notEmail" => (user.email.as_deref() == Some(password)).then(|| {
                ("invalidPasswordNotEmailMessage", "Invalid password: must not be equal to the email.".to_owned())
            }),
            "passwordHistory" => user.has_password(password).then(|| {
                (
                    "invalidPasswordHistoryMessage",
                    format!("Invalid password: must not be equal to any of last {number} passwords."),
                )
            }),
            _ => None,
        };
        if let Some((key, words)) = broken {
            return Err(described(400, key, words));
        }
    }
    Ok(())
}

/// `length(8) and digits(1)` as pairs.
fn rules(policy: &str) -> impl Iterator<Item = (&str, &str)> {
    policy.split(" and ").map(str::trim).filter(|rule| !rule.is_empty()).map(|rule| match rule.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.trim_end_matches(')').trim()),
        None => (rule, ""),
    })
}
