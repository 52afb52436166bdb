//! One call as an operation sees it: who calls, what the path resolved to, query, headers and body.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::reply::{Reply, refuse};

/// A call after routing.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The path below the API's root, as sent, still escaped.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) params: Vec<(&'static str, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The API's address as the caller reached it, without a slash at its end.
    pub(super) base: String,
    /// Where people look at things: the same host, without the API's path.
    pub(super) web: String,
    pub(super) now: DateTime<Utc>,
    pub(super) who: Who,
    /// What `{owner}/{repo}` and `{org}` stand for, where the route has them.
    pub(super) repo: i64,
    pub(super) org: i64,
    /// Whether the caller asked for the API of 2026-03-10.
    pub(super) is_2026: bool,
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Nobody,
    /// An App, by a token that it signed itself.
    App(i64),
    /// The holder of the token at this place of the table.
    Token(usize),
}

impl Call {
    /// A path parameter, decoded. Routes name theirs, so a wrong name is a bug in the table.
    pub(super) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// A path parameter that is a number; anything else is 0, which no object has.
    pub(super) fn id(&self, name: &str) -> i64 {
        self.param(name).parse().unwrap_or(0)
    }

    /// The first value of a query parameter, or nothing.
    pub(super) fn ask(&self, name: &str) -> &str {
        self.query.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// A header as text; empty where there is none.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// Whether the caller wants a media type that GitHub derives from its own: `raw`, `sha`, `diff`.
    pub(super) fn wants(&self, form: &str) -> bool {
        let accept = self.header("accept");
        accept.split(',').any(|one| {
            let one = one.trim().split(';').next().unwrap_or_default();
            one.strip_prefix("application/vnd.github.")
                .is_some_and(|rest| rest.trim_start_matches("v3.").split('+').next().is_some_and(|found| found == form))
        })
    }

    /// The body as an object; unknown keys are nobody's business. None is as good as an empty one.
    pub(super) fn fields(&self) -> Result<Map<String, Value>, Box<Reply>> {
        if self.body.is_empty() {
            return Ok(Map::new());
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(refuse(400, "Body should be a JSON object")),
            Err(_) => Err(refuse(400, "Problems parsing JSON")),
        }
    }

    /// A field of the body or, where that has none, of the query: `DELETE` is sent both ways.
    pub(super) fn field_or_query(&self, fields: &Map<String, Value>, name: &str) -> Option<String> {
        let sent = fields.get(name).and_then(Value::as_str).map(str::to_owned);
        sent.or_else(|| Some(self.ask(name).to_owned()).filter(|value| !value.is_empty()))
    }
}

/// A moment as the API writes it: UTC, to the second.
pub(super) fn stamp(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A text of the body; `null` and other types are none.
pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}
