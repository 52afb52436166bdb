//! What files say about each other: what the enterprise leaves open, and what of a formula cannot hold under it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::{Document, dotted};
use super::files::Parts;
use super::policy::{Verdict, verdict_of_server};
use super::rules::List;
use super::{servers, settings};
use crate::engine::diag::{Diagnostic, Span, codes};

/// Locks without which a person can undo the rest, and what they could do.
const BASELINE: &[(&str, &str)] = &[
    ("/permissions/disableBypassPermissionsMode", "anybody can choose the mode in which nothing is asked"),
    ("/allowManagedPermissionRulesOnly", "anybody can allow more by rules of their own"),
    ("/allowManagedHooksOnly", "any project can run commands at events"),
    ("/strictKnownMarketplaces", "plugins of any marketplace can be added"),
];

/// Locks that are lost when a later file says `false`.
const LOCKS: &[&str] = &[
    "/allowManagedPermissionRulesOnly",
    "/allowManagedHooksOnly",
    "/allowManagedMcpServersOnly",
    "/disableCommandPluginSources",
    "/disableSideloadFlags",
    "/enforceAvailableModels",
    "/sandbox/enabled",
    "/sandbox/failIfUnavailable",
    "/sandbox/network/allowManagedDomainsOnly",
    "/sandbox/filesystem/allowManagedReadPathsOnly",
];

/// What a person could do for want of a lock.
pub(super) fn baseline(parts: &Parts, found: &mut Vec<Diagnostic>) {
    let Some(base) = parts.settings.first() else { return };
    let missing = |pointer: &str| match parts.values(pointer).last() {
        Some((_, Value::Bool(on))) => !on,
        Some(_) => false,
        None => pointer != "/strictKnownMarketplaces" || parts.values("/allowedMarketplaces").next().is_none(),
    };
    for (pointer, could) in BASELINE.iter().filter(|(pointer, _)| missing(pointer)) {
        found.push(open(base, pointer, could));
    }
    if parts.servers.is_none() && missing("/allowManagedMcpServersOnly") {
        found.push(open(base, "/allowManagedMcpServersOnly", "anybody can add MCP servers"));
    }
}

fn open(base: &Document, pointer: &str, could: &str) -> Diagnostic {
    let key = dotted(pointer);
    let value = if pointer.ends_with("Mode") { "\"disable\"" } else { "true" };
    let value = if pointer.ends_with("Marketplaces") { "a list of marketplaces" } else { value };
    let message = format!("without '{key}' {could}");
    Diagnostic::warning(codes::CLAUDE_OPEN, message).at(base.at("")).help(format!("set '{key}' to {value}"))
}

/// Drop-ins that take back what a file before them locked.
pub(super) fn loosened(parts: &Parts, found: &mut Vec<Diagnostic>) {
    for pointer in LOCKS {
        let mut locked: Option<Span> = None;
        for (file, value) in parts.values(pointer) {
            match (value.as_bool(), &locked) {
                (Some(true), _) => locked = Some(file.at(pointer)),
                (Some(false), Some(before)) => {
                    let message = format!("'{}' is taken back by a later file", dotted(pointer));
                    let problem = Diagnostic::error(codes::CLAUDE_LOCK_LOST, message).at(file.at(pointer));
                    let help = "delete it here, or where it is locked";
                    found.push(problem.help(help).related(before.clone(), "locked here"));
                    locked = None;
                }
                _ => {}
            }
        }
    }
}

/// What of a formula does not hold under the enterprise's files.
pub(super) fn under(formula: &Parts, managed: &Parts, found: &mut Vec<Diagnostic>) {
    rules_that_do_not_count(formula, managed, found);
    hooks_that_do_not_run(formula, managed, found);
    servers_that_do_not_load(formula, managed, found);
}

