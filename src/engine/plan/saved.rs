//! A plan in a file: until when it holds, what it relied on, and what of it may still be done.
//!
//! A saved plan is never done as it stands. The world is read and planned again, and of that fresh plan those steps are
//! kept that the saved one has too, on objects that nobody touched since ([`Saved::narrow`]). So the guards, budgets
//! and approvals of today hold, and a forged file could leave steps out, but never add one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Basis, Plan, Step, StepId, Verb, digest, plan_digest};
use crate::engine::diff::{Change, DriftClass, Kinds};
use crate::engine::model::{Address, Field, Fields, Live, Term, Value};

/// A plan as it was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The plan.
    pub plan: Plan,
    /// The moment from which it is refused.
    pub expires: DateTime<Utc>,
    /// The objects of its steps as they were, as far as they may be shown; those that were not there are not here.
    pub seen: BTreeMap<Address, Fields>,
}

/// Why a saved plan cannot be applied at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is of another platform.
    #[error("it is a plan of the platform '{of_plan}', and this config's is '{ours}'")]
    OtherPlatform {
        /// The plan's.
        of_plan: String,
        /// Ours.
        ours: String,
    },
    /// It was made without a ledger.
    #[error("it was made without a ledger: it is two-way and does not know what is ours")]
    TwoWay,
    /// It was made without looking at the services.
    #[error("it was made offline: it knows nothing of what is there")]
    Offline,
    /// It was made with another ledger.
    #[error("it was made with ledger {of_plan}, and this config has {ours}")]
    OtherLedger {
        /// The plan's.
        of_plan: String,
        /// Ours.
        ours: String,
    },
    /// Its time is over.
    #[error("it expired at {} (it was made at {})", .at.format("%F %H:%M UTC"), .made.format("%F %H:%M UTC"))]
    Expired {
        /// When it was made.
        made: DateTime<Utc>,
        /// When it expired.
        at: DateTime<Utc>,
    },
}

/// A step of a saved plan that is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The resource.
    pub address: Address,
    /// What was planned.
    pub verb: Verb,
    /// Why it is not done.
    #[serde(flatten)]
    pub why: Stale,
}

/// What makes a step of a saved plan stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Stale {
    /// The object was not there when it was planned, and is now.
    Appeared,
    /// The object was there when it was planned, and is no more.
    Vanished,
    /// Another object has its name.
    Replaced {
        /// The id that the planned one had.
        planned: String,
        /// The id of the one that is there.
        now: String,
    },
    /// The object was changed; empty when what was changed may not be shown.
    Moved {
        /// What moved.
        fields: Vec<Moved>,
    },
    /// Something else is declared by now; the fields are those that the step would set.
    Declared {
        /// What is declared otherwise.
        fields: Vec<Moved>,
    },
    /// Nothing asks for it any more.
    NotWanted,
    /// Nothing may be done about the object now.
    Held {
        /// Why.
        why: String,
    },
    /// It needs another step, which is not done.
    Needs {
        /// The other step's resource.
        address: Address,
        /// What it does.
        verb: Verb,
        /// Whether the saved plan has that step: then it is refused, too.
        is_refused: bool,
    },
}

/// A field that is not as it was planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// Which.
    pub field: Field,
    /// What the plan saw, or would set.
    pub planned: Option<Value>,
    /// What is there, or would be set now.
    pub now: Option<Value>,
}

/// What is left of a saved plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrowed {
    /// Its steps that may be done, as they are planned now.
    pub plan: Plan,
    /// Its steps that are refused, in its order.
    pub refused: Vec<Refused>,
    /// Its steps that are done already.
    pub done: Vec<(Verb, Address)>,
}

