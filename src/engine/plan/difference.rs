//! What a change of the mono-repo changes in the plan: the plan of its head less the plan of its base.
//!
//! Both plans are made from one reading of the services and one ledger, so what both would do is not the change's doing:
//! drift, and commits that are not applied yet. It is summed up apart.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Basis, IncompleteScope, Note, Plan, Step, StepId, Verb, Wait, WaitingGroup, digest};
use crate::engine::diag::Diagnostic;
use crate::engine::diff::{Change, DriftClass};
use crate::engine::model::{Address, Instance, KindClass};

/// The plan of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The platform.
    pub platform: String,
    /// What the change starts from.
    pub base: Side,
    /// The change.
    pub head: Side,
    /// What both plans compared.
    pub basis: Basis,
    /// The moment that both were made for.
    pub made_for: DateTime<Utc>,
    /// Steps that only the head's plan has, in its order and with its numbers.
    pub adds: Vec<Step>,
    /// Steps that only the base's plan has: the change takes them away.
    pub drops: Vec<Step>,
    /// Steps that both plans have for one resource and verb, and that do something else.
    pub differs: Vec<Differs>,
    /// Steps that both plans have, and that wait in one of them only: the change moved a budget or a group.
    pub rewaits: Vec<Rewait>,
    /// Differences that the change brings and that nothing is done about.
    pub left: Vec<Change>,
    /// Groups of the head's plan that wait for somebody and hold a step of the change.
    pub waiting: Vec<WaitingGroup>,
    /// Of the steps added or differing, those that wait, or need one that does.
    pub held: BTreeSet<StepId>,
    /// People who lose something by the change.
    pub losing: Vec<Losing>,
    /// What both plans would do.
    pub elsewhere: Elsewhere,
    /// Problems of the documents.
    pub problems: Problems,
    /// What was not read whole.
    pub incomplete: Vec<IncompleteScope>,
    /// Notes of the head's plan that the base's has not.
    pub notes: Vec<Note>,
    /// SHA-256 over what the change does: it stays the same while services drift.
    pub digest: String,
}

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// The revision of the mono-repo.
    pub revision: String,
    /// The digest of its plan.
    pub plan: String,
}

/// A step that the change does differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differs {
    /// The base's.
    pub base: Step,
    /// The head's.
    pub head: Step,
}

/// A step that is the same and waits in one of the plans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rewait {
    /// The head's step; it waits by the change when it has waits, and else waits no more.
    pub step: Step,
    /// What the base's waits for.
    pub base: Vec<Wait>,
}

/// A person, and what they lose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Losing {
    /// Their name.
    pub person: String,
    /// What is done: an account is disabled or deleted, a membership removed.
    pub what: Vec<Loss>,
}

/// One thing that somebody loses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The account or the membership.
    pub address: Address,
    /// What is done to it.
    pub verb: Verb,
}

/// What is not the change's doing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Elsewhere {
    /// Steps of both plans, by installation and verb.
    pub steps: BTreeMap<Instance, BTreeMap<Verb, usize>>,
    /// Differences of both plans, by class.
    pub classes: BTreeMap<DriftClass, usize>,
}

/// Problems of the documents, before the change and after.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Problems {
    /// Those that the change brings.
    pub brought: Vec<Diagnostic>,
    /// Those that it solves.
    pub solved: Vec<Diagnostic>,
    /// How many were there before and still are.
    pub already: usize,
}

/// What a change does in one installation, in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Steps that it adds, by verb.
    pub adds: BTreeMap<Verb, usize>,
    /// Steps that it takes away.
    pub drops: usize,
    /// Steps that it does differently.
    pub differs: usize,
    /// Of the added and differing ones, those that wait or need one that does.
    pub waiting: usize,
    /// Calls that the added and differing ones are expected to take.
    pub calls: u32,
}

impl Problems {
    /// Tells problems apart by what they say and in which file: a line that only moved is no new problem.
    pub fn between(base: &[Diagnostic], head: &[Diagnostic]) -> Self {
        type Key<'a> = (&'a str, &'a str, Option<&'a str>);
        fn key(it: &Diagnostic) -> Key<'_> {
            (it.code.0, &it.message, it.span.as_ref().map(|span| &*span.file))
        }
        fn beyond(of: &[Diagnostic], known: &[Diagnostic]) -> Vec<Diagnostic> {
            let mut left: BTreeMap<Key<'_>, usize> = BTreeMap::new();
            for it in known {
                *left.entry(key(it)).or_default() += 1;
            }
            let mut new = Vec::new();
            for it in of {
                match left.get_mut(&key(it)) {
                    Some(count) if *count > 0 => *count -= 1,
                    _ => new.push(it.clone()),
                }
            }
            new
        }
        let brought = beyond(head, base);
        Self { already: head.len() - brought.len(), solved: beyond(base, head), brought }
    }
}

