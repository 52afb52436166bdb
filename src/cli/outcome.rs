//! What came of an apply, for people.

use comfy_table::{ContentArrangement, Table, presets};

use super::exit::Exit;
use crate::engine::diag::render::{inert, visible};
use crate::engine::report::{Look, Page, Tone};
use crate::runtime::reconcile::{EndedEarly, Held, Outcome, StepOutcome, StepReport};

/// Steps that are named of many that met the same answer.
const NAMED: usize = 3;
/// Columns below which a table is harder to read than a list.
const TABLE: usize = 80;

/// The exit that it means.
pub(super) fn exit(outcome: &Outcome) -> Exit {
    Exit::ORDER.into_iter().find(|exit| exit.code() == outcome.exit()).unwrap_or(Exit::Error)
}

/// In numbers, and a table of what was not done and what to do about it.
pub(super) fn text(outcome: &Outcome, look: Look) -> String {
    let mut page = Page::new(look);
    page.gap();
    if let Some(early) = &outcome.ended_early {
        let (why, help) = match early {
            EndedEarly::Stop => ("stopped before everything was tried", "run apply again: it goes on from here"),
            EndedEarly::Deadline => ("the time that was given is over", "run apply again: it goes on from here"),
            EndedEarly::Ledger { said, help } => (said.as_str(), help.as_str()),
        };
        page.line(0, Tone::Bad, why);
        page.line(2, Tone::Plain, help);
    }
    let undone: Vec<&StepReport> = outcome.steps.iter().filter(|step| is_trouble(step)).collect();
    let mut text = page.finish();
    if !undone.is_empty() {
        text.push_str(&table(&undone, look));
        text.push('\n');
    }
    let mut page = Page::new(look);
    for (step, differences) in outcome.steps.iter().filter_map(|step| match &step.outcome {
        StepOutcome::Done { did_not_stick, .. } if !did_not_stick.is_empty() => Some((step, did_not_stick)),
        _ => None,
    }) {
        for it in differences {
            let show = |value: &Option<_>| {
                value.as_ref().map_or("(not shown)".to_owned(), |it: &crate::engine::model::Value| it.to_string())
            };
            let line = format!(
                "{}: {} was sent as {} and reads back as {}",
                step.address,
                it.field,
                show(&it.sent),
                show(&it.found)
            );
            page.pieces(0, &[(Tone::Change, "did not stick:"), (Tone::Plain, &line)]);
        }
    }
    for step in outcome.steps.iter().filter(|step| matches!(step.outcome, StepOutcome::Pending { .. })) {
        let line = format!("{} {}; the next run goes on with it", step.verb, step.address);
        page.pieces(0, &[(Tone::Wait, "goes on at the service:"), (Tone::Plain, &line)]);
    }
    let counts = outcome.counts();
    let parts = [
        (counts.done, "done", Tone::Good),
        (counts.pending, "going on", Tone::Wait),
        (counts.failed, "failed", Tone::Bad),
        (counts.held, "held by those", Tone::Bad),
        (counts.waiting, "waiting for approval", Tone::Wait),
        (counts.not_started, "not started", Tone::Bad),
    ];
    let words: Vec<String> =
        parts.iter().filter(|(count, ..)| *count > 0).map(|(count, word, _)| format!("{count} {word}")).collect();
    page.pieces(0, &[(Tone::Strong, "Applied:"), (Tone::Plain, &words.join(" · "))]);
    text.push_str(&page.finish());
    text
}

/// The same for a pull request.
pub(super) fn markdown(outcome: &Outcome) -> String {
    let counts = outcome.counts();
    let mut text = format!(
        "### Applied: {} done, {} failed, {} waiting\n\n",
        counts.done,
        counts.failed + counts.held,
        counts.waiting
    );
    let undone: Vec<&StepReport> = outcome.steps.iter().filter(|step| is_trouble(step)).collect();
    if !undone.is_empty() {
        text.push_str("| step | what happened | what to do |\n|---|---|---|\n");
        for (steps, what, help) in by_answer(&undone) {
            let names: Vec<String> = names(&steps).lines().map(inert).collect();
            text.push_str(&format!("| {} | {} | {} |\n", names.join("<br>"), inert(&what), inert(&help)));
        }
    }
    text
}

/// What went wrong by itself; what only needs one of these follows when that is settled.
fn is_trouble(step: &StepReport) -> bool {
    match &step.outcome {
        StepOutcome::Failed { .. } => true,
        StepOutcome::Held { why } => !matches!(why, Held::Needs { .. } | Held::NotStarted),
        StepOutcome::Done { .. } | StepOutcome::Pending { .. } | StepOutcome::Waiting { .. } => false,
    }
}

/// Steps that met the same answer, in the plan's order of the first.
fn by_answer<'s>(steps: &[&'s StepReport]) -> Vec<(Vec<&'s StepReport>, String, String)> {
    let mut groups: Vec<(Vec<&StepReport>, String, String)> = Vec::new();
    for step in steps {
        let (what, help) = told(&step.outcome);
        match groups.iter_mut().find(|(_, other, advice)| *other == what && *advice == help) {
            Some((alike, ..)) => alike.push(step),
            None => groups.push((vec![step], what, help)),
        }
    }
    groups
}

/// The first few of many, and how many more.
fn names(steps: &[&StepReport]) -> String {
    let mut names: Vec<String> =
        steps.iter().take(NAMED).map(|step| visible(&format!("{} {}", step.verb, step.address))).collect();
    if steps.len() > NAMED {
        names.push(format!("… and {} more", steps.len() - NAMED));
    }
    names.join("\n")
}

/// Words of a service, such as the end of a log, may be of several lines.
fn lines(text: &str) -> String {
    text.lines().map(|line| visible(line).to_string()).collect::<Vec<_>>().join("\n")
}

fn table(steps: &[&StepReport], look: Look) -> String {
    let groups = by_answer(steps);
    if look.width < TABLE {
        let mut page = Page::new(look);
        for (steps, what, help) in groups {
            names(&steps).lines().for_each(|name| page.line(0, Tone::Strong, name));
            what.lines().for_each(|line| page.line(2, Tone::Bad, line));
            page.line(2, Tone::Plain, &help);
        }
        return page.finish();
    }
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width).unwrap_or(u16::MAX));
    table.set_header(["step", "what happened", "what to do"]);
    for (steps, what, help) in groups {
        table.add_row([names(&steps), lines(&what), visible(&help)]);
    }
    table.to_string()
}

fn told(outcome: &StepOutcome) -> (String, String) {
    match outcome {
        StepOutcome::Failed { failure } => (format!("{}: {}", outcome.word(), failure.said), failure.help.clone()),
        StepOutcome::Held { why } => {
            let help = match why {
                Held::NoSecret { failure } => failure.help.clone(),
                _ => "the next apply tries again".to_owned(),
            };
            (format!("{}: {why}", outcome.word()), help)
        }
        other => (other.word().to_owned(), String::new()),
    }
}
