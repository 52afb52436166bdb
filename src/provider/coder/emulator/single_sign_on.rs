//! Signing in through the identity provider. Its claims are handed in: nobody is asked over the network.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Coder;
use super::accounts::User;
use super::call::Call;
use super::reply::{Answer, Refusal, RefusalManner, refuse};
use super::routes::{Route, open, route};
use super::world::World;

pub(super) const ROUTES: &[Route] =
    &[open("GET", "/api/v2/users/oidc/callback", callback), route("GET", "/api/v2/users/oidc-claims", claims)];

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
    /// She is not.
    Refused {
        /// The status of the page or answer that says why.
        status: u16,
        /// Its title or message.
        message: String,
        /// What it says.
        detail: String,
        /// Whether it is a page for the browser.
        is_page: bool,
    },
}

impl Coder {
    /// Somebody comes back from the identity provider, which says `claims` of her: `sub`, `email`, `email_verified`,
    /// `preferred_username`, `name`, `picture`.
    ///
    /// A known subject is let in. Otherwise the account of the verified address is, where it has no other subject and
    /// signs in this way; or a new one is made. Source of the rules: the release of [`super`], seen running.
    pub fn sign_in_by_oidc(&self, claims: &Value) -> SignIn {
        let mut world = self.world();
        let now = world.moment(self.clock.now());
        match world.sign_in_by_oidc(claims, now) {
            Ok((user_id, token)) => SignIn::Done { user_id, token },
            Err(refusal) => SignIn::Refused {
                status: refusal.status,
                is_page: refusal.manner == RefusalManner::Page,
                message: refusal.message,
                detail: refusal.detail,
            },
        }
    }

    /// [`sign_in_by_oidc`](Self::sign_in_by_oidc) as the control address answers it.
    pub(super) fn sign_in_hook(&self, body: &[u8]) -> Response<Body> {
        let answer = |status, body: &Value| crate::provider::emulator::json_answer(status, body);
        let Ok(claims) = serde_json::from_slice::<Value>(body) else {
            return answer(StatusCode::BAD_REQUEST, &json!({ "error": "the body is the claims, a JSON object" }));
        };
        match self.sign_in_by_oidc(&claims) {
            SignIn::Done { user_id, token } => answer(StatusCode::OK, &json!({ "user_id": user_id, "token": token })),
            SignIn::Refused { status, message, detail, .. } => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
                answer(status, &json!({ "message": message, "detail": detail }))
            }
        }
    }

    /// Somebody signs in to a provider of external authentication.
    pub fn link_external_auth(&self, username: &str, provider: &str) -> bool {
        let mut world = self.world();
        let Some(id) = world.user_by_name(username).map(|user| user.id.clone()) else {
            return false;
        };
        world.users.get_mut(&id).is_some_and(|user| {
            user.external_auth.push(provider.to_owned());
            true
        })
    }
}

fn page(title: &str, text: impl Into<String>) -> Refusal {
    refuse(403, title).detail(text).manner(RefusalManner::Page)
}

