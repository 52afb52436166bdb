//! Plans for a pull request's comment: what matters first, details folded, never longer than a forge takes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::shadow;
use super::summary::{Summary, is_applyable};
use super::text::short;
use crate::engine::access::change::AccessChange;
use crate::engine::diag::render::{self, inert};
use crate::engine::diff::DriftClass;
use crate::engine::model::Instance;
use crate::engine::plan::difference::Counts;
use crate::engine::plan::{Basis, Difference, Plan, Step, Verb};

/// The longest comment, in bytes. GitHub takes 65,536 characters, and something of ours may stand around it.
pub const LIMIT: usize = 60_000;
/// The longest list of who gains or loses what, in bytes: it stands below a comment of that length, and both must fit.
const ACCESS_LIMIT: usize = 4_000;
/// Rows of one table; the whole is in the JSON.
const ROWS: usize = 100;
/// Characters of one value.
const VALUE: usize = 200;

/// A plan as Markdown.
pub fn plan(plan: &Plan) -> String {
    with(plan, &[])
}

/// A plan as Markdown, whose differences say who made them. `untold` is, by service, why nobody can be named.
pub fn drift(plan: &Plan, untold: &BTreeMap<Instance, String>) -> String {
    let notes = untold.iter().map(|(instance, why)| format!("who changed {instance} is not known: {why}"));
    with(plan, &notes.collect::<Vec<_>>())
}

fn with(plan: &Plan, notes: &[String]) -> String {
    let summary = Summary::of(plan);
    let held = plan.held();
    let is_held = |step: &Step| held[step.id.0 as usize];
    let verdict = if plan.basis != Basis::ThreeWay {
        "for reading"
    } else if !is_applyable(plan) {
        "cannot be applied"
    } else if summary.waiting > 0 {
        "waits for approval in part"
    } else if summary.ready() > 0 {
        "ready"
    } else {
        "nothing to do"
    };
    let mut comment = Comment::new(&format!("### Formulary plan: {verdict}\n\n"));
    comment.basis(plan.basis);
    comment.add(&format!("{} · {} waiting · {} in sync\n\n", summary.in_words(), summary.waiting, summary.in_sync));
    let (losing, other): (Vec<&Step>, Vec<&Step>) = plan.steps.iter().partition(|step| step.verb.is_destructive());
    if !losing.is_empty() {
        comment.add(&format!("**Removed or switched off**\n\n{}", steps(&losing, is_held)));
    }
    comment.groups(&plan.waiting);
    comment.notes(plan.notes.iter().map(|note| note.message.as_str()).chain(notes.iter().map(String::as_str)));
    comment.folded(&format!("Other steps ({})", other.len()), other.len(), || steps(&other, is_held));
    let drift: Vec<_> = plan.changes.iter().filter(|it| !matches!(it.class, DriftClass::Pending)).collect();
    let title = format!("Differences not made by a declaration ({})", drift.len());
    comment.folded(&title, drift.len(), || differences(&drift, plan.made_for));
    comment.end(&format!("revision {} · digest {}", code(short(&plan.revision)), code(short(&plan.digest))))
}

/// Who gains or loses what, to stand below a plan.
pub fn access(changes: &[AccessChange]) -> String {
    if changes.is_empty() {
        return "\n**Access**: nobody gains or loses anything.\n".to_owned();
    }
    let mut text = "\n**Access, once everything is approved**\n\n".to_owned();
    for (at, change) in changes.iter().enumerate() {
        let mut entry = format!("- {}\n", code(&change.account.to_string()));
        let signed = change.gains.iter().map(|it| ("gains", it)).chain(change.loses.iter().map(|it| ("loses", it)));
        for (verb, holding) in signed {
            let level = holding.level.as_deref().map(|level| format!(" ({})", inert(level))).unwrap_or_default();
            let way: Vec<String> = holding.through.iter().map(|it| code(&it.to_string())).collect();
            let through = if way.is_empty() { String::new() } else { format!(" through {}", way.join(", ")) };
            let _ = writeln!(entry, "  - {verb} {}{level}{through}", code(&holding.on.to_string()));
        }
        if text.len() + entry.len() > ACCESS_LIMIT {
            let _ = writeln!(text, "- and {} more accounts; the JSON has all of them", changes.len() - at);
            break;
        }
        text.push_str(&entry);
    }
    text
}

