//! The plan of a change for a person at a terminal.

use super::page::{Look, Page, Tone};
use super::shadow;
use super::text::{basis, by_instance, heading, left_fields, notes, planned, short, step, waits};
use crate::engine::plan::difference::Counts;
use crate::engine::plan::{Difference, Step, Verb};

/// Resources of one person that are named without `-v`.
const NAMED: usize = 4;

/// What a change adds, takes away and does differently; who loses access; and what is not its doing.
pub fn text(it: &Difference, look: Look) -> String {
    let mut page = Page::new(look);
    basis(&mut page, it.basis);
    let held = |step: &Step| it.held.contains(&step.id);
    let (waiting, ready): (Vec<&Step>, Vec<&Step>) = it.adds.iter().partition(|step| held(step));
    section(&mut page, "this change adds", &ready);
    section(&mut page, "this change adds, and it waits", &waiting);
    if !it.differs.is_empty() {
        title(&mut page, &format!("this change does differently ({})", it.differs.len()));
        for differs in &it.differs {
            heading(&mut page, &differs.head);
            page.line(6, Tone::Faint, &format!("so far: {}", sends(&differs.base)));
            page.line(6, Tone::Change, &format!("by this change: {}", sends(&differs.head)));
            waits(&mut page, &differs.head);
        }
    }
    if !it.drops.is_empty() {
        title(&mut page, &format!("this change takes away ({}): planned so far, and no more", it.drops.len()));
        it.drops.iter().for_each(|step| heading(&mut page, step));
    }
    if !it.rewaits.is_empty() {
        title(&mut page, &format!("planned so far, and waiting otherwise by this change ({})", it.rewaits.len()));
        for rewait in &it.rewaits {
            heading(&mut page, &rewait.step);
            if rewait.step.waits.is_empty() {
                page.line(6, Tone::Good, "waits no more");
            }
            waits(&mut page, &rewait.step);
        }
    }
    groups(&mut page, it);
    if !it.left.is_empty() {
        title(&mut page, &format!("left as it is ({})", it.left.len()));
        for row in &it.left {
            let why = shadow::why(row, it.made_for);
            let address = row.address.to_string();
            page.pieces(
                2,
                &[(Tone::Change, row.class.word()), (Tone::Plain, &address), (Tone::Faint, &format!("— {why}"))],
            );
            left_fields(&mut page, row);
        }
    }
    losing(&mut page, it);
    notes(&mut page, &it.notes);
    elsewhere(&mut page, it);
    total(&mut page, it);
    page.finish()
}

fn title(page: &mut Page, text: &str) {
    page.gap();
    page.line(0, Tone::Strong, text);
}

fn section(page: &mut Page, what: &str, steps: &[&Step]) {
    if !steps.is_empty() {
        title(page, &format!("{what} ({})", steps.len()));
        by_instance(page, steps, |page, it| {
            if it.verb == Verb::Create {
                step(page, it, None)
            } else {
                planned(page, it)
            }
            waits(page, it);
        });
    }
}

/// What a step would set.
fn sends(step: &Step) -> String {
    let fields: Vec<String> = step
        .after
        .iter()
        .map(|(name, term)| {
            let value = term.known().map_or_else(|| "known after apply".to_owned(), ToString::to_string);
            format!("{name}: {value}")
        })
        .collect();
    if fields.is_empty() { step.why.clone() } else { fields.join(", ") }
}

fn groups(page: &mut Page, it: &Difference) {
    for group in &it.waiting {
        let count = group.steps.len();
        let title =
            format!("waits for approval: {} ({count} {})", group.name, if count == 1 { "step" } else { "steps" });
        page.gap();
        page.line(0, Tone::Wait, &title);
        page.line(2, Tone::Plain, &group.reason);
        page.raw(2, Tone::Wait, &format!("formulary approve {}", short(&group.digest)));
    }
}

fn losing(page: &mut Page, it: &Difference) {
    if it.losing.is_empty() {
        return;
    }
    title(page, &format!("people who lose access ({})", it.losing.len()));
    for losing in &it.losing {
        let limit = if page.look().verbose { usize::MAX } else { NAMED };
        let mut what: Vec<String> =
            losing.what.iter().take(limit).map(|it| format!("{} {}", it.verb, it.address)).collect();
        if losing.what.len() > limit {
            what.push(format!("… and {} more", losing.what.len() - limit));
        }
        page.pieces(2, &[(Tone::Bad, &losing.person), (Tone::Plain, &what.join(", "))]);
    }
}

fn elsewhere(page: &mut Page, it: &Difference) {
    let steps: usize = it.elsewhere.steps.values().flat_map(|verbs| verbs.values()).sum();
    let mut words: Vec<String> = it.elsewhere.classes.iter().map(|(class, count)| format!("{count} {class}")).collect();
    if steps > 0 {
        words.insert(0, format!("{steps} {} planned already", if steps == 1 { "step" } else { "steps" }));
    }
    if it.problems.already > 0 {
        words.push(format!("{} problems of the documents", it.problems.already));
    }
    if !words.is_empty() {
        page.gap();
        page.pieces(0, &[(Tone::Faint, "not by this change:"), (Tone::Faint, &words.join(" · "))]);
    }
}

fn total(page: &mut Page, it: &Difference) {
    page.gap();
    if it.is_empty() {
        page.pieces(0, &[(Tone::Strong, "Change:"), (Tone::Plain, "no service changes by it")]);
    }
    for (instance, Counts { adds, drops, differs, waiting, calls }) in it.counts() {
        let mut words: Vec<String> = adds.iter().map(|(verb, count)| format!("{count} to {verb}")).collect();
        let parts = [(differs, "done differently"), (drops, "taken away"), (waiting, "waiting")];
        words.extend(parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
        words.push(format!("about {calls} calls"));
        page.pieces(0, &[(Tone::Strong, &format!("{instance}:")), (Tone::Plain, &words.join(" · "))]);
    }
    let line =
        format!("base {} · head {} · change {}", short(&it.base.revision), short(&it.head.revision), short(&it.digest));
    page.line(0, Tone::Faint, &line);
}
