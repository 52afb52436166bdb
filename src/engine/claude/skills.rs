//! Skills and agents: texts with a head of YAML. One whose head cannot be read is never chosen, or skipped, without a word.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::files::Text;
use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::source::{self, Limits, Tree};

/// Characters of a skill's description, by the specification of Agent Skills.
const DESCRIPTION: usize = 1_024;

/// Characters of a name.
const NAME: usize = 64;

pub(super) fn check(texts: &[Text], found: &mut Vec<Diagnostic>) {
    let mut agents: BTreeMap<String, Span> = BTreeMap::new();
    for text in texts {
        let tree = match head(text) {
            Ok(tree) => tree,
            Err(problems) => {
                found.extend(problems);
                continue;
            }
        };
        if text.is_skill { skill(text, &tree, found) } else { agent(text, &tree, &mut agents, found) }
    }
}

/// The head of a text, each value at its place in the file.
fn head(text: &Text) -> Result<Tree, Vec<Diagnostic>> {
    let lost = if text.is_skill { "it would never be chosen by itself" } else { "Claude Code would skip it" };
    let fail = |what: &str| vec![problem(Span::start_of(text.path.clone()), format!("'{}' {what}", text.path), lost)];
    let body = text.text.strip_prefix('\u{feff}').unwrap_or(&text.text);
    let Some(rest) = body.strip_prefix("---\n").or_else(|| body.strip_prefix("---\r\n")) else {
        return Err(fail("has no head: it must begin with '---', name and description"));
    };
    let Some(end) = rest.match_indices("\n---").map(|(at, _)| at).next() else {
        return Err(fail("has a head that does not end: '---' is missing below it"));
    };
    // An empty line in place of the first `---` leaves every line where it was.
    let yaml = format!("\n{}\n", &rest[..end]);
    let mut documents = source::read(&text.path, yaml.as_bytes(), &Limits::default());
    let errors = documents.iter_mut().flat_map(|it| std::mem::take(&mut it.diagnostics)).filter(Diagnostic::is_error);
    let errors: Vec<Diagnostic> =
        errors.map(|it| Diagnostic { code: codes::CLAUDE_BAD_TEXT, ..it.help(lost) }).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    match documents.pop().and_then(|it| it.tree) {
        Some(tree) if tree.value.is_object() => Ok(tree),
        _ => Err(fail("has a head without keys")),
    }
}

fn skill(text: &Text, tree: &Tree, found: &mut Vec<Diagnostic>) {
    let lost = "correct it: by the specification of Agent Skills it would not be taken";
    let folder = text.path.rsplit('/').nth(1).unwrap_or_default();
    let name = tree.value["name"].as_str().unwrap_or(folder);
    if folder == "synced" {
        found.push(problem(Span::start_of(text.path.clone()), "a skill cannot be called 'synced'".to_owned(), lost));
    }
    if name != folder {
        let message = format!("skill '{name}' lies in the folder '{folder}', which is what it is called by");
        found.push(problem(tree.spans.nearest("/name"), message, "give both the same name"));
    }
    if !is_name(name) {
        let message = format!("skill '{name}' has not the form of a name");
        let help = "expected are at most 64 small letters, digits and single hyphens between them";
        found.push(problem(tree.spans.nearest("/name"), message, help));
    }
    match tree.value["description"].as_str().map(|it| it.chars().count()) {
        None | Some(0) => {
            let message = format!("skill '{name}' has no description, by which it is chosen");
            found.push(problem(tree.spans.nearest(""), message, "add 'description': what it does, and when to use it"));
        }
        Some(length) if length > DESCRIPTION => {
            let message =
                format!("the description of skill '{name}' has {length} characters, and {DESCRIPTION} are read");
            found.push(problem(tree.spans.nearest("/description"), message, "shorten it"));
        }
        Some(_) => {}
    }
    if !matches!(tree.value["allowed-tools"], Value::Null) {
        let message = format!("skill '{name}' lets tools run unasked while it is used");
        let note = Diagnostic::warning(codes::CLAUDE_GRANT, message).at(tree.spans.nearest("/allowed-tools"));
        found.push(note.help("leave only what it cannot do without"));
    }
}

fn agent(text: &Text, tree: &Tree, agents: &mut BTreeMap<String, Span>, found: &mut Vec<Diagnostic>) {
    let lost = "Claude Code would skip it";
    let Some(name) = tree.value["name"].as_str().filter(|it| !it.is_empty()) else {
        let message = format!("agent '{}' has no name", text.path);
        return found.push(problem(tree.spans.nearest(""), message, lost));
    };
    if name.starts_with('-') || name.contains(':') || name.chars().any(|c| c.is_uppercase() || c.is_whitespace()) {
        let message = format!("agent '{name}' has not the form of a name");
        found.push(problem(
            tree.spans.nearest("/name"),
            message,
            "expected are small letters and hyphens between them",
        ));
    }
    if tree.value["description"].as_str().is_none_or(|it| it.trim().is_empty()) {
        found.push(problem(tree.spans.nearest(""), format!("agent '{name}' has no description"), lost));
    }
    let span = tree.spans.nearest("/name");
    if let Some(other) = agents.insert(name.to_owned(), span.clone()) {
        let message = format!("there are two agents '{name}', and either may be taken");
        found.push(problem(span, message, "give one another name").related(other, "the other one"));
    }
    if tree.value["permissionMode"] == "bypassPermissions" {
        let message = format!("agent '{name}' asks for nothing to be asked");
        let note = Diagnostic::warning(codes::CLAUDE_GRANT, message).at(tree.spans.nearest("/permissionMode"));
        found.push(
            note.help("leave the mode out; 'disableBypassPermissionsMode' in managed settings takes it from everybody"),
        );
    }
}

fn is_name(name: &str) -> bool {
    let well = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.len() <= NAME && name.split('-').all(well)
}

fn problem(span: Span, message: String, help: &str) -> Diagnostic {
    Diagnostic::error(codes::CLAUDE_BAD_TEXT, message).at(span).help(help)
}

/// What a text is called, for lists: the folder of a skill, the name of an agent's file.
pub(super) fn called(path: &Arc<str>, is_skill: bool) -> &str {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    if is_skill { parts.next().unwrap_or_default() } else { file.trim_end_matches(".md") }
}
