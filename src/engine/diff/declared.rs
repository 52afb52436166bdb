//! One declared resource.

use std::collections::BTreeMap;

use super::field::{effect, is_compared, same};
use super::matching::{Identity, identify};
use super::{Absence, Change, Compared, DriftClass, Effect, FieldChange, Refresh, Shown, Situation, Standing, Work};
use crate::engine::model::{
    Access, Address, Compare, Desired, Extent, Field, FieldSpec, KindSpec, Live, Mode, ObjectState, Origin, Recorded,
    Removal, Rename, Tells, Term, Value, Wanted,
};

pub(super) fn compare(work: &mut Work<'_, '_>, at: usize) {
    let row = &work.table.rows[at];
    let Some(desired) = row.desired else { return };
    let Some(spec) = work.input.kinds.spec(&desired.address) else { return };
    if work.input.mode_of(&desired.address) != Mode::Ignore {
        One { at, spec, desired, recorded: row.recorded, live: row.live, work }.compare();
    }
}

struct One<'w, 'r, 'a> {
    /// Its place in the table.
    at: usize,
    spec: &'static KindSpec,
    desired: &'a Desired,
    recorded: Option<&'a Recorded>,
    /// What is there under the declared name.
    live: Option<&'a Live>,
    work: &'w mut Work<'r, 'a>,
}

impl<'a> One<'_, '_, 'a> {
    fn compare(&mut self) {
        if self.desired.extent == Extent::Release {
            if self.recorded.is_some() {
                self.push(DriftClass::Pending, "released by its declaration", Situation::Release, None, Vec::new());
            }
            return;
        }
        if let Some(live) = self.elsewhere() {
            self.claim(live);
            return self.misnamed(live);
        }
        let Some(live) = self.live else { return self.absent() };
        self.claim(live);
        let value_of = |field: &str| self.value(&self.desired.fields.get(field)?.term);
        match identify(self.work.input, self.spec, self.desired, self.recorded, live, value_of) {
            Identity::Stranger(why) => self.unsettled(DriftClass::Conflict, why, Some(live)),
            Identity::Adoptable(approval) => self.adoptable(live, approval),
            Identity::Begun => self.begun(live),
            Identity::Same => self.alone(live),
        }
    }

    /// Ours, unless another object holds what ours is to be known by: two of them are for somebody to join.
    fn alone(&mut self, live: &'a Live) {
        let other = self.desired.known_as.iter().find_map(|key| {
            let address = Address { key: key.as_str().into(), ..self.desired.address.clone() };
            let other = self.work.input.observed.live.get(&address)?;
            let bars = self.spec.that_tell(Tells::Bars).any(|field| other.text(field.name).is_some());
            (!bars && other.external_id != live.external_id).then_some((key, other))
        });
        let Some((key, other)) = other else { return self.ours(live) };
        let id = |live: &Live| live.external_id.clone().unwrap_or_default();
        let why = format!(
            "ours has id {}, and another one, with id {}, is '{key}': join the two by hand",
            id(live),
            id(other)
        );
        self.matched(live);
        self.unsettled(DriftClass::Conflict, why, Some(live));
    }

    /// Notes that a live object is spoken for, whatever it is called.
    fn claim(&mut self, live: &'a Live) {
        if live.address != self.desired.address {
            self.work.claimed.insert(&live.address);
        }
    }

    fn matched(&mut self, live: &'a Live) {
        self.work.standing[self.at] = Standing::Matched(live);
    }

