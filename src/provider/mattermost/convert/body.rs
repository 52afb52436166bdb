//! From fields to what is sent. A patch carries what a step changes and nothing else; no body ever carries
//! `group_constrained`, `delete_at`, an id or a role.

use serde_json::{Map, Value as Json, json};

use crate::engine::model::{Fields, Value};

/// A new team. It is closed unless it is said to be open.
pub fn team_create(name: &str, fields: &Fields) -> Json {
    let open = is(fields, "open");
    let mut body = Map::from_iter([
        ("name".to_owned(), json!(name)),
        ("display_name".to_owned(), json!(text(fields, "display_name").unwrap_or(name))),
        ("type".to_owned(), json!(if open { "O" } else { "I" })),
    ]);
    if open {
        body.insert("allow_open_invite".to_owned(), json!(true));
    }
    copy(&mut body, fields, &["description"]);
    Json::Object(body)
}

/// A change of a team; `None` where nothing of it is patched. Whether it is open is another call: a patch that carries
/// `allow_open_invite: false` makes a new invitation even if nothing changed.
pub fn team_patch(fields: &Fields) -> Option<Json> {
    patch(fields, &["display_name", "description"])
}

/// A new channel.
pub fn channel_create(team: &str, name: &str, fields: &Fields) -> Json {
    let mut body = Map::from_iter([
        ("team_id".to_owned(), json!(team)),
        ("name".to_owned(), json!(name)),
        ("display_name".to_owned(), json!(text(fields, "display_name").unwrap_or(name))),
        ("type".to_owned(), json!(if is(fields, "private") { "P" } else { "O" })),
    ]);
    copy(&mut body, fields, &["purpose", "header"]);
    Json::Object(body)
}

/// A change of a channel, with its new name if it gets one; `None` where nothing of it is patched, because an empty patch
/// is refused.
pub fn channel_patch(name: Option<&str>, fields: &Fields) -> Option<Json> {
    let patched = patch(fields, &["display_name", "purpose", "header"]);
    match (patched, name) {
        (Some(Json::Object(mut body)), Some(name)) => {
            body.insert("name".to_owned(), json!(name));
            Some(Json::Object(body))
        }
        (None, Some(name)) => Some(json!({ "name": name })),
        (patched, _) => patched,
    }
}

/// A new account, with a password where nothing else signs it in: the server takes no account without the one or the
/// other, and none with both.
pub fn user_create(name: &str, fields: &Fields, password: Option<&str>) -> Json {
    let said = |field: &str, initial: &str| text(fields, field).or_else(|| text(fields, initial)).map(str::to_owned);
    let mut body = Map::from_iter([("username".to_owned(), json!(name))]);
    for (key, field, initial) in [
        ("email", "email", "initial_email"),
        ("first_name", "first_name", "initial_first_name"),
        ("last_name", "last_name", "initial_last_name"),
    ] {
        if let Some(value) = said(field, initial) {
            body.insert(key.to_owned(), json!(value));
        }
    }
    copy(&mut body, fields, &["auth_service", "auth_data"]);
    if is(fields, "email_verified") {
        body.insert("email_verified".to_owned(), json!(true));
    }
    if let Some(password) = password {
        body.insert("password".to_owned(), json!(password));
    }
    Json::Object(body)
}

/// A change of an account with a password; `None` where nothing of it is patched.
pub fn user_patch(fields: &Fields) -> Option<Json> {
    patch(fields, &["username", "email", "first_name", "last_name"])
}

/// What is said of these keys; nothing clears.
fn patch(fields: &Fields, keys: &[&str]) -> Option<Json> {
    let said = |key: &str| Some((key.to_owned(), json!(fields.get(key)?.as_text().unwrap_or_default())));
    let body: Map<String, Json> = keys.iter().filter_map(|key| said(key)).collect();
    (!body.is_empty()).then_some(Json::Object(body))
}

fn copy(body: &mut Map<String, Json>, fields: &Fields, keys: &[&str]) {
    for key in keys {
        if let Some(value) = text(fields, key) {
            body.insert((*key).to_owned(), json!(value));
        }
    }
}

fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_text)
}

fn is(fields: &Fields, name: &str) -> bool {
    fields.get(name) == Some(&Value::Bool(true))
}