impl Difference {
    /// The plan of `head` less the plan of `base`. Both must be made of one reading.
    pub fn between(base: &Plan, head: &Plan, problems: Problems) -> Self {
        let mut of_base: BTreeMap<&str, &Step> = base.steps.iter().map(|step| (step.digest.as_str(), step)).collect();
        let mut elsewhere = Elsewhere::default();
        let (mut new, mut rewaits): (Vec<&Step>, Vec<Rewait>) = (Vec::new(), Vec::new());
        for step in &head.steps {
            match of_base.remove(step.digest.as_str()) {
                Some(same) if waits_for(same) != waits_for(step) => {
                    rewaits.push(Rewait { step: step.clone(), base: same.waits.clone() });
                }
                Some(_) => {
                    let verbs = elsewhere.steps.entry(step.address.instance.clone()).or_default();
                    *verbs.entry(step.verb).or_default() += 1;
                }
                None => new.push(step),
            }
        }
        let mut left_over: BTreeMap<(&Address, Verb), Vec<&Step>> = BTreeMap::new();
        for step in base.steps.iter().rev().filter(|step| of_base.contains_key(step.digest.as_str())) {
            left_over.entry((&step.address, step.verb)).or_default().push(step);
        }
        let (mut adds, mut differs) = (Vec::new(), Vec::new());
        for step in new {
            match left_over.get_mut(&(&step.address, step.verb)).and_then(Vec::pop) {
                Some(other) => {
                    of_base.remove(other.digest.as_str());
                    differs.push(Differs { base: other.clone(), head: step.clone() });
                }
                None => adds.push(step.clone()),
            }
        }
        let drops = base.steps.iter().filter(|step| of_base.contains_key(step.digest.as_str())).cloned().collect();
        let mut difference = Self {
            platform: head.platform.clone(),
            base: Side { revision: base.revision.clone(), plan: base.digest.clone() },
            head: Side { revision: head.revision.clone(), plan: head.digest.clone() },
            basis: head.basis,
            made_for: head.made_for,
            adds,
            drops,
            differs,
            rewaits,
            left: Vec::new(),
            waiting: Vec::new(),
            held: BTreeSet::new(),
            losing: Vec::new(),
            elsewhere,
            problems,
            incomplete: head.incomplete.clone(),
            notes: head.notes.iter().filter(|note| !base.notes.contains(note)).cloned().collect(),
            digest: String::new(),
        };
        difference.rows(base, head);
        difference.waits(head);
        difference.losing = difference.who_loses();
        difference.digest = difference.own_digest();
        difference
    }

    /// Steps that the change adds, or does differently, as the head does them.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.adds.iter().chain(self.differs.iter().map(|it| &it.head))
    }

    /// Whether the change changes nothing in any service.
    pub fn is_empty(&self) -> bool {
        self.adds.is_empty() && self.drops.is_empty() && self.differs.is_empty() && self.rewaits.is_empty()
    }

    /// What is done in each installation, in numbers.
    pub fn counts(&self) -> BTreeMap<Instance, Counts> {
        let mut counts: BTreeMap<Instance, Counts> = BTreeMap::new();
        for step in &self.adds {
            *counts.entry(step.address.instance.clone()).or_default().adds.entry(step.verb).or_default() += 1;
        }
        for step in &self.drops {
            counts.entry(step.address.instance.clone()).or_default().drops += 1;
        }
        for it in &self.differs {
            counts.entry(it.head.address.instance.clone()).or_default().differs += 1;
        }
        for step in self.steps() {
            let of = counts.entry(step.address.instance.clone()).or_default();
            of.waiting += usize::from(self.held.contains(&step.id));
            of.calls += step.calls;
        }
        counts
    }

    /// What the change deletes, with what goes with it.
    pub fn deletions(&self) -> impl Iterator<Item = &Step> {
        self.steps().filter(|step| step.verb == Verb::Delete)
    }

    /// Sorts the rows of the head into those that the base has too, and those that nothing is done about.
    fn rows(&mut self, base: &Plan, head: &Plan) {
        let before: BTreeMap<&Address, &Change> = base.changes.iter().map(|row| (&row.address, row)).collect();
        let stepped: BTreeSet<&Address> = head.steps.iter().map(|step| &step.address).collect();
        for row in &head.changes {
            let same = before.get(&row.address).is_some_and(|it| (it.class, &it.left) == (row.class, &row.left));
            if same {
                *self.elsewhere.classes.entry(row.class).or_default() += 1;
            } else if !stepped.contains(&row.address) {
                self.left.push(row.clone());
            }
        }
    }

    fn waits(&mut self, head: &Plan) {
        let of_change: BTreeSet<StepId> =
            self.steps().map(|step| step.id).chain(self.rewaits.iter().map(|it| it.step.id)).collect();
        let held = head.held();
        self.held = of_change.iter().copied().filter(|id| held.get(id.0 as usize) == Some(&true)).collect();
        let concerned = |group: &&WaitingGroup| group.steps.iter().any(|id| of_change.contains(id));
        self.waiting = head.waiting.iter().filter(concerned).cloned().collect();
    }

    fn who_loses(&self) -> Vec<Losing> {
        let mut people: BTreeMap<&str, Vec<Loss>> = BTreeMap::new();
        let loses = |step: &&Step| {
            step.verb.is_destructive() && matches!(step.class, KindClass::Person | KindClass::Membership)
        };
        for step in self.steps().filter(loses) {
            people
                .entry(step.address.leaf())
                .or_default()
                .push(Loss { address: step.address.clone(), verb: step.verb });
        }
        people.into_iter().map(|(person, what)| Losing { person: person.to_owned(), what }).collect()
    }

    fn own_digest(&self) -> String {
        fn digests<'a>(steps: impl Iterator<Item = &'a Step>) -> BTreeSet<&'a str> {
            steps.map(|step| step.digest.as_str()).collect()
        }
        let groups: Vec<(&str, &str)> =
            self.waiting.iter().map(|group| (group.name.as_str(), group.digest.as_str())).collect();
        digest::of(&(
            digests(self.adds.iter()),
            digests(self.drops.iter()),
            digests(self.differs.iter().map(|it| &it.head)),
            digests(self.rewaits.iter().map(|it| &it.step)),
            groups,
        ))
    }
}

/// What a step waits for, without the numbers in the reasons: they move with everything else in the plan.
fn waits_for(step: &Step) -> BTreeSet<Option<&str>> {
    step.waits.iter().map(Wait::group).collect()
}