    /// The live object with the recorded id, where it stands under a name that is not the declared one.
    fn elsewhere(&self) -> Option<&'a Live> {
        let id = self.recorded?.external_id.as_deref()?;
        if let Some(live) = self.live.filter(|live| live.external_id.as_deref() == Some(id)) {
            // Found by its former name: misnamed where the service can rename it. What only lies in something renamed
            // (or belongs to somebody renamed) follows by itself.
            let renamed = self.desired.previously.iter().any(|former| **former == *live.address.key)
                || self.work.table.renamed_by_hand(&self.desired.address);
            let misnamed = renamed && live.address != self.desired.address && self.spec.rename == Rename::InPlace;
            return misnamed.then_some(live);
        }
        self.work.table.with_id(&self.desired.address, id)
    }

    fn misnamed(&mut self, live: &'a Live) {
        let declared = self.desired.previously.iter().any(|former| **former == *live.address.key);
        let (class, why) = if declared {
            (DriftClass::Pending, format!("renamed from '{}' by its declaration", live.address.key))
        } else {
            (DriftClass::Drifted, format!("it was renamed to '{}' at the service", live.address.key))
        };
        match self.spec.rename {
            Rename::InPlace => {
                let fields = self.fields(live);
                self.matched(live);
                self.push(class, why, Situation::Misnamed, Some(live), fields);
            }
            Rename::Nameless => self.alone(live),
            Rename::KeepsOldName(reason) => self.unsettled(
                DriftClass::Conflict,
                format!("{why}, and the service cannot rename it back: {reason}"),
                Some(live),
            ),
        }
    }

    fn absent(&mut self) {
        if matches!(self.spec.removal, Removal::ByHand(_)) {
            // Not ours to make, so nothing is missing; but whether it is there may not be known.
            if let Absence::Unproven(why) = self.work.input.observed.absence(&self.desired.address, self.spec) {
                self.unsettled(DriftClass::Unknown, format!("it was not seen, but {why}"), None);
            }
            return;
        }
        let address = &self.desired.address;
        // Only within one service: an account may well be there although the identity provider's is not.
        let lies_in = |need: &&Address| need.instance == address.instance && self.is_to_be_made(need);
        let missing_need = self.desired.needs.iter().find(lies_in);
        let container = self.desired.needs.iter().find(|need| self.work.table.renamed_by_hand(need));
        let absence = match self.work.input.observed.absence(address, self.spec) {
            // Nothing lies under a name that nothing has; under the name of today it was not looked for.
            Absence::Proven if container.is_some() => {
                let former = self.work.table.former(self.work.input, address).unwrap_or_else(|| address.clone());
                match self.work.input.observed.absence(&former, self.spec) {
                    Absence::Proven if former == *address => Absence::Proven,
                    absence => absence,
                }
            }
            Absence::Proven => Absence::Proven,
            // What lies in something that is not there is not there either.
            Absence::Unproven(_) if missing_need.is_some() => Absence::Proven,
            unproven => match self.work.table.former(self.work.input, address) {
                Some(former) => self.work.input.observed.absence(&former, self.spec),
                None => unproven,
            },
        };
        match (absence, self.recorded) {
            (Absence::Unproven(why), _) => {
                self.unsettled(DriftClass::Unknown, format!("it was not seen, but {why}"), None);
            }
            (Absence::Proven, Some(recorded)) if recorded.state == ObjectState::Active => {
                let fields = self.all_fields();
                self.push(DriftClass::Missing, "it was removed at the service", Situation::Vanished, None, fields);
            }
            (Absence::Proven, _) => {
                let fields = self.all_fields();
                self.push(DriftClass::Missing, "declared, and not there yet", Situation::New, None, fields);
            }
        }
    }

    fn adoptable(&mut self, live: &'a Live, approval: Option<super::Approval>) {
        let fields = self.fields(live);
        self.matched(live);
        let why = approval
            .as_ref()
            .map_or_else(|| "it exists already; it becomes ours".to_owned(), |approval| approval.reason.clone());
        self.push(DriftClass::Adoptable, why, Situation::Adopt(approval), Some(live), fields);
    }

    fn begun(&mut self, live: &'a Live) {
        let fields = self.fields(live);
        self.matched(live);
        let why = "we began to make it, and the answer was lost";
        self.push(DriftClass::Adoptable, why, Situation::Begun, Some(live), fields);
    }

    fn ours(&mut self, live: &'a Live) {
        self.matched(live);
        let fields = self.fields(live);
        let class = fields.iter().map(|field| field.class).max_by_key(|class| severity(*class));
        self.refresh(live, fields.is_empty());
        let returns = self.recorded.is_some_and(|recorded| recorded.state != ObjectState::Active);
        match class {
            None => self.work.changes.in_sync += 1,
            Some(class) => {
                let why = match class {
                    _ if returns => "declared again".to_owned(),
                    DriftClass::Drifted => "it was changed at the service".to_owned(),
                    DriftClass::Conflict => "both the declaration and the service changed it".to_owned(),
                    DriftClass::Unknown => "some of it could not be read".to_owned(),
                    DriftClass::Adoptable => "it has not agreed with its declaration since it became ours".to_owned(),
                    _ => "its declaration changed".to_owned(),
                };
                self.push(class, why, Situation::Ours, Some(live), fields);
            }
        }
    }

    /// A record that is true but says less than is known now: who declares the object, and fields that agree.
    fn refresh(&mut self, live: &Live, in_sync: bool) {
        let Some(recorded) = self.recorded else { return };
        let Desired { address, owner, origin, .. } = self.desired;
        let agreed: Vec<(&Field, &Value)> = self.agreed(recorded, live).collect();
        let up_to_date = agreed.is_empty()
            && (&recorded.address, &recorded.owner, &*recorded.file) == (address, owner, &*origin.file)
            && (!in_sync || recorded.state == ObjectState::Active)
            && (live.external_id.is_none() || live.external_id == recorded.external_id)
            && (live.outputs.is_empty() || live.outputs == recorded.outputs);
        if up_to_date {
            return;
        }
        let mut now = recorded.clone();
        now.address = address.clone();
        now.owner = owner.clone();
        now.file = origin.file.to_string();
        if in_sync {
            now.state = ObjectState::Active;
        }
        now.external_id = live.external_id.clone().or(now.external_id);
        if !live.outputs.is_empty() {
            now.outputs = live.outputs.clone();
        }
        now.last_applied.extend(agreed.into_iter().map(|(name, value)| (name.clone(), value.clone())));
        self.work.changes.refresh.push(Refresh { was: recorded.address.clone(), now });
    }

    /// Fields that agree, and are not recorded so.
    fn agreed(&self, recorded: &Recorded, live: &Live) -> impl Iterator<Item = (&'a Field, &'a Value)> {
        self.desired.fields.iter().filter_map(|(name, wanted)| {
            let value = self.value(&wanted.term)?;
            if recorded.last_applied.get(name) == Some(value) {
                return None;
            }
            let (spec, seen) = (self.spec.field(name)?, live.fields.get(name)?);
            (is_compared(spec) && same(spec, value, seen)).then_some((name, value))
        })
    }

    /// Whether a needed resource is absent and will be made.
    fn is_to_be_made(&self, need: &Address) -> bool {
        self.work.standing(need).is_absent()
    }

    /// The value of a term, as far as it is known now.
    fn value(&self, term: &'a Term) -> Option<&'a Value> {
        match term {
            Term::Known(value) => Some(value),
            Term::Secret(_) => None,
            Term::Output(output) => {
                let standing = self.work.standing(&output.address);
                if let Some(value) = standing.live().and_then(|live| live.outputs.get(&output.output)) {
                    return Some(value);
                }
                // A known output of something that could not be read may be used to compare.
                let unread = matches!(standing, Standing::Open);
                let recorded = self.work.table.row(&output.address).filter(|_| unread)?.recorded?;
                recorded.outputs.get(&output.output)
            }
        }
    }

    /// The fields that differ.
    fn fields(&self, live: &Live) -> Vec<FieldChange> {
        let known = self.desired.fields.iter().filter_map(|(name, wanted)| Some((self.spec.field(name)?, wanted)));
        known.filter_map(|(spec, wanted)| self.field(spec, wanted, live)).collect()
    }

    fn field(&self, spec: &'static FieldSpec, wanted: &'a Wanted, live: &Live) -> Option<FieldChange> {
        if !is_compared(spec) {
            return None;
        }
        if let Compare::While(field, text) = spec.compare
            && live.text(field) != Some(text)
        {
            return None;
        }
        let Some(before) = live.fields.get(spec.name) else {
            return Some(
                self.field_change(spec, DriftClass::Unknown, Shown::Absent, wanted, Effect::Neutral)
                    .left("the service did not show it to us"),
            );
        };
        if spec.compare == Compare::UntilTaken && self.is_taken(spec, before) {
            return None;
        }
        let Some(after) = self.value(&wanted.term) else {
            let effect = if spec.access == Access::SignIn { Effect::SignIn } else { Effect::Neutral };
            return Some(self.field_change(spec, DriftClass::Pending, shown(spec, before), wanted, effect));
        };
        if same(spec, after, before) {
            return None;
        }
        let class = match self.recorded.map(|recorded| (recorded.origin, recorded.last_applied.get(spec.name))) {
            // What was taken over and never agreed yet is still being taken over: opening it stays a matter of approval.
            None | Some((Origin::Adopted, None)) => DriftClass::Adoptable,
            Some((Origin::Created, None)) => DriftClass::Pending,
            Some((_, Some(last))) => match (same(spec, last, before), same(spec, last, after)) {
                (true, _) => DriftClass::Pending,
                (false, true) => DriftClass::Drifted,
                (false, false) => DriftClass::Conflict,
            },
        };
        let effect = effect(spec, before, after);
        let mut change = self.field_change(spec, class, shown(spec, before), wanted, effect);
        if spec.sensitive {
            change.after = Shown::Sensitive;
        } else {
            change.after = Shown::Known(after.clone());
        }
        if matches!(class, DriftClass::Drifted | DriftClass::Conflict) {
            change.by = named(spec.told_by, spec, before, after, live).map(|all| {
                let one = |(key, who): (String, String)| if key == spec.name { who } else { format!("{key}: {who}") };
                all.into_iter().map(one).collect::<Vec<_>>().join("; ")
            });
        }
        if let Some(holders) = named(spec.held_by, spec, before, after, live) {
            let held: Vec<String> = holders.iter().map(|(key, who)| format!("'{key}' is held by {who}")).collect();
            return Some(change.left(&held.join("; ")));
        }
        if spec.compare == Compare::Once {
            return Some(change.left("chosen when it is made, and never changed"));
        }
        let raises = spec.access == Access::Vouches && *after == Value::Bool(true);
        let made_by_us = self.recorded.is_some_and(|recorded| recorded.origin == Origin::Created);
        if raises && !made_by_us {
            return Some(change.left("never made true on an account that we did not make"));
        }
        if matches!(effect, Effect::Closes | Effect::Both) && self.work.input.is_untouchable(&self.desired.address) {
            return Some(change.left("this account is protected"));
        }
        match self.work.input.ignored(&self.desired.address, Some(spec.name)) {
            Some(reason) => Some(change.left(&format!("ignored: {reason}"))),
            None => Some(change),
        }
    }

    /// Whether somebody else gave a field the value that it has.
    fn is_taken(&self, spec: &FieldSpec, before: &Value) -> bool {
        let empty = matches!(before, Value::Null) || before.as_text() == Some("");
        let ours = self.recorded.and_then(|recorded| recorded.last_applied.get(spec.name));
        !empty && !ours.is_some_and(|last| same(spec, last, before))
    }

    /// Every declared field of what is to be made.
    fn all_fields(&self) -> Vec<FieldChange> {
        let known = self.desired.fields.iter().filter_map(|(name, wanted)| Some((self.spec.field(name)?, wanted)));
        known
            .filter(|(spec, _)| spec.compare != Compare::ServerOwned)
            .map(|(spec, wanted)| self.field_change(spec, DriftClass::Missing, Shown::Absent, wanted, Effect::Neutral))
            .collect()
    }

    fn field_change(
        &self,
        spec: &'static FieldSpec,
        class: DriftClass,
        before: Shown,
        wanted: &'a Wanted,
        effect: Effect,
    ) -> FieldChange {
        let after = match &wanted.term {
            _ if spec.sensitive => Shown::Sensitive,
            Term::Secret(_) => Shown::Sensitive,
            Term::Known(value) => Shown::Known(value.clone()),
            Term::Output(output) => match self.value(&wanted.term) {
                Some(value) => Shown::Known(value.clone()),
                None => Shown::Unknown(output.clone()),
            },
        };
        let span = wanted.span.as_deref().cloned();
        FieldChange { field: spec.name.into(), class, before, after, effect, span, left: None, by: None }
    }

    fn unsettled(&mut self, class: DriftClass, why: String, live: Option<&'a Live>) {
        self.work.changes.unsettled.insert(self.desired.address.clone(), why.clone());
        self.push(class, why, Situation::Report, live, Vec::new());
    }

    fn push(
        &mut self,
        class: DriftClass,
        why: impl Into<String>,
        situation: Situation,
        live: Option<&'a Live>,
        fields: Vec<FieldChange>,
    ) {
        let address = self.desired.address.clone();
        if matches!(situation, Situation::New | Situation::Vanished) {
            self.work.standing[self.at] = Standing::Absent;
        }
        let left = self.work.input.ignored(&address, None).map(|reason| format!("ignored: {reason}"));
        self.work.changes.compared.push(Compared {
            change: Change {
                class,
                about: self.spec.class,
                owner: Some(self.desired.owner.clone()),
                origin: Some((*self.desired.origin).clone()),
                external_id: live
                    .and_then(|live| live.external_id.clone())
                    .or_else(|| self.recorded.and_then(|recorded| recorded.external_id.clone())),
                fields,
                mode: self.work.input.mode_of(&address),
                extent: self.desired.extent,
                why: why.into(),
                left,
                shadow: None,
                cause: None,
                address,
            },
            spec: self.spec,
            desired: Some(self.desired),
            live,
            recorded: self.recorded,
            situation,
        });
    }
}

