//! Answers: objects, and the `Status` by which the server says what is wrong.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::resources::Resource;
use super::watch::Watch;

/// What is answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// JSON, with warnings.
    Json(u16, Value, Vec<String>),
    /// YAML, with warnings.
    Yaml(u16, String, Vec<String>),
    /// Text.
    Text(u16, &'static str),
    /// Events, as they come.
    Watch(Box<Watch>),
    /// Nothing is known of this operation here.
    NotModelled,
}

/// An answer, or a refusal, which is one too.
pub(super) type Answer = Result<Reply, Reply>;

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self::Json(200, body, Vec::new())
    }

    pub(super) fn render(self) -> Response<Body> {
        let mut waits = None;
        let (status, body, media, warnings) = match self {
            // Whoever serves it makes a stream of it.
            Self::NotModelled | Self::Watch(_) => return crate::provider::emulator::not_modelled(),
            Self::Yaml(status, text, warnings) => (status, text, "application/yaml", warnings),
            Self::Text(status, text) => (status, text.to_owned(), "text/plain; charset=utf-8", Vec::new()),
            Self::Json(status, body, warnings) => {
                waits = body["details"]["retryAfterSeconds"].as_u64();
                (status, body.to_string(), "application/json", warnings)
            }
        };
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer.headers_mut().insert("content-type", HeaderValue::from_static(media));
        if let Some(seconds) = waits.or((status == 429).then_some(1)) {
            answer.headers_mut().insert("retry-after", HeaderValue::from(seconds));
        }
        for warning in warnings {
            let text = format!("299 - \"{}\"", warning.replace('\\', "\\\\").replace('"', "\\\""));
            if let Ok(value) = HeaderValue::from_str(&text) {
                answer.headers_mut().append("warning", value);
            }
        }
        answer
    }
}

/// A failure; its reason and its details where the server gives some.
pub(super) fn failure(code: u16, message: impl Into<String>, reason: &str, details: Option<Value>) -> Reply {
    let mut body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message.into(),
    });
    if !reason.is_empty() {
        body["reason"] = reason.into();
    }
    if let Some(details) = details {
        body["details"] = details;
    }
    body["code"] = code.into();
    Reply::Json(code, body, Vec::new())
}

pub(super) fn bad_request(message: impl Into<String>) -> Reply {
    failure(400, message, "BadRequest", None)
}

/// A refusal without a reason, that is final all the same.
pub(super) fn internal(message: impl Into<String>) -> Reply {
    failure(500, message, "", None)
}

/// Which object it is about, by the name that the resource has in URLs.
pub(super) fn details(resource: &Resource, name: &str) -> Value {
    let mut details = json!({});
    if !name.is_empty() {
        details["name"] = name.into();
    }
    if !resource.group.is_empty() {
        details["group"] = resource.group.into();
    }
    details["kind"] = resource.plural.into();
    details
}

/// Nothing is served there.
pub(super) fn nowhere() -> Reply {
    failure(404, "the server could not find the requested resource", "NotFound", Some(json!({})))
}

/// Something is there, and not to be treated so.
pub(super) fn not_allowed() -> Reply {
    let message = "the server does not allow this method on the requested resource";
    failure(405, message, "MethodNotAllowed", Some(json!({})))
}

pub(super) fn not_found(resource: &Resource, name: &str) -> Reply {
    let message = format!("{} \"{name}\" not found", resource.qualified());
    failure(404, message, "NotFound", Some(details(resource, name)))
}

/// A name is taken; where the server made it up, another try may find a free one.
pub(super) fn already_exists(resource: &Resource, name: &str, made_up: bool) -> Reply {
    let mut message = format!("{} \"{name}\" already exists", resource.qualified());
    let mut details = details(resource, name);
    if made_up {
        message += ", the server was not able to generate a unique name for the object";
        details["retryAfterSeconds"] = 1.into();
    }
    failure(409, message, "AlreadyExists", Some(details))
}

