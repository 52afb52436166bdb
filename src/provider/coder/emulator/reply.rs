//! What an operation answers, and the shape that Coder gives its refusals.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

/// An operation's outcome, so that `?` ends an operation at its first refusal.
pub(super) type Answer = Result<Reply, Refusal>;

/// An answer that is no refusal.
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
    Bytes(&'static str, Vec<u8>),
}

/// A refusal: `message`, and `detail` and `validations` where there are any.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    pub(super) detail: String,
    pub(super) validations: Vec<(String, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) manner: RefusalManner,
}

/// How a refusal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusalManner {
    Json,
    /// The message alone, as text.
    Text,
    /// A page for a browser: a title, and what it says.
    Page,
    /// The operation exists and is not imitated.
    NotModelled,
}

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), content: Content::Json(body) }
    }

    pub(super) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Empty }
    }

    pub(super) fn bytes(status: u16, media_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), content: Content::Bytes(media_type, body.into()) }
    }

    /// `{"message": …}`: what changes without a result answer.
    pub(super) fn message(text: &str) -> Self {
        Self::ok(json!({ "message": text }))
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The bytes that go over the wire.
    pub(super) fn render(self) -> Response<Body> {
        let (media_type, body) = match self.content {
            Content::Empty => (None, Vec::new()),
            Content::Json(body) => (Some("application/json; charset=utf-8"), body.to_string().into_bytes()),
            Content::Bytes(media_type, body) => (Some(media_type), body),
        };
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = StatusCode::from_u16(self.status).expect("operations answer with known status codes");
        if let Some(media_type) = media_type {
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.headers_mut().append(HeaderName::from_static(name), value);
            }
        }
        answer
    }
}

impl Refusal {
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub(super) fn field(mut self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        self.validations.push((field.into(), detail.into()));
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn manner(mut self, manner: RefusalManner) -> Self {
        self.manner = manner;
        self
    }

    fn body(&self) -> Value {
        let mut body = json!({ "message": self.message });
        if !self.detail.is_empty() {
            body["detail"] = self.detail.as_str().into();
        }
        if !self.validations.is_empty() {
            let rows = self.validations.iter().map(|(field, detail)| json!({ "field": field, "detail": detail }));
            body["validations"] = rows.collect();
        }
        body
    }

    pub(super) fn render(self) -> Response<Body> {
        let content = match self.manner {
            RefusalManner::NotModelled => return crate::provider::emulator::not_modelled(),
            RefusalManner::Json => Content::Json(self.body()),
            RefusalManner::Text => Content::Bytes("text/plain; charset=utf-8", self.message.clone().into_bytes()),
            RefusalManner::Page => {
                let page = format!("<HTML page> {} | {}", self.message, self.detail);
                Content::Bytes("text/html; charset=utf-8", page.into_bytes())
            }
        };
        Reply { status: self.status, headers: self.headers, content }.render()
    }
}

/// A refusal with a status and a message.
pub(super) fn refuse(status: u16, message: impl Into<String>) -> Refusal {
    Refusal {
        status,
        message: message.into(),
        detail: String::new(),
        validations: Vec::new(),
        headers: Vec::new(),
        manner: RefusalManner::Json,
    }
}

/// 404: it is not there, or the caller may not see it.
pub(super) fn not_found() -> Refusal {
    refuse(404, "Resource not found or you do not have access to this resource")
}

/// 403: the caller sees it and lacks the right.
pub(super) fn forbidden() -> Refusal {
    refuse(403, "Forbidden.").detail(SIGN_IN_OTHERWISE)
}

/// What most 403 say.
pub(super) const SIGN_IN_OTHERWISE: &str = "You don't have permission to view this content. If you believe this is a \
     mistake, please contact your administrator or try signing in with different credentials.";

/// 500: a right that is found missing when the database is written.
pub(super) fn denied(message: impl Into<String>, step: &str) -> Refusal {
    let colon = if step.is_empty() { "" } else { ": " };
    refuse(500, message).detail(format!("{step}{colon}unauthorized: rbac: forbidden"))
}

/// 403: a feature that needs a licence, by its human name.
pub(super) fn unlicensed(feature: &str) -> Refusal {
    refuse(403, format!("{feature} is a Premium feature. Contact sales!"))
}

/// 409: a name that is taken.
pub(super) fn taken(message: impl Into<String>) -> Refusal {
    refuse(409, message).field("name", "This value is already in use and should be unique.")
}

/// 404: no route has this path.
pub(super) fn unknown_route() -> Refusal {
    refuse(404, "Route not found.")
}

/// 501 of our own: the operation exists and is not imitated.
pub(super) fn not_modelled() -> Refusal {
    refuse(501, "").manner(RefusalManner::NotModelled)
}
