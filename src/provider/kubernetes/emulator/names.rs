//! Rules for names, labels and keys, in the server's words.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::status::Cause;

const SUBDOMAIN_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const KEY_TEXT: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";
const VALUE_TEXT: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const NAME_TEXT: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

static LABEL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$").expect("a valid pattern"));
static SUBDOMAIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$").expect("a valid pattern")
});
static NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$").expect("a valid pattern"));
static KEY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[-._a-zA-Z0-9]+$").expect("a valid pattern"));

/// What is wrong with the name of a ConfigMap or a Deployment.
pub(super) fn subdomain(field: &str, name: &str) -> Vec<Cause> {
    wrongs_of_subdomain(name).into_iter().map(|why| Cause::invalid(field, &name.into(), &why)).collect()
}

fn wrongs_of_subdomain(name: &str) -> Vec<String> {
    let mut found = Vec::new();
    if name.len() > 253 {
        found.push("must be no more than 253 characters".to_owned());
    }
    if !SUBDOMAIN.is_match(name) {
        found.push(SUBDOMAIN_TEXT.to_owned());
    }
    found
}

/// What is wrong with the name of a namespace, or of a container.
pub(super) fn label(field: &str, name: &str) -> Vec<Cause> {
    let cause = |why: &str| Cause::invalid(field, &name.into(), why);
    if name.contains('.') {
        return vec![cause("must not contain dots")];
    }
    let mut found = Vec::new();
    if name.len() > 63 {
        found.push(cause("must be no more than 63 characters"));
    }
    if !LABEL.is_match(name) {
        found.push(cause(LABEL_TEXT));
    }
    found
}

/// What is wrong with a key of a ConfigMap.
pub(super) fn config_key(field: &str, key: &str) -> Vec<Cause> {
    let cause = |why: &str| Cause::invalid(field, &key.into(), why);
    let mut found = Vec::new();
    if key.len() > 253 {
        found.push(cause("must be no more than 253 characters"));
    }
    if !KEY.is_match(key) {
        found.push(cause(KEY_TEXT));
    }
    match key {
        "." => found.push(cause("must not be '.'")),
        ".." => found.push(cause("must not be '..'")),
        key if key.starts_with("..") => found.push(cause("must not start with '..'")),
        _ => {}
    }
    found
}

/// What is wrong with the key of a label, or of an annotation, which is folded before it is looked at.
pub(super) fn qualified(field: &str, key: &str, folded: bool) -> Vec<Cause> {
    let looked_at = if folded { key.to_lowercase() } else { key.to_owned() };
    let wrongs = qualified_wrongs(&looked_at).into_iter();
    wrongs.map(|why| Cause::invalid(field, &Value::from(key), &why)).collect()
}

/// What is wrong with a name that may have a domain before it.
pub(super) fn qualified_wrongs(key: &str) -> Vec<String> {
    let parts: Vec<&str> = key.split('/').collect();
    let mut found = Vec::new();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                found.push("prefix part must be non-empty".to_owned());
            } else {
                found.extend(wrongs_of_subdomain(prefix).into_iter().map(|why| format!("prefix part {why}")));
            }
            *name
        }
        _ => {
            let example = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {NAME_TEXT} {example}")];
        }
    };
    if name.is_empty() {
        found.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        found.push("name part must be no more than 63 bytes".to_owned());
    }
    if !NAME.is_match(name) {
        found.push(format!("name part {NAME_TEXT}"));
    }
    found
}

/// What is wrong with a label's value.
pub(super) fn label_value(field: &str, value: &str) -> Vec<Cause> {
    let cause = |why: &str| Cause::invalid(field, &value.into(), why);
    let mut found = Vec::new();
    if value.len() > 63 {
        found.push(cause("must be no more than 63 bytes"));
    }
    if !value.is_empty() && !NAME.is_match(value) {
        found.push(cause(VALUE_TEXT));
    }
    found
}
