//! What holds in a workspace: the enterprise's files over what a formula brings along, each entry with its place.
//!
//! Scalars are those of the highest file that sets them, lists are united, and locks of the enterprise take out what they
//! exclude (guide, sections 3 and 11). What the enterprise may also set elsewhere is assumed not to be there:
//! [`ASSUMPTIONS`].

use serde::Serialize;
use serde_json::Value;

use super::document::{Document, dotted};
use super::files::{Bundle, Enterprise, Parts};
use super::keys::{self, Scope};
use super::rules::List;
use super::{servers, skills};
use crate::engine::diag::Span;

/// What the files cannot tell.
pub const ASSUMPTIONS: &[&str] = &[
    "no settings come from a server or from device management, which would take the place of the enterprise's files",
    "nobody in the workspace can write to /etc/claude-code",
    "the project is trusted, and its files are those of the formula",
];

/// What holds in the workspaces of one formula, or where there is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Policy {
    /// Settings of one value, by key.
    pub settings: Vec<Setting>,
    /// Permission rules, as they are asked: denied, asked for, allowed.
    pub rules: Vec<Entry>,
    /// Items of other lists, by key.
    pub lists: Vec<Entry>,
    /// MCP servers.
    pub servers: Vec<Server>,
    /// Commands that run at events.
    pub hooks: Vec<Entry>,
    /// Skills and agents.
    pub texts: Vec<Entry>,
}

/// A setting of one value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Setting {
    /// Its key: `sandbox.network.allowManagedDomainsOnly`.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where it is said.
    pub from: Span,
    /// Where it is said otherwise, for nothing.
    pub over: Vec<Span>,
}

/// One item of something.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// What it belongs to: `deny`, `sandbox.network.allowedDomains`, an event, `skill`.
    pub of: String,
    /// The item.
    pub text: String,
    /// Where it is said.
    pub from: Span,
    /// Why it does not count; `None` where it does.
    pub void: Option<String>,
}

/// An MCP server, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// Where it is configured.
    pub from: Span,
    /// Whether sessions have it.
    pub loads: bool,
    /// In words.
    pub verdict: String,
}

/// What becomes of a server.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Loads,
    /// Sessions ask whoever works there.
    AsksFirst,
    /// The enterprise's own servers exclude it.
    Suppressed(Span),
    /// By a list: why, and the entry.
    Blocked(String, Option<Span>),
}

impl Policy {
    /// What holds where a formula's files lie under the enterprise's.
    pub fn of(enterprise: &Enterprise, bundle: Option<&Bundle<'_>>) -> Self {
        let managed = Parts::of_enterprise(enterprise, &mut Vec::new());
        let formula = bundle.map(|it| Parts::of_formula(it, &mut Vec::new())).unwrap_or_default();
        // From the lowest to the highest.
        let files: Vec<(&Document, bool)> =
            formula.settings.iter().map(|it| (it, false)).chain(managed.settings.iter().map(|it| (it, true))).collect();
        let mut policy = Self {
            settings: Vec::new(),
            rules: rules(&files, &managed),
            lists: Vec::new(),
            servers: servers_of(&formula, &managed),
            hooks: hooks(&files, &managed),
            texts: Vec::new(),
        };
        for (file, is_managed) in &files {
            policy.fold(file, *is_managed);
        }
        policy.settings.sort_by(|a, b| a.key.cmp(&b.key));
        policy.lists.sort_by(|a, b| (&a.of, &a.text).cmp(&(&b.of, &b.text)));
        // The enterprise's own first: of one name it is theirs that counts.
        for text in managed.texts.iter().chain(&formula.texts) {
            let of = if text.is_skill { "skill" } else { "agent" };
            let name = skills::called(&text.path, text.is_skill).to_owned();
            let taken = policy.texts.iter().any(|it| it.of == of && it.text == name);
            let void = taken.then(|| "the enterprise has one of that name".to_owned());
            policy.texts.push(Entry { of: of.to_owned(), text: name, from: Span::start_of(text.path.clone()), void });
        }
        policy
    }

    /// What is said and does not count, such as what a formula tries to loosen.
    pub fn void(&self) -> impl Iterator<Item = &Entry> {
        let all = self.rules.iter().chain(&self.hooks).chain(&self.lists).chain(&self.texts);
        all.filter(|it| it.void.is_some())
    }

    /// Whether no file says anything.
    pub fn is_empty(&self) -> bool {
        let entries = [&self.rules, &self.lists, &self.hooks, &self.texts];
        self.settings.is_empty() && self.servers.is_empty() && entries.iter().all(|it| it.is_empty())
    }

