//! What a document breaks of a schema, in words that say what to do.
//!
//! Works for any schema whose values were read by [`crate::engine::source`], the config's included.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use crate::engine::diag::{Code, Span, codes, did_you_mean, nearest};
use crate::engine::source::SpanTable;

use super::{BASE, document};

/// One broken rule of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where, as a JSON pointer.
    pub pointer: String,
    /// Which part of it to point at.
    pub place: Place,
    /// What sort of rule.
    pub rule: Rule,
    /// The code that the schema names for it (`x-code`).
    pub code: Option<Code>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Whether a problem is about a key or about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The key.
    Key,
    /// The value.
    Value,
}

/// What sort of rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// A field is missing.
    Missing,
    /// A value has the wrong type.
    Type,
    /// A field does not exist.
    Unknown,
    /// A value has the right type and is not acceptable.
    Value,
}

impl Violation {
    /// The place to show.
    pub fn span(&self, spans: &SpanTable) -> Span {
        let key = if self.place == Place::Key { spans.key(&self.pointer) } else { None };
        key.unwrap_or_else(|| spans.nearest(&self.pointer))
    }
}

/// What an error of the validator says about a document; one error can hold several violations.
pub fn read(error: &ValidationError<'_>, root: &Value) -> Vec<Violation> {
    let pointer = error.instance_path().as_str().to_owned();
    let schema = Schema::of(error);
    let one = |place, rule, message: String, help: Option<String>| {
        vec![Violation { pointer: pointer.clone(), place, rule, code: schema.code(), message, help }]
    };
    let what = named(&pointer);
    let shown = shorten(error.instance());
    match error.kind() {
        Kind::Required { property } => {
            let field = property.as_str().unwrap_or_default();
            let message = match pointer.as_str() {
                "" => format!("field '{field}' is missing"),
                _ => format!("field '{field}' is missing in {what}"),
            };
            let present = root.pointer(&pointer).and_then(Value::as_object);
            let keys = present.into_iter().flat_map(|map| map.keys().map(String::as_str));
            let slip = nearest(field, keys).map(|key| format!("'{key}' looks like it; write '{field}'"));
            let default = schema.0.map(|it| &it["properties"][field]["default"]).filter(|it| !it.is_null());
            let add = default.map_or_else(|| format!("add '{field}'"), |value| format!("add '{field}: {value}'"));
            one(Place::Key, Rule::Missing, message, slip.or(Some(add)))
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known = schema.properties();
            let unknown = |field: &String| {
                let message = if field.starts_with(super::PREFIX) {
                    format!("annotation '{field}' does not exist")
                } else {
                    format!("field '{field}' does not exist here")
                };
                let help = did_you_mean(field, known.iter().map(String::as_str))
                    .or_else(|| (!known.is_empty()).then(|| format!("known are {}", listed(&known))));
                Violation {
                    pointer: format!("{pointer}/{}", escape(field)),
                    place: Place::Key,
                    rule: Rule::Unknown,
                    code: None,
                    message,
                    help,
                }
            };
            unexpected.iter().map(unknown).collect()
        }
        Kind::Type { kind } => {
            let wanted = match kind {
                TypeKind::Single(wanted) => kind_of_schema(&wanted.to_string()).to_owned(),
                TypeKind::Multiple(set) => {
                    let names: Vec<String> = set.iter().map(|it| kind_of_schema(&it.to_string()).to_owned()).collect();
                    names.join(" or ")
                }
            };
            let is = kind_of(error.instance());
            let quotes = wanted == "text" && (error.instance().is_number() || error.instance().is_boolean());
            let help = if quotes {
                Some(format!("put it in quotes: \"{shown}\""))
            } else {
                schema.text("x-expects").map(|it| format!("expected is {it}"))
            };
            one(Place::Value, Rule::Type, format!("{what} is {is}, not {wanted}"), help)
        }
        Kind::Enum { options } => {
            let known: Vec<String> = options
                .as_array()
                .into_iter()
                .flatten()
                .map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned))
                .collect();
            let likely = error.instance().as_str().and_then(|it| did_you_mean(it, known.iter().map(String::as_str)));
            let help = likely.or_else(|| Some(format!("write one of {}", listed(&known))));
            one(Place::Value, Rule::Value, format!("{what} is '{shown}', which is none of {}", listed(&known)), help)
        }
        Kind::Constant { expected_value } => {
            let expected = shorten(expected_value);
            one(
                Place::Value,
                Rule::Value,
                format!("{what} is '{shown}', not '{expected}'"),
                Some(format!("write '{expected}'")),
            )
        }
        Kind::Pattern { .. } | Kind::Format { .. } => {
            let help = schema.text("x-expects").map(|it| format!("expected is {it}"));
            one(Place::Value, Rule::Value, format!("{what} is '{shown}', which has not the right form"), help)
        }
        Kind::MinLength { .. } if error.instance().as_str() == Some("") => one(
            Place::Value,
            Rule::Value,
            format!("{what} is empty"),
            Some("write a value, or remove the field".to_owned()),
        ),
        Kind::MinLength { limit } => {
            one(Place::Value, Rule::Value, format!("{what} has fewer than {limit} characters"), None)
        }
        Kind::MaxLength { limit } => one(
            Place::Value,
            Rule::Value,
            format!("{what} has more than {limit} characters"),
            Some("shorten it".to_owned()),
        ),
        Kind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default();
            let schema = Schema::of(error);
            vec![Violation {
                pointer: format!("{pointer}/{}", escape(name)),
                place: Place::Key,
                rule: Rule::Value,
                code: schema.code(),
                message: format!("key '{name}' of {what} has not the right form"),
                help: schema.text("x-expects").map(|it| format!("expected is {it}")),
            }]
        }
        _ => one(Place::Value, Rule::Value, format!("{what}: {error}"), None),
    }
}

