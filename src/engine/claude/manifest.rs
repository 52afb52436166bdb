//! The ConfigMap as a manifest, for those who apply it by other means, or want to read it. It is made from the files and
//! never kept by hand: a copy that was edited is two policies, of which one is not mounted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::files::{Enterprise, FOLDER};
use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::source::{self, FileEntry, Limits};

/// Where the copy lies, from the enterprise's folder.
pub const COPY: &str = "k8s/configmap.yaml";

/// The name of the ConfigMap that templates mount, where nobody says otherwise.
pub const NAME: &str = "claude-code-enterprise-config";

/// The labels by which what we made is found again.
pub const LABELS: &[(&str, &str)] =
    &[("app.kubernetes.io/managed-by", "formulary"), ("app.kubernetes.io/part-of", "platform-formulas")];

#[derive(Serialize)]
struct ConfigMap<'a> {
    #[serde(rename = "apiVersion")]
    api_version: &'a str,
    kind: &'a str,
    metadata: Metadata<'a>,
    data: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    namespace: &'a str,
    labels: BTreeMap<&'a str, &'a str>,
}

/// The manifest of a ConfigMap with the files that a mount of it can carry.
///
/// # Errors
/// What YAML cannot hold, which no text is.
pub fn manifest(enterprise: &Enterprise, namespace: &str, name: &str) -> Result<String, serde_yaml::Error> {
    let labels = LABELS.iter().copied().collect();
    let map = ConfigMap {
        api_version: "v1",
        kind: "ConfigMap",
        metadata: Metadata { name, namespace, labels },
        data: texts(enterprise).collect(),
    };
    let yaml = serde_yaml::to_string(&map)?;
    Ok(format!("# Made by 'formulary render claude-configmap' from the files of this folder; do not edit.\n{yaml}"))
}

/// Whether the copy says what the files say; nothing where there is none.
pub(super) fn check(enterprise: &Enterprise) -> Vec<Diagnostic> {
    let Some(bytes) = enterprise.files.get(COPY).and_then(FileEntry::bytes) else { return Vec::new() };
    let path = format!("{FOLDER}/{COPY}");
    let mut found = Vec::new();
    for document in source::read(&path, bytes, &Limits::default()) {
        let Some(tree) = document.tree else {
            found.extend(document.diagnostics);
            continue;
        };
        if tree.value["kind"] != "ConfigMap" {
            continue;
        }
        let kept = tree.value["data"].as_object();
        let kept: BTreeMap<&str, &str> =
            kept.into_iter().flatten().filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect();
        let wanted: BTreeMap<&str, &str> = texts(enterprise).collect();
        let mut apart: Vec<&str> = wanted.keys().chain(kept.keys()).copied().collect();
        apart.retain(|key| wanted.get(key) != kept.get(key));
        apart.sort_unstable();
        apart.dedup();
        if let Some(first) = apart.first() {
            let message = format!("'{}' is not what the file says", apart.join("', '"));
            let at = tree.spans.nearest(&format!("/data/{}", crate::engine::schema::escape(first)));
            let problem = Diagnostic::error(codes::CLAUDE_COPY, message).at(at);
            let help = "write it anew: 'formulary render claude-configmap --write'";
            found.push(problem.help(help).related(Span::start_of(format!("{FOLDER}/{first}")), "the file"));
        }
    }
    found
}

/// The files that a ConfigMap carries: texts of the top level.
fn texts(enterprise: &Enterprise) -> impl Iterator<Item = (&str, &str)> {
    let top = enterprise.mounted().filter(|(path, _)| !path.contains('/'));
    top.filter_map(|(path, entry)| Some((path, std::str::from_utf8(entry.bytes()?).ok()?)))
}
