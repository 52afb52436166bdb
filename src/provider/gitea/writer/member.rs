//! People in teams. Adding and taking out may be repeated; Gitea would take an organisation for a person.

use super::{Hand, doing, done, gone, not_offered};
use crate::engine::model::{Address, Failure, FailureClass};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::gitea::api::routes;
use crate::provider::gitea::{convert, kinds};

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    match step.verb {
        Verb::Create | Verb::Restore | Verb::Update => add(hand, step, inputs).await,
        Verb::Delete => take_out(hand, step, inputs).await,
        Verb::Adopt => match team(hand, step, inputs).await? {
            Some(id) => read_back(hand, step, id).await,
            None => Err(gone(step, "the team")),
        },
        Verb::Rename | Verb::Disable | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => {
            Err(not_offered(step))
        }
    }
}

async fn add(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let id = team(hand, step, inputs).await?.ok_or_else(|| gone(step, "the team"))?;
    let user = step.address.leaf();
    let account = Address::new(&step.address.instance, kinds::USER, user);
    if inputs.related.id(&account).is_none() && hand.api.organization(user).await?.is_some() {
        return Err(Failure::new(FailureClass::Conflict, doing(step), format!("'{user}' is an organisation"))
            .help("people and organisations share one namespace; give one of them another name"));
    }
    hand.put(routes::TEAM_MEMBER, &[&id.to_string(), user], &doing(step)).await?;
    read_back(hand, step, id).await
}

async fn take_out(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let Some(id) = team(hand, step, inputs).await? else { return Ok(Performed::Done(None)) };
    hand.delete(routes::TEAM_MEMBER, &[&id.to_string(), step.address.leaf()], &doing(step)).await?;
    match hand.api.team_member(id, step.address.leaf()).await? {
        None => Ok(Performed::Done(None)),
        Some(_) => {
            Err(Failure::new(FailureClass::Unclear, doing(step), "Gitea took the call, and they are still in it"))
        }
    }
}

/// The number of the team, from what the step uses or by its name.
async fn team(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Option<i64>, Failure> {
    let key = step.address.parent_key().unwrap_or_default();
    let address = Address::new(&step.address.instance, kinds::TEAM, key);
    if let Some(id) = inputs.related.id(&address).and_then(|id| id.parse().ok()) {
        return Ok(Some(id));
    }
    let (org, name) = key.rsplit_once('/').unwrap_or((key, ""));
    Ok(hand.api.team_named(org, name).await?.map(|team| team.id))
}

async fn read_back(hand: &Hand, step: &Step, id: i64) -> Result<Performed, Failure> {
    let user = step.address.leaf();
    let found = hand.api.team_member(id, user).await?.ok_or_else(|| gone(step, "the membership"))?;
    let team = step.address.parent_key().unwrap_or_default();
    Ok(done(convert::member(&step.address.instance, team, &found, None)))
}
