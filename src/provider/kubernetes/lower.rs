//! What the enterprise's files mean in one cluster. Pure; obeys the rules of `engine`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::convert::FILES;
use super::options::Options;
use super::{body, kinds};
use crate::engine::claude::manifest::LABELS;
use crate::engine::claude::{FOLDER, OWNER};
use crate::engine::diag::codes::VALUE_REFUSED;
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::model::{Address, Desired, EntityRef, Owner, Value};
use crate::provider::contract::{LowerInput, Lowered};

/// Bytes of all values of a ConfigMap together, by the server's own rule.
const MOST: usize = 1 << 20;

/// Bytes from which on a warning is due.
const MUCH: usize = MOST / 2;

/// Lowers the enterprise's files for one cluster.
pub fn lower(input: &LowerInput<'_>) -> Lowered {
    let options = match Options::read(input.options) {
        Ok(options) => options,
        Err(error) => return Lowered::unusable(input, &error),
    };
    let mut out = Lowered::default();
    if input.catalogue.enterprise.broken {
        // Claude Code would start without what they are meant to forbid: what is mounted stays.
        out.held.extend(owner());
        return out;
    }
    let Some(files) = files(input, &options, &mut out) else {
        out.held.extend(owner());
        return out;
    };
    if files.is_empty() {
        return out;
    }
    let address = |kind, key: &str| Address::new(input.instance, kind, key);
    let desired = |address| {
        let first = FILES.iter().rev().find(|it| files.contains_key(**it)).copied().unwrap_or_default();
        Desired::new(address, Owner(OWNER.to_owned()), Arc::new(Span::start_of(format!("{FOLDER}/{first}"))))
    };
    let mut needed = Vec::new();
    for target in &options.targets {
        let namespace = address(kinds::NAMESPACE, &target.namespace);
        if options.make_namespaces && !out.desired.iter().any(|it| it.address == namespace) {
            out.desired.push(desired(namespace.clone()));
        }
        let labels = LABELS.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        let data = files.iter().map(|(name, text)| (name.clone(), Value::from(text.as_str()))).collect();
        let mut map = desired(address(kinds::CONFIG_MAP, &format!("{}/{}", target.namespace, target.name)))
            .field("data", Value::Map(data), None)
            .field("labels", Value::Map(labels), None);
        if options.prune {
            map = map.field("other_keys", Value::List(Vec::new()), None);
        }
        if options.make_namespaces {
            map = map.needs(namespace);
        }
        needed.push(map.address.clone());
        out.desired.push(map);
    }
    for rollout in &options.restart {
        let key = format!("{}/{}", rollout.namespace, rollout.deployment);
        let desired = desired(address(kinds::ROLLOUT, &key)).field("policy", body::digest(&files), None);
        // Never before what its pods are to read.
        out.desired.push(needed.iter().cloned().fold(desired, Desired::needs));
    }
    out.desired.sort_by(|a, b| a.address.cmp(&b.address));
    out.diagnostics.sort();
    out
}

/// What is mounted, by name; `None` where it cannot be.
fn files(input: &LowerInput<'_>, options: &Options, out: &mut Lowered) -> Option<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let mut sound = true;
    for (path, entry) in input.catalogue.enterprise.mounted().filter(|_| !options.targets.is_empty()) {
        let at = Span::start_of(format!("{FOLDER}/{path}"));
        if path.contains('/') {
            let message =
                format!("'{path}' does not reach workspaces: a ConfigMap that is mounted as a folder has no folders");
            let help = "write what it says into 'managed-settings.json' or 'CLAUDE.md'";
            out.diagnostics.push(Diagnostic::warning(VALUE_REFUSED, message).at(at).help(help));
            continue;
        }
        match entry.bytes().map(|bytes| std::str::from_utf8(bytes)) {
            Some(Ok(text)) => drop(files.insert(path.to_owned(), text.to_owned())),
            _ => {
                let message = format!("'{path}' is no text in UTF-8, which a key of a ConfigMap must be");
                out.diagnostics.push(Diagnostic::error(VALUE_REFUSED, message).at(at).help("save it as UTF-8"));
                sound = false;
            }
        }
    }
    let size: usize = files.values().map(String::len).sum();
    if size > MUCH {
        let message = format!("the enterprise's files have {size} bytes, and a ConfigMap takes {MOST}");
        let new = if size > MOST { Diagnostic::error } else { Diagnostic::warning };
        out.diagnostics.push(new(VALUE_REFUSED, message).help("shorten them; skills and images do not belong here"));
        sound = sound && size <= MOST;
    }
    sound.then_some(files)
}

fn owner() -> Option<EntityRef> {
    OWNER.parse().ok()
}
