//! Moments as the server's program reads and writes them.

use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, Utc};
use regex::Regex;
use serde_json::Value;

/// A date and a time of day, and the rest.
static BEGINNING: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}").expect("a valid pattern"));

static ZONE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^(Z|[+-]\d{2}:\d{2})$").expect("a valid pattern"));

/// A text that is no moment: what is said of it, where the words are known.
#[derive(Debug)]
pub(super) struct Misread(pub(super) Option<String>);

/// A moment with six digits of a second, in UTC. Fewer digits, and more, are refused.
pub(super) fn micro(text: &str) -> Result<String, Misread> {
    let rest = BEGINNING.find(text).map(|it| &text[it.end()..]).ok_or(Misread(None))?;
    let refuse = |value: &str, wanted: &str| {
        let (text, value) = (Value::from(text), Value::from(value));
        Misread(Some(format!(
            "parsing time {text} as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse {value} as \"{wanted}\""
        )))
    };
    let digits =
        rest.get(..7).and_then(|it| it.strip_prefix('.')).filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
    if digits.is_none() {
        return Err(refuse(rest, ".000000"));
    }
    let zone = &rest[7..];
    if !ZONE.is_match(zone) {
        return Err(refuse(zone, "Z07:00"));
    }
    Ok(read(text)?.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// A moment in whole seconds, in UTC.
pub(super) fn seconds(text: &str) -> Result<String, Misread> {
    Ok(read(text)?.to_rfc3339_opts(SecondsFormat::Secs, true))
}

fn read(text: &str) -> Result<DateTime<Utc>, Misread> {
    DateTime::parse_from_rfc3339(text).map(|it| it.with_timezone(&Utc)).map_err(|_| Misread(None))
}
