//! What an operation answers, and the shapes that Gitea gives its refusals.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// An operation's outcome: both sides are replies, so that `?` ends an operation at its first refusal.
pub(super) type Answer = Result<Reply, Box<Reply>>;

/// A reply before the base address and the caller's rights are known to it.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content: Content,
}

/// What stands in a reply's body.
#[derive(Debug)]
pub(super) enum Content {
    Empty,
    Json(Value),
    /// `{"message": …, "url": …}`.
    Refusal(String),
    /// As a refusal, but only a site admin is told the text.
    Failure(String),
    Text(&'static str, Vec<u8>),
    /// An operation that is not imitated.
    NotModelled,
}

impl Reply {
    fn with(status: u16, content: Content) -> Self {
        Self { status, headers: Vec::new(), content }
    }

    pub(super) fn json(status: u16, body: Value) -> Self {
        Self::with(status, Content::Json(body))
    }

    pub(super) fn empty(status: u16) -> Self {
        Self::with(status, Content::Empty)
    }

    pub(super) fn text(status: u16, media_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self::with(status, Content::Text(media_type, body.into()))
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The bytes that go over the wire. `base` is the server's own address, `candid` whether texts of failures are shown.
    pub(super) fn render(self, base: &str, candid: bool) -> Response<Body> {
        const JSON: &str = "application/json;charset=utf-8";
        let refusal = |message: &str| json!({"message": message, "url": format!("{base}/api/swagger")}).to_string();
        let (media_type, body) = match self.content {
            Content::Empty => (None, Vec::new()),
            Content::Json(body) => (Some(JSON), body.to_string().into_bytes()),
            Content::Refusal(message) => (Some(JSON), refusal(&message).into_bytes()),
            Content::Failure(message) => (Some(JSON), refusal(if candid { &message } else { "" }).into_bytes()),
            Content::Text(media_type, body) => (Some(media_type), body),
            Content::NotModelled => return crate::provider::emulator::not_modelled(),
        };
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = StatusCode::from_u16(self.status).expect("operations answer with known status codes");
        if let Some(media_type) = media_type {
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.headers_mut().insert(name, value);
            }
        }
        answer
    }
}

/// A refusal with Gitea's usual body.
pub(super) fn refuse(status: u16, message: impl Into<String>) -> Box<Reply> {
    Box::new(Reply::with(status, Content::Refusal(message.into())))
}

/// 422, the answer to what a form or a name rule forbids.
pub(super) fn invalid(message: impl Into<String>) -> Box<Reply> {
    refuse(422, message)
}

/// 403 with the reason.
pub(super) fn forbidden(message: impl Into<String>) -> Box<Reply> {
    refuse(403, message)
}

/// The 404 that most routes give, also for what the caller may not see.
pub(super) fn not_found() -> Box<Reply> {
    refuse(404, "not found")
}

/// 500: what Gitea should refuse and fails on instead. Only a site admin is told the text.
pub(super) fn failure(message: impl Into<String>) -> Box<Reply> {
    Box::new(Reply::with(500, Content::Failure(message.into())))
}

/// The operation exists in Gitea and is not imitated.
pub(super) fn not_modelled() -> Box<Reply> {
    Box::new(Reply::with(501, Content::NotModelled))
}

/// A redirect as Go's HTTP library writes it: with a line of HTML for a reader, with nothing for a writer.
pub(super) fn redirect(status: u16, location: String, is_read: bool) -> Box<Reply> {
    let phrase = match status {
        301 => "Moved Permanently",
        303 => "See Other",
        _ => "Temporary Redirect",
    };
    let reply = if is_read {
        let href = location.replace('&', "&amp;");
        Reply::text(status, "text/html; charset=utf-8", format!("<a href=\"{href}\">{phrase}</a>.\n\n"))
    } else {
        Reply::empty(status)
    };
    Box::new(reply.header("location", location))
}
