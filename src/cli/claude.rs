//! `formulary explain claude`: what Claude Code does and does not do in the workspaces of each formula, and which line says so.

use serde_json::{Value, json};

use super::context::documents_of;
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::shell::Shell;
use crate::engine::claude::policy::{ASSUMPTIONS, Entry, Policy};
use crate::engine::diag::{Span, did_you_mean};
use crate::engine::documents::{Catalogue, bundle};
use crate::engine::report::{Page, Tone};

/// The word that asks for it: `claude`, or `claude/<formula>`.
const WORD: &str = "claude";

/// The formula that is asked for, if this is the question at all: `Some(None)` for all.
pub(super) fn asks(what: &str) -> Option<Option<&str>> {
    let rest = what.strip_prefix(WORD)?;
    if rest.is_empty() { Some(None) } else { rest.strip_prefix('/').map(Some) }
}

pub(super) async fn run(
    formula: Option<&str>,
    source: &SourceArgs,
    global: &Global,
    shell: &Shell,
) -> Result<Exit, CommandError> {
    let (_, snapshot, loaded) = documents_of(source, global, shell).await?;
    let policies = policies(&loaded.catalogue, formula)?;
    match shell.format {
        Format::Json => {
            let policies: Vec<Value> =
                policies.iter().map(|(name, policy)| json!({ "formula": name, "policy": policy })).collect();
            let enterprise = json!({ "broken": loaded.catalogue.enterprise.broken });
            shell.json(&json!({
                "revision": snapshot.revision.id, "enterprise": enterprise, "policies": policies, "assumed": ASSUMPTIONS,
            }))?;
        }
        Format::Text | Format::Markdown => {
            let mut page = Page::new(shell.look());
            if loaded.catalogue.enterprise.broken {
                page.line(
                    0,
                    Tone::Bad,
                    "the enterprise's files have errors, and what cannot be read is left out here:",
                );
                page.line(2, Tone::Plain, "'formulary validate' tells them");
                page.gap();
            }
            for (name, policy) in &policies {
                text(&mut page, name.as_deref(), policy);
            }
            page.gap();
            page.line(0, Tone::Faint, "assumed:");
            ASSUMPTIONS.iter().for_each(|it| page.line(2, Tone::Faint, it));
            shell.print(&page.finish())?;
        }
    }
    Ok(Exit::Done)
}

/// The policy of the formula that is asked for, or of all; that of the enterprise alone where there is none.
fn policies(catalogue: &Catalogue, formula: Option<&str>) -> Result<Vec<(Option<String>, Policy)>, CommandError> {
    let enterprise = &catalogue.enterprise;
    let of = |template: &crate::engine::documents::catalogue::Template| {
        let name = template.entity.reference.name().to_owned();
        (Some(name), Policy::of(enterprise, bundle(template).as_ref()))
    };
    let templates = || catalogue.templates.values();
    match formula {
        Some(name) => match templates().find(|it| it.entity.reference.name() == name) {
            Some(template) => Ok(vec![of(template)]),
            None => {
                let near = did_you_mean(name, templates().map(|it| it.entity.reference.name()));
                let error = CommandError::new(Exit::Error, format!("there is no formula '{name}' without errors"));
                Err(error.hint(near.unwrap_or_else(|| "'formulary validate' tells what is wrong with one".to_owned())))
            }
        },
        None if catalogue.templates.is_empty() => Ok(vec![(None, Policy::of(enterprise, None))]),
        None => Ok(templates().map(of).collect()),
    }
}

fn text(page: &mut Page, formula: Option<&str>, policy: &Policy) {
    page.gap();
    let heading = formula.map_or_else(
        || "what holds wherever the enterprise's files are".to_owned(),
        |name| format!("what holds in workspaces of '{name}'"),
    );
    page.line(0, Tone::Strong, &heading);
    if policy.is_empty() {
        page.line(2, Tone::Wait, "nothing: there are no files of Claude Code");
    }
    let settings = policy.settings.iter().map(|it| {
        let over: String = it.over.iter().map(|span| format!(", over {}", place(span))).collect();
        (it.key.clone(), it.value.to_string(), format!("{}{over}", place(&it.from)))
    });
    table(page, "settings", settings.collect());
    table(page, "rules, in the order in which they are asked", counting(&policy.rules));
    table(page, "lists", counting(&policy.lists));
    let servers = policy.servers.iter();
    table(page, "MCP servers", servers.map(|it| (it.name.clone(), it.verdict.clone(), place(&it.from))).collect());
    table(page, "hooks", counting(&policy.hooks));
    table(page, "skills and agents", counting(&policy.texts));
    let void = policy.void().map(|it| {
        let why = it.void.clone().unwrap_or_default();
        (format!("{} {}", it.of, it.text), why, place(&it.from))
    });
    table(page, "said, and without effect", void.collect());
}

fn counting(entries: &[Entry]) -> Vec<(String, String, String)> {
    let counting = entries.iter().filter(|it| it.void.is_none());
    counting.map(|it| (it.of.clone(), it.text.clone(), place(&it.from))).collect()
}

fn place(span: &Span) -> String {
    format!("{}:{}", span.file, span.line)
}

/// Three columns, the last one faint; cut nowhere, as each can be copied.
fn table(page: &mut Page, title: &str, rows: Vec<(String, String, String)>) {
    const WIDEST: usize = 48;
    if rows.is_empty() {
        return;
    }
    page.gap();
    page.line(2, Tone::Strong, title);
    let width = |of: fn(&(String, String, String)) -> &String| {
        rows.iter().map(|row| of(row).chars().count()).filter(|it| *it <= WIDEST).max().unwrap_or(0)
    };
    let (first, second) = (width(|row| &row.0), width(|row| &row.1));
    for (one, two, three) in rows {
        page.raw(4, Tone::Plain, &format!("{one:first$}  {two:second$}  {three}"));
    }
}
