//! What comes in: path, query and body, read as leniently and as strictly as the server reads them.

use axum::http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::{Refusal, broken, described, error, plain};
use super::json::{self, Bean, Fault, Shape};

/// A request in full.
#[derive(Debug)]
pub(super) struct Request {
    pub method: String,
    /// The segments of the path, decoded. A trailing slash adds none.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Request {
    /// Takes a request apart, or refuses it as the server's front door does.
    pub fn new(method: &str, path: &str, query: &str, headers: HeaderMap, body: Vec<u8>) -> Result<Self, Refusal> {
        if path.contains(';') {
            return Err(described(400, "invalidCharacter", "Request path contains invalid character ';'"));
        }
        if path.contains("//") || path.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(described(400, "missingNormalization", "Request path not normalized"));
        }
        let bad = || Refusal(Box::new(super::answer::Answer::nothing(400)));
        let path = path
            .trim_matches('/')
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| decode(segment, false).ok_or_else(bad))
            .collect::<Result<_, _>>()?;
        let query = pairs(query).ok_or_else(bad)?;
        Ok(Self { method: method.to_owned(), path, query, headers, body })
    }

    /// Where the caller found us; what is made is told under this address.
    pub fn origin(&self) -> String {
        format!("http://{}", self.header("host").unwrap_or("localhost"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The first value of a query parameter.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is there and not blank.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.query(name).filter(|value| !value.trim().is_empty())
    }

    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// What is not `true` is `false`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.query(name).map(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A number, or the 404 that a word in its place is answered with.
    pub fn number(&self, name: &str) -> Result<Option<i32>, Refusal> {
        self.query(name).map(|value| value.parse().map_err(|_| plain(404))).transpose()
    }

    pub fn long(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.query(name).map(|value| value.parse().map_err(|_| plain(404))).transpose()
    }

    /// The page that `first` and `max` ask for; without `max` it has `default` items, or all.
    pub fn page(&self, default: Option<i32>) -> Result<Page, Refusal> {
        let first = self.number("first")?.unwrap_or(0).max(0);
        let max = self.number("max")?.or(default).filter(|max| *max >= 0);
        Ok(Page { first: first as usize, max: max.map_or(usize::MAX, |max| max as usize) })
    }

    /// The media type of the body without its parameters.
    pub fn media(&self) -> Option<&str> {
        self.header("content-type").map(|value| value.split(';').next().unwrap_or("").trim())
    }

    /// Refuses bodies that are not declared as JSON.
    pub fn demand_json(&self) -> Result<(), Refusal> {
        match self.media() {
            Some("") => Err(broken()),
            Some(media) if !media.eq_ignore_ascii_case("application/json") => {
                Err(error(415, "The content-type header value did not match the value in @Consumes"))
            }
            _ => Ok(()),
        }
    }

    /// The body as `shape`; nothing and `null` are `Value::Null`.
    pub fn read(&self, shape: &Shape) -> Result<Value, Refusal> {
        self.demand_json()?;
        json::read(shape, &self.body).map_err(unreadable)
    }

    /// The body as an object. An absent one makes the server stumble.
    pub fn bean(&self, bean: &'static Bean) -> Result<Map<String, Value>, Refusal> {
        match self.read(&Shape::Bean(bean))? {
            Value::Object(map) => Ok(map),
            _ => Err(broken()),
        }
    }

    /// The body as a list of objects.
    pub fn beans(&self, shape: &Shape) -> Result<Vec<Map<String, Value>>, Refusal> {
        match self.read(shape)? {
            Value::Array(items) => items
                .into_iter()
                .map(|item| match item {
                    Value::Object(map) => Ok(map),
                    _ => Err(broken()),
                })
                .collect(),
            _ => Err(broken()),
        }
    }

    /// The fields of a form; of any other body, none.
    pub fn form(&self) -> Vec<(String, String)> {
        if self.media() != Some("application/x-www-form-urlencoded") {
            return Vec::new();
        }
        std::str::from_utf8(&self.body).ok().and_then(pairs).unwrap_or_default()
    }

    /// Whether the caller wants pages rather than JSON.
    pub fn wants_html(&self) -> bool {
        self.header("accept").is_some_and(|accept| accept.contains("text/html") && !accept.contains("json"))
    }

    /// Whether the caller takes JSON.
    pub fn takes_json(&self) -> bool {
        self.header("accept").is_none_or(|accept| {
            accept.trim().is_empty()
                || accept
                    .split(',')
                    .map(|media| media.split(';').next().unwrap_or("").trim())
                    .any(|media| matches!(media, "*/*" | "application/*" | "application/json"))
        })
    }
}

/// A window over a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub first: usize,
    pub max: usize,
}

impl Page {
    pub fn of<T>(self, items: impl IntoIterator<Item = T>) -> impl Iterator<Item = T> {
        items.into_iter().skip(self.first).take(self.max)
    }
}

/// The terms of a `q` parameter: `key:value key2:"v w"`; of two equal keys the last counts, words without a colon do not.
pub(super) fn terms(q: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = q.trim_start();
    while !rest.is_empty() {
        let (key, after) = word(rest, true);
        if let Some(tail) = after.strip_prefix(':') {
            let (value, tail) = word(tail, false);
            match found.iter_mut().find(|(known, _)| *known == key) {
                Some(entry) => entry.1 = value,
                None if key.is_empty() => {}
                None => found.push((key, value)),
            }
            rest = tail.trim_start();
        } else {
            rest = after.trim_start();
        }
    }
    found
}

/// One word, bare or quoted; keys end at a colon.
fn word(text: &str, key: bool) -> (String, &str) {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut out = String::new();
        let mut chars = quoted.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => out.extend(chars.next().map(|(_, c)| c)),
                '"' => return (out, &quoted[at + 1..]),
                c => out.push(c),
            }
        }
        return (out, "");
    }
    let end = text.find(|c: char| c.is_whitespace() || (key && c == ':')).unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

fn unreadable(fault: Fault) -> Refusal {
    const UNREADABLE: &str = "Cannot parse the JSON";
    match fault {
        Fault::Unknown { bean, field, line, column } => error(
            400,
            format!(
                "Invalid json representation for {bean}. Unrecognized field \"{field}\" at line {line} column {column}."
            ),
        ),
        Fault::Syntax => described(400, "invalid_request", UNREADABLE),
        Fault::Type => described(400, "unknown_error", UNREADABLE),
        Fault::Encoding => described(400, "HTTP 400 Bad Request", UNREADABLE),
    }
}

fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(key, true)?, decode(value, true)?))
        })
        .collect()
}

/// Undoes percent-encoding; `None` when a per cent sign is followed by anything but two hex digits.
fn decode(text: &str, form: bool) -> Option<String> {
    let bytes = text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'%' && !(bytes.len() > at + 2 && bytes[at + 1..at + 3].iter().all(u8::is_ascii_hexdigit))
    });
    if broken {
        return None;
    }
    let spaced = if form { text.replace('+', " ") } else { text.to_owned() };
    Some(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}
