//! From a difference to the steps that settle it, before they are ordered and guarded.

use std::collections::{BTreeMap, BTreeSet};

use super::{Consequence, Verb, Wait};
use crate::engine::diff::{Compared, DiffInput, DriftClass, Effect, FieldChange, Shown, Situation, closing_part};
use crate::engine::model::{Address, Extent, Field, Fields, KindClass, Mode, OutputRef, Removal, Rename, Term, Value};

/// A step without its place.
#[derive(Debug, Clone)]
pub(super) struct Draft<'r, 'a> {
    pub compared: &'r Compared<'a>,
    pub verb: Verb,
    pub before: Fields,
    pub after: BTreeMap<Field, Term>,
    pub partly: BTreeSet<Field>,
    pub goes_with: Vec<Consequence>,
    pub waits: Vec<Wait>,
    pub closes: bool,
    pub why: String,
}

impl Draft<'_, '_> {
    pub(super) fn address(&self) -> &Address {
        &self.compared.change.address
    }

    /// Whether the resource can be relied on once this step is done.
    pub(super) fn establishes(&self) -> bool {
        matches!(self.verb, Verb::Create | Verb::Adopt | Verb::Rename)
    }
}

/// The steps of one difference, in the order in which they are done; or why there are none.
pub(super) fn drafts<'r, 'a>(input: &DiffInput<'_>, compared: &'r Compared<'a>) -> Result<Vec<Draft<'r, 'a>>, String> {
    let change = &compared.change;
    if matches!(compared.situation, Situation::Report | Situation::Held) {
        return Ok(Vec::new());
    }
    if change.left.is_some() {
        return Ok(Vec::new());
    }
    if change.mode == Mode::Report {
        return Err(format!("'{}' is in mode report", change.address.instance));
    }
    let made = Drafter { compared };
    match (&compared.situation, change.extent) {
        (Situation::Release, _) | (Situation::Gone, _) => Ok(vec![made.draft(Verb::Forget)]),
        (Situation::Report | Situation::Held, _) => Ok(Vec::new()),
        (_, Extent::Observe) => Err("its declaration asks us to observe only".to_owned()),
        (Situation::New, _) => Ok(vec![made.create()]),
        (Situation::Vanished, Extent::CreateOnly) => Err("its declaration asks us to make it once only".to_owned()),
        (Situation::Vanished, _) => Ok(vec![made.recreate()]),
        (Situation::Undeclared, _) => Ok(made.remove()),
        (Situation::Expired, _) => Ok(vec![made.delete("deletions after retention", true)]),
        (Situation::Foreign, _) => Ok(vec![made.delete("deletions", false)]),
        (Situation::Adopt(_) | Situation::Begun, extent) => {
            let mut drafts = vec![made.adopt(input.ledger)];
            if extent == Extent::Full {
                if made.has_former_name() {
                    drafts.push(made.rename());
                }
                drafts.extend(made.fields());
            }
            Ok(drafts)
        }
        (_, Extent::CreateOnly) => Err("its declaration asks us to make it once only".to_owned()),
        (Situation::Misnamed, _) => {
            let mut drafts = vec![made.rename()];
            drafts.extend(made.fields());
            Ok(drafts)
        }
        (Situation::Ours, _) => Ok(made.fields()),
    }
}

struct Drafter<'r, 'a> {
    compared: &'r Compared<'a>,
}

impl<'r, 'a> Drafter<'r, 'a> {
    fn draft(&self, verb: Verb) -> Draft<'r, 'a> {
        Draft {
            compared: self.compared,
            verb,
            before: Fields::new(),
            after: BTreeMap::new(),
            partly: BTreeSet::new(),
            goes_with: Vec::new(),
            waits: Vec::new(),
            closes: false,
            why: self.compared.change.why.clone(),
        }
    }

    fn create(&self) -> Draft<'r, 'a> {
        let mut draft = self.draft(Verb::Create);
        let desired = self.compared.desired.into_iter().flat_map(|desired| &desired.fields);
        draft.after = desired.map(|(name, wanted)| (name.clone(), wanted.term.clone())).collect();
        draft
    }

    fn recreate(&self) -> Draft<'r, 'a> {
        let mut draft = self.create();
        if self.compared.spec.creation_opens {
            draft
                .waits
                .push(self.approval("opens access", "it was removed at the service; making it again opens access"));
        }
        draft
    }

    fn adopt(&self, ledger: Option<&str>) -> Draft<'r, 'a> {
        let mut draft = self.draft(Verb::Adopt);
        if let Situation::Adopt(Some(approval)) = &self.compared.situation {
            draft.waits.push(self.approval(approval.group, &approval.reason));
        }
        let mark = self.compared.live.and_then(|live| live.mark.as_ref());
        let marked = mark.is_some_and(|mark| Some(mark.ledger.as_str()) == ledger);
        if self.compared.spec.mark.is_some() && !marked {
            // That a mark is set, not whose: what is approved is the same before there is a ledger and after.
            draft.after.insert(Field::Borrowed("mark"), Term::Known(true.into()));
        }
        draft
    }