/// The objects of some steps as far as they may be shown: what moves between two plans is told by them.
pub fn seen<'l>(plan: &Plan, kinds: &Kinds, live: impl Fn(&Address) -> Option<&'l Live>) -> BTreeMap<Address, Fields> {
    let addresses: BTreeSet<&Address> = plan.steps.iter().map(|step| &step.address).collect();
    let shown = addresses.into_iter().filter_map(|address| {
        let spec = kinds.spec(address)?;
        let fields = live(address)?.fields.iter();
        let fields = fields.filter(|(name, _)| spec.field(name).is_some_and(|field| !field.sensitive));
        Some((address.clone(), fields.map(|(name, value)| (name.clone(), value.clone())).collect()))
    });
    shown.collect()
}

impl Saved {
    /// A digest of all of it, moments included: whatever is edited by hand breaks it.
    pub fn seal(&self) -> String {
        digest::of(self)
    }

    /// Whether it may be applied to this platform, with this ledger, at this moment.
    ///
    /// # Errors
    /// The first reason why not.
    pub fn check(&self, platform: &str, ledger: &str, now: DateTime<Utc>) -> Result<(), Unusable> {
        let Plan { platform: of_plan, basis, made_for, .. } = &self.plan;
        if of_plan != platform {
            return Err(Unusable::OtherPlatform { of_plan: of_plan.clone(), ours: platform.to_owned() });
        }
        match (basis, self.plan.ledger.as_deref()) {
            (Basis::Offline, _) => return Err(Unusable::Offline),
            (Basis::TwoWay, _) | (Basis::ThreeWay, None) => return Err(Unusable::TwoWay),
            (Basis::ThreeWay, Some(of_plan)) if of_plan != ledger => {
                return Err(Unusable::OtherLedger { of_plan: of_plan.to_owned(), ours: ledger.to_owned() });
            }
            (Basis::ThreeWay, Some(_)) => {}
        }
        if self.expires <= now {
            return Err(Unusable::Expired { made: *made_for, at: self.expires });
        }
        Ok(())
    }

    /// Keeps of a fresh plan what this one has too, object by object. `live` gives the objects as they are now.
    ///
    /// A step is kept when it is the very same (by its digest), its object is exactly as it was, and every step that it
    /// needs is kept or done.
    pub fn narrow<'l>(&self, fresh: Plan, kinds: &Kinds, live: impl Fn(&Address) -> Option<&'l Live>) -> Narrowed {
        let now = Now::new(&self.plan, &fresh, kinds, live);
        let mut verdicts: BTreeMap<StepId, Verdict> = BTreeMap::new();
        for step in &self.plan.steps {
            let verdict = match step.needs.iter().find(|need| verdicts.get(need).is_none_or(Verdict::is_refused)) {
                Some(need) if !now.is_done(step) => Verdict::Refused(needs(&self.plan, *need, true)),
                _ => now.judge(self, step),
            };
            verdicts.insert(step.id, verdict);
        }
        // What a step needs today may be more than it needed then. Needs come first in a plan, so one pass is enough.
        let mut kept: BTreeSet<StepId> = BTreeSet::new();
        let of_saved: BTreeMap<StepId, StepId> = verdicts
            .iter()
            .filter_map(
                |(saved, verdict)| if let Verdict::Kept(fresh) = verdict { Some((*fresh, *saved)) } else { None },
            )
            .collect();
        for step in &fresh.steps {
            let Some(saved) = of_saved.get(&step.id) else { continue };
            match step.needs.iter().find(|need| !kept.contains(need)) {
                None => drop(kept.insert(step.id)),
                Some(need) => {
                    let is_refused = of_saved.contains_key(need);
                    verdicts.insert(*saved, Verdict::Refused(needs(&fresh, *need, is_refused)));
                }
            }
        }
        let (mut refused, mut done) = (Vec::new(), Vec::new());
        for step in &self.plan.steps {
            match verdicts.remove(&step.id) {
                Some(Verdict::Refused(why)) => {
                    refused.push(Refused { address: step.address.clone(), verb: step.verb, why });
                }
                Some(Verdict::Done) => done.push((step.verb, step.address.clone())),
                Some(Verdict::Kept(_)) | None => {}
            }
        }
        Narrowed { plan: only(fresh, &kept), refused, done }
    }
}

