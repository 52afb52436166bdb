//! Bodies read as the server's JSON reader does: names in any case, the last of equal names, the first document alone.

use serde_json::{Map, Value};

use super::ids::{NIL, parse_uuid};
use super::reply::{Refusal, refuse};

/// What a request's body is, with the names that errors tell.
#[derive(Debug)]
pub(super) struct Shape {
    /// The type's name at the server.
    pub(super) name: &'static str,
    /// What errors put before a field's name.
    pub(super) prefix: &'static str,
    pub(super) fields: &'static [(&'static str, Kind)],
}

/// What a field is. `null` fits everywhere and counts as left out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Bool,
    Integer,
    Uuid,
    Uuids,
    Texts,
    /// An object of texts.
    TextMap,
    List(&'static Shape),
    /// Looked at by the operation itself.
    Any,
}

/// The fields of a body by their names at the server; what is `null` or of no known name is left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A text, empty where it was left out.
    pub(super) fn text(&self, name: &str) -> &str {
        self.maybe_text(name).unwrap_or("")
    }

    pub(super) fn maybe_text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A UUID, where one was sent that is not all zeroes.
    pub(super) fn id(&self, name: &str) -> Option<&str> {
        self.maybe_text(name).filter(|id| *id != NIL)
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name).and_then(Value::as_bool)
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name).and_then(Value::as_i64)
    }

    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let items = self.0.get(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Name and value of each item of a list of such pairs.
    pub(super) fn pairs(&self, name: &str) -> Vec<(String, String)> {
        let items = self.0.get(name).and_then(Value::as_array).into_iter().flatten();
        let text = |item: &Value, key: &str| item.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        items.map(|item| (text(item, "name"), text(item, "value"))).collect()
    }
}

/// Reads a body of this shape.
pub(super) fn decode(bytes: &[u8], shape: &Shape) -> Result<Fields, Refusal> {
    let wrong = |detail: String| refuse(400, "Request body must be valid JSON.").detail(detail);
    let value = match serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().next() {
        None => return Err(wrong("EOF".to_owned())),
        Some(Err(error)) => return Err(wrong(syntax_error(bytes, &error))),
        Some(Ok(value)) => value,
    };
    match value {
        Value::Null => Ok(Fields::default()),
        Value::Object(fields) => object(fields, shape, shape.prefix).map(Fields).map_err(wrong),
        other => {
            let (kind, name) = (kind_of(&other), shape.name);
            Err(wrong(format!("json: cannot unmarshal {kind} into Go value of type codersdk.{name}")))
        }
    }
}

fn object(fields: Map<String, Value>, shape: &Shape, path: &str) -> Result<Map<String, Value>, String> {
    let mut known = Map::new();
    for (name, value) in fields {
        let Some((name, kind)) = shape.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name)) else {
            continue;
        };
        if value.is_null() {
            continue;
        }
        let at = format!("{path}{name}");
        known.insert((*name).to_owned(), field(value, *kind, shape, &at)?);
    }
    Ok(known)
}

