//! Is this live object the declared one? By recorded id, then by mark, then by name and identity.
//!
//! | recorded | live under the name | verdict |
//! |---|---|---|
//! | yes, same id (or no ids) | yes | it is |
//! | yes, other id | yes | somebody made another one: adopted anew by approval if its identity agrees, else a conflict |
//! | yes | elsewhere, with the recorded id | renamed behind our back: renamed back where the service can |
//! | no | yes, marked by us | ours; the ledger had forgotten it |
//! | no | yes, identity agrees, and we began to make it and lost the answer | made by us |
//! | no | yes, identity agrees | adoptable, by approval |
//! | no | yes, only the name agrees | a stranger: conflict |

use super::DiffInput;
use super::field::{is_compared, same};
use crate::engine::model::{Desired, Evidence, FieldSpec, KindSpec, Live, Mark, Recorded, Tells, Value};

/// What a live object is to a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Identity {
    /// The declared one.
    Same,
    /// The declared one: we began to make it and lost the answer.
    Begun,
    /// It may be taken over; with a reason when somebody must approve that.
    Adoptable(Option<Approval>),
    /// Not the declared one, and it has the name.
    Stranger(String),
}

/// Why, and together with which others, an adoption is approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The group that is approved together, without the instance: "adoptions".
    pub group: &'static str,
    /// The reason, for people.
    pub reason: String,
}

pub(super) fn identify<'a>(
    input: &DiffInput<'_>,
    spec: &KindSpec,
    desired: &Desired,
    recorded: Option<&Recorded>,
    live: &Live,
    value_of: impl Fn(&str) -> Option<&'a Value>,
) -> Identity {
    let bars = |field: &&FieldSpec| live.text(field.name).is_some();
    if let Some(field) = spec.that_tell(Tells::Bars).find(bars) {
        return Identity::Stranger(live.text(field.name).unwrap_or_default().to_owned());
    }
    if let Some(recorded) = recorded {
        match (&recorded.external_id, &live.external_id) {
            (Some(known), Some(seen)) if known != seen => {
                return match evidence(spec, live, &value_of) {
                    Some(_) => Identity::Adoptable(Some(Approval {
                        group: "takes over",
                        reason: format!("it has id {seen}, the one we knew had {known}"),
                    })),
                    None => Identity::Stranger(format!(
                        "another object has its name: id {seen}, where the recorded one has {known}"
                    )),
                };
            }
            _ => return Identity::Same,
        }
    }
    let foreign = live.mark.as_ref().filter(|mark| Some(mark.ledger.as_str()) != input.ledger);
    if let (Some(mark), None) = (&live.mark, foreign) {
        debug_assert_eq!(Some(mark.ledger.as_str()), input.ledger);
        return Identity::Adoptable(None);
    }
    match (evidence(spec, live, &value_of), foreign) {
        (Some(_), Some(mark)) => Identity::Adoptable(Some(Approval {
            group: "takes over",
            reason: format!("it carries the mark of another ledger ({})", mark.ledger),
        })),
        (Some(Evidence::NameIsIdentity), None) => Identity::Adoptable(None),
        (Some(found), None)
            if input.attempted.contains(&desired.address) && is_as_sent(found, spec, live, &value_of) =>
        {
            Identity::Begun
        }
        (Some(_), None) => Identity::Adoptable(Some(Approval {
            group: "adoptions",
            reason: "it exists already and was never ours".to_owned(),
        })),
        (None, foreign) => Identity::Stranger(stranger(spec, desired, foreign)),
    }
}

/// The first piece of the first group of evidence that holds as a whole.
fn evidence<'a>(spec: &KindSpec, live: &Live, value_of: &impl Fn(&str) -> Option<&'a Value>) -> Option<Evidence> {
    let holds = |evidence: &Evidence| match evidence {
        Evidence::NameIsIdentity | Evidence::NameByApproval => true,
        Evidence::IsTrue(field) => live.fields.get(field) == Some(&Value::Bool(true)),
        Evidence::Same(field) => {
            let (Some(described), Some(seen), Some(wanted)) =
                (spec.field(field), live.fields.get(field), value_of(field))
            else {
                return false;
            };
            let empty = matches!(seen, Value::Null) || seen.as_text() == Some("");
            !empty && same(described, wanted, seen)
        }
    };
    spec.identity.iter().find(|group| !group.is_empty() && group.iter().all(holds))?.first().copied()
}

/// Whether what we began to make is what is there: its identity says so, or, where a name alone is no identity, every
/// field that a creation sends.
fn is_as_sent<'a>(
    found: Evidence,
    spec: &KindSpec,
    live: &Live,
    value_of: &impl Fn(&str) -> Option<&'a Value>,
) -> bool {
    let agrees = |field: &FieldSpec| match (value_of(field.name), live.fields.get(field.name)) {
        (Some(wanted), Some(seen)) if is_compared(field) => same(field, wanted, seen),
        _ => true,
    };
    found != Evidence::NameByApproval || spec.fields.iter().all(agrees)
}

fn stranger(spec: &KindSpec, desired: &Desired, foreign: Option<&Mark>) -> String {
    let wanted: Vec<String> = spec
        .identity
        .iter()
        .map(|group| {
            let parts: Vec<String> = group
                .iter()
                .map(|evidence| match evidence {
                    Evidence::Same(field) => format!("the same {}", field.replace('_', " ")),
                    Evidence::IsTrue(field) => format!("{} being true", field.replace('_', " ")),
                    Evidence::NameIsIdentity | Evidence::NameByApproval => "the name".to_owned(),
                })
                .collect();
            parts.join(" and ")
        })
        .collect();
    let whose = foreign.map_or_else(
        || "it was never ours".to_owned(),
        |mark| format!("it carries the mark of another ledger ({})", mark.ledger),
    );
    format!(
        "a stranger holds the name '{}': {whose}, and what would prove that it is the declared one ({}) does not hold; \
         rename one of the two, or make them agree at the service",
        desired.address.key,
        if wanted.is_empty() { "a mark of ours".to_owned() } else { wanted.join(", or ") }
    )
}
