//! What came of an apply, for people.

use comfy_table::{ContentArrangement, Table, presets};

use super::exit::Exit;
use crate::engine::diag::render::{inert, visible};
use crate::engine::report::{Look, Page, Tone};
use crate::runtime::reconcile::{EndedEarly, Held, Outcome, StepOutcome, StepReport};

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
    let counts = outcome.counts();
    let parts = [
        (counts.done, "done", Tone::Good),
        (counts.pending, "going on", Tone::Wait),
        (counts.failed, "failed", Tone::Bad),
        (counts.held, "held", Tone::Bad),
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
        for step in undone {
            let (what, help) = told(&step.outcome);
            let name = format!("{} {}", step.verb, step.address);
            text.push_str(&format!("| {} | {} | {} |\n", inert(&name), inert(&what), inert(&help)));
        }
    }
    text
}

fn is_trouble(step: &StepReport) -> bool {
    match &step.outcome {
        StepOutcome::Failed { .. } => true,
        StepOutcome::Held { why } => !matches!(why, Held::Needs { waits: true, .. } | Held::NotStarted),
        StepOutcome::Done { .. } | StepOutcome::Pending { .. } | StepOutcome::Waiting { .. } => false,
    }
}

fn table(steps: &[&StepReport], look: Look) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width).unwrap_or(u16::MAX));
    table.set_header(["step", "what happened", "what to do"]);
    for step in steps {
        let (what, help) = told(&step.outcome);
        table.add_row([visible(&format!("{} {}", step.verb, step.address)), visible(&what), visible(&help)]);
    }
    table.to_string()
}

fn told(outcome: &StepOutcome) -> (String, String) {
    match outcome {
        StepOutcome::Failed { failure } => (format!("{}: {failure}", outcome.word()), failure.help.clone()),
        StepOutcome::Held { why } => {
            let help = match why {
                Held::Needs { .. } => "settle that one first".to_owned(),
                Held::NoSecret { failure } => failure.help.clone(),
                _ => "the next apply tries again".to_owned(),
            };
            (format!("{}: {why}", outcome.word()), help)
        }
        other => (other.word().to_owned(), String::new()),
    }
}
