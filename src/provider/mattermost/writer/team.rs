//! Teams. Never updated as a whole, which empties what is left out; never deleted, only archived and restored.

use serde_json::json;

use super::{Hand, doing, done, gone, is_there, not_offered, unchanged};
use crate::engine::model::{Failure, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::http::Call;
use crate::provider::mattermost::api::wire::Team;
use crate::provider::mattermost::api::{decode, routes};
use crate::provider::mattermost::convert;

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    match step.verb {
        Verb::Create => create(hand, step, &inputs.fields).await,
        Verb::Update | Verb::Restore | Verb::Disable => edit(hand, step, &inputs.fields).await,
        Verb::Adopt => Ok(done(convert::team(&step.address.instance, &find(hand, step).await?))),
        Verb::Rename | Verb::Delete | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => {
            Err(not_offered(step))
        }
    }
}

async fn create(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let call = Call::new(reqwest::Method::POST, routes::TEAMS, &[], doing(step));
    let call = call.json(convert::team_create(step.address.leaf(), fields));
    let made: Team = decode(&call, &hand.send(call.clone()).await?)?;
    read_back(hand, step, &made.id).await
}

async fn edit(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    let live = convert::team(&step.address.instance, &found);
    if is_there(&live, fields) {
        return Ok(done(live));
    }
    unchanged(step, &live, fields)?;
    let (id, doing) = ([found.id.as_str()], doing(step));
    let differs = |name: &str| fields.get(name).filter(|value| live.fields.get(name) != Some(value));
    if differs("archived") == Some(&Value::Bool(false)) {
        hand.post_again(routes::TEAM_RESTORE, &id, &doing).await?;
    }
    if let Some(open) = differs("open").and_then(Value::as_bool) {
        hand.put(routes::TEAM_PRIVACY, &id, json!({ "privacy": if open { "O" } else { "I" } }), &doing).await?;
    }
    if let Some(body) = convert::team_patch(&changed(fields, &live)) {
        hand.put(routes::TEAM_PATCH, &id, body, &doing).await?;
    }
    if differs("archived") == Some(&Value::Bool(true)) {
        hand.delete(routes::TEAM, &id, &doing).await?;
    }
    read_back(hand, step, &found.id).await
}

/// The fields that differ from what is there.
pub(super) fn changed(fields: &Fields, live: &crate::engine::model::Live) -> Fields {
    let differs = fields.iter().filter(|(name, value)| live.fields.get(name) != Some(value));
    differs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// The team that is meant: by its id, else by its name.
async fn find(hand: &Hand, step: &Step) -> Result<Team, Failure> {
    let found = match &step.external_id {
        Some(id) => hand.api.team(id).await?,
        None => hand.api.team_named(&step.address.key).await?,
    };
    found.ok_or_else(|| gone(step, "the team"))
}

async fn read_back(hand: &Hand, step: &Step, id: &str) -> Result<Performed, Failure> {
    let found = hand.api.team(id).await?.ok_or_else(|| gone(step, "the team"))?;
    Ok(done(convert::team(&step.address.instance, &found)))
}
