//! One call as operations see it, and its body as the framework reads it.

use axum::body::Bytes;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};

use super::keys::Caller;
use super::refusal::{Refusal, framework};
use super::store::Stroke;

/// A call whose caller is known.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: String,
    /// Decoded, with the leading slash.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// `None` where none was sent.
    pub(super) body: Option<Value>,
    pub(super) caller: Caller,
    /// Milliseconds since 1970.
    pub(super) now: i64,
}

impl Call {
    /// The first value of a query parameter.
    pub(super) fn ask(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn asks(&self, name: &str) -> bool {
        self.ask(name) == Some("true")
    }

    pub(super) fn stroke(&self) -> Stroke<'_> {
        Stroke { caller: &self.caller, now: self.now }
    }
}

/// Reads a body by its media type: JSON, or a form. Another type counts as no body.
pub(super) fn read_body(headers: &HeaderMap, body: &Bytes) -> Result<Option<Value>, Refusal> {
    let media = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("");
    if body.is_empty() {
        return Ok(None);
    }
    if media.starts_with("application/x-www-form-urlencoded") {
        let fields = url::form_urlencoded::parse(body).into_owned();
        return Ok(Some(Value::Object(fields.map(|(name, value)| (name, value.into())).collect::<Map<_, _>>())));
    }
    if !media.starts_with("application/json") {
        return Ok(None);
    }
    let refusal = |message: String| framework(400, "Bad Request", json!(message));
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if value.is_object() || value.is_array() => Ok(Some(value)),
        Ok(_) => Err(refusal("Unexpected token in JSON: an object or a list is expected".to_owned())),
        Err(error) if error.is_eof() => Err(refusal("Unexpected end of JSON input".to_owned())),
        Err(error) => Err(refusal(error.to_string())),
    }
}
