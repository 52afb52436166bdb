//! One call as an operation sees it: who calls, what the path holds, query, headers and body.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::accounts::SessionKind;
use super::bodies::{self, Fields};
use super::ids::is_id;
use super::reply::{Refusal, invalid_url, too_large};

/// A call after routing.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) query: Vec<(String, String)>,
    pub(super) params: Vec<(&'static str, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the body is longer than `ServiceSettings.MaximumPayloadSizeBytes` allows.
    pub(super) is_too_large: bool,
    /// The server's own address without a slash at its end, as the caller reached it.
    pub(super) base: String,
    /// Milliseconds since 1970.
    pub(super) now: i64,
    pub(super) session: Option<Caller>,
}

/// Whose credentials came with a call.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) session_id: String,
    pub(super) user_id: String,
    pub(super) kind: SessionKind,
    pub(super) is_bot: bool,
}

impl Call {
    /// A part of the path, decoded. Routes name theirs, so a wrong name is a bug in the table.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A part of the path that must have the form of an identifier.
    pub(super) fn id(&self, name: &str) -> Result<&str, Refusal> {
        Some(self.param(name)).filter(|id| is_id(id)).ok_or_else(|| invalid_url(name))
    }

    /// `user_id` of the path, where `me` stands for the caller.
    pub(super) fn user_id(&self) -> Result<&str, Refusal> {
        match self.param("user_id") {
            "me" => Ok(self.caller()),
            _ => self.id("user_id"),
        }
    }

    /// The caller's identifier; empty for somebody without a session.
    pub(super) fn caller(&self) -> &str {
        self.session.as_ref().map_or("", |caller| &caller.user_id)
    }

    /// The first value of a query parameter, or nothing.
    pub(super) fn ask(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A query parameter that is a truth value; what is none counts as false.
    pub(super) fn asks(&self, name: &str) -> bool {
        parse_bool(self.ask(name)).unwrap_or(false)
    }

    /// The body as an object. `None` where it is none.
    pub(super) fn fields(&self) -> Result<Option<Fields>, Refusal> {
        self.json()
    }

    /// The body's first value as what it should be. `None` where it is something else.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, Refusal> {
        if self.is_too_large {
            return Err(too_large());
        }
        Ok(bodies::first(&self.body))
    }

    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// The body as a map of texts. Whatever it is not read from is an empty map, without a word.
    pub(super) fn text_map(&self) -> BTreeMap<String, String> {
        if self.is_too_large { BTreeMap::new() } else { bodies::text_map(&self.body) }
    }

    /// The body as a map of anything. Whatever it is not read from is an empty map, without a word.
    pub(super) fn value_map(&self) -> Map<String, Value> {
        if self.is_too_large { Map::new() } else { bodies::value_map(&self.body) }
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