    /// Whether the live object still has a name that its declaration had before, and the service can rename it.
    fn has_former_name(&self) -> bool {
        let (Some(desired), Some(live)) = (self.compared.desired, self.compared.live) else { return false };
        let former = desired.previously.iter().any(|former| **former == *live.address.key);
        former && live.address != desired.address && self.compared.spec.rename == Rename::InPlace
    }

    fn rename(&self) -> Draft<'r, 'a> {
        let mut draft = self.draft(Verb::Rename);
        let old = self.compared.live.map(|live| live.address.leaf().to_owned()).unwrap_or_default();
        draft.before.insert(Field::Borrowed("name"), old.into());
        draft.after.insert(Field::Borrowed("name"), Term::Known(self.compared.change.address.leaf().into()));
        draft
    }

    fn remove(&self) -> Vec<Draft<'r, 'a>> {
        match self.compared.spec.removal {
            // What others end, and what is kept, is never drafted but when it is gone.
            Removal::Forget | Removal::Keep | Removal::Swept(_) | Removal::ByHand(_) => vec![self.draft(Verb::Forget)],
            Removal::Disable { field, off } => vec![self.switch_off(field, off)],
            Removal::Archive { field, off } => {
                let mut draft = self.switch_off(field, off);
                draft.goes_with = self.goes_with();
                let reason = match draft.goes_with.first() {
                    Some(goes) => format!("archiving it takes with it: {}", goes.what),
                    None => "archiving it takes it out of everybody's reach".to_owned(),
                };
                // What is put away already only has to be recorded so.
                if !draft.before.is_empty() {
                    draft.waits.push(self.approval("archives", &reason));
                }
                vec![draft]
            }
            Removal::Delete => vec![self.delete("deletions", false)],
            Removal::DeleteByApproval => vec![self.delete("deletions", true)],
        }
    }

    fn switch_off(&self, field: &'static str, off: bool) -> Draft<'r, 'a> {
        let mut draft = self.draft(Verb::Disable);
        draft.closes = true;
        if self.compared.live.is_none_or(|live| live.fields.get(field) != Some(&Value::Bool(off))) {
            draft.before.insert(Field::Borrowed(field), Value::Bool(!off));
        }
        draft.after.insert(Field::Borrowed(field), Term::Known(Value::Bool(off)));
        draft
    }

    /// What the service removes together with it.
    fn goes_with(&self) -> Vec<Consequence> {
        let seen = |field: &str| self.compared.live.and_then(|live| live.fields.get(field)).and_then(Value::as_text);
        let goes = self.compared.spec.goes_with.iter();
        goes.filter(|goes| goes.when.is_none_or(|(field, text)| seen(field) == Some(text)))
            .map(|goes| Consequence { what: goes.what.to_owned(), counts: goes.counts })
            .collect()
    }

    fn delete(&self, group: &str, by_approval: bool) -> Draft<'r, 'a> {
        let mut draft = self.draft(Verb::Delete);
        draft.closes = true;
        let (spec, live) = (self.compared.spec, self.compared.live);
        let shown = live.into_iter().flat_map(|live| &live.fields);
        draft.before = shown
            .filter(|(name, _)| spec.field(name).is_none_or(|field| !field.sensitive))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        draft.goes_with = self.goes_with();
        // What goes with it and is of its own sort (the organisation left with its last team) counts in the budget alone.
        let takes_more = draft.goes_with.iter().any(|goes| goes.counts.is_some_and(|class| class != spec.class));
        if by_approval || takes_more {
            let reason = match draft.goes_with.first() {
                Some(goes) => format!("deleting it takes with it: {}", goes.what),
                None => "deleting it cannot be undone".to_owned(),
            };
            draft.waits.push(self.approval(group, &reason));
        }
        draft
    }

    /// The fields that differ, as one step for what may be done at once and one for what waits.
    fn fields(&self) -> Vec<Draft<'r, 'a>> {
        let (mut now, mut later): (Vec<Part<'_>>, Vec<Part<'_>>) = (Vec::new(), Vec::new());
        for field in
            self.compared.change.fields.iter().filter(|it| it.left.is_none() && it.class != DriftClass::Unknown)
        {
            let reviewed = field.class == DriftClass::Pending || self.insists(field);
            match field.effect {
                Effect::SignIn => later.push(Part::whole(field)),
                Effect::Opens if !reviewed => later.push(Part::whole(field)),
                Effect::Both if !reviewed => match self.split(field) {
                    Some((closing, opening)) => {
                        now.push(closing);
                        later.push(opening);
                    }
                    None => later.push(Part::whole(field)),
                },
                _ => now.push(Part::whole(field)),
            }
        }
        let (switch, now): (Vec<_>, Vec<_>) = now.into_iter().partition(|part| self.is_switch(part));
        let mut drafts = Vec::new();
        drafts.extend(self.update(now, None));
        drafts.extend(self.update(switch, None));
        let (sign_in, opening): (Vec<_>, Vec<_>) = later.into_iter().partition(|it| it.field.effect == Effect::SignIn);
        drafts.extend(self.update(sign_in, Some(("sign-in", "it changes how an existing account signs in"))));
        let reason = match self.compared.spec.class {
            KindClass::Record => "somebody put it away at the service; bringing it back needs somebody's word",
            _ => "access was closed at the service; opening it again needs somebody's word",
        };
        drafts.extend(self.update(opening, Some(("opens access", reason))));
        drafts
    }

