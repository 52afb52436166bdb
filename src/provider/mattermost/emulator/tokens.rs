//! Personal access tokens. They sleep while their owner is deactivated, and only revoking ends them for good.

use serde_json::{Value, json};

use super::accounts::AccessToken;
use super::call::Call;
use super::mail::MailAbout;
use super::paging::Page;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, refuse};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v4/users/{user_id}/tokens", create),
    route("GET", "/api/v4/users/{user_id}/tokens", of_user),
    route("GET", "/api/v4/users/tokens", all),
    route("POST", "/api/v4/users/tokens/search", search),
    route("GET", "/api/v4/users/tokens/{token_id}", get),
    route("POST", "/api/v4/users/tokens/revoke", revoke),
    route("POST", "/api/v4/users/tokens/disable", disable),
    route("POST", "/api/v4/users/tokens/enable", enable),
];

fn create(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    let user = world.account(&id)?.clone();
    if user.is_remote() {
        return Err(forbidden());
    }
    let wrong = || invalid_body("user_access_token");
    let fields = call.fields()?.ok_or_else(wrong)?;
    let description = fields.text_or_empty("description").map_err(|_| wrong())?;
    if description.is_empty() {
        return Err(invalid_body("description"));
    }
    world.require(call, "create_user_access_token")?;
    world.may_edit(call, &id)?;
    world.may_edit_administrator(call, &user)?;
    let is_bot = world.is_bot(&id);
    if !is_bot && !world.takes_personal_tokens() {
        let message =
            "Personal access tokens are disabled on this server. Please contact your system administrator for details.";
        return Err(refuse(501, "app.user_access_token.disabled", message));
    }
    if description.len() > 255 {
        let message = "Invalid description, must be 255 or less characters.";
        return Err(refuse(400, "model.user_access_token.is_valid.description.app_error", message));
    }
    let token = AccessToken { id: world.new_id(), secret: world.new_id(), user_id: id, description, is_active: true };
    let mut shown = show(&token);
    shown["token"] = json!(token.secret);
    world.tokens.push(token);
    if !is_bot {
        world.send(&user.email, MailAbout::TokenAdded);
    }
    Ok(Reply::json(200, shown))
}

/// A token without its secret, which is shown once.
fn show(token: &AccessToken) -> Value {
    json!({
        "id": token.id,
        "user_id": token.user_id,
        "description": token.description,
        "is_active": token.is_active,
    })
}

fn of_user(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?;
    world.require(call, "read_user_access_token")?;
    world.may_edit(call, id)?;
    Ok(page(call, world.tokens.iter().filter(|token| token.user_id == id)))
}

fn all(world: &mut World, call: &Call) -> Answer {
    world.require(call, "manage_system")?;
    Ok(page(call, world.tokens.iter()))
}

fn page<'t>(call: &Call, tokens: impl Iterator<Item = &'t AccessToken>) -> Reply {
    let tokens: Vec<_> = tokens.collect();
    Reply::json(200, Page::of(call).cut(&tokens).iter().map(|token| show(token)).collect())
}

fn search(world: &mut World, call: &Call) -> Answer {
    world.require(call, "manage_system")?;
    let wrong = || invalid_body("user_access_token_search");
    let term = call.fields()?.ok_or_else(wrong)?.text_or_empty("term").map_err(|_| wrong())?;
    if term.is_empty() {
        return Err(invalid_body("term"));
    }
    let fits = |token: &&AccessToken| {
        let owner = world.users.get(&token.user_id);
        let is_owner = owner.is_some_and(|user| user.username.starts_with(&term.to_lowercase()));
        token.id.starts_with(&term) || token.user_id.starts_with(&term) || is_owner
    };
    Ok(Reply::json(200, world.tokens.iter().filter(fits).map(show).collect()))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let id = call.id("token_id")?;
    world.require(call, "read_user_access_token")?;
    let token = world.token(id)?;
    world.may_edit(call, &token.user_id)?;
    Ok(Reply::json(200, show(token)))
}

fn revoke(world: &mut World, call: &Call) -> Answer {
    let token = named(world, call, "revoke_user_access_token")?;
    world.tokens.retain(|other| other.id != token.id);
    world.sessions.retain(|session| session.token != token.secret);
    Ok(Reply::ok())
}

fn disable(world: &mut World, call: &Call) -> Answer {
    let token = named(world, call, "revoke_user_access_token")?;
    world.switch_token(&token.id, false);
    world.sessions.retain(|session| session.token != token.secret);
    Ok(Reply::ok())
}

fn enable(world: &mut World, call: &Call) -> Answer {
    let token = named(world, call, "create_user_access_token")?;
    world.switch_token(&token.id, true);
    Ok(Reply::ok())
}

/// The token that a body names, where the caller holds a permission and may manage the token's owner.
fn named(world: &World, call: &Call, permission: &str) -> Result<AccessToken, Refusal> {
    let id = call.text_map().remove("token_id").unwrap_or_default();
    world.require(call, permission)?;
    let token = world.token(&id)?;
    world.may_edit(call, &token.user_id)?;
    Ok(token.clone())
}

impl World {
    fn token(&self, id: &str) -> Result<&AccessToken, Refusal> {
        let missing = || {
            let message = "Unable to get the personal access tokens by user.";
            refuse(404, "app.user_access_token.get_by_user.app_error", message)
        };
        self.tokens.iter().find(|token| token.id == id).ok_or_else(missing)
    }

    fn switch_token(&mut self, id: &str, is_active: bool) {
        if let Some(token) = self.tokens.iter_mut().find(|token| token.id == id) {
            token.is_active = is_active;
        }
    }
}