impl World {
    fn sign_in_by_oidc(&mut self, claims: &Value, now: DateTime<Utc>) -> Result<(String, String), Refusal> {
        let Some(oidc) = self.settings.oidc.clone() else {
            return Err(super::reply::unknown_route());
        };
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or("");
        let preferred = text("preferred_username");
        let email =
            if text("email").is_empty() && super::rules::is_email(preferred) { preferred } else { text("email") };
        if email.is_empty() {
            return Err(refuse(400, "No email found in OIDC payload!"));
        }
        if claims.get("email_verified") != Some(&Value::Bool(true)) {
            let words = format!("Verify the \"{email}\" email address on your OIDC provider to authenticate!");
            return Err(page("Email not verified", words));
        }
        let linked_id = format!("{}||{}", oidc.issuer, text("sub"));
        let known = self.users.values().find(|user| !user.is_deleted && user.linked_id.as_ref() == Some(&linked_id));
        let user_id = match known.or_else(|| self.user_by_email(email)) {
            Some(user) => {
                may_link(user, &linked_id)?;
                user.id.clone()
            }
            None if oidc.allow_signups || self.users.is_empty() => self.sign_up(email, preferred, now),
            None => {
                return Err(page("Signups disabled", "OIDC signups have been disabled. Contact your administrator."));
            }
        };
        if self.user_by_email(email).is_some_and(|other| other.id != user_id) {
            let detail = "in tx: execute transaction: update user profile: pq: duplicate key value violates unique \
                 constraint \"idx_users_email\"";
            return Err(refuse(500, "Failed to process OAuth login.").detail(detail));
        }
        let was_dormant = self.users.get(&user_id).is_some_and(|user| user.status == "dormant");
        let user = self.user_mut(&user_id)?;
        user.linked_id = Some(linked_id);
        user.email = email.to_owned();
        user.name = text("name").trim().to_owned();
        user.avatar_url = text("picture").to_owned();
        user.updated_at = now;
        user.claims = claims.clone();
        user.claims["iss"] = oidc.issuer.into();
        user.claims["aud"] = "coder".into();
        if was_dormant {
            user.last_seen_at = Some(now);
        }
        let token = self.sign_in(&user_id, "oidc", now);
        Ok((user_id, token))
    }

    /// A new account: active, in the organisation, and an owner where nobody came before.
    fn sign_up(&mut self, email: &str, preferred: &str, now: DateTime<Utc>) -> String {
        let source = if preferred.is_empty() { email } else { preferred };
        let source = source.split('@').next().unwrap_or("");
        let mut username: String = source.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(32).collect();
        if !super::rules::is_name(&username) {
            username = self.ids.suffix();
        }
        if self.user_by_name(&username).is_some() {
            username.truncate(12);
            username = format!("{username}-{}", self.ids.suffix());
        }
        let is_first = self.users.is_empty();
        let id = self.ids.uuid();
        let user = User {
            id: id.clone(),
            username,
            email: email.to_owned(),
            name: String::new(),
            avatar_url: String::new(),
            password: String::new(),
            status: "active".to_owned(),
            login_type: "oidc".to_owned(),
            roles: if is_first { vec!["owner".to_owned()] } else { Vec::new() },
            created_at: now,
            updated_at: now,
            last_seen_at: None,
            is_deleted: false,
            linked_id: None,
            claims: Value::Null,
            external_auth: Vec::new(),
        };
        self.users.insert(id.clone(), user);
        self.join(&id, now);
        id
    }
}

/// Whether somebody with this subject may be this account.
fn may_link(user: &User, linked_id: &str) -> Result<(), Refusal> {
    if user.login_type != "oidc" {
        let kind = &user.login_type;
        let advice = if kind == "password" {
            " You can convert your account to use this login type by visiting your account settings."
        } else {
            ""
        };
        let words =
            format!("Attempting to use login type \"oidc\", but the user has the login type \"{kind}\".{advice}");
        return Err(page("Incorrect login type", words));
    }
    if user.linked_id.as_deref().is_some_and(|known| known != linked_id) {
        let words =
            "This account is already linked to a different identity provider subject. Contact your administrator.";
        return Err(page("Account already linked", words));
    }
    if user.status == "suspended" {
        let words = format!(
            "Your account \"{}\" has been suspended. Contact your Coder administrator to reactivate your account.",
            user.username
        );
        return Err(page("Account suspended", words));
    }
    Ok(())
}

/// A browser that comes without the state that a sign-in begins with. The beginning itself is not imitated.
fn callback(world: &mut World, call: &Call) -> Answer {
    if world.settings.oidc.is_none() || call.ask("code").is_empty() {
        return Err(super::reply::not_modelled());
    }
    Err(refuse(401, "Cookie \"oauth_state\" must be provided."))
}

fn claims(world: &mut World, call: &Call) -> Answer {
    let user = world.user(call.caller_id())?;
    if user.login_type != "oidc" {
        return Err(refuse(400, "User is not an OIDC user."));
    }
    Ok(super::reply::Reply::ok(json!({ "claims": user.claims })))
}
