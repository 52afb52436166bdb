//! One file of settings: keys that exist, at places where they count, with values of their types, and rules that are asked.

use serde_json::Value;

use super::document::{Document, dotted};
use super::files::Parts;
use super::keys::{self, Scope};
use super::rules::{self, List};
use super::{Layer, secrets};
use crate::engine::diag::{Diagnostic, codes, did_you_mean};
use crate::engine::schema::{self, Format, Rule, Violation};

/// Blocks that Claude Code drops as a whole when one value in them is of a wrong type, and what goes with them.
const BLOCKS: &[(&str, &str)] = &[
    ("permissions", "with every rule beside it"),
    ("sandbox", "and commands would run without one"),
    ("hooks", "with every hook beside it"),
];

pub(super) fn check(file: &Document, layer: Layer, parts: &Parts, found: &mut Vec<Diagnostic>) {
    for violation in schema::violations(Format::ClaudeSettings, &file.value) {
        found.push(problem(&violation, file));
    }
    scopes(file, layer, found);
    for list in List::ALL {
        for (pointer, rule) in file.texts(&format!("/permissions/{}", list.word())) {
            let Some(judgement) = rules::judge(rule, list) else { continue };
            let new =
                if judgement.code == codes::CLAUDE_RULE_SKIPPED { Diagnostic::error } else { Diagnostic::warning };
            found.push(new(judgement.code, judgement.message).at(file.at(&pointer)).help(judgement.help));
        }
    }
    secrets::in_variables(file, "/env", found);
    scripts(file, layer, parts, found);
}

/// A breach of the format, and what Claude Code would make of it.
fn problem(violation: &Violation, file: &Document) -> Diagnostic {
    let pointer = violation.pointer.as_str();
    let block = pointer.split('/').nth(1).unwrap_or_default();
    let span = violation.span(&file.spans);
    if violation.rule == Rule::Unknown {
        let key = dotted(pointer);
        if block == "hooks" && pointer.matches('/').count() == 2 {
            let event = pointer.trim_start_matches("/hooks/");
            let help = keys::instead_of(pointer).or_else(|| did_you_mean(event, events())).or(violation.help.clone());
            let message = format!("there is no event '{event}', and Claude Code never runs its hooks");
            return Diagnostic::error(codes::CLAUDE_BAD_HOOK, message).at(span).maybe_help(help);
        }
        let message = format!("key '{key}' does not exist, and Claude Code ignores it without a word");
        // All keys there are would be no help.
        let listed = violation.help.clone().filter(|it| it.len() < 200);
        let help = keys::instead_of(pointer).or(listed).unwrap_or_else(|| {
            "delete it, or look the key up: 'formulary schema claude-settings' prints all that exist".to_owned()
        });
        return Diagnostic::error(codes::CLAUDE_UNKNOWN_KEY, message).at(span).help(help);
    }
    let lost = match BLOCKS.iter().find(|(name, _)| *name == block) {
        Some((name, with)) => format!("Claude Code would drop '{name}' as a whole, {with}"),
        None => format!("Claude Code would drop '{block}'"),
    };
    // Where there are words to choose from, quotes around another value are no help.
    let help = keys::words(pointer).or(violation.help.clone());
    let help = help.map_or_else(|| lost.clone(), |help| format!("{}; {lost}", help.trim_end_matches('?')));
    let code = if block == "hooks" { codes::CLAUDE_BAD_HOOK } else { codes::CLAUDE_WRONG_VALUE };
    Diagnostic::error(code, &violation.message).at(span).help(help)
}

fn events() -> impl Iterator<Item = &'static str> {
    let document = schema::document(keys::SETTINGS);
    let events = document.and_then(|it| it["properties"]["hooks"]["properties"].as_object());
    events.into_iter().flat_map(|it| it.keys().map(String::as_str))
}

/// Keys that count for nothing where they stand.
fn scopes(file: &Document, layer: Layer, found: &mut Vec<Diagnostic>) {
    for (pointer, scope) in keys::scopes(&file.value) {
        if scope.counts_in(layer) {
            continue;
        }
        let key = dotted(&pointer);
        let where_it_counts = match scope {
            Scope::Managed => "in managed settings alone",
            _ => "in managed settings and in a person's own alone",
        };
        let message = format!("key '{key}' counts {where_it_counts}, and Claude Code ignores it here");
        let help = format!("move it to '{}/managed-settings.json', or delete it", super::FOLDER);
        found.push(Diagnostic::error(codes::CLAUDE_WRONG_PLACE, message).at(file.key(&pointer)).help(help));
    }
}

/// Scripts that hooks of a project name and that are not there.
fn scripts(file: &Document, layer: Layer, parts: &Parts, found: &mut Vec<Diagnostic>) {
    if layer == Layer::Managed {
        return;
    }
    for (pointer, command) in commands(file) {
        for script in command.split_whitespace().filter_map(script_of) {
            if parts.paths.iter().any(|path| path == script) {
                continue;
            }
            let message = format!("the script '{script}' of a hook is not there");
            let help = "add it beside 'settings.json', or correct the path; it goes from '${CLAUDE_PROJECT_DIR}'";
            found.push(Diagnostic::error(codes::CLAUDE_BAD_HOOK, message).at(file.at(&pointer)).help(help));
        }
    }
}

/// Every command of a hook, with its place.
pub(super) fn commands(file: &Document) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let events = file.value.get("hooks").and_then(Value::as_object).into_iter().flatten();
    for (event, matchers) in events {
        for (outer, matcher) in matchers.as_array().into_iter().flatten().enumerate() {
            for (inner, hook) in matcher["hooks"].as_array().into_iter().flatten().enumerate() {
                if let Some(command) = hook["command"].as_str() {
                    found.push((format!("/hooks/{event}/{outer}/hooks/{inner}/command"), command));
                }
            }
        }
    }
    found
}

/// The path of a word of a command that is a file of the project.
fn script_of(word: &str) -> Option<&str> {
    let word = word.trim_matches(['"', '\'']);
    let inside = ["${CLAUDE_PROJECT_DIR}/", "$CLAUDE_PROJECT_DIR/"].iter().find_map(|it| word.strip_prefix(it));
    inside
        .or_else(|| word.strip_prefix("./").filter(|it| it.starts_with(".claude/")))
        .or_else(|| word.starts_with(".claude/").then_some(word))
}
