//! What an operation answers, and the shape that Mattermost gives its refusals.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
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
    Text(&'static str, String),
    /// A body and that of a refusal glued behind it: what a handler does that notices too late.
    Then(String, Refusal),
}

/// A refusal, whose text is written when the request's identifier and the configuration are known.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) id: Cow<'static, str>,
    pub(super) message: String,
    /// Shown to developers only.
    pub(super) detail: String,
    pub(super) kind: RefusalKind,
}

/// Which of the three bodies a refusal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusalKind {
    Usual,
    /// The route does not exist: the detail is always shown, and the request has no identifier.
    UnknownRoute,
    /// The operation exists and is not imitated.
    NotModelled,
}

impl Reply {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), content: Content::Json(body) }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), content: Content::Empty }
    }

    pub(super) fn text(status: u16, media_type: &'static str, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), content: Content::Text(media_type, body.into()) }
    }

    /// `{"status": "OK"}`: what most changes answer.
    pub(super) fn ok() -> Self {
        Self::json(200, json!({ "status": "OK" }))
    }

    /// A body with a refusal behind it, under the status 200.
    pub(super) fn then(body: Value, refusal: Refusal) -> Self {
        Self::broken(200, body.to_string(), refusal)
    }

    /// What had been written of a body when it was refused, and the refusal.
    pub(super) fn broken(status: u16, begin: impl Into<String>, refusal: Refusal) -> Self {
        Self { status, headers: Vec::new(), content: Content::Then(begin.into(), refusal) }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The bytes that go over the wire.
    pub(super) fn render(self, manner: &Manner) -> Response<Body> {
        let (media_type, body) = match self.content {
            Content::Empty => (None, String::new()),
            Content::Json(body) => (Some("application/json"), body.to_string()),
            Content::Text(media_type, body) => (Some(media_type), body),
            Content::Then(body, refusal) => (Some("application/json"), format!("{body}{}", refusal.body(manner))),
        };
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = StatusCode::from_u16(self.status).expect("operations answer with known status codes");
        if let Some(media_type) = media_type {
            answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                answer.headers_mut().append(name, value);
            }
        }
        answer
    }
}

/// What decides how refusals are written.
#[derive(Debug, Clone, Default)]
pub(super) struct Manner {
    pub(super) request_id: String,
    /// `ServiceSettings.EnableDeveloper`: details are shown.
    pub(super) is_candid: bool,
    /// `ServiceSettings.ExperimentalEnableHardenedMode`: failures show nothing.
    pub(super) is_hardened: bool,
}

impl Refusal {
    /// Adds what only developers are shown.
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub(super) fn is_not_modelled(&self) -> bool {
        self.kind == RefusalKind::NotModelled
    }

    /// The refusal of one item of a list, which is told within the answer to the whole.
    pub(super) fn within_a_list(&self) -> Value {
        json!({ "id": self.id, "message": self.message, "detailed_error": "", "status_code": self.status })
    }

    fn body(&self, manner: &Manner) -> Value {
        let is_unknown_route = self.kind == RefusalKind::UnknownRoute;
        let is_hidden = manner.is_hardened && self.status >= 500;
        let (id, message) = if is_hidden { ("", "Internal Server Error") } else { (&*self.id, self.message.as_str()) };
        let detail = if !is_hidden && (manner.is_candid || is_unknown_route) { self.detail.as_str() } else { "" };
        let mut body = json!({ "id": id, "message": message, "detailed_error": detail });
        if !is_unknown_route {
            body["request_id"] = manner.request_id.as_str().into();
        }
        body["status_code"] = self.shown_status(manner).into();
        body
    }

    fn shown_status(&self, manner: &Manner) -> u16 {
        if manner.is_hardened && self.status >= 500 { 500 } else { self.status }
    }

    pub(super) fn render(self, manner: &Manner) -> Response<Body> {
        if self.kind == RefusalKind::NotModelled {
            return crate::provider::emulator::not_modelled();
        }
        Reply::json(self.shown_status(manner), self.body(manner)).render(manner)
    }
}

/// A refusal with a status, an identifier and its English text.
pub(super) fn refuse(status: u16, id: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Refusal {
    Refusal { status, id: id.into(), message: message.into(), detail: String::new(), kind: RefusalKind::Usual }
}

/// 403: the caller lacks a right.
pub(super) fn forbidden() -> Refusal {
    refuse(403, "api.context.permissions.app_error", "You do not have the appropriate permissions.")
}

/// 404: nobody has this identifier.
pub(super) fn no_account() -> Refusal {
    refuse(404, "app.user.missing_account.const", "Unable to find the user.")
}

/// 401: whatever is wrong with the credentials.
pub(super) fn session_expired() -> Refusal {
    refuse(401, "api.context.session_expired.app_error", "Invalid or expired session, please login again.")
}

/// 400: a field of the body is missing or of the wrong kind.
pub(super) fn invalid_body(name: &str) -> Refusal {
    let message = format!("Invalid or missing {name} in request body.");
    refuse(400, "api.context.invalid_body_param.app_error", message)
}

/// 400: a part of the path or query is missing or ill-formed.
pub(super) fn invalid_url(name: &str) -> Refusal {
    let message = format!("Invalid or missing {name} parameter in request URL.");
    refuse(400, "api.context.invalid_url_param.app_error", message)
}

/// 413: the body is longer than the configuration allows.
pub(super) fn too_large() -> Refusal {
    let message = "Unable to process request. Request body too large.";
    refuse(413, "api.context.request_body_too_large.app_error", message)
}

/// 404: no route has this method and path.
pub(super) fn unknown_route(path: &str) -> Refusal {
    let detail = format!(
        "There doesn't appear to be an api call for the url='{path}'.  Typo? are you missing a team_id or user_id as part of the url?"
    );
    let refusal = refuse(404, "api.context.404.app_error", "Sorry, we could not find the page.").detail(detail);
    Refusal { kind: RefusalKind::UnknownRoute, ..refusal }
}

/// 501 of our own: the operation exists and is not imitated.
pub(super) fn not_modelled() -> Refusal {
    Refusal { kind: RefusalKind::NotModelled, ..refuse(501, "", "") }
}
