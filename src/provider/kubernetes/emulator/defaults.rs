//! The form in which objects are kept: what nobody said is filled in, what is empty goes, and maps are sorted.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::moments::{Misread, micro, seconds};
use super::resources::Resource;
use super::types::{Type, field};

/// Why a value has no such form.
pub(super) enum Odd {
    /// It is no base64, from this byte on.
    Base64(usize),
    /// It is no moment.
    Moment(Misread),
    /// In words, or in a form, that are not known here.
    Unknown,
}

impl Odd {
    /// What a reader of JSON says, where its words are known.
    pub(super) fn told(self) -> Option<String> {
        match self {
            Self::Base64(at) => Some(format!("illegal base64 data at input byte {at}")),
            Self::Moment(misread) => misread.0,
            Self::Unknown => None,
        }
    }
}

/// Brings an object into the form that is kept.
pub(super) fn canonical(resource: &Resource, object: &mut Value) -> Result<(), Odd> {
    if let Some(of) = resource.schema {
        tidy(of, object)?;
    }
    if resource.plural == "deployments" {
        deployment(object);
    }
    if resource.plural == "events" {
        for name in ["involvedObject", "source"] {
            set(object, &[name], json!({}));
        }
        for name in ["eventTime", "firstTimestamp", "lastTimestamp"] {
            if object.get(name).is_none() {
                object[name] = Value::Null;
            }
        }
        for name in ["reportingComponent", "reportingInstance"] {
            set(object, &[name], json!(""));
        }
    }
    if resource.plural == "leases" {
        set(object, &["spec"], json!({}));
    }
    if resource.plural == "namespaces" {
        let name = object["metadata"]["name"].clone();
        set(object, &["metadata", "labels", "kubernetes.io/metadata.name"], name);
        set(object, &["spec", "finalizers"], json!(["kubernetes"]));
        set(object, &["status", "phase"], json!("Active"));
    }
    Ok(())
}

fn tidy(of: &Type, value: &mut Value) -> Result<(), Odd> {
    match (of, &mut *value) {
        (Type::Map(inner), Value::Object(map)) => {
            let mut all: Vec<(String, Value)> = std::mem::take(map).into_iter().collect();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            for (key, mut value) in all {
                if value.is_null() && matches!(inner, Type::Text | Type::Bytes) {
                    value = "".into();
                }
                tidy(inner, &mut value)?;
                map.insert(key, value);
            }
        }
        (Type::Struct(_) | Type::Inlined(_) | Type::Whole(_), Value::Object(map)) => {
            for (key, value) in map.iter_mut() {
                if let Some(inner) = field(of, key) {
                    tidy(inner, value)?;
                }
            }
            let is_left_out = |key: &str, value: &Value| match (field(of, key), value) {
                (_, Value::Null) => true,
                (Some(Type::Map(_) | Type::Items(..) | Type::Set), Value::Object(map)) => map.is_empty(),
                (Some(Type::Map(_) | Type::Items(..) | Type::Set), Value::Array(items)) => items.is_empty(),
                (Some(Type::Text), Value::String(text)) => text.is_empty() && key != "namespace",
                _ => false,
            };
            map.retain(|key, value| !is_left_out(key, value));
        }
        (Type::Items(_, inner), Value::Array(items)) => {
            for item in items {
                tidy(inner, item)?;
            }
        }
        (Type::Bytes, Value::String(text)) => {
            // Line ends are skipped, and where padding is wrong is told by rules of its own.
            let is_odd_text = STANDARD.decode(&*text).is_err() || text.contains(['\n', '\r']);
            if is_odd_text {
                let is_odd = |c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c));
                let at = text.find(is_odd).filter(|at| !text[..*at].contains('=') && !text.contains(['\n', '\r']));
                return Err(at.map_or(Odd::Unknown, Odd::Base64));
            }
        }
        (Type::MicroTime, Value::String(text)) => *text = micro(text).map_err(Odd::Moment)?,
        (Type::Time, Value::String(text)) => *text = seconds(text).map_err(Odd::Moment)?,
        (Type::Quantity, Value::Null) => {}
        (Type::Quantity, value) => *value = quantity(value).ok_or(Odd::Unknown)?,
        _ => {}
    }
    Ok(())
}

/// A quantity in its shortest form: `1024Mi` is `1Gi`, `1000m` is `1`, `1000` is `1k`. Broken numbers are not imitated.
fn quantity(value: &Value) -> Option<Value> {
    const BINARY: &[&str] = &["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const DECIMAL: &[&str] = &["m", "", "k", "M", "G", "T", "P", "E"];
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let mut number: u64 = digits.parse().ok()?;
    if number == 0 {
        return Some("0".into());
    }
    let (units, step) = if BINARY.contains(&unit) { (BINARY, 1_024) } else { (DECIMAL, 1_000) };
    let mut place = units.iter().position(|it| *it == unit)?;
    while number.is_multiple_of(step) && place + 1 < units.len() {
        number /= step;
        place += 1;
    }
    Some(format!("{number}{}", units[place]).into())
}

fn deployment(object: &mut Value) {
    set(object, &["spec", "replicas"], json!(1));
    set(object, &["spec", "template", "metadata"], json!({}));
    let pod = |name: &'static str| ["spec", "template", "spec", name];
    for container in object["spec"]["template"]["spec"]["containers"].as_array_mut().into_iter().flatten() {
        let image = container["image"].as_str().unwrap_or_default();
        let tag = image.rsplit('/').next().unwrap_or_default().split_once(':').map(|(_, tag)| tag);
        let policy =
            if tag.is_none_or(|tag| tag == "latest") && !image.contains('@') { "Always" } else { "IfNotPresent" };
        for port in container["ports"].as_array_mut().into_iter().flatten() {
            set(port, &["protocol"], json!("TCP"));
        }
        set(container, &["resources"], json!({}));
        set(container, &["terminationMessagePath"], json!("/dev/termination-log"));
        set(container, &["terminationMessagePolicy"], json!("File"));
        set(container, &["imagePullPolicy"], json!(policy));
    }
    set(object, &pod("restartPolicy"), json!("Always"));
    set(object, &pod("terminationGracePeriodSeconds"), json!(30));
    set(object, &pod("dnsPolicy"), json!("ClusterFirst"));
    set(object, &pod("securityContext"), json!({}));
    set(object, &pod("schedulerName"), json!("default-scheduler"));
    set(object, &["spec", "strategy", "type"], json!("RollingUpdate"));
    if object["spec"]["strategy"]["type"] == "RollingUpdate" {
        set(object, &["spec", "strategy", "rollingUpdate"], json!({}));
        set(object, &["spec", "strategy", "rollingUpdate", "maxUnavailable"], json!("25%"));
        set(object, &["spec", "strategy", "rollingUpdate", "maxSurge"], json!("25%"));
    }
    set(object, &["spec", "revisionHistoryLimit"], json!(10));
    set(object, &["spec", "progressDeadlineSeconds"], json!(600));
    set(object, &["status"], json!({}));
}

/// Sets what is not there.
fn set(value: &mut Value, path: &[&str], to: Value) {
    let Some((last, above)) = path.split_last() else { return };
    let mut at = value;
    for name in above {
        if at.get(*name).is_none_or(Value::is_null) {
            at[*name] = Value::Object(Map::new());
        }
        at = &mut at[*name];
    }
    if at.get(*last).is_none_or(Value::is_null) {
        at[*last] = to;
    }
}
