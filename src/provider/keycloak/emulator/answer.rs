//! What goes back: bodies, locations, and the three shapes in which the server says no.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

/// The media type of everything that the admin API says.
const JSON: &str = "application/json;charset=UTF-8";

/// An answer before it becomes HTTP.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Nothing,
    Json(Value),
    Text {
        media: &'static str,
        text: String,
    },
    /// The operation exists in the real service and is not imitated.
    NotModelled,
}

/// A refusal travels as an error, so that `?` ends an operation where the server would.
#[derive(Debug)]
pub(super) struct Refusal(pub Box<Answer>);

pub(super) type Outcome = Result<Answer, Refusal>;

impl Answer {
    pub fn nothing(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Nothing }
    }

    /// 200 with a body.
    pub fn json(body: impl Into<Value>) -> Self {
        Self { status: 200, headers: Vec::new(), content: Content::Json(body.into()) }
    }

    /// 201 with the place of what was made.
    pub fn created(location: String) -> Self {
        Self { status: 201, headers: vec![("location", location)], content: Content::Nothing }
    }

    pub fn text(status: u16, media: &'static str, text: String) -> Self {
        Self { status, headers: Vec::new(), content: Content::Text { media, text } }
    }

    pub fn with_body(mut self, body: Value) -> Self {
        self.content = Content::Json(body);
        self
    }

    pub fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// As HTTP; `html` says that the caller reads pages rather than JSON, which turns refusals into a page.
    pub fn into_response(self, html: bool) -> Response<Body> {
        let (media, body) = match self.content {
            Content::NotModelled => return crate::provider::emulator::not_modelled(),
            Content::Nothing => (None, String::new()),
            Content::Json(_) if html && self.status >= 400 => {
                (Some("text/html;charset=utf-8"), format!("<html><body><h1>{}</h1></body></html>", self.status))
            }
            Content::Json(value) => (Some(JSON), value.to_string()),
            Content::Text { media, text } => (Some(media), text),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status).expect("statuses are literals of this module");
        let headers = response.headers_mut();
        headers.insert("cache-control", HeaderValue::from_static("no-cache"));
        if let Some(media) = media {
            headers.insert("content-type", HeaderValue::from_static(media));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

impl From<Answer> for Refusal {
    fn from(answer: Answer) -> Self {
        Self(Box::new(answer))
    }
}

/// 204, the answer to most writes.
pub(super) fn done() -> Outcome {
    Ok(Answer::nothing(204))
}

pub(super) fn not_modelled() -> Refusal {
    Answer { status: 501, headers: Vec::new(), content: Content::NotModelled }.into()
}

/// `{"error": …}`.
pub(super) fn error(status: u16, text: impl Into<String>) -> Refusal {
    refuse(status, json!({"error": text.into()}))
}

/// `{"errorMessage": …}`.
pub(super) fn message(status: u16, text: impl Into<String>) -> Refusal {
    refuse(status, json!({"errorMessage": text.into()}))
}

/// `{"error": …, "error_description": …}`.
pub(super) fn described(status: u16, error: &str, description: impl Into<String>) -> Refusal {
    refuse(status, json!({"error": error, "error_description": description.into()}))
}

pub(super) fn refuse(status: u16, body: Value) -> Refusal {
    Answer { status, headers: Vec::new(), content: Content::Json(body) }.into()
}

/// The words of the framework underneath, for refusals that no operation words itself.
pub(super) fn plain(status: u16) -> Refusal {
    let reason = StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or("Error");
    error(status, format!("HTTP {status} {reason}"))
}

/// What an exception that nobody caught looks like; client mistakes end here too.
pub(super) fn broken() -> Refusal {
    described(500, "unknown_error", "For more on this error consult the server log.")
}

/// The answer to a duplicate that only the database noticed.
pub(super) fn duplicate() -> Refusal {
    described(409, "conflict", "Duplicate resource error")
}
