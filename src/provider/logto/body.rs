//! From fields to what Logto is sent. Pure.
//!
//! A change sends what differs and nothing else: Logto moves the moment of the last change, and fires webhooks, for equal
//! content as well. Columns that hold JSON are replaced whole, so that they are made of what is there.

use serde_json::{Map, Value as Json, json};

use super::api::wire::Object;
use crate::engine::model::{Fields, Live, Value};

/// What is sent to change a person: three routes, each with what differs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserChange {
    /// Columns of the account.
    pub columns: Object,
    /// Keys of the profile, by the route that merges.
    pub profile: Object,
    /// The switch, which has a route of its own.
    pub suspended: Option<bool>,
}

const USER_COLUMNS: [(&str, &str); 3] = [("username", "username"), ("email", "primaryEmail"), ("name", "name")];
const PREFERRED: &str = "preferredUsername";

/// What is sent to make a person. Nothing may be null there.
pub fn new_user(fields: &Fields, custom_data: Object) -> Json {
    let mut body = Object::new();
    for (field, column) in USER_COLUMNS {
        if let Some(text) = text(fields, field) {
            body.insert(column.to_owned(), json!(text));
        }
    }
    if let Some(preferred) = text(fields, "preferred_username") {
        body.insert("profile".to_owned(), json!({ PREFERRED: preferred }));
    }
    body.insert("customData".to_owned(), Json::Object(custom_data));
    Json::Object(body)
}

/// What is sent to bring a person to these fields.
pub fn user_change(fields: &Fields, there: &Live) -> UserChange {
    let mut change = UserChange::default();
    for (field, column) in USER_COLUMNS {
        if let Some(value) = differing(fields, there, field) {
            change.columns.insert(column.to_owned(), text_or_null(value));
        }
    }
    if let Some(value) = differing(fields, there, "preferred_username") {
        // A null is refused here; an empty text is what clears.
        change.profile.insert(PREFERRED.to_owned(), json!(value.as_text().unwrap_or_default()));
    }
    change.suspended = differing(fields, there, "suspended").and_then(Value::as_bool);
    change
}

/// What is sent to make an organisation or an organisation role.
pub fn new_group(name: &str, fields: &Fields) -> Object {
    let mut body = Object::from_iter([("name".to_owned(), json!(text(fields, "name").unwrap_or(name)))]);
    if let Some(description) = text(fields, "description") {
        body.insert("description".to_owned(), json!(description));
    }
    body
}

/// What is sent to bring an organisation or an organisation role to these fields.
pub fn group_change(fields: &Fields, there: &Live) -> Object {
    let mut body = Object::new();
    for column in ["name", "description"] {
        if let Some(value) = differing(fields, there, column) {
            body.insert(column.to_owned(), text_or_null(value));
        }
    }
    body
}

/// What is sent to make an application.
pub fn new_application(key: &str, fields: &Fields, custom_data: Object) -> Json {
    let mut body = new_group(key, fields);
    body.insert("type".to_owned(), json!(text(fields, "type").unwrap_or("Traditional")));
    let addresses = json!({
        "redirectUris": texts(fields.get("redirect_uris")),
        "postLogoutRedirectUris": texts(fields.get("post_logout_redirect_uris")),
    });
    body.insert("oidcClientMetadata".to_owned(), addresses);
    let mut settings = Object::new();
    put_settings(&mut settings, fields);
    body.insert("customClientMetadata".to_owned(), Json::Object(settings));
    body.insert("customData".to_owned(), Json::Object(custom_data));
    Json::Object(body)
}

/// What is sent to bring an application to these fields: `whole` is what the server shows of it, so that no setting is
/// lost that nobody declares.
pub fn application_change(fields: &Fields, there: &Live, whole: &Json) -> Object {
    let mut body = group_change(fields, there);
    let mut addresses = column(whole, "oidcClientMetadata");
    let before = addresses.clone();
    for (field, key) in [("redirect_uris", "redirectUris"), ("post_logout_redirect_uris", "postLogoutRedirectUris")] {
        if let Some(value) = differing(fields, there, field) {
            addresses.insert(key.to_owned(), json!(texts(Some(value))));
        }
        // Both must be sent, or the call is refused.
        addresses.entry(key.to_owned()).or_insert_with(|| json!([]));
    }
    if addresses != before {
        body.insert("oidcClientMetadata".to_owned(), Json::Object(addresses));
    }
    let mut settings = column(whole, "customClientMetadata");
    let before = settings.clone();
    let differing = fields.iter().filter(|(name, value)| there.fields.get(name) != Some(*value));
    put_settings(&mut settings, &differing.map(|(name, value)| (name.clone(), value.clone())).collect());
    if settings != before {
        body.insert("customClientMetadata".to_owned(), Json::Object(settings));
    }
    body
}

fn put_settings(settings: &mut Object, fields: &Fields) {
    if let Some(origins) = fields.get("cors_allowed_origins") {
        settings.insert("corsAllowedOrigins".to_owned(), json!(texts(Some(origins))));
    }
    if let Some(always) = fields.get("always_issue_refresh_token").and_then(Value::as_bool) {
        settings.insert("alwaysIssueRefreshToken".to_owned(), json!(always));
    }
}

/// What is sent to make a webhook.
pub fn new_hook(name: &str, fields: &Fields) -> Json {
    json!({
        "name": name,
        "events": texts(fields.get("events")),
        "config": { "url": text(fields, "url").unwrap_or_default() },
        "enabled": fields.get("enabled").and_then(Value::as_bool).unwrap_or(true),
    })
}

