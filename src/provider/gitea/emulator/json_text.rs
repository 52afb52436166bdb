//! What Go's JSON decoder says about bodies it cannot take.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// Go's word for a value's type.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Go's text for a body that is no JSON.
pub(super) fn syntax_error(body: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected EOF".to_owned();
    }
    let offset = offset_of(body, error.line(), error.column());
    let Some(byte) = body.get(offset).copied() else {
        return "unexpected EOF".to_owned();
    };
    let before = body[..offset].iter().rev().find(|byte| !byte.is_ascii_whitespace()).copied();
    let context = match before {
        None | Some(b':' | b'[') => "looking for beginning of value",
        Some(b'{') => "looking for beginning of object key string",
        Some(b',') if is_inside_object(&body[..offset]) => "looking for beginning of object key string",
        Some(b',') => "looking for beginning of value",
        Some(_) if is_after_key(&body[..offset]) => "after object key",
        Some(_) if is_inside_object(&body[..offset]) => "after object key:value pair",
        Some(_) if depth(&body[..offset]).is_empty() => "after top-level value",
        Some(_) => "after array element",
    };
    format!("invalid character {} {context}", quote(byte))
}

/// The moment in a JSON string, or Go's complaint about it.
pub(super) fn moment(value: &Value) -> Result<DateTime<Utc>, String> {
    let Some(text) = value.as_str() else {
        return Err("Time.UnmarshalJSON: input is not a JSON string".to_owned());
    };
    match DateTime::parse_from_rfc3339(text) {
        Ok(moment) => Ok(moment.with_timezone(&Utc)),
        Err(_) => Err(format!(
            "parsing time {quoted} as \"2006-01-02T15:04:05Z07:00\": cannot parse {rest} as {wanted}",
            quoted = Value::from(text),
            rest = Value::from(unparsed(text).0),
            wanted = Value::from(unparsed(text).1),
        )),
    }
}

/// The rest of a time's text that does not fit, and the part of Go's layout that it should fit.
fn unparsed(text: &str) -> (&str, &'static str) {
    const PARTS: [(usize, &str); 11] = [
        (4, "2006"),
        (0, "-"),
        (2, "01"),
        (0, "-"),
        (2, "02"),
        (0, "T"),
        (2, "15"),
        (0, ":"),
        (2, "04"),
        (0, ":"),
        (2, "05"),
    ];
    let mut rest = text;
    for (digits, layout) in PARTS {
        let length = digits.max(1);
        let fits = match digits {
            0 => rest.starts_with(layout),
            _ => rest.len() >= length && rest.as_bytes()[..length].iter().all(u8::is_ascii_digit),
        };
        if !fits {
            return (rest, layout);
        }
        rest = &rest[length..];
    }
    (rest, "Z07:00")
}

fn offset_of(body: &[u8], line: usize, column: usize) -> usize {
    let start: usize = body.split(|byte| *byte == b'\n').take(line.saturating_sub(1)).map(|line| line.len() + 1).sum();
    start + column.saturating_sub(1)
}

fn quote(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => format!("'{}'", char::from(byte)),
    }
}

/// The brackets that are open at the end of `text`.
fn depth(text: &[u8]) -> Vec<u8> {
    let (mut open, mut quoted, mut escaped) = (Vec::new(), false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => open.push(*byte),
            b'}' | b']' if !quoted => drop(open.pop()),
            _ => {}
        }
    }
    open
}

fn is_inside_object(text: &[u8]) -> bool {
    depth(text).last() == Some(&b'{')
}

/// Whether `text` ends in an object's key that waits for its colon.
fn is_after_key(text: &[u8]) -> bool {
    let trimmed = text.trim_ascii_end();
    let Some(rest) = trimmed.strip_suffix(b"\"") else {
        return false;
    };
    let Some(start) = rest.iter().rposition(|byte| *byte == b'"') else {
        return false;
    };
    let before = rest[..start].trim_ascii_end();
    is_inside_object(before) && matches!(before.last(), Some(b'{' | b','))
}
