//! Request bodies: decoded as Go decodes them, then checked rule by rule until the first breach.

use std::collections::BTreeMap;

use axum::body::Bytes;
use serde_json::Value;

use super::json_text;
use super::names;
use super::reply::{Reply, invalid};

/// The fields a body may carry, in the order in which the server checks them.
#[derive(Debug)]
pub(super) struct Form {
    /// The Go type's name, which errors about wrong types show.
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
}

/// One field. Names match in any case; `null` counts as absent.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) json: &'static str,
    /// The Go field's name, which errors about rules show.
    pub(super) go: &'static str,
    pub(super) kind: Kind,
    pub(super) rules: &'static [Rule],
}

/// A field's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Number,
    Moment,
    Texts,
    Numbers,
    TextMap,
    Object,
    Objects,
}

/// A rule on a field's value. All but [`Rule::Required`] let the empty value pass.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    Required,
    /// Most characters allowed.
    MaxSize(usize),
    Email,
    Url,
    In(&'static [&'static str]),
    AlphaDashDot,
    GitRefName,
    Username,
    Glob,
}

/// A field without rules.
pub(super) const fn plain(json: &'static str, go: &'static str, kind: Kind) -> Field {
    Field { json, go, kind, rules: &[] }
}

/// A field with rules.
pub(super) const fn ruled(json: &'static str, go: &'static str, kind: Kind, rules: &'static [Rule]) -> Field {
    Field { json, go, kind, rules }
}

/// The values of a form's fields that were sent.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<&'static str, Value>);

impl Form {
    /// Reads a body. An empty one counts as `{}`; unknown fields are dropped without a word.
    pub(super) fn read(&self, media_type: &str, body: &Bytes) -> Result<Values, Box<Reply>> {
        let values = if media_type.contains("form-urlencoded") || media_type.contains("multipart/form-data") {
            Values::default()
        } else if media_type.contains("json") {
            self.decode(body)?
        } else if media_type.is_empty() {
            return Err(invalid("[]: Empty Content-Type"));
        } else {
            return Err(invalid("[]: Unsupported Content-Type"));
        };
        for field in self.fields {
            for rule in field.rules {
                if let Some(breach) = rule.breach(values.0.get(field.json)) {
                    return Err(invalid(format!("[{}]: {breach}", field.go)));
                }
            }
        }
        Ok(values)
    }

    fn decode(&self, body: &Bytes) -> Result<Values, Box<Reply>> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Values::default());
        }
        let unmarshal = |text: String| invalid(format!("[]: {text}"));
        let document: Value =
            serde_json::from_slice(body).map_err(|error| unmarshal(json_text::syntax_error(body, &error)))?;
        let Value::Object(members) = document else {
            if document.is_null() {
                return Ok(Values::default());
            }
            let found = json_text::kind_of(&document);
            return Err(unmarshal(format!(
                "json: cannot unmarshal {found} into Go value of type structs.{}",
                self.name
            )));
        };
        let mut values = BTreeMap::new();
        for (key, value) in members {
            let Some(field) = self.fields.iter().find(|field| field.json.eq_ignore_ascii_case(&key)) else {
                continue;
            };
            if value.is_null() {
                continue;
            }
            field.kind.check(&value, &format!("{}.{}", self.name, field.json)).map_err(unmarshal)?;
            values.insert(field.json, value);
        }
        Ok(Values(values))
    }
}