/// A token of a JSON pointer, escaped.
pub fn escape(token: &str) -> String {
    token.replace('~', "~0").replace('/', "~1")
}

/// The schema that an error comes from, if it is one of ours.
struct Schema(Option<&'static Value>);

impl Schema {
    fn of(error: &ValidationError<'_>) -> Self {
        let find = || {
            let location = error.absolute_keyword_location()?.as_str();
            let (address, fragment) = location.split_once('#')?;
            let keyword = percent_decode(fragment);
            let parent = &keyword[..keyword.rfind('/')?];
            document(address.strip_prefix(BASE)?)?.pointer(parent)
        };
        Self(find())
    }

    fn text(&self, keyword: &str) -> Option<&'static str> {
        self.0?[keyword].as_str()
    }

    fn code(&self) -> Option<Code> {
        codes::page(self.text("x-code")?).map(|page| page.code)
    }

    fn properties(&self) -> Vec<String> {
        let properties = self.0.and_then(|schema| schema["properties"].as_object());
        properties.into_iter().flat_map(|map| map.keys().cloned()).collect()
    }
}

/// A place in words: `'spec.memberOf[0]'`, `annotation 'formulary.dev/manage'`, `the document`.
fn named(pointer: &str) -> String {
    if let Some(key) = pointer.strip_prefix("/metadata/annotations/") {
        return format!("annotation '{}'", unescape(key));
    }
    let mut name = String::new();
    for token in pointer.split('/').skip(1) {
        if token.bytes().all(|byte| byte.is_ascii_digit()) && !token.is_empty() {
            name += &format!("[{token}]");
        } else {
            if !name.is_empty() {
                name.push('.');
            }
            name += &unescape(token);
        }
    }
    if name.is_empty() { "the document".to_owned() } else { format!("'{name}'") }
}

fn unescape(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// A value in a message: text without quotes, anything long cut off.
fn shorten(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST - 1).collect();
    format!("{start}…")
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

fn kind_of_schema(name: &str) -> &str {
    match name {
        "null" => "empty",
        "boolean" => "a truth value",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "text",
        "array" => "a list",
        "object" => "a mapping",
        other => other,
    }
}

fn listed(words: &[String]) -> String {
    words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
}

/// Fragments of addresses hold pointers with percent escapes (`%24defs`).
fn percent_decode(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
