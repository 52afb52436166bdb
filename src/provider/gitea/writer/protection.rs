//! Protection rules of a repository. A malformed glob makes the server panic and is stored all the same, so none is
//! sent; people and teams without write access are dropped from the lists without a word, which reading back shows.

use super::{Hand, doing, done, gone, is_there, not_offered, sent, unchanged};
use crate::engine::model::{Failure, FailureClass, Fields, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::gitea::api::routes;
use crate::provider::gitea::convert;
use crate::provider::gitea::names::{from_key_part, is_glob};

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let at = Place::of(step);
    let fields = sent(inputs);
    match step.verb {
        Verb::Create | Verb::Update | Verb::Restore => set(hand, step, &at, &fields).await,
        Verb::Adopt => read_back(hand, step, &at).await,
        Verb::Delete => {
            hand.delete(routes::PROTECTION, &[&at.owner, &at.name, &at.rule], &doing(step)).await?;
            Ok(Performed::Done(None))
        }
        Verb::Rename | Verb::Disable | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => {
            Err(not_offered(step))
        }
    }
}

/// Where a rule is.
struct Place {
    owner: String,
    name: String,
    rule: String,
}

impl Place {
    fn of(step: &Step) -> Self {
        let repository = step.address.parent_key().unwrap_or_default();
        let (owner, name) = repository.rsplit_once('/').unwrap_or((repository, ""));
        Self { owner: owner.to_owned(), name: name.to_owned(), rule: from_key_part(step.address.leaf()) }
    }
}

async fn set(hand: &Hand, step: &Step, at: &Place, fields: &Fields) -> Result<Performed, Failure> {
    if !is_glob(&at.rule) {
        return Err(Failure::new(FailureClass::Refused, doing(step), format!("'{}' is no well-formed glob", at.rule))
            .help("write the rule as a glob whose brackets and braces are closed"));
    }
    match (live(hand, step, at).await?, step.verb) {
        (None, Verb::Create | Verb::Restore) => {
            let body = convert::protection_body(Some(&at.rule), fields);
            hand.post(routes::PROTECTIONS, &[&at.owner, &at.name], body, &doing(step)).await?;
        }
        (None, _) => return Err(gone(step, "the rule")),
        (Some(live), _) if is_there(&live, fields) => return Ok(done(live)),
        (Some(live), _) => {
            unchanged(step, &live, fields)?;
            let mut all = live.fields;
            all.extend(fields.clone());
            let body = convert::protection_body(None, &all);
            hand.patch(routes::PROTECTION, &[&at.owner, &at.name, &at.rule], body, &doing(step)).await?;
        }
    }
    read_back(hand, step, at).await
}

async fn live(hand: &Hand, step: &Step, at: &Place) -> Result<Option<Live>, Failure> {
    let repository = step.address.parent_key().unwrap_or_default();
    let found = hand.api.protection(&at.owner, &at.name, &at.rule).await?;
    Ok(found.map(|rule| convert::protection(&step.address.instance, repository, &rule)))
}

async fn read_back(hand: &Hand, step: &Step, at: &Place) -> Result<Performed, Failure> {
    Ok(done(live(hand, step, at).await?.ok_or_else(|| gone(step, "the rule"))?))
}