/// What becomes of a saved step.
enum Verdict {
    Kept(StepId),
    Done,
    Refused(Stale),
}

impl Verdict {
    fn is_refused(&self) -> bool {
        matches!(self, Verdict::Refused(_))
    }
}

/// The world as it is when a saved plan is applied.
struct Now<'a> {
    by_digest: BTreeMap<&'a str, &'a Step>,
    steps: BTreeMap<&'a Address, Vec<&'a Step>>,
    rows: BTreeMap<&'a Address, &'a Change>,
    there: BTreeMap<Address, Fields>,
    ids: BTreeMap<&'a Address, String>,
}

impl<'a> Now<'a> {
    fn new<'l>(saved: &'a Plan, fresh: &'a Plan, kinds: &Kinds, live: impl Fn(&Address) -> Option<&'l Live>) -> Self {
        let mut steps: BTreeMap<&Address, Vec<&Step>> = BTreeMap::new();
        for step in &fresh.steps {
            steps.entry(&step.address).or_default().push(step);
        }
        let id = |step: &'a Step| Some((&step.address, live(&step.address)?.external_id.clone()?));
        Self {
            by_digest: fresh.steps.iter().map(|step| (step.digest.as_str(), step)).collect(),
            steps,
            rows: fresh.changes.iter().map(|row| (&row.address, row)).collect(),
            there: seen(saved, kinds, &live),
            ids: saved.steps.iter().filter_map(id).collect(),
        }
    }

    fn judge(&self, saved: &Saved, step: &Step) -> Verdict {
        let same = self.by_digest.get(step.digest.as_str());
        if let Some(same) = same.filter(|same| same.relied_on == step.relied_on) {
            return Verdict::Kept(same.id);
        }
        if self.is_done(step) {
            return Verdict::Done;
        }
        Verdict::Refused(self.moved(saved, step).unwrap_or_else(|| self.otherwise(step)))
    }

    /// Whether what the step would bring about holds, and nothing asks for it any more.
    fn is_done(&self, step: &Step) -> bool {
        if self.of(step).iter().any(|fresh| fresh.verb == step.verb) {
            return false;
        }
        let (there, row) = (self.there.get(&step.address), self.rows.get(&step.address));
        match step.verb {
            Verb::Delete => there.is_none(),
            Verb::Forget => row.is_none(),
            _ => {
                let unsettled = |class| {
                    matches!(
                        class,
                        DriftClass::Conflict | DriftClass::Adoptable | DriftClass::Unowned | DriftClass::Unknown
                    )
                };
                row.is_none_or(|row| !unsettled(row.class)) && there.is_some_and(|there| holds(step, there))
            }
        }
    }

    /// How the object differs from what was seen.
    fn moved(&self, saved: &Saved, step: &Step) -> Option<Stale> {
        let (planned, now) = (saved.seen.get(&step.address), self.there.get(&step.address));
        let (planned, now) = match (planned, now) {
            (None, None) => return None,
            (None, Some(_)) => return Some(Stale::Appeared),
            // What was not read is not gone: the fresh plan's row says which it is.
            (Some(_), None) if self.rows.get(&step.address).is_some_and(|row| row.class == DriftClass::Unknown) => {
                return None;
            }
            (Some(_), None) => return Some(Stale::Vanished),
            (Some(planned), Some(now)) => (planned, now),
        };
        if let (Some(planned), Some(now)) = (&step.external_id, self.ids.get(&step.address))
            && planned != now
        {
            return Some(Stale::Replaced { planned: planned.clone(), now: now.clone() });
        }
        let fields = differences(planned, now);
        if !fields.is_empty() {
            return Some(Stale::Moved { fields });
        }
        let same = self.by_digest.get(step.digest.as_str());
        same.filter(|same| same.relied_on != step.relied_on).map(|_| Stale::Moved { fields: Vec::new() })
    }

    /// Why a step is not planned any more although its object is as it was.
    fn otherwise(&self, step: &Step) -> Stale {
        let known = |terms: &BTreeMap<Field, Term>| -> Fields {
            terms.iter().filter_map(|(name, term)| Some((name.clone(), term.known()?.clone()))).collect()
        };
        if let Some(other) = self.of(step).iter().find(|fresh| fresh.verb == step.verb) {
            return Stale::Declared { fields: differences(&known(&step.after), &known(&other.after)) };
        }
        match self.rows.get(&step.address) {
            Some(row) if self.of(step).is_empty() => {
                Stale::Held { why: row.left.clone().unwrap_or_else(|| row.why.clone()) }
            }
            _ => Stale::NotWanted,
        }
    }

    /// What is planned for the step's object now.
    fn of(&self, step: &Step) -> &[&'a Step] {
        self.steps.get(&step.address).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Whether an object has every value that a step would give it. What a service does not show again is taken as given.
fn holds(step: &Step, there: &Fields) -> bool {
    step.after.iter().all(|(name, term)| match (term.known(), there.get(name)) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    })
}

