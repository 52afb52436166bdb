//! Signing in with a password, signing out, and the sessions that follow.

use serde_json::{Value, json};

use super::accounts::{Session, SessionKind};
use super::call::Call;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, invalid_url, refuse};
use super::routes::{Route, open, route};
use super::user_view::View;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    open("POST", "/api/v4/users/login", login),
    open("POST", "/api/v4/users/login/type", login_type),
    open("POST", "/api/v4/users/logout", logout),
    route("GET", "/api/v4/users/{user_id}/sessions", sessions),
    route("POST", "/api/v4/users/{user_id}/sessions/revoke", revoke),
    route("POST", "/api/v4/users/{user_id}/sessions/revoke/all", revoke_all),
    route("POST", "/api/v4/users/sessions/revoke/all", revoke_everybody),
    route("POST", "/api/v4/users/{user_id}/reset_failed_attempts", reset_attempts),
];

/// `ServiceSettings.MaximumLoginAttempts`: wrong passwords after which an account is locked.
pub(super) const MOST_ATTEMPTS: i64 = 10;

/// 401: the account is locked.
pub(super) fn too_many_attempts() -> Refusal {
    let message = "Your account is locked because of too many failed password attempts. Please reset your password.";
    refuse(401, "api.user.check_user_login_attempts.too_many.app_error", message)
}

fn login(world: &mut World, call: &Call) -> Answer {
    let props = call.text_map();
    let text = |name: &str| props.get(name).map_or("", String::as_str);
    if text("password").is_empty() {
        return Err(refuse(400, "api.user.login.blank_pwd.app_error", "Password field must not be blank"));
    }
    let is_on = |setting| world.config.is_on("EmailSettings", setting);
    let (by_name, by_email) = (is_on("EnableSignInWithUsername"), is_on("EnableSignInWithEmail"));
    let login_id = text("login_id").to_lowercase();
    let found = match text("id") {
        _ if !by_name && !by_email => None,
        "" => world
            .users
            .values()
            .find(|user| (by_name && user.username == login_id) || (by_email && user.email == login_id)),
        id => world.users.get(id),
    };
    let user = found.filter(|user| user.auth_service.is_empty()).ok_or_else(|| wrong_credentials(world))?.clone();
    if !user.is_active() {
        let message = "Login failed because your account has been deactivated.  Please contact an administrator.";
        return Err(refuse(401, "api.user.login.inactive.app_error", message));
    }
    if world.is_bot(&user.id) {
        return Err(refuse(401, "api.user.login.bot_login_forbidden.app_error", "Bot login is forbidden."));
    }
    let is_masked = |refusal: &Refusal| refusal.id == "api.user.check_user_password.invalid.app_error";
    if let Err(refusal) = world.check_own_password(&user.id, text("password")) {
        return Err(if is_masked(&refusal) { wrong_credentials(world) } else { refusal });
    }
    if !user.email_verified && world.config.is_on("EmailSettings", "RequireEmailVerification") {
        let message = "Login failed because email address has not been verified.";
        return Err(refuse(401, "api.user.login.not_verified.app_error", message));
    }
    let session = world.sign_in(&user.id, SessionKind::Login, call.now);
    // The answer is from before the attempts were forgotten.
    Ok(Reply::json(200, world.show_user(&user, View::Whole)).header("token", session.token))
}

/// 401 that says nothing of the cause, in the words that fit what the server offers.
fn wrong_credentials(world: &World) -> Refusal {
    let is_on = |setting| world.config.is_on("EmailSettings", setting);
    let offers_providers = world.config.is_on("GitLabSettings", "Enable");
    let (ending, message) = match (is_on("EnableSignInWithUsername"), is_on("EnableSignInWithEmail")) {
        _ if offers_providers => {
            ("sso", "Enter a valid email or username and/or password, or sign in using another method.")
        }
        (true, false) => ("username", "Enter a valid username and/or password."),
        (false, true) => ("email", "Enter a valid email and/or password"),
        _ => ("email_username", "Enter a valid email or username and/or password."),
    };
    refuse(401, format!("api.user.login.invalid_credentials_{ending}"), message)
}

