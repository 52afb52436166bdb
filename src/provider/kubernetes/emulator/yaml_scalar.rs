//! What a word without quotes is to a reader of YAML 1.1: more of them are numbers and truths than in YAML 1.2.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Number, Value};

static FLOAT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$").expect("a valid pattern"));

/// The largest whole number that a broken one holds exactly.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The value of a word. One that JSON has no number for stays text.
pub(super) fn resolved(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return Value::String(text.to_owned());
    }
    let plain = text.replace('_', "");
    if let Some(number) = whole(&plain) {
        return Value::Number(number);
    }
    let broken = plain.parse::<f64>().ok().filter(|it| FLOAT.is_match(&plain) && it.is_finite());
    match broken {
        // JSON writes a broken number without a rest as a whole one.
        Some(number) if number.fract() == 0.0 && number.abs() < EXACT => Value::from(number as i64),
        Some(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        None => Value::String(text.to_owned()),
    }
}

/// A whole number: decimal, or by its prefix; a leading zero is one.
fn whole(text: &str) -> Option<Number> {
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (text.starts_with('-'), digits),
        None => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_alphanumeric()) {
        return None;
    }
    let number = u64::from_str_radix(digits, radix).ok()?;
    if !negative {
        return Some(number.into());
    }
    i64::try_from(number).ok().map(|it| (-it).into())
}
