//! A plan and its differences for a person at a terminal.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use similar::{ChangeTag, TextDiff};

use super::named;
use super::page::{Look, Page, Tone};
use super::shadow;
use super::summary::{Summary, is_applyable};
use crate::engine::diff::{Change, DriftClass, FieldChange, Shown};
use crate::engine::model::{Address, Field, Instance, KindClass, Term, Value};
use crate::engine::plan::{Basis, Note, NoteLevel, Plan, Step, Verb};

/// Longer values are cut on a line; `-v` shows them whole.
const VALUE: usize = 72;

/// A plan: what would be done, what waits, what is left, and why.
pub fn plan(plan: &Plan, look: Look) -> String {
    let mut page = Page::new(look);
    basis(&mut page, plan.basis);
    let summary = Summary::of(plan);
    let held = plan.held();
    let differences: BTreeMap<&Address, &Change> = plan.changes.iter().map(|it| (&it.address, it)).collect();
    let (ready, waiting): (Vec<&Step>, Vec<&Step>) = plan.steps.iter().partition(|step| !held[step.id.0 as usize]);
    by_instance(&mut page, &ready, |page, step| self::step(page, step, differences.get(&step.address).copied()));
    waiting_groups(&mut page, plan, &waiting);
    left(&mut page, plan);
    notes(&mut page, &plan.notes);
    page.gap();
    let mut words = vec![summary.in_words()];
    if summary.waiting > 0 {
        words.push(format!("{} waiting", summary.waiting));
    }
    words.push(format!("{} in sync", summary.in_sync));
    if summary.calls > 0 {
        words.push(format!("about {} calls", summary.calls));
    }
    page.pieces(0, &[(Tone::Strong, "Plan:"), (Tone::Plain, &words.join(" · "))]);
    if plan.basis != Basis::ThreeWay {
        page.line(0, Tone::Wait, "This plan is for reading: it cannot be applied.");
    } else if !is_applyable(plan) {
        page.line(0, Tone::Bad, "This plan cannot be applied: one of its invariants does not hold (see above).");
    }
    let digest = format!("revision {} · digest {}", short(&plan.revision), short(&plan.digest));
    page.line(0, Tone::Faint, &digest);
    page.finish()
}

/// The differences alone, with what is done about each.
pub fn drift(plan: &Plan, untold: &BTreeMap<Instance, String>, look: Look) -> String {
    let mut page = Page::new(look);
    basis(&mut page, plan.basis);
    let mut instances: BTreeMap<&Instance, Vec<&Change>> = BTreeMap::new();
    for change in &plan.changes {
        instances.entry(&change.address.instance).or_default().push(change);
    }
    let mut steps: BTreeMap<&Address, Vec<&Step>> = BTreeMap::new();
    for step in &plan.steps {
        steps.entry(&step.address).or_default().push(step);
    }
    for (instance, changes) in instances {
        page.gap();
        page.line(0, Tone::Strong, instance.as_str());
        for change in changes {
            let steps = steps.get(&change.address).map(Vec::as_slice).unwrap_or_default();
            difference(&mut page, change, steps, plan.made_for);
        }
        if let Some(why) = untold.get(instance) {
            page.line(2, Tone::Faint, &format!("who changed it is not known: {why}"));
        }
    }
    notes(&mut page, &plan.notes);
    page.gap();
    let summary = Summary::of(plan);
    let mut words: Vec<String> = summary.classes.iter().map(|(class, count)| format!("{count} {class}")).collect();
    words.push(format!("{} in sync", summary.in_sync));
    page.pieces(0, &[(Tone::Strong, "Drift:"), (Tone::Plain, &words.join(" · "))]);
    page.finish()
}

/// What a plan that is not three-way does not know, before anything else.
pub(super) fn basis(page: &mut Page, basis: Basis) {
    if let Some(about) = basis.about() {
        page.line(0, Tone::Wait, about);
    }
}

