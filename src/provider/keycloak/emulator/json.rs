//! Reads request bodies as the server does: strict about field names, lenient about the types of values.
//!
//! A body is read against a [`Bean`]. What comes out is plain JSON in the types of the bean, without the fields that
//! were `null`; what is wrong comes out as the [`Fault`] that decides the error body.

use serde_json::{Map, Value};

/// A class of the service's API: its name in error messages, and its fields.
#[derive(Debug)]
pub(super) struct Bean {
    pub name: &'static str,
    fields: &'static [(&'static str, Shape)],
    /// The field that a bare string stands for.
    text: Option<&'static str>,
    /// Whether unknown fields are skipped.
    open: bool,
}

impl Bean {
    pub const fn new(name: &'static str, fields: &'static [(&'static str, Shape)]) -> Self {
        Self { name, fields, text: None, open: false }
    }

    pub const fn standing_for(mut self, field: &'static str) -> Self {
        self.text = Some(field);
        self
    }

    pub const fn open(mut self) -> Self {
        self.open = true;
        self
    }
}

/// What a value is read as.
#[derive(Debug)]
pub(super) enum Shape {
    /// A string; numbers and booleans are taken by their text.
    Text,
    /// A boolean or nothing; `"true"` and `1` are taken for `true`.
    Flag,
    /// A boolean that cannot be nothing: `null` is `false`.
    PlainFlag,
    Int,
    Long,
    List(&'static Shape),
    Map(&'static Shape),
    /// Lists of strings by name; a scalar is a list of one, a list instead of the map is an empty map.
    Multi,
    Bean(&'static Bean),
    /// One of a closed set of names.
    Choice(&'static [&'static str]),
    Any,
}

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    Unknown { bean: &'static str, field: String, line: usize, column: usize },
    Syntax,
    Type,
    Encoding,
}

/// Reads `bytes` as `shape`. Nothing, and `null`, are `Value::Null`; what follows the first value is not looked at.
pub(super) fn read(shape: &Shape, bytes: &[u8]) -> Result<Value, Fault> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::Encoding)?;
    let mut reader = Reader { bytes: text.strip_prefix('\u{feff}').unwrap_or(text).as_bytes(), at: 0 };
    if reader.peek().is_none() {
        return Err(Fault::Type);
    }
    reader.value(shape)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    /// The next byte that is not white space, left where it is.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn value(&mut self, shape: &Shape) -> Result<Value, Fault> {
        match self.peek().ok_or(Fault::Syntax)? {
            b'{' => self.object(shape),
            b'[' => self.list(shape),
            b'"' => {
                let text = self.string()?;
                from_text(shape, text)
            }
            b'-' | b'0'..=b'9' => {
                let text = self.number()?;
                from_number(shape, &text)
            }
            _ => match self.literal()? {
                None => Ok(if matches!(shape, Shape::PlainFlag) { Value::Bool(false) } else { Value::Null }),
                Some(flag) => from_flag(shape, flag),
            },
        }
    }

    fn object(&mut self, shape: &Shape) -> Result<Value, Fault> {
        if !matches!(shape, Shape::Bean(_) | Shape::Map(_) | Shape::Multi | Shape::Any) {
            return Err(Fault::Type);
        }
        self.at += 1;
        let mut map = Map::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(map));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(Fault::Syntax);
            }
            let key = self.string()?;
            if self.peek() != Some(b':') {
                return Err(Fault::Syntax);
            }
            self.at += 1;
            self.member(shape, key, &mut map)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::Object(map));
                }
                _ => return Err(Fault::Syntax),
            }
        }
    }

    fn member(&mut self, shape: &Shape, key: String, map: &mut Map<String, Value>) -> Result<(), Fault> {
        match shape {
            Shape::Map(inner) => {
                let value = self.value(inner)?;
                map.insert(key, value);
            }
            Shape::Multi => {
                let value = match self.value(&Shape::Any)? {
                    Value::Array(items) => Value::Array(items.into_iter().map(as_text).collect()),
                    Value::Null => Value::Array(Vec::new()),
                    scalar => Value::Array(vec![as_text(scalar)]),
                };
                map.insert(key, value);
            }
            Shape::Bean(bean) => match bean.fields.iter().find(|(name, _)| *name == key) {
                Some((_, inner)) => match self.value(inner)? {
                    Value::Null => {
                        map.shift_remove(&key);
                    }
                    value => {
                        map.insert(key, value);
                    }
                },
                None if bean.open => {
                    self.value(&Shape::Any)?;
                }
                None => {
                    self.first_token()?;
                    let (line, column) = self.place();
                    return Err(Fault::Unknown { bean: bean.name, field: key, line, column });
                }
            },
            _ => {
                let value = self.value(&Shape::Any)?;
                map.insert(key, value);
            }
        }
        Ok(())
    }

    fn list(&mut self, shape: &Shape) -> Result<Value, Fault> {
        let inner = match shape {
            Shape::List(inner) => *inner,
            Shape::Any | Shape::Multi => &Shape::Any,
            _ => return Err(Fault::Type),
        };
        self.at += 1;
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
        } else {
            loop {
                items.push(self.value(inner)?);
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(b']') => {
                        self.at += 1;
                        break;
                    }
                    _ => return Err(Fault::Syntax),
                }
            }
        }
        Ok(if matches!(shape, Shape::Multi) { Value::Object(Map::new()) } else { Value::Array(items) })
    }

    /// Moves past the first token of the value that follows: the place that the server names for an unknown field.
    fn first_token(&mut self) -> Result<(), Fault> {
        match self.peek().ok_or(Fault::Syntax)? {
            b'"' | b'{' | b'[' => self.at += 1,
            b'-' | b'0'..=b'9' => {
                self.number()?;
            }
            _ => {
                self.literal()?;
            }
        }
        Ok(())
    }

    /// Line and column (in bytes) behind what has been read, both from one.
    fn place(&self) -> (usize, usize) {
        let read = &self.bytes[..self.at];
        let line = read.iter().filter(|b| **b == b'\n').count() + 1;
        let start = read.iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        (line, self.at - start + 1)
    }

    fn string(&mut self) -> Result<String, Fault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.bytes.get(self.at) {
                Some(b'\\') => self.at += 2,
                Some(b'"') => break,
                Some(byte) if *byte >= 0x20 => self.at += 1,
                _ => return Err(Fault::Syntax),
            }
        }
        self.at += 1;
        serde_json::from_slice(&self.bytes[start..self.at]).map_err(|_| Fault::Syntax)
    }

    fn number(&mut self) -> Result<String, Fault> {
        let start = self.at;
        while matches!(self.bytes.get(self.at), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        let text = String::from_utf8_lossy(&self.bytes[start..self.at]).into_owned();
        serde_json::from_str::<serde_json::Number>(&text).map_err(|_| Fault::Syntax)?;
        Ok(text)
    }

    fn literal(&mut self) -> Result<Option<bool>, Fault> {
        for (word, value) in [("true", Some(true)), ("false", Some(false)), ("null", None)] {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(Fault::Syntax)
    }
}

fn from_text(shape: &Shape, text: String) -> Result<Value, Fault> {
    match shape {
        Shape::Text | Shape::Any => Ok(Value::String(text)),
        Shape::Flag | Shape::PlainFlag => match text.trim() {
            "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
            "" if matches!(shape, Shape::PlainFlag) => Ok(Value::Bool(false)),
            "" => Ok(Value::Null),
            _ => Err(Fault::Type),
        },
        Shape::Int | Shape::Long if text.trim().is_empty() => Ok(Value::Null),
        Shape::Int | Shape::Long => from_number(shape, text.trim()),
        Shape::Choice(names) if names.contains(&text.as_str()) => Ok(Value::String(text)),
        Shape::Bean(Bean { text: Some(field), .. }) => {
            Ok(Value::Object(Map::from_iter([((*field).to_owned(), Value::String(text))])))
        }
        // The reader of such maps iterates over the fields of whatever it is given; a scalar has none.
        Shape::Multi => Ok(Value::Object(Map::new())),
        _ => Err(Fault::Type),
    }
}

fn from_number(shape: &Shape, text: &str) -> Result<Value, Fault> {
    match shape {
        Shape::Text => Ok(Value::String(text.to_owned())),
        Shape::Flag | Shape::PlainFlag => text.parse::<i64>().map(|n| Value::Bool(n != 0)).map_err(|_| Fault::Type),
        Shape::Int | Shape::Long => {
            let number = match text.parse::<i64>() {
                Ok(number) => number,
                // A fraction is cut off.
                Err(_) => text.parse::<f64>().ok().filter(|f| f.abs() < 9e18).ok_or(Fault::Type)? as i64,
            };
            if matches!(shape, Shape::Int) && i32::try_from(number).is_err() {
                return Err(Fault::Type);
            }
            Ok(Value::from(number))
        }
        Shape::Any => serde_json::from_str(text).map_err(|_| Fault::Syntax),
        Shape::Multi => Ok(Value::Object(Map::new())),
        _ => Err(Fault::Type),
    }
}

fn from_flag(shape: &Shape, flag: bool) -> Result<Value, Fault> {
    match shape {
        Shape::Text => Ok(Value::String(flag.to_string())),
        Shape::Flag | Shape::PlainFlag | Shape::Any => Ok(Value::Bool(flag)),
        Shape::Multi => Ok(Value::Object(Map::new())),
        _ => Err(Fault::Type),
    }
}

fn as_text(value: Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) => Value::String(String::new()),
        Value::Number(number) => Value::String(number.to_string()),
        Value::Bool(flag) => Value::String(flag.to_string()),
        other => other,
    }
}

impl Bean {
    /// The fields of `body` in the order of the class, as the service writes what it has read. Nested objects follow suit.
    pub fn in_order(&self, mut body: Map<String, Value>) -> Map<String, Value> {
        let mut ordered = Map::new();
        for (name, shape) in self.fields {
            if let Some(value) = body.shift_remove(*name) {
                ordered.insert((*name).to_owned(), shape.in_order(value));
            }
        }
        ordered
    }
}

impl Shape {
    fn in_order(&self, value: Value) -> Value {
        match (self, value) {
            (Self::Bean(bean), Value::Object(map)) => Value::Object(bean.in_order(map)),
            (Self::List(inner), Value::Array(items)) => {
                Value::Array(items.into_iter().map(|item| inner.in_order(item)).collect())
            }
            (_, value) => value,
        }
    }
}
