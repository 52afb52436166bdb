//! What a plan of a draft would still change, answered in the documents.

use std::collections::BTreeSet;

use crate::engine::model::{Address, EntityRef, Instance, KindClass};
use crate::engine::plan::{Step, Verb};

/// Something to be said in a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amendment {
    /// Whose document.
    pub entity: EntityRef,
    /// What it is to say.
    pub answer: Answer,
}

/// What a document says so that what is there stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// An annotation, without the prefix, says what is there.
    Say(String, String),
    /// It does not say this, because services disagree about it. What a plan would do otherwise.
    Omit(Part, String),
    /// It leaves in those whom nobody declared. What a plan would do otherwise.
    Additive(String),
    /// It is only looked at there. What a plan would do otherwise.
    Observe(Instance, String),
    /// It cannot be declared at all, for this reason.
    Withdraw(String),
}

/// A part of a document that can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `spec.profile.displayName`.
    DisplayName,
    /// `metadata.description`.
    Description,
}

impl Part {
    /// Where it stands in a document.
    pub const fn pointer(self) -> &'static str {
        match self {
            Self::DisplayName => "/spec/profile/displayName",
            Self::Description => "/metadata/description",
        }
    }
}

/// What of a document decides about something of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decides {
    /// An annotation, without the prefix, that would say what is there now.
    Annotation(&'static str, String),
    /// A part, without which nothing would be said about it.
    Part(Part),
}

/// What of a document decides about a field of an object; or, where no field is named, whether it is to be there.
pub type Says<'s> = dyn Fn(&Address, Option<&str>) -> Option<Decides> + 's;

/// What answers the steps of a plan: in each tier what is tried where the tiers before it have nothing new to say.
pub type Tiers = [BTreeSet<Amendment>; 4];

/// What of `steps` is not a taking over, as answers in the documents of `drafted`. First comes what a document can say or
/// leave out, for much may follow from it; then groups leave in whom nobody declared; then it is only looked at. Every step
/// has an answer in the last tier, by which there is no document: so whoever amends until nothing is new changes nothing.
pub fn amendments<'s>(steps: impl Iterator<Item = &'s Step>, drafted: &BTreeSet<EntityRef>, says: &Says<'_>) -> Tiers {
    let mut tiers = Tiers::default();
    let [said, additive, observed, withdrawn] = &mut tiers;
    for step in steps.filter(|it| it.verb != Verb::Adopt) {
        let Some(owner) = step.owner.0.parse::<EntityRef>().ok().filter(|it| drafted.contains(it)) else { continue };
        let whole = format!("{} {}", step.verb.word(), step.address);
        let mut say = |decides, what: &str| {
            let answer = match decides {
                Decides::Annotation(name, value) => Answer::Say(name.to_owned(), value),
                Decides::Part(part) => Answer::Omit(part, what.to_owned()),
            };
            said.insert(Amendment { entity: owner.clone(), answer });
        };
        let mut what = whole.clone();
        match step.verb {
            Verb::Update => {
                let mut unsaid = Vec::new();
                for field in step.after.keys() {
                    match says(&step.address, Some(field)) {
                        Some(decides) => say(decides, &format!("{whole} ({field})")),
                        None => unsaid.push(field.as_ref()),
                    }
                }
                if unsaid.is_empty() {
                    unsaid.extend(step.after.keys().map(AsRef::as_ref));
                }
                what = format!("{whole} ({})", unsaid.join(", "));
            }
            Verb::Create => says(&step.address, None).into_iter().for_each(|decides| say(decides, &whole)),
            Verb::Delete | Verb::Disable if step.class == KindClass::Membership => {
                additive.insert(Amendment { entity: owner.clone(), answer: Answer::Additive(whole.clone()) });
            }
            _ => {}
        }
        let answer = Answer::Observe(step.address.instance.clone(), what);
        observed.insert(Amendment { entity: whose(step, &owner, drafted), answer });
        withdrawn.insert(Amendment { entity: owner, answer: Answer::Withdraw(format!("a plan would {whole}")) });
    }
    tiers
}

/// Whose document holds a step back: a membership is held back by its person.
fn whose(step: &Step, owner: &EntityRef, drafted: &BTreeSet<EntityRef>) -> EntityRef {
    let person = step.class.is_of_person().then(|| EntityRef::user(step.address.leaf()));
    person.filter(|it| drafted.contains(it)).unwrap_or_else(|| owner.clone())
}
