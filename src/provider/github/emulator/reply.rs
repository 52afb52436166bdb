//! What an operation answers, and the shapes that GitHub gives its refusals (guide, section 1).

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// An operation's outcome: both sides are replies, so that `?` ends an operation at its first refusal.
pub(super) type Answer = Result<Reply, Box<Reply>>;

/// The page that a refusal names where its operation has none.
pub(super) const DOCS: &str = "https://docs.github.com/rest";

/// A reply before the page of its operation is known to it.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content: Content,
    /// The tag, where the service does not make it of the answer and the caller: a commit's, a file's own name.
    pub(super) etag: Option<String>,
    pub(super) modified: Option<DateTime<Utc>>,
}

/// What stands in a reply's body.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Empty,
    Json(Value),
    Refusal {
        message: String,
        errors: Vec<Value>,
        docs: Option<&'static str>,
    },
    Text(&'static str, Vec<u8>),
    /// An operation that is not imitated.
    NotModelled,
}

impl Reply {
    fn with(status: u16, content: Content) -> Self {
        Self { status, headers: Vec::new(), content, etag: None, modified: None }
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

    pub(super) fn tagged(mut self, etag: impl Into<String>) -> Self {
        self.etag = Some(etag.into());
        self
    }

    pub(super) fn modified(mut self, moment: DateTime<Utc>) -> Self {
        self.modified = Some(moment);
        self
    }

    /// The page of the documentation that a refusal names, where it is not that of the operation.
    pub(super) fn page(mut self, page: &'static str) -> Box<Self> {
        if let Content::Refusal { docs, .. } = &mut self.content {
            *docs = Some(page);
        }
        Box::new(self)
    }

    /// The body's bytes and media type. `docs` is the page of the operation, below the root of the documentation.
    pub(super) fn body(&self, docs: &str) -> (Option<&'static str>, Vec<u8>) {
        const JSON: &str = "application/json; charset=utf-8";
        match &self.content {
            Content::Empty | Content::NotModelled => (None, Vec::new()),
            Content::Json(body) => (Some(JSON), body.to_string().into_bytes()),
            Content::Text(media_type, body) => (Some(media_type), body.clone()),
            Content::Refusal { message, errors, docs: own } => {
                let mut body = json!({ "message": message });
                if !errors.is_empty() {
                    body["errors"] = Value::from(errors.clone());
                }
                let page = if docs.is_empty() { DOCS.to_owned() } else { format!("{DOCS}/{docs}") };
                body["documentation_url"] = own.map_or_else(|| Value::from(page), Value::from);
                // A text, as the service writes it since 2024.
                body["status"] = Value::from(self.status.to_string());
                (Some(JSON), body.to_string().into_bytes())
            }
        }
    }

    /// The answer that goes over the wire.
    pub(super) fn render(self, docs: &str) -> Response<Body> {
        if matches!(self.content, Content::NotModelled) {
            return crate::provider::emulator::not_modelled();
        }
        let (media_type, body) = self.body(docs);
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

/// A refusal with its words alone: the third shape of a 422, and that of every other status.
pub(super) fn refuse(status: u16, message: impl Into<String>) -> Box<Reply> {
    Box::new(Reply::with(status, Content::Refusal { message: message.into(), errors: Vec::new(), docs: None }))
}

/// 404, also for what the caller may not see.
pub(super) fn not_found() -> Box<Reply> {
    refuse(404, "Not Found")
}

/// 422 by a rule of the business: the first shape. Each error tells resource, field and code, or is a bare text.
pub(super) fn invalid(errors: Vec<Value>) -> Box<Reply> {
    let message = "Validation Failed".to_owned();
    Box::new(Reply::with(422, Content::Refusal { message, errors, docs: None }))
}

/// 422 by the schema of the body: the second shape, without `errors`.
pub(super) fn malformed(what: &str) -> Box<Reply> {
    refuse(422, format!("Invalid request.\n\n{what}"))
}

/// 422 because the schema wants a field that was not sent.
pub(super) fn missing(field: &str) -> Box<Reply> {
    malformed(&format!("\"{field}\" wasn't supplied."))
}

/// The operation exists and is not imitated.
pub(super) fn not_modelled() -> Box<Reply> {
    Box::new(Reply::with(501, Content::NotModelled))
}