    /// Takes in a file that lies over all before it.
    fn fold(&mut self, file: &Document, is_managed: bool) {
        for (pointer, scope) in keys::scopes(&file.value) {
            if !is_managed && scope != Scope::Any {
                continue;
            }
            let Some(value) = file.value.pointer(&pointer) else { continue };
            let key = dotted(&pointer);
            if key == "$schema" || key == "hooks" || key.starts_with("hooks.") || is_rule(&key) {
                continue;
            }
            match value {
                Value::Object(fields) if !has_known_fields(&pointer) => {
                    for (name, value) in fields {
                        let at = format!("{pointer}/{}", crate::engine::schema::escape(name));
                        self.set(format!("{key}.{name}"), value.clone(), file.at(&at));
                    }
                }
                Value::Object(_) => {}
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        let text = item.as_str().map_or_else(|| item.to_string(), str::to_owned);
                        if self.lists.iter().any(|it| it.of == key && it.text == text) {
                            continue;
                        }
                        let from = file.at(&format!("{pointer}/{index}"));
                        self.lists.push(Entry { of: key.clone(), text, from, void: None });
                    }
                }
                value => self.set(key, value.clone(), file.at(&pointer)),
            }
        }
        if is_managed {
            self.exclude("sandbox.network.allowedDomains", "/sandbox/network/allowManagedDomainsOnly", file);
            self.exclude("allowedMcpServers", "/allowManagedMcpServersOnly", file);
        }
    }

    fn set(&mut self, key: String, value: Value, from: Span) {
        match self.settings.iter_mut().find(|it| it.key == key) {
            Some(setting) => {
                let before = std::mem::replace(&mut setting.from, from);
                if setting.value != value {
                    setting.over.push(before);
                }
                setting.value = value;
            }
            None => self.settings.push(Setting { key, value, from, over: Vec::new() }),
        }
    }

    /// Takes out the items of a list that are not the enterprise's, where a lock says so.
    fn exclude(&mut self, list: &str, lock: &str, file: &Document) {
        if file.value.pointer(lock) != Some(&Value::Bool(true)) {
            return;
        }
        for item in self.lists.iter_mut().filter(|it| it.of == list && !Enterprise::holds(&it.from.file)) {
            item.void = Some("only the enterprise's count".to_owned());
        }
    }
}

fn is_rule(key: &str) -> bool {
    List::ALL.iter().any(|list| key.strip_prefix("permissions.") == Some(list.word()))
}

/// Whether a key holds keys that are known themselves, and not a map of one's own names.
fn has_known_fields(pointer: &str) -> bool {
    let in_schema = pointer.replace('/', "/properties/");
    let schema = crate::engine::schema::document(keys::SETTINGS).and_then(|it| it.pointer(&in_schema));
    schema.is_some_and(|it| it["properties"].is_object())
}

fn rules(files: &[(&Document, bool)], managed: &Parts) -> Vec<Entry> {
    let alone = managed.is_on("/allowManagedPermissionRulesOnly");
    let mut found: Vec<Entry> = Vec::new();
    for list in List::ALL {
        let pointer = format!("/permissions/{}", list.word());
        // The enterprise's first, as its rules cannot be taken away.
        for (file, is_managed) in files.iter().rev() {
            for (at, rule) in file.texts(&pointer) {
                let stronger = found.iter().find(|it| it.text == rule && it.void.is_none());
                let void = match stronger {
                    Some(it) if it.of == list.word() => continue,
                    _ if super::rules::judge(rule, list)
                        .is_some_and(|it| it.code == crate::engine::diag::codes::CLAUDE_RULE_SKIPPED) =>
                    {
                        Some("Claude Code skips it".to_owned())
                    }
                    _ if alone && !is_managed => Some("only the enterprise's rules count".to_owned()),
                    Some(it) => Some(format!("overruled by {}:{}", it.from.file, it.from.line)),
                    None => None,
                };
                found.push(Entry { of: list.word().to_owned(), text: rule.to_owned(), from: file.at(&at), void });
            }
        }
    }
    found
}

fn hooks(files: &[(&Document, bool)], managed: &Parts) -> Vec<Entry> {
    let alone = managed.is_on("/allowManagedHooksOnly");
    let mut found = Vec::new();
    for (file, is_managed) in files.iter().rev() {
        for (pointer, command) in super::settings::commands(file) {
            let of = pointer.split('/').nth(2).unwrap_or_default().to_owned();
            let void = (alone && !is_managed).then(|| "only the enterprise's hooks run".to_owned());
            found.push(Entry { of, text: command.to_owned(), from: file.at(&pointer), void });
        }
    }
    found
}

