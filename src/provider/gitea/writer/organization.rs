//! Organisations. Made by `POST /orgs`, so that our account stays an owner: then there is always one, and team
//! repositories, which a site administrator may not touch from 1.27 on, stay within its rights.

use serde_json::json;

use super::{Hand, doing, done, gone, is_there, new_name, not_offered, sent, unchanged};
use crate::engine::model::{Failure, FailureClass, Fields};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::gitea::api::routes;
use crate::provider::gitea::api::wire::Org;
use crate::provider::gitea::convert;

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let fields = sent(inputs);
    match step.verb {
        Verb::Create => create(hand, step, &fields).await,
        Verb::Update | Verb::Restore => edit(hand, step, &fields).await,
        Verb::Rename => rename(hand, step, new_name(step, inputs)?, &fields).await,
        Verb::Adopt => Ok(done(convert::org(&step.address.instance, &find(hand, step).await?))),
        Verb::Delete => delete(hand, step).await,
        Verb::Disable | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => Err(not_offered(step)),
    }
}

async fn create(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let name = step.address.leaf();
    let body = convert::org_body(Some(name), fields);
    if let Err(failure) = hand.post(routes::ORGS, &[], body, &doing(step)).await {
        if failure.class != FailureClass::Conflict {
            return Err(failure);
        }
        let holder = match hand.api.organization(name).await {
            Ok(Some(_)) => "an organisation",
            Ok(None) => "a person",
            Err(_) => return Err(failure),
        };
        return Err(Failure { said: format!("{}: {holder} holds it", failure.said), ..failure });
    }
    read_back(hand, step, name).await
}

async fn edit(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    let live = convert::org(&step.address.instance, &found);
    if is_there(&live, fields) {
        return Ok(done(live));
    }
    unchanged(step, &live, fields)?;
    hand.patch(routes::ORG, &[&found.name], convert::org_body(None, fields), &doing(step)).await?;
    read_back(hand, step, &found.name).await
}

async fn rename(hand: &Hand, step: &Step, name: &str, fields: &Fields) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    if !found.name.eq_ignore_ascii_case(name) {
        hand.post(routes::ORG_RENAME, &[&found.name], json!({"new_name": name}), &doing(step)).await?;
    }
    if !fields.is_empty() {
        hand.patch(routes::ORG, &[name], convert::org_body(None, fields), &doing(step)).await?;
    }
    read_back(hand, step, name).await
}

async fn delete(hand: &Hand, step: &Step) -> Result<Performed, Failure> {
    let found = match find(hand, step).await {
        Ok(found) => found,
        Err(failure) if failure.class == FailureClass::Gone => return Ok(Performed::Done(None)),
        Err(failure) => return Err(failure),
    };
    super::same_object(step, &convert::org(&step.address.instance, &found))?;
    hand.delete(routes::ORG, &[&found.name], &doing(step)).await?;
    Ok(Performed::Done(None))
}

/// The organisation that is meant: by its name if that is still its, else by its number.
async fn find(hand: &Hand, step: &Step) -> Result<Org, Failure> {
    let id = super::number(step);
    let by_name = match hand.api.organization(&step.address.key).await {
        Err(failure) if failure.class == FailureClass::Conflict && id.is_some() => None,
        other => other?,
    };
    match (by_name.filter(|found| id.is_none_or(|id| id == found.id)), id) {
        (Some(found), _) => Ok(found),
        (None, Some(id)) => {
            let mut all = hand.api.organizations().await;
            match all.items.remove(&id) {
                Some(found) => Ok(found),
                None => all.into_whole().and_then(|_| Err(gone(step, "the organisation"))),
            }
        }
        (None, None) => Err(gone(step, "the organisation")),
    }
}

async fn read_back(hand: &Hand, step: &Step, name: &str) -> Result<Performed, Failure> {
    let found = hand.api.organization(name).await?.ok_or_else(|| gone(step, "the organisation"))?;
    Ok(done(convert::org(&step.address.instance, &found)))
}