impl Kind {
    /// The complaint of Go's decoder about a value of the wrong type.
    fn check(self, value: &Value, place: &str) -> Result<(), String> {
        let wrong = |value: &Value, wanted: &str| {
            let found = json_text::kind_of(value);
            Err(format!("json: cannot unmarshal {found} into Go struct field {place} of type {wanted}"))
        };
        match self {
            Self::Text if !value.is_string() => wrong(value, "string"),
            Self::Flag if !value.is_boolean() => wrong(value, "bool"),
            Self::Number => check_number(value, place),
            Self::Moment => json_text::moment(value).map(drop),
            Self::Texts | Self::Numbers | Self::Objects => {
                let Value::Array(items) = value else {
                    let item = match self {
                        Self::Texts => "[]string",
                        Self::Numbers => "[]int64",
                        _ => "[]*structs.ChangeFileOperation",
                    };
                    return wrong(value, item);
                };
                let kind = match self {
                    Self::Texts => Self::Text,
                    Self::Numbers => Self::Number,
                    _ => Self::Object,
                };
                items.iter().filter(|item| !item.is_null()).try_for_each(|item| kind.check(item, place))
            }
            Self::TextMap => match value {
                Value::Object(map) => {
                    map.values().filter(|item| !item.is_null()).try_for_each(|item| Self::Text.check(item, place))
                }
                _ => wrong(value, "map[string]string"),
            },
            Self::Object if !value.is_object() => wrong(value, "structs.Object"),
            _ => Ok(()),
        }
    }
}

fn check_number(value: &Value, place: &str) -> Result<(), String> {
    if value.is_i64() {
        return Ok(());
    }
    let found = match value {
        Value::Number(number) => format!("number {number}"),
        _ => json_text::kind_of(value).to_owned(),
    };
    Err(format!("json: cannot unmarshal {found} into Go struct field {place} of type int64"))
}

impl Rule {
    /// What the server calls the breach, if the value breaks the rule.
    fn breach(self, value: Option<&Value>) -> Option<String> {
        let text = value.and_then(Value::as_str).unwrap_or("");
        let broken = match self {
            Self::Required => return is_empty(value).then(|| "Required".to_owned()),
            _ if text.is_empty() => return None,
            Self::MaxSize(most) => (text.chars().count() > most, "MaxSize"),
            Self::Email => (!names::is_email(text), "Email"),
            Self::Url => (!names::is_url(text), "Url"),
            Self::In(words) => (!words.contains(&text), "In"),
            Self::AlphaDashDot => (!names::is_alpha_dash_dot(text), "AlphaDashDot"),
            Self::GitRefName => (!names::is_git_ref_name(text), "GitRefName"),
            Self::Username => (!names::is_user_name(text), "invalid username"),
            Self::Glob => return names::glob_error(text).map(str::to_owned),
        };
        broken.0.then(|| broken.1.to_owned())
    }
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(number)) => number.as_i64() == Some(0),
        Some(Value::Bool(flag)) => !flag,
        // An empty list or map is not Go's nil: it was sent.
        Some(Value::Array(_) | Value::Object(_)) => false,
    }
}

impl Values {
    /// The text, empty when it was not sent.
    pub(super) fn text(&self, name: &str) -> String {
        self.sent_text(name).unwrap_or_default()
    }

    pub(super) fn sent_text(&self, name: &str) -> Option<String> {
        self.0.get(name).and_then(Value::as_str).map(str::to_owned)
    }

    pub(super) fn sent_flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    /// The flag, off when it was not sent.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.sent_flag(name).unwrap_or(false)
    }

    pub(super) fn sent_number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    /// The number, 0 when it was not sent.
    pub(super) fn number(&self, name: &str) -> i64 {
        self.sent_number(name).unwrap_or(0)
    }

    pub(super) fn sent_texts(&self, name: &str) -> Option<Vec<String>> {
        let items = self.0.get(name)?.as_array()?;
        Some(items.iter().map(|item| item.as_str().unwrap_or("").to_owned()).collect())
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        self.sent_texts(name).unwrap_or_default()
    }

    pub(super) fn text_map(&self, name: &str) -> Vec<(String, String)> {
        let members = self.0.get(name).and_then(Value::as_object);
        members
            .map(|map| map.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or("").to_owned())).collect())
            .unwrap_or_default()
    }

    /// The value as it was sent.
    pub(super) fn raw(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}
