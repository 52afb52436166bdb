//! Which keys there are, and what keys that people invent would be in words that Claude Code knows.

use serde_json::Value;

use super::Layer;
use super::document::dotted;
use crate::engine::diag::did_you_mean;
use crate::engine::schema;

/// The file that says which keys there are.
pub(super) const SETTINGS: &str = "claude-settings.schema.json";

/// Where a key counts, as the schema says (`x-scope`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// In every file.
    Any,
    /// In managed settings, and in what a person sets for themselves.
    NotProject,
    /// In managed settings alone.
    Managed,
}

impl Scope {
    fn of(schema: &Value) -> Self {
        match schema["x-scope"].as_str() {
            Some("managed") => Self::Managed,
            Some(_) => Self::NotProject,
            None => Self::Any,
        }
    }

    /// Whether a key of that scope counts in a file of that layer.
    pub(super) fn counts_in(self, layer: Layer) -> bool {
        layer == Layer::Managed || self == Self::Any
    }
}

/// The pointer of every key of a file that is known, with its scope; keys within maps of one's own names are not keys.
pub(super) fn scopes(value: &Value) -> Vec<(String, Scope)> {
    let mut found = Vec::new();
    if let Some(document) = schema::document(SETTINGS) {
        walk(document, value, "", &mut found);
    }
    found
}

fn walk(schema: &Value, value: &Value, pointer: &str, found: &mut Vec<(String, Scope)>) {
    let Some((known, fields)) = schema["properties"].as_object().zip(value.as_object()) else { return };
    for (name, inner) in fields {
        let Some(schema) = known.get(name) else { continue };
        let pointer = format!("{pointer}/{}", schema::escape(name));
        found.push((pointer.clone(), Scope::of(schema)));
        walk(schema, inner, &pointer, found);
    }
}

/// The words that a key can have, if these can be listed.
pub(super) fn words(pointer: &str) -> Option<String> {
    let schema = schema::document(SETTINGS)?.pointer(&pointer.replace('/', "/properties/"))?;
    let words: Vec<&str> = schema["enum"].as_array()?.iter().filter_map(Value::as_str).collect();
    Some(format!("write \"{}\"", words.join("\" or \"")))
}

/// What to write instead of a key that does not exist.
pub(super) fn instead_of(pointer: &str) -> Option<String> {
    let path = dotted(pointer);
    let meant = TRANSLATIONS.iter().find(|(invented, _)| *invented == path);
    meant.map(|(_, meant)| (*meant).to_owned()).or_else(|| {
        let name = path.rsplit('.').next()?;
        let all = schema::document(SETTINGS)?["properties"].as_object()?;
        if let Some(place) = place_of(name) {
            return Some(format!("'{name}' stands under '{place}'"));
        }
        (!path.contains('.')).then(|| did_you_mean(name, all.keys().map(String::as_str)))?
    })
}

/// Under which key a nested key stands.
fn place_of(name: &str) -> Option<&'static str> {
    let under = |place: &&'static str| {
        let pointer = place.split('.').map(|part| format!("/properties/{part}")).collect::<String>();
        let schema = schema::document(SETTINGS).and_then(|it| it.pointer(&pointer));
        schema.is_some_and(|it| it["properties"][name].is_object())
    };
    ["permissions", "sandbox", "sandbox.network", "sandbox.filesystem", "hooks"].iter().find(|it| under(it)).copied()
}

/// Keys that people invent for what they mean, and what says it (guide, section 9).
const TRANSLATIONS: &[(&str, &str)] = &[
    ("version", "git has the file's version; 'requiredMinimumVersion' is that of Claude Code"),
    (
        "security",
        "allowed commands are 'permissions.allow' (\"Bash(git *)\"), blocked ones 'permissions.deny' (\"Bash(sudo *)\"), \
         paths that nobody reads 'permissions.deny' (\"Read(//**/.env)\")",
    ),
    ("allowedCommands", "write 'permissions.allow': [\"Bash(git *)\"]; what is not listed is asked for"),
    ("blockedCommands", "write 'permissions.deny': [\"Bash(sudo *)\"]"),
    (
        "denyListPaths",
        "write 'permissions.deny': [\"Read(//**/.env)\"], and 'sandbox.filesystem.denyRead' for subprocesses",
    ),
    ("tools", "time limits of commands are 'env.BASH_DEFAULT_TIMEOUT_MS' and 'env.BASH_MAX_TIMEOUT_MS', as texts"),
    (
        "network",
        "domains that commands may reach are 'sandbox.network.allowedDomains', with 'sandbox.enabled' and \
         'sandbox.network.allowManagedDomainsOnly'",
    ),
    ("allowedDomains", "it stands under 'sandbox.network'"),
    ("skills", "skills are found by themselves in '.claude/skills'; 'skillOverrides' hides some"),
    ("agents", "agents are files '.claude/agents/<name>.md'; 'permissions.deny': [\"Agent(name)\"] takes one away"),
    ("mcpServers", "servers stand in 'managed-mcp.json', or in a project's '.mcp.json'"),
    ("hooks.onStartup", "write 'hooks.SessionStart': [{\"matcher\": \"startup\", \"hooks\": […]}]"),
    ("allowedTools", "write 'permissions.allow'"),
    ("ignorePatterns", "write 'permissions.deny': [\"Read(…)\"]"),
];