/// A name is still taken by what is going.
pub(super) fn being_deleted(resource: &Resource, name: &str) -> Reply {
    let message = format!("object is being deleted: {} \"{name}\" already exists", resource.qualified());
    failure(409, message, "AlreadyExists", Some(details(resource, name)))
}

/// A moment is lost.
pub(super) fn expired(message: impl Into<String>, metadata: Value) -> Reply {
    let mut reply = failure(410, message, "Expired", None);
    if let Reply::Json(_, body, _) = &mut reply {
        body["metadata"] = metadata;
    }
    reply
}

/// The object is not as the caller believes.
pub(super) fn conflict(resource: &Resource, name: &str, why: &str) -> Reply {
    let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
    failure(409, message, "Conflict", Some(details(resource, name)))
}

pub(super) const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

/// One thing that is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) field: String,
}

impl Cause {
    pub(super) fn invalid(field: impl Into<String>, value: &Value, why: &str) -> Self {
        Self { reason: "FieldValueInvalid", message: format!("Invalid value: {value}: {why}"), field: field.into() }
    }

    /// The same of another value.
    pub(super) fn about(mut self, value: &str) -> Self {
        if let Some((_, why)) = self.message.strip_prefix("Invalid value: \"").and_then(|it| it.split_once("\": ")) {
            self.message = format!("Invalid value: {}: {why}", Value::from(value));
        }
        self
    }

    pub(super) fn required(field: impl Into<String>, why: &str) -> Self {
        let message = if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self { reason: "FieldValueRequired", message, field: field.into() }
    }

    pub(super) fn too_long(field: impl Into<String>, most: usize) -> Self {
        let message = format!("Too long: may not be more than {most} bytes");
        Self { reason: "FieldValueTooLong", message, field: field.into() }
    }

    pub(super) fn unsupported(field: impl Into<String>, value: &str, known: &str) -> Self {
        let message = format!("Unsupported value: {value}: supported values: {known}");
        Self { reason: "FieldValueNotSupported", message, field: field.into() }
    }

    pub(super) fn forbidden(field: impl Into<String>, why: &str) -> Self {
        Self { reason: "FieldValueForbidden", message: format!("Forbidden: {why}"), field: field.into() }
    }
}

/// All that is wrong with a body, in one answer. `kind` is the kind's name, with its group where it has one.
pub(super) fn invalid(kind: &str, group: &str, name: &str, causes: &[Cause]) -> Reply {
    let told: Vec<String> = causes.iter().map(|it| format!("{}: {}", it.field, it.message)).collect();
    let told = if let [one] = &told[..] { one.clone() } else { format!("[{}]", told.join(", ")) };
    let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
    let mut details = json!({});
    if !name.is_empty() {
        details["name"] = name.into();
    }
    if !group.is_empty() {
        details["group"] = group.into();
    }
    if !kind.is_empty() {
        details["kind"] = kind.into();
    }
    let cause = |it: &Cause| json!({ "reason": it.reason, "message": it.message, "field": it.field });
    details["causes"] = causes.iter().map(cause).collect();
    failure(422, format!("{qualified} \"{name}\" is invalid: {told}"), "Invalid", Some(details))
}

/// What the server answers where it fails for reasons of its own.
pub(super) fn of_its_own(status: StatusCode) -> Reply {
    match status.as_u16() {
        401 => failure(401, "Unauthorized", "Unauthorized", None),
        403 => failure(
            403,
            "forbidden: User \"system:serviceaccount:formulary:formulary\" cannot do it",
            "Forbidden",
            Some(json!({})),
        ),
        429 => Reply::Text(429, "Too many requests, please try again later.\n"),
        503 => {
            failure(503, "the server is currently unable to handle the request", "ServiceUnavailable", Some(json!({})))
        }
        504 => {
            failure(504, "Timeout: request did not complete within the allotted timeout", "Timeout", Some(json!({})))
        }
        code => {
            failure(code, "an error on the server has prevented the request from succeeding", "InternalError", None)
        }
    }
}
