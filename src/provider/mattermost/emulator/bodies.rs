//! Request bodies, read as Go reads them: names in any case, the last of equal ones counts, text behind the value is left.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A field holds a value of another kind than it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrongKind;

/// The first JSON value of a body; what follows it is not looked at.
pub(super) fn first<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::Deserializer::from_slice(body).into_iter::<T>().next()?.ok()
}

/// An object's fields in the order in which they were sent. `null` counts as not sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// The last field of that name in whatever case.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let named = self.0.iter().rev().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null());
        named.map(|(_, value)| value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// A field that holds a text.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, WrongKind> {
        self.get(name).map(|value| value.as_str().map(str::to_owned).ok_or(WrongKind)).transpose()
    }

    /// A text, empty where there is none.
    pub(super) fn text_or_empty(&self, name: &str) -> Result<String, WrongKind> {
        Ok(self.text(name)?.unwrap_or_default())
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, WrongKind> {
        self.get(name).map(|value| value.as_bool().ok_or(WrongKind)).transpose()
    }

    pub(super) fn whole(&self, name: &str) -> Result<Option<i64>, WrongKind> {
        self.get(name).map(|value| value.as_i64().ok_or(WrongKind)).transpose()
    }

    /// A field that holds a map of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Option<Map<String, Value>>, WrongKind> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let map = value.as_object().ok_or(WrongKind)?;
        // Go leaves the zero value where an item is null.
        let text = |value: &Value| match value {
            Value::Null => Ok(Value::String(String::new())),
            Value::String(_) => Ok(value.clone()),
            _ => Err(WrongKind),
        };
        map.iter().map(|(key, value)| Ok((key.clone(), text(value)?))).collect::<Result<Map<_, _>, _>>().map(Some)
    }

    /// A field that holds a list of texts.
    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<String>>, WrongKind> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let items = value.as_array().ok_or(WrongKind)?;
        items.iter().map(|item| item.as_str().map(str::to_owned).ok_or(WrongKind)).collect::<Result<_, _>>().map(Some)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            /// A bare `null` is an object without fields.
            fn visit_unit<E>(self) -> Result<Fields, E> {
                Ok(Fields::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_any(InOrder)
    }
}

/// A body that is a map of texts. Whatever it is not read from is an empty map, without a word.
pub(super) fn text_map(body: &[u8]) -> BTreeMap<String, String> {
    first(body).unwrap_or_default()
}

/// A body that is a map of anything. Whatever it is not read from is an empty map, without a word.
pub(super) fn value_map(body: &[u8]) -> Map<String, Value> {
    first(body).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case_and_the_last_one_counts() {
        let fields: Fields = first(br#"{"name": "a", "NAME": "b", "n": 3, "none": null} and more"#).unwrap();
        assert_eq!(fields.text("name"), Ok(Some("b".into())));
        assert_eq!(fields.text("n"), Err(WrongKind));
        assert_eq!(fields.text("none"), Ok(None));
        assert!(first::<Fields>(b"[1,2]").is_none());
        assert!(first::<Fields>(b"{").is_none());
    }

    #[test]
    fn what_is_no_map_is_an_empty_one() {
        assert!(text_map(b"nope").is_empty());
        assert!(text_map(br#"{"a": 1}"#).is_empty());
        assert_eq!(text_map(br#"{"a": "b"}"#)["a"], "b");
    }
}
