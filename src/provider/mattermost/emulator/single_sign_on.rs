//! Signing in through a login provider, as the route of GitLab does it, which needs no licence.
//!
//! The provider's user-info answer is handed in: nobody is asked over the network. The route that begins a sign-in is
//! there; the one that the provider returns to is replaced by [`Mattermost::sign_in_by_gitlab`].

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::Mattermost;
use super::accounts::{SessionKind, User};
use super::call::Call;
use super::reply::{Answer, Refusal, Reply, refuse};
use super::routes::{Route, open};
use super::user_rules::clean_username;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[open("GET", "/oauth/{service}/login", begin)];

const SERVICE: &str = "gitlab";

/// What a sign-in came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignIn {
    /// The person is in.
    Done {
        /// Her account.
        user_id: String,
        /// The token of her session.
        token: String,
    },
    /// She is not, and is shown a page that says why.
    Refused {
        /// The status of that page.
        status: u16,
        /// The identifier of the error, which the page does not show.
        id: String,
        /// The text.
        message: String,
    },
}

impl Mattermost {
    /// Somebody signs in through GitLab, which says `user_info` of her: `id`, `username` or `login`,
    /// `preferred_username`, `name`, `email`.
    ///
    /// A known subject is let in and comes back to life where the account was deactivated; an unknown one gets an
    /// account where that is allowed. Source of the rules: release 11.6.0, seen running.
    pub fn sign_in_by_gitlab(&self, user_info: &Value) -> SignIn {
        let now = self.clock.now();
        let mut world = self.world();
        let now = world.moment(now);
        match world.sign_in_by_gitlab(user_info, now) {
            Ok((user_id, token)) => SignIn::Done { user_id, token },
            Err(refusal) => {
                SignIn::Refused { status: refusal.status, id: refusal.id.into_owned(), message: refusal.message }
            }
        }
    }

    /// [`sign_in_by_gitlab`](Self::sign_in_by_gitlab) as the control address answers it.
    pub(super) fn sign_in_hook(&self, body: &[u8]) -> Response<Body> {
        use axum::http::StatusCode;

        let Ok(user_info) = serde_json::from_slice::<Value>(body) else {
            let error = json!({ "error": "the body is the provider's user-info answer, a JSON object" });
            return crate::provider::emulator::json_answer(StatusCode::BAD_REQUEST, &error);
        };
        let (status, answer) = match self.sign_in_by_gitlab(&user_info) {
            SignIn::Done { user_id, token } => (StatusCode::OK, json!({ "user_id": user_id, "token": token })),
            SignIn::Refused { status, id, message } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                (status, json!({ "id": id, "message": message }))
            }
        };
        crate::provider::emulator::json_answer(status, &answer)
    }
}

/// What GitLab says of somebody.
struct Claims {
    auth_data: String,
    username: Option<String>,
    first_name: String,
    last_name: String,
    email: String,
}

impl Claims {
    /// `None` where the subject is no number, or there is no address.
    fn read(user_info: &Value, prefers_username: bool) -> Option<Self> {
        let text = |name: &str| match user_info.get(name) {
            None | Some(Value::Null) => Some(""),
            Some(value) => value.as_str(),
        };
        let id = match user_info.get("id") {
            None | Some(Value::Null) => 0,
            Some(id) => id.as_i64()?,
        };
        let (username, login, preferred) = (text("username")?, text("login")?, text("preferred_username")?);
        let (name, email) = (text("name")?, text("email")?);
        if id == 0 || email.is_empty() {
            return None;
        }
        let username = if prefers_username && !preferred.is_empty() {
            preferred.split('@').next().unwrap_or("")
        } else if username.is_empty() {
            login
        } else {
            username
        };
        let (first_name, last_name) = name.split_once(' ').unwrap_or((name, ""));
        Some(Claims {
            auth_data: id.to_string(),
            username: clean_username(username),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            email: email.to_lowercase(),
        })
    }
}

impl World {
    fn sign_in_by_gitlab(&mut self, user_info: &Value, now: i64) -> Result<(String, String), Refusal> {
        self.provider(SERVICE)?;
        let prefers_username = self.config.is_on("GitLabSettings", "UsePreferredUsername");
        let claims = Claims::read(user_info, prefers_username).ok_or_else(|| {
            let message = format!("Could not parse auth data out of {SERVICE} user object.");
            refuse(400, "api.user.login_by_oauth.parse.app_error", message)
        })?;
        let known = self
            .users
            .values()
            .find(|user| user.auth_service == SERVICE && user.auth_data.as_deref() == Some(claims.auth_data.as_str()));
        let id = match known.cloned() {
            Some(user) if self.is_bot(&user.id) => {
                let id = "api.user.login_by_oauth.bot_login_forbidden.app_error";
                return Err(refuse(403, id, "Bot login is forbidden."));
            }
            Some(user) => self.follow_provider(user, claims, now)?,
            None => self.create_by_provider(claims, now)?,
        };
        let session = self.sign_in(&id, SessionKind::SingleSignOn, now);
        Ok((id, session.token))
    }