/// Whom a live field names for what differs, by key, or by the field's name where it has no keys; nothing where it names
/// nobody.
fn named(
    field: Option<&str>,
    spec: &FieldSpec,
    before: &Value,
    after: &Value,
    live: &Live,
) -> Option<Vec<(String, String)>> {
    let names = live.fields.get(field?)?.as_map()?;
    let nothing = BTreeMap::new();
    let differs = |key: &str| match (before, after) {
        (Value::Null, Value::Map(after)) => after.contains_key(key),
        (Value::Map(before), after) => before.get(key) != after.as_map().unwrap_or(&nothing).get(key),
        _ => key == spec.name,
    };
    let of = names.iter().filter(|(key, _)| differs(key));
    let of: Vec<(String, String)> =
        of.filter_map(|(key, who)| Some((key.clone(), who.as_text()?.to_owned()))).collect();
    (!of.is_empty()).then_some(of)
}

impl FieldChange {
    fn left(mut self, reason: &str) -> Self {
        self.left = Some(reason.to_owned());
        self
    }
}

fn shown(spec: &FieldSpec, value: &Value) -> Shown {
    if spec.sensitive { Shown::Sensitive } else { Shown::Known(value.clone()) }
}

/// The worse of two differences names the resource.
fn severity(class: DriftClass) -> u8 {
    match class {
        DriftClass::Conflict => 4,
        DriftClass::Drifted => 3,
        DriftClass::Adoptable | DriftClass::Pending => 2,
        DriftClass::Unknown => 1,
        _ => 0,
    }
}
