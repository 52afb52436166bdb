//! Answers in YAML, as the server's writer lays them out. What it would fold or break over lines is not imitated.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::yaml_scalar::resolved;

/// Texts that stand without quotes.
static PLAIN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^[A-Za-z0-9/_.+(][A-Za-z0-9 /_.+()"',;=<>@^~!*&?%$-]*$"#).expect("a valid pattern"));

/// Lines are broken beyond this width, at blanks.
const WIDTH: usize = 70;

/// A value as YAML; `None` where it holds what is not imitated.
pub(super) fn write(value: &Value) -> Option<String> {
    let mut text = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => block(value, 0, &mut text)?,
        _ => return None,
    }
    Some(text)
}

/// The lines of a map or of a list, each after `indent` blanks.
fn block(value: &Value, indent: usize, text: &mut String) -> Option<()> {
    let blanks = " ".repeat(indent);
    match value {
        Value::Object(map) => {
            let mut fields: Vec<_> = map.iter().collect();
            fields.sort_by(|one, two| one.0.cmp(two.0));
            for (name, value) in fields {
                text.push_str(&format!("{blanks}{}:", scalar(name)?));
                // Items of a list stand as far in as its name.
                let within = if value.is_array() { indent } else { indent + 2 };
                below(value, within, text)?;
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut lines = String::new();
                match item {
                    Value::Object(map) if !map.is_empty() => {
                        block(item, indent + 2, &mut lines)?;
                        text.push_str(&format!("{blanks}- {}", &lines[indent + 2..]));
                    }
                    Value::Array(_) => return None,
                    other => {
                        below(other, indent + 2, &mut lines)?;
                        text.push_str(&format!("{blanks}-{lines}"));
                    }
                }
            }
        }
        _ => return None,
    }
    Some(())
}

/// What stands after a name, or a dash.
fn below(value: &Value, indent: usize, text: &mut String) -> Option<()> {
    match value {
        Value::Object(map) if map.is_empty() => text.push_str(" {}\n"),
        Value::Array(items) if items.is_empty() => text.push_str(" []\n"),
        Value::Object(_) | Value::Array(_) => {
            text.push('\n');
            block(value, indent, text)?;
        }
        Value::String(it) => text.push_str(&format!(" {}\n", scalar(it)?)),
        other => text.push_str(&format!(" {other}\n")),
    }
    Some(())
}

fn scalar(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("\"\"".to_owned());
    }
    // Dates are quoted, lest somebody take them for such.
    if looks_like_time(text) {
        return Some(format!("\"{text}\""));
    }
    let is_plain = PLAIN.is_match(text) && !text.ends_with(' ') || text.starts_with("f:") && PLAIN.is_match(&text[2..]);
    let long = text.len() > WIDTH && text.contains(' ');
    if long || !is_plain || text.contains(" #") || text.contains(": ") {
        return None;
    }
    Some(if resolved(text).is_string() { text.to_owned() } else { format!("\"{text}\"") })
}

/// Whether it is a moment or a day.
fn looks_like_time(text: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(text).is_ok() || chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}