/// Says how somebody signs in where guests may do so by mail, which needs a licence.
fn login_type(_: &mut World, _: &Call) -> Answer {
    Ok(Reply::empty(404))
}

fn logout(world: &mut World, call: &Call) -> Answer {
    if let Some(caller) = &call.session {
        world.sessions.retain(|session| session.id != caller.session_id);
    }
    Ok(Reply::ok())
}

fn sessions(world: &mut World, call: &Call) -> Answer {
    let id = world.session_owner(call)?;
    let mut sessions: Vec<&Session> = world.sessions.iter().filter(|session| session.user_id == id).collect();
    sessions.sort_by_key(|session| std::cmp::Reverse(session.create_at));
    Ok(Reply::json(200, sessions.into_iter().map(|session| show(world, session)).collect()))
}

fn show(world: &World, session: &Session) -> Value {
    let is_token = session.kind == SessionKind::PersonalToken;
    let mut props = if is_token {
        json!({ "type": "UserAccessToken", "is_guest": "false" })
    } else {
        json!({
            "browser": "Unknown/0.0",
            "csrf": session.csrf,
            "isMobile": "false",
            "isOAuthUser": (session.kind == SessionKind::SingleSignOn).to_string(),
            "isSaml": "false",
            "is_guest": "false",
            "os": "",
            "platform": "Unknown",
        })
    };
    if is_token {
        if world.is_bot(&session.user_id) {
            props["is_bot"] = json!("true");
        }
        let token = world.tokens.iter().find(|token| token.secret == session.token);
        props["user_access_token_id"] = json!(token.map_or("", |token| &token.id));
    }
    json!({
        "id": session.id,
        "token": "",
        "create_at": session.create_at,
        "expires_at": session.expires_at,
        "last_activity_at": session.create_at,
        "user_id": session.user_id,
        "device_id": "",
        "roles": session.roles,
        "is_oauth": false,
        "expired_notify": false,
        "props": props,
        "local": false,
    })
}

fn revoke(world: &mut World, call: &Call) -> Answer {
    let owner = world.session_owner(call)?;
    let wanted = call.text_map().remove("session_id").unwrap_or_default();
    if wanted.is_empty() {
        return Err(invalid_body("session_id"));
    }
    let found = world.sessions.iter().find(|session| session.id == wanted);
    let session = found
        .ok_or_else(|| refuse(400, "app.session.get.app_error", "We encountered an error finding the session."))?;
    if session.user_id != owner {
        return Err(invalid_url("user_id"));
    }
    world.sessions.retain(|session| session.id != wanted);
    Ok(Reply::ok())
}

fn revoke_all(world: &mut World, call: &Call) -> Answer {
    let owner = world.session_owner(call)?;
    world.end_sessions(&owner);
    Ok(Reply::ok())
}

fn revoke_everybody(world: &mut World, call: &Call) -> Answer {
    world.require(call, "manage_system")?;
    world.sessions.clear();
    Ok(Reply::ok())
}

fn reset_attempts(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    world.account(&id)?;
    world.require(call, "sysconsole_write_user_management_users")?;
    if let Some(user) = world.users.get_mut(&id) {
        user.failed_attempts = 0;
    }
    Ok(Reply::ok())
}

impl World {
    /// Opens a session for somebody who has proved who she is. Readers of the cache do not notice.
    pub(super) fn sign_in(&mut self, user_id: &str, kind: SessionKind, now: i64) -> Session {
        let roles = self.users.get(user_id).map_or_else(String::new, |user| user.roles.clone());
        let session = self.open_session(user_id.to_owned(), roles, kind, None, now);
        let later = self.moment_later();
        if let Some(user) = self.users.get_mut(user_id) {
            user.last_login = later;
        }
        session
    }

    /// Whose sessions a call is about: one's own, or anybody's for an administrator.
    fn session_owner(&self, call: &Call) -> Result<String, Refusal> {
        let id = call.user_id()?;
        let may = id == call.caller() || self.may(call.caller(), "manage_system");
        if may { Ok(id.to_owned()) } else { Err(forbidden()) }
    }
}