/// The plan of a change as Markdown.
pub fn difference(it: &Difference) -> String {
    let is_held = |step: &Step| it.held.contains(&step.id);
    let verdict = if it.problems.brought.iter().any(crate::engine::diag::Diagnostic::is_error) {
        "the change has errors"
    } else if !it.waiting.is_empty() {
        "waits for approval in part"
    } else if it.is_empty() {
        "no service changes"
    } else {
        "ready"
    };
    let mut comment = Comment::new(&format!("### Formulary: {verdict}\n\n"));
    comment.basis(it.basis);
    if !it.problems.brought.is_empty() {
        let shown: Vec<_> = it.problems.brought.iter().take(ROWS).cloned().collect();
        comment.add(&format!("{}\n{}\n", render::markdown(&shown), more(it.problems.brought.len(), ROWS)));
    }
    let counts = it.counts();
    if !counts.is_empty() {
        let mut table =
            "| service | adds | takes away | does differently | waiting | calls |\n|---|---|---|---|---|---|\n"
                .to_owned();
        for (instance, Counts { adds, drops, differs, waiting, calls }) in &counts {
            let adds: Vec<String> = adds.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
            let adds = if adds.is_empty() { "–".to_owned() } else { adds.join(", ") };
            let _ = writeln!(
                table,
                "| {} | {adds} | {drops} | {differs} | {waiting} | {calls} |",
                inert(instance.as_str())
            );
        }
        comment.add(&format!("{table}\n"));
    }
    if !it.losing.is_empty() {
        let mut text = format!("**People who lose access ({})**\n\n", it.losing.len());
        for losing in it.losing.iter().take(ROWS) {
            let shown: Vec<String> = losing
                .what
                .iter()
                .take(VALUE / 20)
                .map(|loss| format!("{} {}", loss.verb, code(&loss.address.to_string())))
                .collect();
            let more = more(losing.what.len(), VALUE / 20);
            let _ = writeln!(text, "- {}: {}{more}", inert(&losing.person), shown.join(", "));
        }
        comment.add(&format!("{text}{}\n", more(it.losing.len(), ROWS)));
    }
    let deletions: Vec<&Step> = it.deletions().collect();
    if !deletions.is_empty() {
        comment.add(&format!("**Deletions ({})**\n\n{}", deletions.len(), steps(&deletions, is_held)));
    }
    comment.groups(&it.waiting);
    comment.notes(it.notes.iter().map(|note| note.message.as_str()));
    let adds: Vec<&Step> = it.adds.iter().filter(|step| step.verb != Verb::Delete).collect();
    comment.folded(&format!("Steps that it adds ({})", adds.len()), adds.len(), || steps(&adds, is_held));
    let differs: Vec<&Step> = it.differs.iter().map(|it| &it.head).filter(|step| step.verb != Verb::Delete).collect();
    comment.folded(&format!("Steps that it does differently ({})", differs.len()), differs.len(), || {
        steps(&differs, is_held)
    });
    let drops: Vec<&Step> = it.drops.iter().collect();
    comment.folded(&format!("Steps that it takes away ({})", drops.len()), drops.len(), || steps(&drops, |_| false));
    let rewaits: Vec<&Step> = it.rewaits.iter().map(|it| &it.step).collect();
    let title = format!("Steps that were planned already and wait otherwise now ({})", rewaits.len());
    comment.folded(&title, rewaits.len(), || steps(&rewaits, is_held));
    let left: Vec<_> = it.left.iter().collect();
    comment.folded(&format!("Left as it is ({})", left.len()), left.len(), || differences(&left, it.made_for));
    comment.add(&elsewhere(it));
    comment.end(&format!(
        "base {} · head {} · change {}",
        code(short(&it.base.revision)),
        code(short(&it.head.revision)),
        code(short(&it.digest))
    ))
}

/// What is not the change's doing, in a line or two.
fn elsewhere(it: &Difference) -> String {
    let steps: usize = it.elsewhere.steps.values().flat_map(|verbs| verbs.values()).sum();
    let classes: Vec<String> = it.elsewhere.classes.iter().map(|(class, count)| format!("{count} {class}")).collect();
    let mut text = String::new();
    if steps > 0 || !classes.is_empty() {
        let word = if steps == 1 { "step" } else { "steps" };
        let _ = writeln!(text, "Not by this change: {steps} {word} planned already ({}).\n", classes.join(", "));
    }
    if it.problems.already > 0 {
        let _ = writeln!(text, "{} problems of the documents were there before.\n", it.problems.already);
    }
    if !it.problems.solved.is_empty() {
        let _ = writeln!(text, "It solves {} problems of the documents.\n", it.problems.solved.len());
    }
    text
}