fn servers_of(formula: &Parts, managed: &Parts) -> Vec<Server> {
    let mut rows = Vec::new();
    for (file, parts) in [(&managed.servers, managed), (&formula.servers, formula)] {
        for (name, pointer, server) in file.iter().flat_map(servers::all) {
            let Some(file) = file else { continue };
            let verdict = if std::ptr::eq(parts, managed) {
                by_lists(name, server, &Parts::default(), managed).unwrap_or(Verdict::Loads)
            } else {
                verdict_of_server(name, server, formula, managed)
            };
            let (loads, words) = match verdict {
                Verdict::Loads => (true, "loads".to_owned()),
                Verdict::AsksFirst => (true, "loads once somebody in the workspace approves it".to_owned()),
                Verdict::Suppressed(by) => (false, format!("never loads: {} excludes all others", by.file)),
                Verdict::Blocked(why, _) => (false, format!("blocked: {why}")),
            };
            rows.push(Server { name: name.to_owned(), from: file.key(&pointer), loads, verdict: words });
        }
    }
    rows
}

/// What becomes of a server of a formula (guide, section 7).
pub(super) fn verdict_of_server(name: &str, server: &Value, formula: &Parts, managed: &Parts) -> Verdict {
    if let Some(file) = &managed.servers {
        return Verdict::Suppressed(file.at("/mcpServers"));
    }
    if let Some(blocked) = by_lists(name, server, formula, managed) {
        return blocked;
    }
    let named = |pointer: &str| {
        let lists = managed.settings.iter().chain(&formula.settings);
        lists.into_iter().find_map(|file| {
            let (at, _) = file.texts(pointer).find(|(_, it)| *it == name)?;
            Some(file.at(&at))
        })
    };
    if let Some(by) = named("/disabledMcpjsonServers") {
        return Verdict::Blocked("it is disabled by name".to_owned(), Some(by));
    }
    let approved = managed.is_on("/enableAllProjectMcpServers")
        || managed.settings.iter().any(|file| file.texts("/enabledMcpjsonServers").any(|(_, it)| it == name));
    if approved { Verdict::Loads } else { Verdict::AsksFirst }
}

/// What the lists of servers say: whatever is denied is, and where something is allowed nothing else is.
fn by_lists(name: &str, server: &Value, formula: &Parts, managed: &Parts) -> Option<Verdict> {
    let entries = |pointer: &'static str, with_formula: bool| {
        let formula = formula.settings.iter().filter(move |_| with_formula);
        managed.settings.iter().chain(formula).filter_map(move |file| Some((file, file.value.pointer(pointer)?)))
    };
    for (file, list) in entries("/deniedMcpServers", true) {
        for (index, entry) in list.as_array().into_iter().flatten().enumerate() {
            if fits(entry, name, server, true) {
                let at = file.at(&format!("/deniedMcpServers/{index}"));
                return Some(Verdict::Blocked("an entry of 'deniedMcpServers' is for it".to_owned(), Some(at)));
            }
        }
    }
    let alone = managed.is_on("/allowManagedMcpServersOnly");
    let lists: Vec<_> = entries("/allowedMcpServers", !alone).collect();
    let first = lists.first()?;
    let allowed: Vec<&Value> = lists.iter().filter_map(|(_, it)| it.as_array()).flatten().collect();
    let key = if servers::is_remote(server) { "serverUrl" } else { "serverCommand" };
    // A name is what whoever adds a server calls it: it counts only while nothing better is listed.
    let by_name = !allowed.iter().any(|entry| entry.get(key).is_some());
    if allowed.iter().any(|entry| fits(entry, name, server, by_name)) {
        return None;
    }
    let at = first.0.at("/allowedMcpServers");
    Some(Verdict::Blocked("no entry of 'allowedMcpServers' is for it".to_owned(), Some(at)))
}

fn fits(entry: &Value, name: &str, server: &Value, by_name: bool) -> bool {
    if let Some(wanted) = entry["serverUrl"].as_str() {
        return servers::is_remote(server) && server["url"].as_str().is_some_and(|url| matches(wanted, url));
    }
    if let Some(wanted) = entry["serverCommand"].as_array() {
        return wanted.iter().map(Value::as_str).eq(servers::command_line(server).into_iter().map(Some));
    }
    by_name && entry["serverName"].as_str() == Some(name)
}

/// Whether an address is of a pattern in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.len() >= last.len() && rest.ends_with(last)
}