fn field(value: Value, kind: Kind, shape: &Shape, at: &str) -> Result<Value, String> {
    let wrong = |value: &Value, wanted: &str| {
        let kind = kind_of(value);
        format!("json: cannot unmarshal {kind} into Go struct field {}.{at} of type {wanted}", shape.name)
    };
    let each = |value: Value, wanted: &str, item: Kind| match value {
        Value::Array(items) => items.into_iter().map(|one| field(one, item, shape, at)).collect(),
        other => Err(wrong(&other, wanted)),
    };
    match (kind, value) {
        (Kind::Any, value) => Ok(value),
        (Kind::Text, value @ Value::String(_)) | (Kind::Bool, value @ Value::Bool(_)) => Ok(value),
        (Kind::Integer, value) if value.is_i64() => Ok(value),
        (Kind::Uuid, Value::String(text)) => parse_uuid(&text).map(Value::String),
        (Kind::Uuids, value) => each(value, "[]uuid.UUID", Kind::Uuid),
        (Kind::Texts, value) => each(value, "[]string", Kind::Text),
        (Kind::TextMap, Value::Object(fields)) => {
            let texts = fields.into_iter().map(|(key, value)| Ok((key, field(value, Kind::Text, shape, at)?)));
            texts.collect::<Result<Map<_, _>, String>>().map(Value::Object)
        }
        (Kind::List(inner), Value::Array(items)) => {
            let item = |item| match item {
                Value::Object(fields) => object(fields, inner, &format!("{at}.")).map(Value::Object),
                Value::Null => Ok(Value::Object(Map::new())),
                other => Err(wrong(&other, &format!("codersdk.{}", inner.name))),
            };
            items.into_iter().map(item).collect()
        }
        (Kind::Text, value) => Err(wrong(&value, "string")),
        (Kind::Bool, value) => Err(wrong(&value, "bool")),
        (Kind::Integer, value) => Err(wrong(&value, "int64")),
        (Kind::Uuid, value) => Err(wrong(&value, "uuid.UUID")),
        (Kind::TextMap, value) => Err(wrong(&value, "map[string]string")),
        (Kind::List(inner), value) => Err(wrong(&value, &format!("[]codersdk.{}", inner.name))),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What the server says of a body that is no JSON: the character and where it stands.
fn syntax_error(bytes: &[u8], error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "unexpected EOF".to_owned();
    }
    let line = bytes.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1)).unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let character = line.chars().nth(error.column().saturating_sub(1)).unwrap_or('\n');
    let text = error.to_string();
    let places = [
        ("key must be a string", "looking for beginning of object key string"),
        ("trailing comma", "looking for beginning of object key string"),
        ("expected `,` or `}`", "after object key:value pair"),
        ("expected `,` or `]`", "after array element"),
        ("expected `:`", "after object key"),
        ("control character", "in string literal"),
        ("invalid escape", "in string escape code"),
    ];
    let place = places.iter().find(|(ours, _)| text.contains(ours));
    let place = place.map_or("looking for beginning of value", |(_, theirs)| theirs);
    format!("invalid character '{character}' {place}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const INNER: Shape = Shape { name: "Pair", prefix: "", fields: &[("name", Kind::Text), ("value", Kind::Text)] };
    const SHAPE: Shape = Shape {
        name: "Thing",
        prefix: "",
        fields: &[("name", Kind::Text), ("ids", Kind::Uuids), ("values", Kind::List(&INNER))],
    };

    fn detail(body: &str) -> String {
        decode(body.as_bytes(), &SHAPE).map_or_else(|refusal| refusal.detail, |fields| format!("{:?}", fields.0))
    }

    #[test]
    fn names_fold_and_the_last_counts() {
        let fields = decode(br#"{"NAME": "a", "name": "b", "colour": 1, "ids": null}{}"#, &SHAPE).map_err(|r| r.detail);
        assert_eq!(fields.map(|fields| Value::Object(fields.0)), Ok(json!({"name": "b"})));
    }

    #[test]
    fn faults_are_told_as_the_server_tells_them() {
        assert_eq!(detail(""), "EOF");
        assert_eq!(detail("{\"name\": "), "unexpected EOF");
        assert_eq!(detail("{nope"), "invalid character 'n' looking for beginning of object key string");
        assert_eq!(detail("[]"), "json: cannot unmarshal array into Go value of type codersdk.Thing");
        assert_eq!(
            detail(r#"{"name": 7}"#),
            "json: cannot unmarshal number into Go struct field Thing.name of type string"
        );
        assert_eq!(
            detail(r#"{"values": [{"name": "a", "value": 2}]}"#),
            "json: cannot unmarshal number into Go struct field Pair.values.value of type string"
        );
        assert_eq!(detail(r#"{"ids": ["x"]}"#), "invalid UUID length: 1");
    }
}
