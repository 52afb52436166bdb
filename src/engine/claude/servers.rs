//! A file of MCP servers: `managed-mcp.json`, or a project's `.mcp.json`. What is wrong with one server takes that one out of
//! every session, and nobody hears of it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::document::Document;
use super::{Layer, secrets};
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::schema::{self, Format, Rule, Violation};

/// Names that Claude Code keeps for itself (guide, section 7).
const RESERVED: &[&str] = &["workspace", "claude-in-chrome", "computer-use", "Claude Preview", "Claude Browser"];

/// Commands that fetch a package and run it.
const RUNNERS: &[&str] = &["npx", "bunx", "uvx", "pnpx"];

static VARIABLE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}").expect("a valid pattern"));

pub(super) fn check(file: &Document, layer: Layer, found: &mut Vec<Diagnostic>) {
    for violation in schema::violations(Format::ClaudeMcp, &file.value) {
        found.push(problem(&violation, file, layer));
    }
    for (name, pointer, server) in all(file) {
        if RESERVED.contains(&name) {
            let message = format!("server '{name}' has a name that Claude Code keeps for itself");
            let problem = Diagnostic::error(codes::CLAUDE_BAD_SERVER, message).at(file.key(&pointer));
            found.push(problem.help("give it another name: it would be skipped"));
        }
        form(file, name, &pointer, server, found);
        secrets::in_server(file, &pointer, server, found);
        package(file, name, &pointer, server, found);
    }
}

/// Every server, with its name and its pointer.
pub(super) fn all(file: &Document) -> impl Iterator<Item = (&str, String, &Value)> {
    let servers = file.value.get("mcpServers").and_then(Value::as_object).into_iter().flatten();
    servers.map(|(name, server)| (name.as_str(), format!("/mcpServers/{}", schema::escape(name)), server))
}

/// Whether a server is reached over the network.
pub(super) fn is_remote(server: &Value) -> bool {
    matches!(server["type"].as_str(), Some("http" | "streamable-http" | "sse" | "ws"))
}

/// Command and arguments of a local server.
pub(super) fn command_line(server: &Value) -> Vec<&str> {
    let arguments = server["args"].as_array().into_iter().flatten().filter_map(Value::as_str);
    server["command"].as_str().into_iter().chain(arguments).collect()
}

/// The variables that a server needs and that have no default, in order.
pub(super) fn variables(server: &Value) -> BTreeSet<String> {
    let text = server.to_string();
    let without_default = VARIABLE.captures_iter(&text).filter(|it| it.get(2).is_none());
    without_default.filter_map(|it| Some(it.get(1)?.as_str().to_owned())).collect()
}

fn problem(violation: &Violation, file: &Document, layer: Layer) -> Diagnostic {
    let pointer = violation.pointer.as_str();
    let key = pointer.rsplit('/').next().unwrap_or_default();
    let span = violation.span(&file.spans);
    match violation.rule {
        Rule::Unknown if key == "auth" => {
            let message = "key 'auth' does not exist: the server would be asked without credentials";
            let help = "write \"headers\": {\"Authorization\": \"Bearer ${VARIABLE}\"}, or 'oauth'";
            Diagnostic::error(codes::CLAUDE_UNKNOWN_KEY, message).at(span).help(help)
        }
        Rule::Unknown => {
            let message = format!("key '{key}' does not exist, and Claude Code ignores it without a word");
            let help = violation.help.clone().filter(|_| key != "description").unwrap_or("delete it".to_owned());
            Diagnostic::error(codes::CLAUDE_UNKNOWN_KEY, message).at(span).help(help)
        }
        Rule::Missing if pointer.is_empty() => {
            let lost = match layer {
                Layer::Managed => {
                    "without it the file counts for nothing, and every project's own servers are there again"
                }
                Layer::Project => "without it the file counts for nothing",
            };
            Diagnostic::error(codes::CLAUDE_NOT_LOADED, "the file has no 'mcpServers'").at(span).help(lost)
        }
        _ => {
            let help = violation.help.as_ref().map_or_else(String::new, |help| format!("{help}; "));
            let problem = Diagnostic::error(codes::CLAUDE_BAD_SERVER, &violation.message).at(span);
            problem.help(format!("{help}Claude Code would skip the server"))
        }
    }
}

/// What the type of a server asks for.
fn form(file: &Document, name: &str, pointer: &str, server: &Value, found: &mut Vec<Diagnostic>) {
    let Some(fields) = server.as_object() else { return };
    let has = |key: &str| fields.contains_key(key);
    let problem = match (server["type"].as_str(), has("url"), has("command")) {
        (None, true, _) => Some(("has an address and no type, and is taken for a command", "add \"type\": \"http\"")),
        (None | Some("stdio"), _, false) => Some(("has no command", "add 'command', or \"type\": \"http\" and 'url'")),
        (Some("stdio"), true, true) => Some(("has a command and an address", "a local server has no 'url'")),
        (Some(_), false, _) if is_remote(server) => Some(("has no address", "add 'url'")),
        _ => None,
    };
    if let Some((what, help)) = problem {
        let problem = Diagnostic::error(codes::CLAUDE_BAD_SERVER, format!("server '{name}' {what}"));
        found.push(problem.at(file.key(pointer)).help(format!("{help}; Claude Code would skip the server")));
    }
}

/// A package that is whatever was published last.
fn package(file: &Document, name: &str, pointer: &str, server: &Value, found: &mut Vec<Diagnostic>) {
    let line = command_line(server);
    let runs = line.first().and_then(|it| it.rsplit('/').next()).filter(|it| RUNNERS.contains(it));
    let Some(package) = runs.and_then(|_| line.iter().skip(1).find(|it| !it.starts_with('-'))) else { return };
    let pinned =
        package.rfind('@').is_some_and(|at| at > 0 && package[at + 1..].starts_with(|c: char| c.is_ascii_digit()))
            || package.contains("==");
    if !pinned {
        let message = format!("server '{name}' runs whatever version of '{package}' was published last");
        let problem = Diagnostic::warning(codes::CLAUDE_UNPINNED, message).at(file.at(&format!("{pointer}/args")));
        found.push(problem.help("name the version; a list of allowed servers must have the same arguments"));
    }
}
