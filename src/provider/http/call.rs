//! A call and its answer, as data.

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::HeaderMap;

/// Everything but unreserved characters (RFC 3986) is encoded in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a call may be made again when it is not known whether it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Making it twice is the same as making it once (all reads, and writes that set a state).
    Safe,
    /// A second one may make a second object, or fail on the first one's success.
    Unsafe,
}

/// What is sent.
#[derive(Debug, Clone)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(serde_json::Value),
    /// A form.
    Form(Vec<(String, String)>),
    /// Bytes as they are, with their content type.
    Raw(Bytes, &'static str),
}

/// One call to a service.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The route, as a template with `{name}` for each segment that varies; also the label in logs and metrics.
    pub route: &'static str,
    /// The segments that vary, in order, not yet encoded.
    pub segments: Vec<String>,
    /// Query parameters.
    pub query: Vec<(&'static str, String)>,
    /// A header beyond those that every call has; never a secret.
    pub header: Option<(&'static str, &'static str)>,
    /// The body.
    pub body: Body,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// What we are doing, for messages: "list people of realm 'acme'".
    pub doing: String,
}

impl Call {
    /// A call without query or body. Reads and deletions may be repeated, `PUT` and `PATCH` may, `POST` may not;
    /// say otherwise with [`Call::repeat`].
    pub fn new(method: Method, route: &'static str, segments: &[&str], doing: impl Into<String>) -> Self {
        let repeat = if method == Method::POST { Repeat::Unsafe } else { Repeat::Safe };
        Self {
            method,
            route,
            segments: segments.iter().map(|segment| (*segment).to_owned()).collect(),
            query: Vec::new(),
            header: None,
            body: Body::None,
            repeat,
            doing: doing.into(),
        }
    }

    /// A `GET`.
    pub fn get(route: &'static str, segments: &[&str], doing: impl Into<String>) -> Self {
        Self::new(Method::GET, route, segments, doing)
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Sends a header beyond those that every call has.
    #[must_use]
    pub fn header(mut self, header: (&'static str, &'static str)) -> Self {
        self.header = Some(header);
        self
    }

    /// Sends JSON.
    #[must_use]
    pub fn json(mut self, body: serde_json::Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    /// Sends another body.
    #[must_use]
    pub fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Says whether it may be repeated.
    #[must_use]
    pub fn repeat(mut self, repeat: Repeat) -> Self {
        self.repeat = repeat;
        self
    }

    /// The path with every segment percent-encoded, so that no name can leave its place in it.
    pub fn path(&self) -> String {
        let mut segments = self.segments.iter();
        let mut path = String::with_capacity(self.route.len() + 32);
        let mut rest = self.route;
        while let Some(open) = rest.find('{') {
            let close = rest[open..].find('}').map_or(rest.len(), |at| open + at + 1);
            path.push_str(&rest[..open]);
            match segments.next().map(String::as_str) {
                // A dot segment would be resolved away by the client or the server.
                Some(dots @ ("." | "..")) => path.push_str(&dots.replace('.', "%2E")),
                Some(segment) => path.extend(utf8_percent_encode(segment, SEGMENT)),
                None => {}
            }
            rest = &rest[close..];
        }
        path.push_str(rest);
        path
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

impl Answer {
    /// Whether the status says success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; `None` when it is none.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The last segment of `Location`: the id of what was made. The host is never looked at.
    pub fn location_id(&self) -> Option<String> {
        let location = self.header("location")?;
        let path = location.split(['?', '#']).next()?;
        path.trim_end_matches('/').rsplit('/').next().filter(|id| !id.is_empty()).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_segment_leaves_its_place() {
        let call = Call::get("/realms/{realm}/users/{id}", &["a/b", "../x?y=1;z#"], "x");
        assert_eq!(call.path(), "/realms/a%2Fb/users/..%2Fx%3Fy%3D1%3Bz%23");
        assert_eq!(Call::get("/{a}/{b}", &["..", "."], "x").path(), "/%2E%2E/%2E");
    }
}
