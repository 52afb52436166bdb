//! Attachments of messages: what the server makes of those that were sent.

use serde_json::{Map, Value, json};

/// The key under which a post's properties hold them.
pub(super) const KEY: &str = "attachments";

/// The texts of an attachment, which are empty where they were not sent.
const TEXTS: [&str; 12] = [
    "fallback",
    "color",
    "pretext",
    "author_name",
    "author_link",
    "author_icon",
    "title",
    "title_link",
    "text",
    "image_url",
    "thumb_url",
    "footer",
];

/// Brings the attachments among a post's properties into the form in which they are shown. What is no list of objects
/// stays as it is.
pub(super) fn normalise(props: &mut Map<String, Value>) {
    let normal = props.get(KEY).and_then(Value::as_array).map(|list| list.iter().filter_map(shown).collect::<Vec<_>>());
    if let Some(normal) = normal {
        props.insert(KEY.to_owned(), normal.into());
    }
}

fn shown(sent: &Value) -> Option<Value> {
    let sent = sent.as_object()?;
    let mut shown = Map::new();
    shown.insert("id".to_owned(), sent.get("id").cloned().filter(Value::is_i64).unwrap_or_else(|| json!(0)));
    for key in TEXTS.into_iter().chain(["footer_icon"]) {
        let text = sent.get(key).and_then(Value::as_str).unwrap_or("");
        shown.insert(key.to_owned(), text.into());
    }
    let fields = sent.get("fields").and_then(Value::as_array);
    shown.insert("fields".to_owned(), fields.map_or(Value::Null, |fields| fields.iter().filter_map(field).collect()));
    shown.insert("ts".to_owned(), sent.get("ts").cloned().unwrap_or(Value::Null));
    if let Some(actions) = sent.get("actions").filter(|actions| actions.as_array().is_some_and(|a| !a.is_empty())) {
        shown.insert("actions".to_owned(), actions.clone());
    }
    Some(shown.into())
}

fn field(sent: &Value) -> Option<Value> {
    let sent = sent.as_object()?;
    Some(json!({
        "title": sent.get("title").and_then(Value::as_str).unwrap_or(""),
        "value": sent.get("value").cloned().unwrap_or(Value::Null),
        "short": sent.get("short").and_then(Value::as_bool).unwrap_or(false),
    }))
}