fn difference(page: &mut Page, change: &Change, steps: &[&Step], now: DateTime<Utc>) {
    let name = format!("{}/{}", change.address.kind, change.address.key);
    let class = format!("{:<9}", change.class.word());
    page.pieces(
        2,
        &[(tone_of(change.class), &class), (Tone::Strong, &name), (Tone::Plain, &format!("— {}", change.why))],
    );
    let known = shadow::known(change, now);
    if !known.is_empty() {
        page.line(6, Tone::Faint, &known);
    }
    if let Some(cause) = &change.cause {
        page.line(6, Tone::Wait, &cause.to_string());
    }
    for field in &change.fields {
        if change.class == DriftClass::Missing && !page.look().verbose {
            break;
        }
        self::field(page, 6, field);
    }
    for step in steps {
        let what = match step.waits.first() {
            None => format!("→ {}", step.verb),
            Some(wait) => format!("→ {} waits: {}", step.verb, wait.reason()),
        };
        page.line(6, if step.waits.is_empty() { Tone::Change } else { Tone::Wait }, &what);
    }
    if steps.is_empty()
        && let Some(left) = &change.left
    {
        page.line(6, Tone::Faint, &format!("→ left: {left}"));
    }
}

pub(super) fn by_instance(page: &mut Page, steps: &[&Step], mut each: impl FnMut(&mut Page, &Step)) {
    let mut instances: BTreeMap<&Instance, Vec<&Step>> = BTreeMap::new();
    for step in steps {
        instances.entry(&step.address.instance).or_default().push(step);
    }
    for (instance, steps) in instances {
        page.gap();
        page.line(0, Tone::Strong, instance.as_str());
        // Many people join many groups: those of one group and verb are one line, where the first of them stands.
        let mut together: BTreeMap<(Verb, &str, &str), Vec<&Step>> = BTreeMap::new();
        if !page.look().verbose {
            for step in steps.iter().filter(|step| is_simple_edge(step)) {
                together.entry(edge_of(step)).or_default().push(step);
            }
        }
        for step in steps {
            match is_simple_edge(step).then(|| together.remove(&edge_of(step))) {
                Some(Some(steps)) if steps.len() > 1 => edges(page, &steps),
                Some(None) if !page.look().verbose => {}
                _ => each(page, step),
            }
        }
    }
}

/// A membership that is made or taken over, with nothing more to say about it.
fn is_simple_edge(step: &Step) -> bool {
    step.class == KindClass::Membership && matches!(step.verb, Verb::Create | Verb::Adopt) && step.goes_with.is_empty()
}

fn edge_of(step: &Step) -> (Verb, &str, &str) {
    (step.verb, step.address.kind.as_str(), step.address.parent_key().unwrap_or_default())
}

fn edges(page: &mut Page, steps: &[&Step]) {
    let Some(first) = steps.first() else { return };
    let (sign, verb) = if first.verb == Verb::Create { ("+", "") } else { ("=", "(adopt)") };
    let parent = format!("{}/{}/", first.address.kind, first.address.parent_key().unwrap_or_default());
    let people: Vec<&str> = steps.iter().map(|step| step.address.leaf()).collect();
    page.pieces(
        2,
        &[(Tone::Good, sign), (Tone::Strong, &parent), (Tone::Good, verb), (Tone::Plain, &people.join(", "))],
    );
}

pub(super) fn step(page: &mut Page, step: &Step, change: Option<&Change>) {
    heading(page, step);
    for goes in &step.goes_with {
        page.line(6, Tone::Bad, &format!("with it goes: {}", goes.what));
    }
    if step.verb == Verb::Create {
        if page.look().verbose || step.class != KindClass::Membership {
            created(page, &step.after);
        }
        return;
    }
    let fields = change.into_iter().flat_map(|change| &change.fields);
    let mut shown = false;
    for field in fields.filter(|field| step.after.contains_key(&field.field)) {
        let after = step.after.get(&field.field);
        match (after, &field.after) {
            // A step that does a part of a change says what its part is.
            (Some(Term::Known(part)), Shown::Known(whole)) if part != whole => {
                let part = FieldChange { after: Shown::Known(part.clone()), ..field.clone() };
                self::field(page, 6, &part);
            }
            _ => self::field(page, 6, field),
        }
        shown = true;
    }
    if !shown && step.verb == Verb::Rename {
        let name = |value: Option<&Value>| value.and_then(Value::as_text).unwrap_or_default().to_owned();
        let after = step.after.get("name").and_then(Term::known);
        page.line(6, Tone::Change, &format!("{} → {}", name(step.before.get("name")), name(after)));
    }
}

