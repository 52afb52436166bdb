//! Access tokens: minted, listed and revoked with a password; read and revoked by themselves.

use serde_json::{Value, json};

use super::call::{Call, Credential, ZERO_TIME, stamp};
use super::digests::sha1_hex;
use super::forms::{Form, Kind, Rule, plain, ruled};
use super::gates::Gate;
use super::paging::unlinked_list;
use super::reply::{Answer, Reply, not_found, refuse};
use super::routes::{Route, route};
use super::scopes::{Category, Scope};
use super::world::{Token, World};

const WITH_PASSWORD: &[Gate] = &[Gate::Scope(&[Category::User]), Gate::User, Gate::SelfOrAdmin, Gate::Password];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/users/{username}/tokens", WITH_PASSWORD, list),
    route("POST", "/users/{username}/tokens", WITH_PASSWORD, mint),
    route("DELETE", "/users/{username}/tokens/{token}", WITH_PASSWORD, revoke),
    route("GET", "/token", &[Gate::SignedIn], read_own),
    route("DELETE", "/token", &[Gate::SignedIn], revoke_own),
];

fn list(world: &mut World, call: &Call) -> Answer {
    Ok(unlinked_list(call, &world.tokens.of(call.user), |token| {
        show(token, "", &stamp(token.created), &stamp(token.used))
    }))
}

fn show(token: &Token, secret: &str, created: &str, used: &str) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "sha1": secret,
        "token_last_eight": token.secret[token.secret.len() - 8..],
        "scopes": token.scope.words(),
        "created_at": created,
        "last_used_at": used,
    })
}

static MINT: Form = Form {
    name: "CreateAccessTokenOption",
    fields: &[ruled("name", "Name", Kind::Text, &[Rule::Required]), plain("scopes", "Scopes", Kind::Texts)],
};

fn mint(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&MINT)?;
    let (name, words) = (form.text("name"), form.texts("scopes"));
    if world.tokens.of(call.user).iter().any(|token| token.name == name) {
        return Err(refuse(400, "access token name has been used already"));
    }
    let scope = Scope::parse(words.iter().map(String::as_str)).map_err(|word| {
        refuse(400, format!("invalid access token scope provided: invalid access token scope: {word}"))
    })?;
    if scope.grants_nothing() {
        return Err(refuse(400, "access token must have a scope"));
    }
    // Derived, not random: a sandbox has nothing to protect, and runs repeat word for word.
    let id = world.tokens.next_id();
    let secret = sha1_hex(&[b"token", &id.to_be_bytes(), name.as_bytes(), stamp(call.now).as_bytes()]);
    let token = world.tokens.mint(call.user, &name, secret.clone(), scope, call.now);
    Ok(Reply::json(201, show(token, &secret, ZERO_TIME, ZERO_TIME)))
}

/// By id, or by name.
fn revoke(world: &mut World, call: &Call) -> Answer {
    let wanted = call.param("token");
    let tokens = world.tokens.of(call.user);
    let id = match wanted.parse::<i64>() {
        Ok(id) => tokens.iter().find(|token| token.id == id).map(|token| token.id),
        Err(_) => tokens.iter().find(|token| token.name == wanted).map(|token| token.id),
    };
    world.tokens.remove(id.ok_or_else(not_found)?);
    Ok(Reply::empty(204))
}

fn calling_token(call: &Call) -> Result<i64, Box<Reply>> {
    match call.credential {
        Credential::Token { id, .. } => Ok(id),
        _ => Err(refuse(404, "invalid access token")),
    }
}

fn read_own(world: &mut World, call: &Call) -> Answer {
    let token = world.tokens.get(calling_token(call)?).ok_or_else(not_found)?;
    let owner = world.accounts.at(token.owner);
    Ok(Reply::json(
        200,
        json!({
            "id": token.id,
            "name": token.name,
            "scopes": token.scope.words(),
            "created_at": stamp(token.created),
            "last_used_at": stamp(token.used),
            "user": {"id": owner.id, "login": owner.name},
        }),
    ))
}

fn revoke_own(world: &mut World, call: &Call) -> Answer {
    world.tokens.remove(calling_token(call)?);
    Ok(Reply::empty(204))
}
