//! Bodies: JSON or YAML as other calls send it, and either as an apply has it read, by a reader of YAML 1.1.

use std::sync::LazyLock;

use axum::body::Bytes;
use regex::Regex;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::status::{Reply, bad_request};
use super::yaml;

/// A body, and what is to be said of keys that stand in it twice.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) value: Value,
    /// Warnings, one a key.
    pub(super) twice: Vec<String>,
    /// Whether a reader of YAML found them, who tells them in words of its own.
    pub(super) by_yaml: bool,
}

static LINE: LazyLock<Regex> = LazyLock::new(|| Regex::new("[ \t]*\u{85}[ \t]*").expect("a valid pattern"));
static BREAK: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[ \t]*([\u{2028}\u{2029}])[ \t]*").expect("a valid pattern"));
static SLASH: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(^|[^\\])(\\\\)*\\/").expect("a valid pattern"));
static SURROGATE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(^|[^\\])(\\\\)*\\u[dD][89a-fA-F]").expect("a valid pattern"));

/// The body of a POST or a PUT.
pub(super) fn json(bytes: &Bytes, kind: &str) -> Result<Body, Reply> {
    // A byte that is no UTF-8 becomes a mark in its place, without a word.
    let text = String::from_utf8_lossy(bytes);
    let text = without_halves(&text);
    let body = read(&text).map_err(|error| {
        // Where else it is no JSON, the words are those of the reader.
        if !error.is_eof() {
            return Reply::NotModelled;
        }
        bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: \
             unexpected end of JSON input ({text})"
        ))
    })?;
    let twice = body.twice.iter().map(|path| format!("duplicate field \"{path}\"")).collect();
    Ok(Body { twice, ..body })
}

/// JSON with marks in place of escapes that are half a character.
fn without_halves(text: &str) -> String {
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    let unit = |text: &str| u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok();
    while let Some(at) = rest.find('\\') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = match (unit(rest), rest.get(6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                whole.push_str("\\ufffd");
                rest = &rest[6..];
                continue;
            }
            _ => rest.char_indices().nth(2).map_or(rest.len(), |(end, _)| end),
        };
        whole.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    whole.push_str(rest);
    whole
}

/// The body of a POST or a PUT in YAML.
pub(super) fn yaml(bytes: &Bytes) -> Result<Body, Reply> {
    let text = std::str::from_utf8(bytes).map_err(|_| Reply::NotModelled)?;
    if text.contains(is_control) {
        return Err(Reply::NotModelled);
    }
    document(text)
}

/// A document of YAML. What is no map, and what cannot be read, is refused in words that are not known here.
fn document(text: &str) -> Result<Body, Reply> {
    let Some(document) = yaml::read(text).filter(|it| it.value.is_object()) else { return Err(Reply::NotModelled) };
    let twice = document.twice.iter().map(|(line, key)| already_set(*line, key)).collect();
    Ok(Body { value: document.value, twice, by_yaml: true })
}

/// A key that stands twice, as a reader of YAML tells it.
fn already_set(line: usize, key: &str) -> String {
    format!("line {line}: key {} already set in map", Value::from(key))
}

/// What no YAML holds.
fn is_control(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
        || matches!(c, '\u{fffe}' | '\u{ffff}')
}

/// The body of an apply.
pub(super) fn applied(bytes: &Bytes) -> Result<Body, Reply> {
    let yaml = |what: &str| bad_request(format!("error decoding patch: error converting YAML to JSON: yaml: {what}"));
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(yaml("invalid leading UTF-8 octet")) };
    if text.contains(is_control) {
        return Err(yaml("control characters are not allowed"));
    }
    if text.trim().is_empty() {
        return Ok(Body { value: Value::Object(Map::new()), twice: Vec::new(), by_yaml: true });
    }
    let is_json = text.trim_start().starts_with(['{', '[']);
    if !is_json {
        return document(text);
    }
    if SLASH.is_match(text) {
        return Err(yaml("found unknown escape character"));
    }
    if SURROGATE.is_match(text) {
        return Err(yaml("found invalid Unicode character escape code"));
    }
    let folded = BREAK.replace_all(text, "$1");
    let folded = LINE.replace_all(&folded, " ");
    match read(&folded) {
        Ok(body) if body.value.is_object() => {
            let key = |path: &String| path.rsplit('.').next().unwrap_or_default().to_owned();
            let twice: Vec<String> = body.twice.iter().map(|path| already_set(1, &key(path))).collect();
            // Keys with dots, and those on later lines, are told by another way.
            let is_clear = twice.is_empty() || !text.trim().contains('\n');
            if is_clear { Ok(Body { twice, by_yaml: true, ..body }) } else { document(text) }
        }
        Ok(_) => Err(bad_request(
            "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value \
             of type map[string]interface {}",
        )),
        // The real server is laxer: to a reader of YAML some of this is in order.
        Err(error) => Err(yaml(&format!("line {}: did not find expected node content", error.line()))),
    }
}

fn read(text: &str) -> Result<Body, serde_json::Error> {
    let value: Value = serde_json::from_str(text)?;
    let Keys(twice) = serde_json::from_str(text)?;
    Ok(Body { value, twice, by_yaml: false })
}

/// The paths of keys that stand twice in one object.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeyVisitor)
    }
}

struct KeyVisitor;

impl<'de> Visitor<'de> for KeyVisitor {
    type Value = Keys;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
        let mut seen = std::collections::BTreeSet::new();
        let mut twice = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let Keys(below) = map.next_value()?;
            twice.extend(below.into_iter().map(|path| format!("{key}.{path}")));
            if !seen.insert(key.clone()) {
                twice.push(key);
            }
        }
        Ok(Keys(twice))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Keys, A::Error> {
        let mut twice = Vec::new();
        let mut index = 0;
        while let Some(Keys(below)) = items.next_element()? {
            twice.extend(below.into_iter().map(|path| format!("[{index}].{path}")));
            index += 1;
        }
        Ok(Keys(twice))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Keys, E> {
        Ok(Keys(Vec::new()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Keys, E> {
        Ok(Keys(Vec::new()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Keys, E> {
        Ok(Keys(Vec::new()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Keys, E> {
        Ok(Keys(Vec::new()))
    }

    fn visit_str<E>(self, _: &str) -> Result<Keys, E> {
        Ok(Keys(Vec::new()))
    }

    fn visit_unit<E>(self) -> Result<Keys, E> {
        Ok(Keys(Vec::new()))
    }
}
