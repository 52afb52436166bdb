//! Pages: how `page` and `limit` are read, and the headers that tell a client where it stands.

use serde_json::Value;

use super::call::Call;
use super::reply::Reply;

/// `[api] DEFAULT_PAGING_NUM`.
pub(super) const DEFAULT_SIZE: usize = 30;

/// `[api] MAX_RESPONSE_ITEMS`.
pub(super) const MOST: usize = 50;

/// The part of a list that a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Page {
    /// Anything but a number counts as not said; too large a limit is cut without a word.
    pub(super) fn of(call: &Call) -> Self {
        let asked = |name: &str| usize::try_from(call.ask_number(name)).unwrap_or(0);
        let size = match asked("limit") {
            0 => DEFAULT_SIZE,
            limit => limit.min(MOST),
        };
        Self { number: asked("page").max(1), size }
    }

    /// The items of this page.
    pub(super) fn cut<T>(self, items: &[T]) -> &[T] {
        let start = (self.number - 1).saturating_mul(self.size).min(items.len());
        &items[start..(start + self.size).min(items.len())]
    }

    pub(super) fn last(self, total: usize) -> usize {
        total.div_ceil(self.size)
    }
}

impl Reply {
    /// Adds the total, as nearly every list does.
    pub(super) fn total(self, total: usize) -> Self {
        self.header("x-total-count", total.to_string())
    }

    /// Adds the total and, when there is more than one page, `Link`.
    pub(super) fn paged(self, call: &Call, page: Page, total: usize) -> Self {
        let reply = self.total(total);
        match links(call, page, total) {
            Some(links) => reply.header("link", links),
            None => reply,
        }
    }
}

/// A list as most routes answer it: one page of `items`, rendered, with total and links.
pub(super) fn list<T>(call: &Call, items: &[T], render: impl FnMut(&T) -> Value) -> Reply {
    let page = Page::of(call);
    let shown: Vec<Value> = page.cut(items).iter().map(render).collect();
    Reply::json(200, Value::Array(shown)).paged(call, page, items.len())
}

/// A list of a route that never sends `Link`.
pub(super) fn unlinked_list<T>(call: &Call, items: &[T], render: impl FnMut(&T) -> Value) -> Reply {
    let shown: Vec<Value> = Page::of(call).cut(items).iter().map(render).collect();
    Reply::json(200, Value::Array(shown)).total(items.len())
}

/// A list that is wrapped as searches are.
pub(super) fn search<T>(call: &Call, items: &[T], render: impl FnMut(&T) -> Value) -> Reply {
    let page = Page::of(call);
    let shown: Vec<Value> = page.cut(items).iter().map(render).collect();
    Reply::json(200, serde_json::json!({"ok": true, "data": shown})).paged(call, page, items.len())
}

fn links(call: &Call, page: Page, total: usize) -> Option<String> {
    let last = page.last(total);
    // A page past the end counts as the last one.
    let here = page.number.min(last);
    let mut links = Vec::new();
    if here < last {
        links.push((here + 1, "next"));
        links.push((last, "last"));
    }
    if here > 1 {
        links.push((1, "first"));
        links.push((here - 1, "prev"));
    }
    if links.is_empty() {
        return None;
    }
    let rendered: Vec<String> = links
        .into_iter()
        .map(|(number, relation)| format!("<{}>; rel=\"{relation}\"", address(call, number)))
        .collect();
    Some(rendered.join(","))
}

/// The call's own address with another page: keys sorted, everything else as it was sent.
fn address(call: &Call, number: usize) -> String {
    let mut query: Vec<(&str, &str)> =
        call.query.iter().filter(|(key, _)| key != "page").map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let number = number.to_string();
    query.push(("page", &number));
    query.sort_by_key(|(key, _)| *key);
    let encoded: Vec<String> =
        query.iter().map(|(key, value)| format!("{}={}", escape_query(key), escape_query(value))).collect();
    format!("{}{}?{}", call.base, call.path, encoded.join("&"))
}

/// Go's `url.QueryEscape`.
pub(super) fn escape_query(text: &str) -> String {
    escape(text, |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)).replace("%20", "+")
}

/// Go's `url.PathEscape`.
pub(super) fn escape_segment(text: &str) -> String {
    escape(text, |byte| byte.is_ascii_alphanumeric() || b"-_.~$&+=:@".contains(&byte))
}

/// An escaped path whose slashes stay.
pub(super) fn escape_path(text: &str) -> String {
    text.split('/').map(escape_segment).collect::<Vec<_>>().join("/")
}

fn escape(text: &str, is_plain: impl Fn(u8) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}
