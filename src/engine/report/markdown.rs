//! A plan for a pull request's comment: what matters first, details folded.

use std::fmt::Write as _;

use super::summary::{Summary, held, is_applyable};
use super::text::short;
use crate::engine::diag::render::{code, inert};
use crate::engine::diff::DriftClass;
use crate::engine::plan::{Plan, Step, Verb};

/// A plan as Markdown.
pub fn plan(plan: &Plan) -> String {
    let summary = Summary::of(plan);
    let held = held(plan);
    let mut text = String::new();
    let verdict = if !is_applyable(plan) {
        "cannot be applied"
    } else if summary.waiting > 0 {
        "waits for approval in part"
    } else if summary.ready() > 0 {
        "ready"
    } else {
        "nothing to do"
    };
    let _ = writeln!(text, "### Formulary plan: {verdict}\n");
    let _ = writeln!(text, "{} · {} waiting · {} in sync\n", summary.in_words(), summary.waiting, summary.in_sync);
    let losing: Vec<&Step> = plan.steps.iter().filter(|step| step.verb.is_destructive()).collect();
    if !losing.is_empty() {
        let _ = writeln!(text, "**Removed or switched off**\n");
        rows(&mut text, &losing, &held);
    }
    for group in &plan.waiting {
        let _ = writeln!(
            text,
            "**Waits:** {} ({}): {}  \n`formulary approve {}`\n",
            inert(&group.name),
            group.steps.len(),
            inert(&group.reason),
            short(&group.digest)
        );
    }
    for note in &plan.notes {
        let _ = writeln!(text, "> {}\n", inert(&note.message));
    }
    let other: Vec<&Step> = plan.steps.iter().filter(|step| !step.verb.is_destructive()).collect();
    folded(&mut text, &format!("Other steps ({})", other.len()), !other.is_empty(), |text| rows(text, &other, &held));
    let drift: Vec<_> = plan.changes.iter().filter(|it| !matches!(it.class, DriftClass::Pending)).collect();
    folded(&mut text, &format!("Differences not made by a declaration ({})", drift.len()), !drift.is_empty(), |text| {
        let _ = writeln!(text, "| class | resource | why |\n|---|---|---|");
        for change in &drift {
            let why = change.left.as_ref().unwrap_or(&change.why);
            let _ = writeln!(text, "| {} | {} | {} |", change.class, code(&change.address.to_string()), inert(why));
        }
    });
    let _ =
        writeln!(text, "<sub>revision {} · digest {}</sub>", code(short(&plan.revision)), code(short(&plan.digest)));
    text
}

fn rows(text: &mut String, steps: &[&Step], held: &[bool]) {
    let _ = writeln!(text, "| | resource | why |\n|---|---|---|");
    for step in steps {
        let wait = if held[step.id.0 as usize] { " ⏸" } else { "" };
        let fields: Vec<String> = match step.verb {
            Verb::Update | Verb::Restore => step
                .after
                .iter()
                .map(|(name, term)| {
                    let before = step.before.get(name).map_or_else(|| "absent".to_owned(), ToString::to_string);
                    let after = term.known().map_or_else(|| "known after apply".to_owned(), ToString::to_string);
                    format!("{}: {} → {}", inert(name), code(&before), code(&after))
                })
                .collect(),
            _ => Vec::new(),
        };
        let goes = step.goes_with.iter().map(|goes| format!("takes with it: {}", inert(&goes.what)));
        let why: Vec<String> = std::iter::once(inert(&step.why)).chain(fields).chain(goes).collect();
        let _ = writeln!(text, "| {}{wait} | {} | {} |", step.verb, code(&step.address.to_string()), why.join("<br>"));
    }
    let _ = writeln!(text);
}

fn folded(text: &mut String, title: &str, any: bool, body: impl FnOnce(&mut String)) {
    if any {
        let _ = writeln!(text, "<details><summary>{title}</summary>\n");
        body(text);
        let _ = writeln!(text, "\n</details>\n");
    }
}