    /// Whether the declaration itself asks that a field be so again.
    fn insists(&self, field: &FieldChange) -> bool {
        let wanted = self.compared.desired.and_then(|desired| desired.fields.get(&field.field));
        wanted.is_some_and(|wanted| wanted.insists)
    }

    fn update(&self, parts: Vec<Part<'_>>, waits: Option<(&str, &str)>) -> Option<Draft<'r, 'a>> {
        if parts.is_empty() {
            return None;
        }
        let switched = parts.iter().any(|part| self.is_switch(part));
        let opens = parts.iter().any(|part| part.field.effect == Effect::Opens);
        let verb = match (switched, opens) {
            (true, true) => Verb::Restore,
            (true, false) => Verb::Disable,
            (false, _) => Verb::Update,
        };
        let mut draft = self.draft(verb);
        if verb == Verb::Restore && !self.compared.spec.wakes.is_empty() {
            draft.why = format!("{}; {}", draft.why, self.compared.spec.wakes);
        }
        draft.closes = parts.iter().any(|part| part.closes);
        for part in parts {
            let name = part.field.field.clone();
            if let Some(value) = part.before {
                draft.before.insert(name.clone(), value);
            }
            if part.is_first_of_two {
                draft.partly.insert(name.clone());
            }
            draft.after.insert(name, part.after.unwrap_or_else(|| self.wanted(part.field)));
        }
        if let Some((group, reason)) = waits {
            draft.waits.push(self.approval(group, reason));
        }
        Some(draft)
    }

    /// What is sent: the declared term, resolved where its value is known, so that the step says what it does.
    fn wanted(&self, field: &FieldChange) -> Term {
        match &field.after {
            Shown::Known(value) => Term::Known(value.clone()),
            Shown::Unknown(output) => Term::Output(OutputRef::clone(output)),
            Shown::Absent | Shown::Sensitive => {
                let desired = self.compared.desired.and_then(|desired| desired.fields.get(&field.field));
                desired.map_or(Term::Known(Value::Null), |wanted| wanted.term.clone())
            }
        }
    }

    /// Whether it sets the field that switches the account on or off, or puts the object away.
    fn is_switch(&self, part: &Part<'_>) -> bool {
        let spec = self.compared.spec;
        let concerned = spec.class == KindClass::Person || matches!(spec.removal, Removal::Archive { .. });
        concerned && spec.removal.switch().is_some_and(|(field, _)| *field == *part.field.field)
    }

    /// A change that both opens and closes, cut in two: first what closes.
    fn split<'f>(&self, field: &'f FieldChange) -> Option<(Part<'f>, Part<'f>)> {
        let spec = self.compared.spec.field(&field.field)?;
        let (Shown::Known(before), Shown::Known(after)) = (&field.before, &field.after) else { return None };
        let between = closing_part(spec, before, after)?;
        let known = |value: &Value| Term::Known(value.clone());
        Some((
            Part {
                field,
                before: Some(before.clone()),
                after: Some(known(&between)),
                closes: true,
                is_first_of_two: true,
            },
            Part {
                field,
                before: Some(between.clone()),
                after: Some(known(after)),
                closes: false,
                is_first_of_two: false,
            },
        ))
    }

    fn approval(&self, group: &str, reason: &str) -> Wait {
        Wait::Approval {
            group: format!("{}: {group}", self.compared.change.address.instance),
            reason: reason.to_owned(),
        }
    }
}

/// A field, or the part of it that one step sets.
struct Part<'f> {
    field: &'f FieldChange,
    before: Option<Value>,
    after: Option<Term>,
    closes: bool,
    is_first_of_two: bool,
}

impl<'f> Part<'f> {
    fn whole(field: &'f FieldChange) -> Self {
        let before = match &field.before {
            Shown::Known(value) => Some(value.clone()),
            _ => None,
        };
        Self { field, before, after: None, closes: field.effect == Effect::Closes, is_first_of_two: false }
    }
}

/// Resources whose outputs a draft's fields are made of.
pub(super) fn outputs<'d>(draft: &'d Draft<'_, '_>) -> impl Iterator<Item = &'d Address> {
    draft.after.values().filter_map(|term| match term {
        Term::Output(output) => Some(&output.address),
        Term::Known(_) | Term::Secret(_) => None,
    })
}
