//! What a plain word means: the core schema of YAML 1.2, and the words that other readers take for something else.

use serde_json::{Number, Value};

/// A tag of the core schema on a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoreTag {
    Null,
    Bool,
    Int,
    Float,
    Text,
    List,
    Map,
}

/// Why a word has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScalarError {
    /// The tag asks for another type than the word has.
    Tag,
    /// JSON has no such number.
    Number,
}

impl CoreTag {
    /// The tag of that name in the namespace of YAML.
    pub(super) fn named(suffix: &str) -> Option<Self> {
        Some(match suffix {
            "null" => Self::Null,
            "bool" => Self::Bool,
            "int" => Self::Int,
            "float" => Self::Float,
            "str" => Self::Text,
            "seq" => Self::List,
            "map" => Self::Map,
            _ => return None,
        })
    }
}

/// The value of a word; `plain` is whether it was written without quotes.
pub(super) fn resolve(text: &str, plain: bool, tag: Option<CoreTag>) -> Result<Value, ScalarError> {
    match tag {
        None if plain => core(text),
        None | Some(CoreTag::Text) => Ok(Value::String(text.to_owned())),
        Some(tag) => {
            let value = core(text)?;
            let fits = match tag {
                CoreTag::Null => value.is_null(),
                CoreTag::Bool => value.is_boolean(),
                CoreTag::Int => value.is_i64() || value.is_u64(),
                CoreTag::Float => value.is_number(),
                CoreTag::Text | CoreTag::List | CoreTag::Map => false,
            };
            if fits { Ok(value) } else { Err(ScalarError::Tag) }
        }
    }
}

/// What to write instead of a plain word that many readers take for another type; `None` for a word that is clear.
pub(super) fn lookalike(text: &str) -> Option<String> {
    let quoted = || format!("'{text}' in quotes");
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" => return Some(format!("'true', or {}", quoted())),
        "no" | "off" | "n" => return Some(format!("'false', or {}", quoted())),
        _ => {}
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let numeric = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if numeric && digits.len() > 1 && digits.starts_with('0') {
        return Some(format!("{}, or the number without its leading zero", quoted()));
    }
    if numeric && digits.contains('_') && digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(format!("{}, or '{}'", quoted(), text.replace('_', "")));
    }
    None
}

fn core(text: &str) -> Result<Value, ScalarError> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    if is_special_float(text) {
        return Err(ScalarError::Number);
    }
    if let Some(number) = integer(text) {
        return number.map(Value::Number).ok_or(ScalarError::Number);
    }
    if is_float(text) {
        let number = text.parse::<f64>().ok().and_then(Number::from_f64);
        return number.map(Value::Number).ok_or(ScalarError::Number);
    }
    Ok(Value::String(text.to_owned()))
}

/// `Some(None)` is a whole number that does not fit 64 bits.
fn integer(text: &str) -> Option<Option<Number>> {
    if let Some(digits) = text.strip_prefix("0x") {
        let hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return hex.then(|| u64::from_str_radix(digits, 16).ok().map(Number::from));
    }
    if let Some(digits) = text.strip_prefix("0o") {
        let octal = !digits.is_empty() && digits.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
        return octal.then(|| u64::from_str_radix(digits, 8).ok().map(Number::from));
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let signed = text.strip_prefix('+').unwrap_or(text);
    Some(signed.parse::<i64>().map(Number::from).or_else(|_| signed.parse::<u64>().map(Number::from)).ok())
}

fn is_special_float(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    exponent_fits && digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The literals that the field guide to Backstage records, and the edges around them.
    #[test]
    fn words_mean_what_backstage_reads() {
        for (text, value) in [
            ("off", json!("off")),
            ("yes", json!("yes")),
            ("017", json!(17)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("1_000", json!("1_000")),
            ("2026-01-02", json!("2026-01-02")),
            ("~", json!(null)),
            ("", json!(null)),
            ("True", json!(true)),
            ("tRUE", json!("tRUE")),
            ("-0", json!(0)),
            ("+12", json!(12)),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("e3", json!("e3")),
            (".", json!(".")),
            ("1.2.3", json!("1.2.3")),
            ("18446744073709551615", json!(u64::MAX)),
        ] {
            assert_eq!(resolve(text, true, None), Ok(value), "{text}");
            assert_eq!(resolve(text, false, None), Ok(json!(text)), "quoted {text}");
        }
    }

    #[test]
    fn numbers_that_json_has_not_are_refused() {
        for text in [".inf", "-.INF", ".nan", "18446744073709551616", "1e999"] {
            assert_eq!(resolve(text, true, None), Err(ScalarError::Number), "{text}");
        }
    }

    #[test]
    fn a_tag_must_fit_its_word() {
        assert_eq!(resolve("12", true, Some(CoreTag::Text)), Ok(json!("12")));
        assert_eq!(resolve("12", false, Some(CoreTag::Int)), Ok(json!(12)));
        assert_eq!(resolve("many", true, Some(CoreTag::Int)), Err(ScalarError::Tag));
        assert_eq!(resolve("", true, Some(CoreTag::Map)), Err(ScalarError::Tag));
    }

    #[test]
    fn words_that_others_read_differently_are_known() {
        for text in ["no", "On", "Y", "0755", "-012", "1_000"] {
            assert!(lookalike(text).is_some(), "{text}");
        }
        for text in ["true", "0", "10", "nope", "0.5", "2026-01-02", "_1", "alice"] {
            assert!(lookalike(text).is_none(), "{text}");
        }
    }
}
