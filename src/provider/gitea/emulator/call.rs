//! One call as an operation sees it: who calls, what the path resolved to, query, headers and body.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use chrono::{DateTime, Utc};

use super::forms::{Form, Values};
use super::reply::Reply;
use super::scopes::Scope;

/// A call after routing. The gates of its route fill in what they resolve.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// The path as sent, still escaped, with `/api/v1`.
    pub(super) path: String,
    /// The query as sent.
    pub(super) raw_query: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) params: Vec<(&'static str, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The server's own address without a slash at its end, as the caller reached it.
    pub(super) base: String,
    pub(super) now: DateTime<Utc>,
    /// Who acts: after `Sudo`, the one acted for.
    pub(super) doer: Option<i64>,
    pub(super) credential: Credential,
    /// What `{username}`, `{org}`, `{team}` and `{owner}/{repo}` stand for, where the route resolves them.
    pub(super) user: i64,
    pub(super) org: i64,
    pub(super) team: i64,
    pub(super) repo: i64,
}

/// How the caller proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Credential {
    Nothing,
    Password,
    Token { id: i64, scope: Scope },
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

    /// A query parameter that is yes, no, or not said.
    pub(super) fn ask_flag(&self, name: &str) -> Option<bool> {
        match self.ask(name) {
            "" => None,
            value => Some(is_yes(value)),
        }
    }

    /// A query parameter that is a number; anything else counts as not said.
    pub(super) fn ask_number(&self, name: &str) -> i64 {
        self.ask(name).parse().unwrap_or(0)
    }

    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET || self.method == Method::HEAD
    }

    /// Whether a `public-only` token calls.
    pub(super) fn is_public_only(&self) -> bool {
        matches!(&self.credential, Credential::Token { scope, .. } if scope.public_only)
    }

    /// The body against a form, refused at the first field that breaks a rule.
    pub(super) fn form(&self, form: &Form) -> Result<Values, Box<Reply>> {
        let media_type = self.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("");
        form.read(media_type, &self.body)
    }

    /// The server's host without port: what addresses of mail and SSH use.
    pub(super) fn domain(&self) -> &str {
        let host = self.base.split("://").nth(1).unwrap_or("localhost");
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    }
}

/// Go's notion of a true query value.
pub(super) fn is_yes(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True" | "on" | "yes")
}

/// A moment as the API writes it: UTC, to the second.
pub(super) fn stamp(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The zero time of Go: hidden, or never set.
pub(super) const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

/// The Unix epoch: never happened.
pub(super) const EPOCH: &str = "1970-01-01T00:00:00Z";
