//! Signing in by password, signing out, and how one may sign in.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use super::bodies::{Kind, Shape};
use super::call::Call;
use super::reply::{Answer, Reply, refuse};
use super::routes::{Route, open, route};
use super::rules::{Faults, is_email};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    open("POST", "/api/v2/users/login", login),
    route("POST", "/api/v2/users/logout", logout),
    open("GET", "/api/v2/users/authmethods", methods),
];

const LOGIN: Shape =
    Shape { name: "LoginWithPasswordRequest", prefix: "", fields: &[("email", Kind::Text), ("password", Kind::Text)] };

fn login(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields(&LOGIN)?;
    let (email, password) = (fields.text("email"), fields.text("password"));
    let mut faults = Faults::default();
    faults.required("email", email, "email", is_email);
    faults.check(!password.is_empty(), "password", "required", password);
    faults.end()?;
    let user = world.user_by_email(email).filter(|user| user.login_type == "password" && user.password == password);
    let Some(user) = user else {
        return Err(refuse(401, "Incorrect email or password."));
    };
    if user.status == "suspended" {
        let message = "Your account is suspended. Contact an admin to reactivate your account.";
        return Err(refuse(401, message));
    }
    let id = user.id.clone();
    let token = world.sign_in(&id, "password", call.now);
    if let Some(user) = world.users.get_mut(&id) {
        user.last_seen_at = Some(call.now);
    }
    Ok(Reply::json(201, json!({ "session_token": token })))
}

fn logout(world: &mut World, call: &Call) -> Answer {
    if let Some(caller) = &call.caller {
        world.keys.remove(&caller.key_id);
    }
    Ok(Reply::message("Logged out!"))
}

fn methods(world: &mut World, _call: &Call) -> Answer {
    let text = world.settings.oidc.as_ref().map_or("", |oidc| &oidc.sign_in_text);
    Ok(Reply::ok(json!({
        "password": { "enabled": true },
        "github": { "enabled": false, "default_provider_configured": false },
        "oidc": { "enabled": world.settings.oidc.is_some(), "signInText": text, "iconUrl": "" },
    })))
}

impl World {
    /// Makes a session of a day and wakes who was dormant. Answers the token.
    pub(super) fn sign_in(&mut self, user_id: &str, login_type: &str, now: DateTime<Utc>) -> String {
        if let Some(user) = self.users.get_mut(user_id).filter(|user| user.status == "dormant") {
            user.status = "active".to_owned();
            user.updated_at = now;
            user.last_seen_at = Some(now);
        }
        self.new_key(user_id, login_type, "", vec!["coder:all".to_owned()], Duration::days(1), now)
    }
}