fn rules_that_do_not_count(formula: &Parts, managed: &Parts, found: &mut Vec<Diagnostic>) {
    let alone = managed.values("/allowManagedPermissionRulesOnly").filter(|(_, value)| *value == true).last();
    for file in &formula.settings {
        for (pointer, rule) in file.texts("/permissions/allow") {
            let stronger = [List::Deny, List::Ask].into_iter().find_map(|list| same_rule(managed, list, rule));
            let (message, other) = match (&alone, stronger) {
                (Some((lock, _)), _) => (
                    format!("rule '{rule}' does not count: only the enterprise's rules do"),
                    (lock.at("/allowManagedPermissionRulesOnly"), "said here"),
                ),
                (None, Some(span)) => (format!("rule '{rule}' is overruled by the enterprise"), (span, "by this rule")),
                (None, None) => continue,
            };
            let problem = Diagnostic::warning(codes::CLAUDE_OVERRULED, message).at(file.at(&pointer));
            let help = format!("delete it, or have it allowed in '{}/managed-settings.json'", super::FOLDER);
            found.push(problem.help(help).related(other.0, other.1));
        }
    }
}

/// Where a rule stands word by word.
fn same_rule(parts: &Parts, list: List, rule: &str) -> Option<Span> {
    let pointer = format!("/permissions/{}", list.word());
    parts.settings.iter().find_map(|file| {
        let at = file.texts(&pointer).find(|(_, it)| *it == rule).map(|(at, _)| at)?;
        Some(file.at(&at))
    })
}

fn hooks_that_do_not_run(formula: &Parts, managed: &Parts, found: &mut Vec<Diagnostic>) {
    let lock = managed.values("/allowManagedHooksOnly").filter(|(_, value)| *value == true).last();
    for file in &formula.settings {
        if let Some((lock, _)) = &lock
            && let Some((pointer, _)) = settings::commands(file).first()
        {
            let message = "no hook of a project runs: only the enterprise's do";
            let problem = Diagnostic::warning(codes::CLAUDE_OVERRULED, message).at(file.at(pointer));
            let help = "move what it does into the workspace's start script, or into managed settings";
            found.push(problem.help(help).related(lock.at("/allowManagedHooksOnly"), "said here"));
        }
        if file.value["disableAllHooks"] == true {
            let message = "'disableAllHooks' of a project does not take the enterprise's hooks away";
            let problem = Diagnostic::warning(codes::CLAUDE_OVERRULED, message).at(file.key("/disableAllHooks"));
            found.push(problem.help("delete it"));
        }
    }
}

fn servers_that_do_not_load(formula: &Parts, managed: &Parts, found: &mut Vec<Diagnostic>) {
    let Some(file) = &formula.servers else { return };
    let given: BTreeSet<&str> = managed
        .settings
        .iter()
        .chain(&formula.settings)
        .filter_map(|it| it.value.get("env")?.as_object())
        .flat_map(|it| it.keys().map(String::as_str))
        .collect();
    for (name, pointer, server) in servers::all(file) {
        let span = file.key(&pointer);
        match verdict_of_server(name, server, formula, managed) {
            Verdict::Suppressed(by) => {
                let message =
                    format!("server '{name}' never loads: 'managed-mcp.json' is there, and excludes all others");
                let problem = Diagnostic::error(codes::CLAUDE_SERVER_SUPPRESSED, message).at(span);
                let help = "add it to 'managed-mcp.json', or have the enterprise use 'allowManagedMcpServersOnly' with \
                            'allowedMcpServers' instead of that file";
                found.push(problem.help(help).related(by, "the enterprise's servers"));
            }
            Verdict::Blocked(why, by) => {
                let problem =
                    Diagnostic::error(codes::CLAUDE_SERVER_BLOCKED, format!("server '{name}' is blocked: {why}"));
                let help = "add an entry for its 'serverUrl', or its exact 'serverCommand', to 'allowedMcpServers'";
                let problem = problem.at(span).help(help);
                found.push(match by {
                    Some(by) => problem.related(by, "decided here"),
                    None => problem,
                });
            }
            Verdict::Loads | Verdict::AsksFirst => {
                for variable in servers::variables(server).iter().filter(|it| !given.contains(it.as_str())) {
                    let message = format!("server '{name}' needs the variable '{variable}', which no settings give");
                    let problem = Diagnostic::warning(codes::CLAUDE_VARIABLE, message).at(span.clone());
                    found.push(problem.help("let the workspace set it, or write a default: '${NAME:-value}'"));
                }
            }
        }
    }
}