fn differences(planned: &Fields, now: &Fields) -> Vec<Moved> {
    let names: BTreeSet<&Field> = planned.keys().chain(now.keys()).collect();
    let moved = names.into_iter().filter(|name| planned.get(name) != now.get(name));
    moved
        .map(|name| Moved { field: name.clone(), planned: planned.get(name).cloned(), now: now.get(name).cloned() })
        .collect()
}

fn needs(plan: &Plan, need: StepId, is_refused: bool) -> Stale {
    match plan.steps.iter().find(|step| step.id == need) {
        Some(step) => Stale::Needs { address: step.address.clone(), verb: step.verb, is_refused },
        None => Stale::NotWanted,
    }
}

/// A plan of these steps alone, numbered anew. Groups that wait keep the digest that approves all of them.
fn only(mut plan: Plan, kept: &BTreeSet<StepId>) -> Plan {
    plan.steps.retain(|step| kept.contains(&step.id));
    let place: BTreeMap<StepId, StepId> =
        plan.steps.iter().zip(0..).map(|(step, place)| (step.id, StepId(place))).collect();
    for step in &mut plan.steps {
        step.id = place[&step.id];
        step.needs = step.needs.iter().filter_map(|need| place.get(need).copied()).collect();
    }
    for group in &mut plan.waiting {
        group.steps = group.steps.iter().filter_map(|id| place.get(id).copied()).collect();
    }
    plan.waiting.retain(|group| !group.steps.is_empty());
    let stepped: BTreeSet<&Address> = plan.steps.iter().map(|step| &step.address).collect();
    plan.changes.retain(|row| stepped.contains(&row.address));
    plan.digest = plan_digest(&plan);
    plan
}

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stale::Appeared => f.write_str("it was not there when this was planned, and is now"),
            Stale::Vanished => f.write_str("it was there when this was planned, and is gone"),
            Stale::Replaced { planned, now } => {
                write!(f, "another object has its name: id {now}, where the planned one had {planned}")
            }
            Stale::Moved { fields } if fields.is_empty() => f.write_str("something moved that is not shown"),
            Stale::Moved { fields } => write!(f, "moved: {}", list(fields)),
            Stale::Declared { fields } if fields.is_empty() => f.write_str("something else is to be done to it now"),
            Stale::Declared { fields } => write!(f, "declared otherwise: {}", list(fields)),
            Stale::NotWanted => f.write_str("nothing asks for it any more"),
            Stale::Held { why } => f.write_str(why),
            Stale::Needs { address, verb, is_refused: true } => {
                write!(f, "it needs {verb} {address}, which is refused")
            }
            Stale::Needs { address, verb, is_refused: false } => {
                write!(f, "it needs {verb} {address} by now, which is not in the saved plan")
            }
        }
    }
}

fn list(fields: &[Moved]) -> String {
    let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "(absent)".to_owned(), ToString::to_string);
    let parts: Vec<String> = fields
        .iter()
        .map(|it| format!("{}: planned {} → now {}", it.field, shown(&it.planned), shown(&it.now)))
        .collect();
    parts.join(", ")
}
