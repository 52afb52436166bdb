//! Secrets that stand in files which everybody in a workspace can read. What is found is never repeated.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::document::Document;
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::schema;

/// What well-known tokens look like.
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    let kinds = [
        r"gh[opsur]_[A-Za-z0-9]{20,}",
        r"github_pat_[A-Za-z0-9_]{20,}",
        r"glpat-[A-Za-z0-9_-]{16,}",
        r"sk-[A-Za-z0-9_-]{16,}",
        r"xox[abposr]-[A-Za-z0-9-]{10,}",
        r"AKIA[A-Z0-9]{16}",
        r"AIza[A-Za-z0-9_-]{30,}",
        r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        r"://[^/\s:@$]+:[^/\s@$]+@",
    ];
    Regex::new(&kinds.join("|")).expect("a valid pattern")
});

/// Names whose values are secrets.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(token|secret|password|passwd|api[-_]?key|credential|private[-_]?key|authorization|cookie)")
        .expect("a valid pattern")
});

/// Names that look like it and tell of something else: limits, counts, switches, places.
static OTHERWISE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(max|limit|count|tokens|path|file|url|helper|_ttl|disable|enable)").expect("a valid pattern")
});

/// A reference to a variable, with what is there without it: `${NAME}`, `${NAME:-otherwise}`.
static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{[A-Za-z_][A-Za-z0-9_]*(?::-([^}]*))?\}").expect("a valid pattern"));

/// What stands before a reference without being a secret: the name of a scheme.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Za-z][A-Za-z-]*[ =]").expect("a valid pattern"));

/// So many letters and digits in a row beside a reference are no prefix any more.
const LONG: usize = 8;

/// The variables of a map.
pub(super) fn in_variables(file: &Document, pointer: &str, found: &mut Vec<Diagnostic>) {
    for (name, value) in file.value.pointer(pointer).and_then(Value::as_object).into_iter().flatten() {
        if value.as_str().is_some_and(|value| is_secret(name, value)) {
            found.push(problem(file, &format!("{pointer}/{}", schema::escape(name)), &format!("variable '{name}'")));
        }
    }
}

/// Headers, variables, address and arguments of a server.
pub(super) fn in_server(file: &Document, pointer: &str, server: &Value, found: &mut Vec<Diagnostic>) {
    for (name, value) in server["headers"].as_object().into_iter().flatten() {
        if value.as_str().is_some_and(|value| is_secret(name, value)) {
            found.push(problem(
                file,
                &format!("{pointer}/headers/{}", schema::escape(name)),
                &format!("header '{name}'"),
            ));
        }
    }
    in_variables(file, &format!("{pointer}/env"), found);
    if server["url"].as_str().is_some_and(in_address) {
        found.push(problem(file, &format!("{pointer}/url"), "the address"));
    }
    let mut before = "";
    for (index, argument) in server["args"].as_array().into_iter().flatten().filter_map(Value::as_str).enumerate() {
        let (name, value) = argument.split_once('=').unwrap_or((before, argument));
        if TOKEN.is_match(argument) || (name.starts_with("--") && is_secret(name, value)) {
            found.push(problem(file, &format!("{pointer}/args/{index}"), "an argument"));
        }
        before = argument;
    }
}

/// Whether a value of that name is a secret by itself: something is left when references are taken out.
fn is_secret(name: &str, value: &str) -> bool {
    // What a reference falls back to stands in the file as well.
    let rest = REFERENCE.replace_all(value, "$1");
    if TOKEN.is_match(value) || TOKEN.is_match(&rest) {
        return true;
    }
    if rest.trim().is_empty() || !NAME.is_match(name) || OTHERWISE.is_match(name) {
        return false;
    }
    if rest != value {
        let rest = SCHEME.replace(&rest, "");
        return rest.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| run.len() >= LONG);
    }
    // A word for a scheme alone is none, and neither is a switch.
    let value = ["Bearer", "Basic", "token"].iter().find_map(|it| value.strip_prefix(it)).unwrap_or(value).trim();
    !value.is_empty() && value.parse::<f64>().is_err() && !["true", "false"].contains(&value)
}

/// Whether an address carries credentials.
fn in_address(url: &str) -> bool {
    let parameters = url.split_once('?').map(|(_, query)| query).into_iter().flat_map(|it| it.split('&'));
    TOKEN.is_match(url) || parameters.filter_map(|it| it.split_once('=')).any(|(name, value)| is_secret(name, value))
}

fn problem(file: &Document, pointer: &str, what: &str) -> Diagnostic {
    let message = format!("{what} holds a secret, which everybody in the workspace could read");
    let problem = Diagnostic::error(codes::CLAUDE_LITERAL_SECRET, message).at(file.at(pointer));
    problem
        .help("write '${VARIABLE}' and let the workspace set the variable; replace the secret if this was ever pushed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_references_and_what_they_fall_back_to_counts() {
        for value in
            ["${T}", "Bearer ${T}", "DeviceToken ${T}", "PVEAPIToken=me@pam!x=${T}", "${A}:${B}", "${T:-}", "acme-${T}"]
        {
            assert!(!is_secret("Authorization", value), "{value}");
        }
        for value in [
            "${T:-correcthorse}",
            "Bearer ${T:-hunter2222}",
            "correcthorse${T}",
            "Bearer ghp_0123456789abcdefghij${T}",
            "hunter2",
        ] {
            assert!(is_secret("Authorization", value), "{value}");
        }
        assert!(!is_secret("MAX_TOKENS", "40000") && !is_secret("REGION", "${R:-europe-north-1a}"));
    }
}
