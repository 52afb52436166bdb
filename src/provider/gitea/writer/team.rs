//! Teams. `Owners` is never written, whatever its name: Gitea would accept its renaming and even its deletion.

use super::{Hand, doing, done, gone, is_there, new_name, not_offered, sent, unchanged};
use crate::engine::model::{Failure, FailureClass, Fields};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::gitea::api::decode;
use crate::provider::gitea::api::routes;
use crate::provider::gitea::api::wire::Team;
use crate::provider::gitea::convert;
use crate::provider::gitea::names::fold;
use crate::provider::http::Call;

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let fields = sent(inputs);
    match step.verb {
        Verb::Create => create(hand, step, &fields).await,
        Verb::Update | Verb::Restore => edit(hand, step, None, &fields).await,
        Verb::Rename => edit(hand, step, Some(new_name(step, inputs)?), &fields).await,
        Verb::Adopt => Ok(done(live(step, &find(hand, step).await?))),
        Verb::Delete => delete(hand, step).await,
        Verb::Disable | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => Err(not_offered(step)),
    }
}

async fn create(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let (org, name) = (organization(step), step.address.leaf());
    let body = convert::team_body(name, None, fields);
    let call = Call::new(reqwest::Method::POST, routes::ORG_TEAMS, &[org], doing(step)).json(body);
    let made: Team = decode(&call, &hand.send(call.clone()).await?)?;
    read_back(hand, step, made.id).await
}

async fn edit(hand: &Hand, step: &Step, name: Option<&str>, fields: &Fields) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    let before = live(step, &found);
    let named = name.is_none_or(|name| fold(&found.name) == fold(name));
    if named && is_there(&before, fields) {
        return Ok(done(before));
    }
    unchanged(step, &before, fields)?;
    let body = convert::team_body(name.unwrap_or(&found.name), Some(&found), fields);
    hand.patch(routes::TEAM, &[&found.id.to_string()], body, &doing(step)).await?;
    read_back(hand, step, found.id).await
}

async fn delete(hand: &Hand, step: &Step) -> Result<Performed, Failure> {
    let found = match find(hand, step).await {
        Ok(found) => found,
        Err(failure) if failure.class == FailureClass::Gone => return Ok(Performed::Done(None)),
        Err(failure) => return Err(failure),
    };
    super::same_object(step, &live(step, &found))?;
    hand.delete(routes::TEAM, &[&found.id.to_string()], &doing(step)).await?;
    Ok(Performed::Done(None))
}

/// The team that is meant: by its number, if that is still one of the organisation's; else by its name.
async fn find(hand: &Hand, step: &Step) -> Result<Team, Failure> {
    let found = match super::number(step) {
        Some(id) => hand.api.team(id).await?,
        None => hand.api.team_named(organization(step), step.address.leaf()).await?,
    };
    let found = found.ok_or_else(|| gone(step, "the team"))?;
    if found.is_owners() {
        return Err(Failure::new(FailureClass::Refused, doing(step), "it is the organisation's team of owners")
            .help("Gitea's own team of owners is never changed"));
    }
    Ok(found)
}

async fn read_back(hand: &Hand, step: &Step, id: i64) -> Result<Performed, Failure> {
    let found = hand.api.team(id).await?.ok_or_else(|| gone(step, "the team"))?;
    Ok(done(live(step, &found)))
}

fn live(step: &Step, team: &Team) -> crate::engine::model::Live {
    let org = team.organization.as_ref().map_or(organization(step), |org| &org.name);
    convert::team(&step.address.instance, org, team)
}

fn organization(step: &Step) -> &str {
    step.address.parent_key().unwrap_or_default()
}
