//! What services would make of steps, as far as they can be asked without doing anything: refusals are better read in a
//! preview than after an apply.

use futures::future::join_all;

use super::platform::Platform;
use crate::engine::model::{Failure, Fields, Term};
use crate::engine::plan::{Plan, Step, Verb};

/// A step that its service would not take.
#[derive(Debug)]
pub struct Refusal<'p> {
    /// The step.
    pub step: &'p Step,
    /// What the service answers.
    pub failure: Failure,
}

/// Asks every service that can be asked about each step that could be done now. A step that comes after something is made is
/// left: the service would only say that it is not there.
pub async fn rehearse<'p>(platform: &Platform, plan: &'p Plan) -> Vec<Refusal<'p>> {
    let makes = |step: &Step| matches!(step.verb, Verb::Create | Verb::Adopt | Verb::Rename);
    let after_something_made =
        |step: &Step| step.needs.iter().filter_map(|need| plan.steps.get(need.0 as usize)).any(makes);
    let ledger = plan.ledger.clone().unwrap_or_default();
    let mut asked = Vec::new();
    for (instance, member) in platform.members.iter().filter(|(_, member)| member.provider.rehearses()) {
        let steps = plan.steps.iter().filter(|it| it.address.instance == *instance);
        let steps: Vec<&Step> = steps.filter(|it| !after_something_made(it)).collect();
        if steps.is_empty() {
            continue;
        }
        let reader = member.reader();
        let ledger = &ledger;
        asked.push(async move {
            let one = |step: &'p Step| {
                let reader = &reader;
                async move {
                    let failure = reader.rehearse(step, &known(step), ledger).await.err()?;
                    Some(Refusal { step, failure })
                }
            };
            join_all(steps.into_iter().map(one)).await.into_iter().flatten().collect::<Vec<_>>()
        });
    }
    join_all(asked).await.into_iter().flatten().collect()
}

/// The fields of a step that are known before anything is done.
fn known(step: &Step) -> Fields {
    let known = step.after.iter().filter_map(|(name, term)| match term {
        Term::Known(value) => Some((name.clone(), value.clone())),
        Term::Output(_) | Term::Secret(_) => None,
    });
    known.collect()
}
