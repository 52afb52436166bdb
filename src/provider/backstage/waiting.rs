//! How a refresh is waited for: what the step's handle holds, so that whoever asks later, after a restart too, knows what the
//! catalogue is to show.
//!
//! An entity says nothing of when it was read last, so that its content is what tells: the handle carries a digest of the values
//! that are waited for, never the values themselves.

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest, Sha256};

use crate::engine::model::{Fields, Value};

/// Seconds after a refresh in which an error may be that of an earlier reading.
const STALE: i64 = 5;

/// A wish to have something read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handle {
    /// When it was asked for.
    pub since: DateTime<Utc>,
    /// The fields that are waited for; of a named value `annotations:its/key`.
    pub names: Vec<String>,
    /// Digest of their values.
    pub digest: String,
    /// The key of the location that it comes from; a path without blanks.
    pub location: String,
    /// Where it is declared, as far as known.
    pub declared: String,
}

impl Handle {
    /// A wish for fields to be as they are sent.
    pub fn new(since: DateTime<Utc>, sent: &Fields, location: &str, declared: Option<String>) -> Self {
        let names: Vec<String> = sent.iter().flat_map(|(name, value)| names_of(name, value)).collect();
        let digest = digest(&names, sent);
        Self { since, digest, names, location: location.to_owned(), declared: declared.unwrap_or_default() }
    }

    /// Reads what [`Handle::to_string`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ' ');
        (parts.next()? == "refresh").then_some(())?;
        let since = DateTime::from_timestamp(parts.next()?.parse().ok()?, 0)?;
        let digest = parts.next()?.to_owned();
        let names = parts.next()?.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        let location = parts.next()?.to_owned();
        Some(Self { since, names, digest, location, declared: parts.next().unwrap_or_default().to_owned() })
    }

    /// Whether what is seen is what is waited for.
    pub fn is_met_by(&self, seen: &Fields) -> bool {
        digest(&self.names, seen) == self.digest
    }

    /// Whether an error that is seen now belongs to the reading that was asked for.
    pub fn may_judge(&self, now: DateTime<Utc>, patience: u32) -> bool {
        now - self.since >= Duration::seconds(STALE.min(i64::from(patience)))
    }

    /// Whether it has been waited for long enough.
    pub fn is_over(&self, now: DateTime<Utc>, patience: u32) -> bool {
        now - self.since >= Duration::seconds(i64::from(patience))
    }
}

impl std::fmt::Display for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { since, digest, names, location, declared } = self;
        write!(f, "refresh {} {digest} {} {location} {declared}", since.timestamp(), names.join(","))
    }
}

fn names_of(name: &str, value: &Value) -> Vec<String> {
    match value {
        Value::Map(map) => map.keys().map(|key| format!("{name}:{key}")).collect(),
        _ => vec![name.to_owned()],
    }
}

fn digest(names: &[String], fields: &Fields) -> String {
    let mut hash = Sha256::new();
    for name in names {
        let value = match name.split_once(':') {
            Some((field, key)) => fields.get(field).and_then(Value::as_map).and_then(|map| map.get(key)),
            None => fields.get(name),
        };
        hash.update(format!("{name}={}\n", value.unwrap_or(&Value::Null)));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn fields(version: &str, foreign: bool) -> Fields {
        let mut annotations = BTreeMap::from([("backstage.io/formula-version".to_owned(), Value::from(version))]);
        if foreign {
            annotations.insert("backstage.io/view-url".to_owned(), "x".into());
        }
        Fields::from([("annotations".into(), Value::Map(annotations)), ("title".into(), Value::from("Lab"))])
    }

    #[test]
    fn a_handle_knows_what_is_waited_for_after_a_restart() {
        let now = DateTime::from_timestamp(1_764_266_000, 0).unwrap();
        let handle =
            Handle::new(now, &fields("2.0", false), "users/catalog-info.yaml", Some("users/a b.yaml:1:1".to_owned()));
        let read = Handle::read(&handle.to_string()).unwrap();
        assert_eq!(read, handle);
        assert!(read.is_met_by(&fields("2.0", true)), "what the catalogue adds is its own");
        assert!(!read.is_met_by(&fields("1.0", true)));
        assert!(!read.is_met_by(&Fields::new()));
        assert_eq!(Handle::read("build:7"), None);
    }

    #[test]
    fn an_error_of_before_is_not_taken_for_an_answer() {
        let now = DateTime::from_timestamp(1_764_266_000, 0).unwrap();
        let handle = Handle::new(now, &Fields::new(), "x", None);
        let after = |seconds| now + Duration::seconds(seconds);
        assert!(!handle.may_judge(after(4), 60) && handle.may_judge(after(5), 60) && handle.may_judge(after(1), 1));
        assert!(!handle.is_over(after(59), 60) && handle.is_over(after(60), 60));
    }
}