/// What is sent to bring a webhook to these fields: `whole` is what the server shows of it, so that its headers stay.
pub fn hook_change(fields: &Fields, there: &Live, whole: &Json) -> Object {
    let mut body = Object::new();
    if let Some(url) = differing(fields, there, "url") {
        let mut config = column(whole, "config");
        config.insert("url".to_owned(), json!(url.as_text().unwrap_or_default()));
        body.insert("config".to_owned(), Json::Object(config));
    }
    if let Some(events) = differing(fields, there, "events") {
        body.insert("events".to_owned(), json!(texts(Some(events))));
    }
    if let Some(enabled) = differing(fields, there, "enabled").and_then(Value::as_bool) {
        body.insert("enabled".to_owned(), json!(enabled));
    }
    body
}

/// Whether our mark is to call an object otherwise than it does: somebody replaced the custom data, or the name changed.
pub fn is_marked_otherwise(fields: &Fields, there: &Live, name: &str) -> bool {
    differing(fields, there, name).is_some()
}

/// A column of JSON, as it is there.
pub fn column(whole: &Json, name: &str) -> Map<String, Json> {
    whole.get(name).and_then(Json::as_object).cloned().unwrap_or_default()
}

fn differing<'f>(fields: &'f Fields, there: &Live, name: &str) -> Option<&'f Value> {
    fields.get(name).filter(|value| there.fields.get(name) != Some(*value))
}

fn text<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.get(name).and_then(Value::as_text).filter(|text| !text.is_empty())
}

fn text_or_null(value: &Value) -> Json {
    value.as_text().filter(|text| !text.is_empty()).map_or(Json::Null, |text| json!(text))
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_list).into_iter().flatten().filter_map(Value::as_text).collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::engine::model::{Field, Instance};
    use crate::provider::logto::api::wire::{Application, Hook, User};
    use crate::provider::logto::convert::{View, alone, key_of};
    use crate::provider::recorded;

    fn view() -> View {
        View { instance: Instance::new("logto"), ledger: None }
    }

    fn fields<const N: usize>(pairs: [(&'static str, Value); N]) -> Fields {
        pairs.into_iter().map(|(name, value)| (Field::Borrowed(name), value)).collect()
    }

    fn application() -> Json {
        json!({
            "id": "a", "name": "Coder", "description": null, "type": "Traditional", "customData": {},
            "oidcClientMetadata": {"redirectUris": ["https://a.example/cb"], "postLogoutRedirectUris": ["https://a.example"]},
            "customClientMetadata": {"idTokenTtl": 600, "corsAllowedOrigins": ["https://a.example"]},
        })
    }

    /// What was read and is wanted as it is sends nothing at all.
    #[test]
    fn equal_content_is_not_sent() {
        for exchange in recorded::all("logto").into_iter().filter(|it| it.method == "GET" && it.status == 200) {
            let answer = &exchange.answer;
            if exchange.path.starts_with("/api/users/")
                && let Ok(user) = User::deserialize(answer)
            {
                let live = view().user(&key_of(&user), &user);
                assert_eq!(user_change(&live.fields, &live), UserChange::default(), "{}", exchange.label);
            } else if let Ok(application) = Application::deserialize(answer) {
                let live = view().application(&alone(&application));
                assert!(application_change(&live.fields, &live, answer).is_empty(), "{}", exchange.label);
            } else if let Ok(hook) = Hook::deserialize(answer) {
                let live = view().hook(&key_of(&hook), &hook);
                assert!(hook_change(&live.fields, &live, answer).is_empty(), "{}", exchange.label);
            }
        }
    }

    #[test]
    fn a_column_is_sent_whole_with_what_nobody_declares() {
        let whole = application();
        let read = Application::deserialize(&whole).unwrap();
        let live = view().application(&alone(&read));
        let wanted = fields([
            ("redirect_uris", Value::set(["https://b.example/cb"])),
            ("always_issue_refresh_token", true.into()),
            ("description", "Workspaces".into()),
        ]);
        assert_eq!(
            Json::Object(application_change(&wanted, &live, &whole)),
            json!({
                "description": "Workspaces",
                "oidcClientMetadata": {
                    "redirectUris": ["https://b.example/cb"], "postLogoutRedirectUris": ["https://a.example"],
                },
                "customClientMetadata": {
                    "idTokenTtl": 600, "corsAllowedOrigins": ["https://a.example"], "alwaysIssueRefreshToken": true,
                },
            })
        );
    }

    #[test]
    fn a_webhook_keeps_its_headers() {
        let whole = json!({
            "id": "h", "name": "ours", "events": ["User.Created"], "enabled": true, "signingKey": "k",
            "config": {"url": "https://a.example", "headers": {"x-secret": "s"}},
        });
        let live = view().hook("ours", &Hook::deserialize(&whole).unwrap());
        let wanted = fields([("url", "https://b.example".into())]);
        assert_eq!(
            Json::Object(hook_change(&wanted, &live, &whole)),
            json!({"config": {"url": "https://b.example", "headers": {"x-secret": "s"}}})
        );
    }

    #[test]
    fn what_is_emptied_is_null_in_a_column_and_empty_in_the_profile() {
        let user = User::deserialize(&json!({
            "id": "u", "username": "alice", "primaryEmail": "a@a.example", "name": "Alice", "customData": {},
            "profile": {"preferredUsername": "alice", "nickname": "Al"}, "isSuspended": false,
        }))
        .unwrap();
        let live = view().user("alice", &user);
        let change = user_change(&fields([("username", Value::Null), ("preferred_username", Value::Null)]), &live);
        assert_eq!(Json::Object(change.columns), json!({"username": null}));
        assert_eq!(Json::Object(change.profile), json!({"preferredUsername": ""}));
        assert_eq!(change.suspended, None);
    }
}
