//! What a field takes, and what is stored of it. Values are kept as reads show them: the empty text stands for none.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::{Map, Value, json};

use super::contacts;
use super::ids::is_uuid;
use super::model::{Field, Kind};
use super::refusal::{Refusal, bad, bad_value};

/// A checked value in stored form. A composite holds only the parts that change.
pub(super) fn checked(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let name = field.name.as_str();
    match field.kind {
        Kind::Text => text(value, name),
        Kind::Uuid => identifier(value, name),
        Kind::Number => number(value, name),
        Kind::Boolean => match value {
            Value::Bool(_) | Value::Null => Ok(value.clone()),
            _ => Err(invalid(format!("Invalid boolean value {} for field \"{name}\"", shown(value)), value)),
        },
        Kind::DateTime => time(value, name),
        Kind::Select => select(field, value),
        Kind::Position => Ok(value.clone()),
        Kind::Files if value.is_null() => Ok(Value::Null),
        Kind::Files => Err(super::refusal::unimitated()),
        Kind::SearchVector => Err(data(format!("{name} TS_VECTOR-typed field does not support write operations"))),
        Kind::OneToMany { .. } => {
            Err(data(format!("One-to-many relation {name} field does not support write operations.")))
        }
        Kind::ManyToOne(_) => Ok(value.clone()),
        _ => composite(field, value),
    }
}

/// How messages write a value: texts in single quotes.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

fn data(message: String) -> Refusal {
    bad_value(message, "An error occurred.")
}

pub(super) fn invalid(message: String, value: &Value) -> Refusal {
    bad_value(message, format!("Invalid value: \"{}\"", shown(value)))
}

fn text(value: &Value, name: &str) -> Result<Value, Refusal> {
    match value {
        Value::Null => Ok(json!("")),
        Value::String(text) if text.contains('\0') => Err(Refusal {
            status: 500,
            error: "InternalServerErrorException",
            graphql: "INTERNAL_SERVER_ERROR",
            ..bad("Data validation error.")
        }),
        Value::String(_) => Ok(value.clone()),
        _ => Err(invalid(format!("Invalid string value {} for text field \"{name}\"", shown(value)), value)),
    }
}

pub(super) fn identifier(value: &Value, name: &str) -> Result<Value, Refusal> {
    match value {
        Value::Null => Ok(Value::Null),
        Value::String(text) if is_uuid(text) => Ok(json!(text.to_lowercase())),
        _ => Err(bad_value(
            format!("Invalid UUID value {} for field \"{name}\"", shown(value)),
            format!("Invalid value for UUID: \"{}\"", shown(value)),
        )),
    }
}

fn number(value: &Value, name: &str) -> Result<Value, Refusal> {
    let from_text = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    match value {
        Value::Null | Value::Number(_) => Ok(value.clone()),
        Value::String(text) if text.is_empty() => Ok(Value::Null),
        Value::String(text) if from_text(text).is_some() => {
            Ok(text.parse::<i64>().map_or_else(|_| json!(from_text(text)), |whole| json!(whole)))
        }
        _ => Err(invalid(format!("Invalid number value {} for field \"{name}\"", shown(value)), value)),
    }
}

/// Reads a date, or a time with offset.
pub(super) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let date = |text| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|date| date.and_hms_opt(0, 0, 0));
    DateTime::parse_from_rfc3339(text)
        .map(|time| time.with_timezone(&Utc))
        .ok()
        .or_else(|| date(text).map(|time| time.and_utc()))
}

/// A time as every answer writes it: UTC with milliseconds.
pub(super) fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(super) fn time(value: &Value, name: &str) -> Result<Value, Refusal> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    value.as_str().and_then(moment).map(|time| json!(written(time))).ok_or_else(|| {
        let form = "Expected format: 'YYYY-MM-DDTHH:mm:ssZ'";
        bad_value(
            format!("Invalid value {} for date-time field \"{name}\". {form}", shown(value)),
            format!("Invalid value for date-time: \"{}\". {form}", shown(value)),
        )
    })
}

fn select(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let options = field.option_values();
    if value.is_null() || value.as_str().is_some_and(|value| options.contains(&value)) {
        return Ok(value.clone());
    }
    let written = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let name = &field.name;
    let message = format!("Invalid value \"{written}\" for field \"{name}\". Valid values are: {}", options.join(", "));
    Err(bad_value(message, format!("Invalid value for field \"{name}\"")))
}

/// The words by which messages call a composite.
fn words(kind: Kind) -> String {
    kind.type_name().to_lowercase().replace('_', " ")
}

fn composite(field: &Field, value: &Value) -> Result<Value, Refusal> {
    let name = field.name.as_str();
    let sent = match value {
        // Neither stored nor refused: the field stays as it is.
        Value::Null => return Ok(Value::Null),
        Value::Object(sent) => sent,
        _ => return Err(invalid(format!("Invalid object value {} for field \"{name}\"", shown(value)), value)),
    };
    let parts = field.kind.parts();
    for part in sent.keys() {
        if !parts.iter().any(|(known, _)| known == part) {
            return Err(data(format!("Invalid subfield {part} for {} field \"{name}\"", words(field.kind))));
        }
    }
    let stored = match field.kind {
        Kind::Emails => contacts::emails(sent, name)?,
        Kind::Links => contacts::links(sent, name)?,
        Kind::Phones => contacts::phones(sent)?,
        Kind::Currency => money(sent, name)?,
        _ => plain_parts(field.kind, sent, name)?,
    };
    Ok(Value::Object(stored))
}

/// The parts of a composite whose values need no other treatment than that of their kinds.
fn plain_parts(kind: Kind, sent: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    let mut stored = Map::new();
    for (part, value) in sent {
        let path = format!("{name}.{part}");
        let part_kind = kind.parts().iter().find(|(known, _)| known == part).and_then(|(_, kind)| *kind);
        let value = match part_kind {
            Some(Kind::Text) => text(value, &path)?,
            Some(Kind::Number) => number(value, &path)?,
            Some(Kind::Uuid) => identifier(value, &path)?,
            _ => value.clone(),
        };
        stored.insert(part.clone(), value);
    }
    Ok(stored)
}

/// Micros may be a text of digits, and a fraction of one is cut off. The currency is not checked.
fn money(sent: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    let mut stored = Map::new();
    if let Some(micros) = sent.get("amountMicros") {
        let micros = number(micros, &format!("{name}.amountMicros"))?;
        let whole = micros.as_i64().or_else(|| micros.as_f64().map(|micros| micros.trunc() as i64));
        stored.insert("amountMicros".into(), whole.map_or(Value::Null, Value::from));
    }
    if let Some(code) = sent.get("currencyCode") {
        let code = text(code, &format!("{name}.currencyCode"))?;
        stored.insert("currencyCode".into(), if code == json!("") { Value::Null } else { code });
    }
    Ok(stored)
}