/// A comment that stays below the limit: a part that does not fit is left out, and that is said.
struct Comment {
    text: String,
    left_out: usize,
}

impl Comment {
    fn new(title: &str) -> Self {
        Self { text: title.to_owned(), left_out: 0 }
    }

    fn add(&mut self, part: &str) {
        // Room for the last lines.
        if self.text.len() + part.len() + 500 > LIMIT {
            self.left_out += 1;
        } else {
            self.text.push_str(part);
        }
    }

    fn basis(&mut self, basis: Basis) {
        if let Some(about) = basis.about() {
            self.add(&format!("> **{}**\n\n", inert(about)));
        }
    }

    fn groups(&mut self, groups: &[crate::engine::plan::WaitingGroup]) {
        for group in groups {
            self.add(&format!(
                "**Waits:** {} ({}): {}  \n`formulary approve {}`\n\n",
                inert(&group.name),
                group.steps.len(),
                inert(&cut(&group.reason)),
                short(&group.digest)
            ));
        }
    }

    fn notes<'n>(&mut self, notes: impl Iterator<Item = &'n str>) {
        notes.for_each(|note| self.add(&format!("> {}\n\n", inert(&note.chars().take(4 * VALUE).collect::<String>()))));
    }

    fn folded(&mut self, title: &str, count: usize, body: impl FnOnce() -> String) {
        if count > 0 {
            self.add(&format!("<details><summary>{title}</summary>\n\n{}\n</details>\n\n", body()));
        }
    }

    fn end(mut self, line: &str) -> String {
        if self.left_out > 0 {
            let _ = writeln!(self.text, "_{} parts are left out: a comment has no room for them._\n", self.left_out);
        }
        let _ = writeln!(self.text, "<sub>{line}</sub>");
        self.text
    }
}

/// Steps as a table.
fn steps(steps: &[&Step], is_held: impl Fn(&Step) -> bool) -> String {
    let mut text = "| | resource | why |\n|---|---|---|\n".to_owned();
    for step in steps.iter().take(ROWS) {
        let wait = if is_held(step) { " ⏸" } else { "" };
        let fields: Vec<String> = match step.verb {
            Verb::Update | Verb::Restore => step
                .after
                .iter()
                .map(|(name, term)| {
                    let before = step.before.get(name).map_or_else(|| "absent".to_owned(), ToString::to_string);
                    let after = term.known().map_or_else(|| "known after apply".to_owned(), ToString::to_string);
                    format!("{}: {} → {}", inert(name), code(&cut(&before)), code(&cut(&after)))
                })
                .collect(),
            _ => Vec::new(),
        };
        let goes = step.goes_with.iter().map(|goes| format!("takes with it: {}", inert(&goes.what)));
        let why: Vec<String> = std::iter::once(inert(&cut(&step.why))).chain(fields).chain(goes).collect();
        let _ = writeln!(text, "| {}{wait} | {} | {} |", step.verb, code(&step.address.to_string()), why.join("<br>"));
    }
    let _ = writeln!(text, "{}", more(steps.len(), ROWS));
    text
}

fn differences(rows: &[&crate::engine::diff::Change], now: DateTime<Utc>) -> String {
    let mut text = "| class | resource | why |\n|---|---|---|\n".to_owned();
    for row in rows.iter().take(ROWS) {
        let mut why = shadow::why(row, now);
        for field in &row.fields {
            why.extend(field.left.iter().map(|left| format!("; {} is left: {left}", field.field)));
        }
        let cause = row.cause.as_ref().map(|it| format!("<br>{}", inert(&cut(&it.to_string())))).unwrap_or_default();
        let resource = code(&row.address.to_string());
        let _ = writeln!(text, "| {} | {resource} | {}{cause} |", row.class, inert(&cut(&why)));
    }
    let _ = writeln!(text, "{}", more(rows.len(), ROWS));
    text
}

/// A code span that is safe within a table: there a bar ends the cell, even in code.
fn code(text: &str) -> String {
    render::code(text).replace('|', "\\|")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn more(count: usize, shown: usize) -> String {
    if count > shown { format!("\n… and {} more\n", count - shown) } else { String::new() }
}