/// A step by itself, without the difference that it settles.
pub(super) fn planned(page: &mut Page, step: &Step) {
    heading(page, step);
    for goes in &step.goes_with {
        page.line(6, Tone::Bad, &format!("with it goes: {}", goes.what));
    }
    for (name, term) in step.after.iter().filter(|_| matches!(step.verb, Verb::Update | Verb::Restore)) {
        let before = step.before.get(name).map_or(Shown::Absent, |value| Shown::Known(value.clone()));
        let after = match term {
            Term::Known(value) => Shown::Known(value.clone()),
            Term::Output(output) => Shown::Unknown(output.clone()),
            Term::Secret(_) => Shown::Sensitive,
        };
        page.line(6, Tone::Change, &format!("{name}: {}", from_to(&before, &after, page.look())));
    }
}

/// What a step waits for, a line each.
pub(super) fn waits(page: &mut Page, step: &Step) {
    for wait in &step.waits {
        page.line(6, Tone::Wait, &format!("waits: {}", wait.reason()));
    }
}

pub(super) fn heading(page: &mut Page, step: &Step) {
    let (sign, tone) = match step.verb {
        Verb::Create => ("+", Tone::Good),
        Verb::Restore => ("+", Tone::Good),
        Verb::Adopt => ("=", Tone::Good),
        Verb::Delete => ("-", Tone::Bad),
        Verb::Disable => ("-", Tone::Bad),
        Verb::Forget => ("·", Tone::Faint),
        Verb::Update | Verb::Rename | Verb::Transfer | Verb::RunOnce | Verb::Await => ("~", Tone::Change),
    };
    let name = format!("{}/{}", step.address.kind, step.address.key);
    let place = step.origin.as_ref().map(|span| format!("{}:{}", span.file, span.line)).unwrap_or_default();
    let verb = match step.verb {
        Verb::Create => String::new(),
        verb => format!("({verb})"),
    };
    let why =
        if step.verb == Verb::Create && step.waits.is_empty() { String::new() } else { format!("— {}", step.why) };
    page.pieces(2, &[(tone, sign), (Tone::Strong, &name), (tone, &verb), (Tone::Plain, &why), (Tone::Faint, &place)]);
}

/// What is made: a line a field with `-v`, else all of them together and without the empty ones.
fn created(page: &mut Page, after: &BTreeMap<Field, Term>) {
    let verbose = page.look().verbose;
    let fields = after.iter().filter_map(|(name, term)| {
        let value = match term {
            Term::Known(value) if !verbose && is_empty(value) => return None,
            Term::Known(value) => show(value, page.look()),
            Term::Output(output) => format!("known after apply ({} of {})", output.output, output.address),
            Term::Secret(reference) => format!("secret ({reference})"),
        };
        Some(format!("{name}: {value}"))
    });
    let fields: Vec<String> = fields.collect();
    if verbose {
        fields.iter().for_each(|field| page.line(6, Tone::Plain, field));
    } else if !fields.is_empty() {
        page.line(6, Tone::Plain, &fields.join(" · "));
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(_) => false,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
    }
}

fn field(page: &mut Page, indent: usize, field: &FieldChange) {
    if let (Shown::Known(Value::Text(before)), Shown::Known(Value::Text(after))) = (&field.before, &field.after)
        && (before.contains('\n') || after.contains('\n'))
    {
        page.pieces(indent, &[(Tone::Plain, &format!("{}:", field.field)), (Tone::Faint, &place(field))]);
        return lines(page, indent + 2, before, after);
    }
    if let (Some(before), Shown::Known(Value::Map(after))) = (map_of(&field.before), &field.after)
        && named::are_texts(before, after)
    {
        let name = format!("{}:", field.field);
        page.pieces(indent, &[(Tone::Plain, &name), (Tone::Faint, &aside(field)), (Tone::Faint, &place(field))]);
        return named::show(page, indent + 2, before, after);
    }
    let change = from_to(&field.before, &field.after, page.look());
    let (name, aside) = (format!("{}:", field.field), aside(field));
    page.pieces(
        indent,
        &[(Tone::Plain, &name), (Tone::Change, &change), (Tone::Faint, &aside), (Tone::Faint, &place(field))],
    );
}

/// Who changed a field at the service, and why it is left; as far as that is known, and so.
fn aside(field: &FieldChange) -> String {
    let left = field.left.as_ref().map(|why| format!("(left: {why})"));
    let by = field.by.as_ref().filter(|_| field.left.is_none()).map(|who| format!("(by {who})"));
    left.or(by).unwrap_or_default()
}