    /// A known person: name and address are taken over where they are free, and a deactivated account is active again.
    /// The limit of people is not asked.
    fn follow_provider(&mut self, mut user: User, claims: Claims, now: i64) -> Result<String, Refusal> {
        let before = (user.username.clone(), user.email.clone(), user.delete_at);
        let username = claims.username.unwrap_or_else(|| format!("a{}", self.new_id()));
        if username != user.username && self.user_by_name(&username).is_none() {
            user.username = username;
        }
        let full = |first: &str, last: &str| [first, last].join(" ").trim().to_owned();
        let is_renamed = full(&user.first_name, &user.last_name) != full(&claims.first_name, &claims.last_name);
        if is_renamed {
            (user.first_name, user.last_name) = (claims.first_name, claims.last_name);
        }
        if claims.email != user.email && self.user_by_email(&claims.email).is_none() {
            user.email = claims.email;
        }
        user.delete_at = 0;
        let id = user.id.clone();
        if is_renamed || before != (user.username.clone(), user.email.clone(), user.delete_at) {
            self.store_user(user, true, now)?;
        }
        Ok(id)
    }

    /// An unknown person: never linked by address; a taken name gets a number.
    fn create_by_provider(&mut self, claims: Claims, now: i64) -> Result<String, Refusal> {
        if !self.config.is_on("TeamSettings", "EnableUserCreation") {
            return Err(refuse(501, "api.user.create_user.disabled.app_error", "User creation is disabled."));
        }
        let mut username = claims.username.unwrap_or_else(|| format!("a{}", self.new_id()));
        let mut number = 0;
        while self.user_by_name(&username).is_some() {
            username.push_str(&number.to_string());
            number += 1;
        }
        if let Some(other) = self.user_by_email(&claims.email) {
            let auth = if other.auth_service.is_empty() { "email" } else { other.auth_service.as_str() };
            let message = format!(
                "There is already an account associated with that email address using a sign in method other than \
                 {SERVICE}. Please sign in using {auth}."
            );
            return Err(refuse(400, "api.user.create_oauth_user.already_attached.app_error", message));
        }
        let user = User {
            username,
            first_name: claims.first_name,
            last_name: claims.last_name,
            email: claims.email,
            email_verified: true,
            auth_service: SERVICE.to_owned(),
            auth_data: Some(claims.auth_data),
            ..User::default()
        };
        self.create_user(user, "", now)
    }

    /// Whether a login provider is there. The one of GitLab is gone where its scope asks for OpenID Connect, whose
    /// provider is not part of this edition.
    fn provider(&self, service: &str) -> Result<(), Refusal> {
        let is_there = service == SERVICE && self.config.is_on("GitLabSettings", "Enable");
        let missing = |id: &'static str, name: &str| {
            refuse(501, id, format!("{name} SSO through OAuth 2.0 not available on this server."))
        };
        if !is_there {
            return Err(missing("api.user.authorize_oauth_user.unsupported.app_error", service));
        }
        if self.config.text("GitLabSettings", "Scope").contains("openid") {
            return Err(missing("api.user.login_by_oauth.not_available.app_error", "Gitlab"));
        }
        Ok(())
    }
}

/// Sends a browser to the provider.
fn begin(world: &mut World, call: &Call) -> Answer {
    if let Err(refusal) = world.provider(call.param("service")) {
        // A page of the web application.
        let page = format!("<!DOCTYPE html><html><body>{}</body></html>", refusal.message);
        return Ok(Reply::text(refusal.status, "text/html", page));
    }
    let setting = |name| world.config.text("GitLabSettings", name);
    let site = world.config.text("ServiceSettings", "SiteURL");
    let site = if site.is_empty() { call.base.as_str() } else { site };
    let back = format!("{site}/signup/{SERVICE}/complete");
    let (endpoint, client) = (setting("AuthEndpoint"), setting("Id"));
    let scope = setting("Scope");
    let scope = if scope.is_empty() { String::new() } else { format!("&scope={scope}") };
    let location = format!("{endpoint}?response_type=code&client_id={client}&redirect_uri={back}{scope}");
    let state = world.new_id();
    Ok(Reply::empty(302).header("location", format!("{location}&state={state}")))
}
