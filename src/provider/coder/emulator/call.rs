//! One call as an operation sees it: who calls, what the path holds, query, headers and body.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use chrono::{DateTime, Utc};

use super::bodies::{self, Fields, Shape};
use super::ids::parse_uuid;
use super::reply::{Refusal, refuse};

/// A call after routing.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) params: Vec<(&'static str, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The server's own address without a slash at its end, as the caller reached it.
    pub(super) base: String,
    pub(super) now: DateTime<Utc>,
    pub(super) caller: Option<Caller>,
}

/// Whose credentials came with a call.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) user_id: String,
    pub(super) key_id: String,
    /// What the key may do; one that may do everything has the scope `coder:all`.
    pub(super) scopes: Vec<String>,
}

impl Call {
    /// A part of the path, decoded. Routes name theirs, so a wrong name is a bug in the table.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A part of the path that must be a UUID.
    pub(super) fn id(&self, name: &str) -> Result<String, Refusal> {
        let text = self.param(name);
        parse_uuid(text).map_err(|detail| refuse(400, format!("Invalid UUID \"{text}\".")).detail(detail))
    }

    /// The caller's account; empty for somebody without a session.
    pub(super) fn caller_id(&self) -> &str {
        self.caller.as_ref().map_or("", |caller| &caller.user_id)
    }

    /// The first value of a query parameter, or nothing.
    pub(super) fn ask(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A query parameter that is a truth value; what is none counts as false.
    pub(super) fn asks(&self, name: &str) -> bool {
        parse_bool(self.ask(name)).unwrap_or(false)
    }

    /// The body as an object of this shape.
    pub(super) fn fields(&self, shape: &Shape) -> Result<Fields, Refusal> {
        bodies::decode(&self.body, shape)
    }

    /// A request's header, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

/// Go's truth values.
pub(super) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A moment as the server writes it.
pub(super) fn stamp(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// A moment that never was: how the server writes "not yet".
pub(super) const NEVER: &str = "0001-01-01T00:00:00Z";

/// A moment, or [`NEVER`].
pub(super) fn stamp_or_never(moment: Option<DateTime<Utc>>) -> String {
    moment.map_or_else(|| NEVER.to_owned(), stamp)
}
