//! The validators of the user profile, by the names that a profile gives them.

use serde_json::{Value, json};
use unicode_normalization::char::is_combining_mark;

/// Names of all validators that a profile may ask for.
pub(super) const KNOWN: &[&str] = &[
    "length",
    "email",
    "pattern",
    "integer",
    "double",
    "options",
    "uri",
    "local-date",
    "iso-date",
    "multivalued",
    "username-prohibited-characters",
    "up-username-not-idn-homograph",
    "person-name-prohibited-characters",
];

/// A broken rule: the key of its message, and what belongs to it beside the attribute's name.
pub(super) struct Violation {
    pub message: &'static str,
    pub params: Vec<Value>,
}

/// Checks one value. Empty values are no violation of anything but `required`.
pub(super) fn check(validator: &str, config: &Value, value: &str) -> Option<Violation> {
    if value.trim().is_empty() && validator != "length" {
        return None;
    }
    match validator {
        "length" => length(config, value),
        "email" => (!is_email(value)).then(|| violation("error-invalid-email", vec![json!(value)])),
        "integer" => match value.trim().parse::<i64>() {
            Ok(number) => in_range(config, number as f64),
            Err(_) => Some(violation("error-invalid-number", Vec::new())),
        },
        "double" => match value.trim().parse::<f64>() {
            Ok(number) => in_range(config, number),
            Err(_) => Some(violation("error-invalid-number", Vec::new())),
        },
        "options" => {
            let known =
                config["options"].as_array().is_some_and(|options| options.iter().any(|option| option == value));
            (!known).then(|| violation("error-invalid-value", Vec::new()))
        }
        "uri" => (!is_uri(value)).then(|| violation("error-invalid-uri", Vec::new())),
        "iso-date" | "local-date" => {
            let valid = chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok();
            (!valid).then(|| violation("error-invalid-date", Vec::new()))
        }
        "username-prohibited-characters" => {
            let bad = |c: char| c.is_whitespace() || c.is_control() || "<>&\"'$%!#?§,;:*~/\\|^=[]{}()`".contains(c);
            value.chars().any(bad).then(|| violation("error-username-invalid-character", Vec::new()))
        }
        "up-username-not-idn-homograph" => {
            let bad = |c: char| !is_latin_or_common(c);
            value.chars().any(bad).then(|| violation("error-username-invalid-character", Vec::new()))
        }
        "person-name-prohibited-characters" => {
            let bad = |c: char| c.is_control() || "<>&\"$%!#?§;*~/\\|^=[]{}()\u{2028}\u{2029}".contains(c);
            value.chars().any(bad).then(|| violation("error-person-name-invalid-character", Vec::new()))
        }
        // Patterns are Java's; a profile may hold them, values are not held against them here.
        _ => None,
    }
}

/// Whether the service takes this for an e-mail address.
pub(super) fn is_email(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else {
        return false;
    };
    is_local_part(local) && is_mail_domain(domain)
}

/// Whether the service takes this for an absolute URI.
pub(super) fn is_uri(value: &str) -> bool {
    url::Url::parse(value).is_ok() && !value.contains(char::is_whitespace)
}

fn is_local_part(local: &str) -> bool {
    if local.is_empty() || local.chars().count() > 64 {
        return false;
    }
    if let Some(quoted) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return !quoted.is_empty() && !quoted.contains('"');
    }
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom))
}

fn is_atom(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c) || (c as u32 >= 0x80 && !c.is_whitespace())
}

fn is_mail_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let address = literal.strip_prefix("IPv6:").unwrap_or(literal);
        return address.parse::<std::net::IpAddr>().is_ok();
    }
    is_domain(domain)
}

/// Labels of at most 63 letters, digits and dashes, none of them beginning or ending with a dash.
pub(super) fn is_domain(domain: &str) -> bool {
    domain.len() <= 255
        && domain.split('.').all(|label| {
            !label.is_empty()
                && label.chars().count() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '-' || (c as u32 >= 0x80 && c.is_alphanumeric()))
        })
}

fn length(config: &Value, value: &str) -> Option<Violation> {
    let (min, max) = (number(&config["min"]), number(&config["max"]));
    let counted = if config["trim-disabled"].as_bool().unwrap_or(false) { value } else { value.trim() };
    if value.is_empty() {
        return None;
    }
    // The service counts UTF-16 units.
    let length = counted.encode_utf16().count() as f64;
    if min.is_none_or(|min| length >= min) && max.is_none_or(|max| length <= max) {
        return None;
    }
    let message = match (min, max) {
        (Some(_), Some(_)) => "error-invalid-length",
        (Some(_), None) => "error-invalid-length-too-short",
        _ => "error-invalid-length-too-long",
    };
    Some(violation(message, vec![shown(min), shown(max)]))
}

fn in_range(config: &Value, value: f64) -> Option<Violation> {
    let (min, max) = (number(&config["min"]), number(&config["max"]));
    if min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max) {
        return None;
    }
    let message = match (min, max) {
        (Some(_), Some(_)) => "error-number-out-of-range",
        (Some(_), None) => "error-number-out-of-range-too-small",
        _ => "error-number-out-of-range-too-big",
    };
    Some(violation(message, vec![shown(min), shown(max)]))
}

/// A number that a profile may also hold as text.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())
}

fn shown(bound: Option<f64>) -> Value {
    match bound {
        None => Value::Null,
        Some(number) if number.fract() == 0.0 => json!(number as i64),
        Some(number) => json!(number),
    }
}

fn violation(message: &'static str, params: Vec<Value>) -> Violation {
    Violation { message, params }
}

/// Whether a character belongs to the Latin script or to all scripts. Letters of other scripts and combining marks do not.
fn is_latin_or_common(c: char) -> bool {
    const LATIN: &[(u32, u32)] = &[
        (0x41, 0x5A),
        (0x61, 0x7A),
        (0xAA, 0xAA),
        (0xBA, 0xBA),
        (0xC0, 0xD6),
        (0xD8, 0xF6),
        (0xF8, 0x2B8),
        (0x2E0, 0x2E4),
        (0x1D00, 0x1D25),
        (0x1D2C, 0x1D5C),
        (0x1D62, 0x1D65),
        (0x1D6B, 0x1D77),
        (0x1D79, 0x1DBE),
        (0x1E00, 0x1EFF),
        (0x2071, 0x2071),
        (0x207F, 0x207F),
        (0x2090, 0x209C),
        (0x212A, 0x212B),
        (0x2132, 0x2132),
        (0x214E, 0x214E),
        (0x2160, 0x2188),
        (0x2C60, 0x2C7F),
        (0xA722, 0xA787),
        (0xA78B, 0xA7FF),
        (0xAB30, 0xAB64),
        (0xFB00, 0xFB06),
        (0xFF21, 0xFF3A),
        (0xFF41, 0xFF5A),
    ];
    let code = c as u32;
    LATIN.iter().any(|(from, to)| (*from..=*to).contains(&code)) || !(c.is_alphabetic() || is_combining_mark(c))
}