/// Named values; none where there is nothing.
fn map_of(shown: &Shown) -> Option<&BTreeMap<String, Value>> {
    static NONE: BTreeMap<String, Value> = BTreeMap::new();
    match shown {
        Shown::Known(Value::Map(map)) => Some(map),
        Shown::Absent | Shown::Known(Value::Null) => Some(&NONE),
        _ => None,
    }
}

/// What changes, on one line: of maps and lists only what differs.
fn from_to(before: &Shown, after: &Shown, look: Look) -> String {
    let value = |shown: &Shown| match shown {
        Shown::Absent => "(absent)".to_owned(),
        Shown::Known(value) => show(value, look),
        Shown::Unknown(output) => format!("known after apply ({} of {})", output.output, output.address),
        Shown::Sensitive => "(not shown)".to_owned(),
    };
    match (before, after) {
        (Shown::Known(Value::Map(before)), Shown::Known(Value::Map(after))) => map_change(before, after),
        (Shown::Known(Value::List(before)), Shown::Known(Value::List(after))) => list_change(before, after),
        (before, after) => format!("{} → {}", value(before), value(after)),
    }
}

fn place(field: &FieldChange) -> String {
    field.span.as_ref().map(|span| format!("{}:{}", span.file, span.line)).unwrap_or_default()
}

/// Only the keys that differ.
fn map_change(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> String {
    if named::are_texts(before, after) {
        let line = |(name, lines): (String, Vec<named::Line>)| {
            let lines: Vec<String> = lines.iter().map(|(sign, text)| format!("{sign} {text}")).collect();
            format!("{name} ({})", lines.join(", "))
        };
        return named::differences(before, after).into_iter().map(line).collect::<Vec<_>>().join(", ");
    }
    let keys: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let shown = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::Text(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    let parts: Vec<String> = keys
        .into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| format!("{key} {} → {}", shown(before.get(key)), shown(after.get(key))))
        .collect();
    parts.join(", ")
}

fn list_change(before: &[Value], after: &[Value]) -> String {
    let text = |value: &Value| value.as_text().map_or_else(|| value.to_string(), str::to_owned);
    let gone = before.iter().filter(|it| !after.contains(it)).map(|it| format!("-{}", text(it)));
    let new = after.iter().filter(|it| !before.contains(it)).map(|it| format!("+{}", text(it)));
    gone.chain(new).collect::<Vec<_>>().join(", ")
}

fn lines(page: &mut Page, indent: usize, before: &str, after: &str) {
    let diff = TextDiff::from_lines(before, after);
    for change in diff.iter_all_changes() {
        let (sign, tone) = match change.tag() {
            ChangeTag::Delete => ("-", Tone::Bad),
            ChangeTag::Insert => ("+", Tone::Good),
            ChangeTag::Equal => (" ", Tone::Faint),
        };
        page.raw(indent, tone, &format!("{sign} {}", change.value().trim_end_matches('\n')));
    }
}

fn waiting_groups(page: &mut Page, plan: &Plan, waiting: &[&Step]) {
    if waiting.is_empty() {
        return;
    }
    for group in &plan.waiting {
        page.gap();
        let count = group.steps.len();
        let title =
            format!("waits for approval: {} ({count} {})", group.name, if count == 1 { "step" } else { "steps" });
        page.line(0, Tone::Wait, &title);
        page.line(2, Tone::Plain, &group.reason);
        let limit = if page.look().verbose { usize::MAX } else { 30 };
        let ids: std::collections::BTreeSet<_> = group.steps.iter().collect();
        let steps = waiting.iter().filter(|step| ids.contains(&step.id));
        for step in steps.clone().take(limit) {
            planned(page, step);
        }
        if count > limit {
            page.line(2, Tone::Faint, &format!("… and {} more; -v shows all", count - limit));
        }
        page.raw(2, Tone::Wait, &format!("formulary approve {}", short(&group.digest)));
    }
    let grouped: std::collections::BTreeSet<_> = plan.waiting.iter().flat_map(|group| &group.steps).collect();
    let behind: Vec<&&Step> = waiting.iter().filter(|step| !grouped.contains(&step.id)).collect();
    if !behind.is_empty() {
        page.gap();
        let title = format!("follows when that is done ({})", behind.len());
        page.line(0, Tone::Wait, &title);
        let limit = if page.look().verbose { usize::MAX } else { 12 };
        for step in behind.iter().take(limit) {
            heading(page, step);
        }
        if behind.len() > limit {
            page.line(2, Tone::Faint, &format!("… and {} more; -v shows all", behind.len() - limit));
        }
    }
}

/// Differences that no step settles.
fn left(page: &mut Page, plan: &Plan) {
    let stepped: std::collections::BTreeSet<&Address> = plan.steps.iter().map(|step| &step.address).collect();
    let left: Vec<&Change> = plan.changes.iter().filter(|change| !stepped.contains(&change.address)).collect();
    if left.is_empty() {
        return;
    }
    page.gap();
    page.line(0, Tone::Strong, &format!("left as it is ({})", left.len()));
    let limit = if page.look().verbose { usize::MAX } else { 20 };
    // What could not be read is one line an installation: the notes below say why.
    let mut unknown: BTreeMap<&Instance, usize> = BTreeMap::new();
    let told: Vec<&&Change> = left
        .iter()
        .filter(|change| {
            let unread = change.class == DriftClass::Unknown && !page.look().verbose;
            if unread {
                *unknown.entry(&change.address.instance).or_default() += 1;
            }
            !unread
        })
        .collect();
    for (instance, count) in &unknown {
        let what = format!("{count} resources of {instance} could not be read; -v lists them");
        page.pieces(2, &[(tone_of(DriftClass::Unknown), DriftClass::Unknown.word()), (Tone::Faint, &what)]);
    }
    for change in told.iter().take(limit) {
        let why = shadow::why(change, plan.made_for);
        page.pieces(
            2,
            &[
                (tone_of(change.class), change.class.word()),
                (Tone::Plain, &change.address.to_string()),
                (Tone::Faint, &format!("— {why}")),
            ],
        );
        left_fields(page, change);
    }
    if told.len() > limit {
        page.line(2, Tone::Faint, &format!("… and {} more; -v shows all", told.len() - limit));
    }
}

/// Where a part of a resource is left for a reason of its own, that is what can be acted on.
pub(super) fn left_fields(page: &mut Page, change: &Change) {
    change.fields.iter().filter(|it| it.left.is_some()).for_each(|it| field(page, 6, it));
}

pub(super) fn notes(page: &mut Page, notes: &[Note]) {
    if notes.is_empty() {
        return;
    }
    page.gap();
    for note in notes {
        let (word, tone) = match note.level {
            NoteLevel::Fatal => ("defect:", Tone::Bad),
            NoteLevel::Warning => ("warning:", Tone::Change),
            NoteLevel::Info => ("note:", Tone::Faint),
        };
        page.pieces(0, &[(tone, word), (Tone::Plain, &note.message)]);
    }
}

fn tone_of(class: DriftClass) -> Tone {
    match class {
        DriftClass::InSync => Tone::Good,
        DriftClass::Pending | DriftClass::Adoptable | DriftClass::Drifted => Tone::Change,
        DriftClass::Conflict | DriftClass::Missing | DriftClass::Removed => Tone::Bad,
        DriftClass::Unowned | DriftClass::Unknown => Tone::Wait,
    }
}

fn show(value: &Value, look: Look) -> String {
    let text = match value {
        Value::Null => "(empty)".to_owned(),
        Value::Text(text) if text.is_empty() => "\"\"".to_owned(),
        Value::Text(text) if text.contains(char::is_whitespace) => format!("\"{}\"", text.replace('\n', "⏎")),
        Value::Text(text) => text.clone(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| show(item, look)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let item = |value: &Value| match value.as_text().filter(|text| text.contains('\n')) {
                Some(text) => format!("({} lines)", text.lines().count()),
                None => show(value, look),
            };
            let items: Vec<String> = map.iter().map(|(key, value)| format!("{key}: {}", item(value))).collect();
            format!("{{{}}}", items.join(", "))
        }
        value => value.to_string(),
    };
    if !look.verbose && text.chars().count() > VALUE {
        return text.chars().take(VALUE).chain(['…']).collect();
    }
    text
}

/// The beginning of a digest or a commit id: enough to name it.
pub fn short(digest: &str) -> &str {
    let bare = digest.strip_prefix("sha256:").unwrap_or(digest);
    bare.get(..12).unwrap_or(bare)
}
