//! Channels. Only what differs is sent: each changed name, header or purpose posts a message that everybody in it reads.
//! Never updated as a whole, never deleted, only archived and restored; an archived one takes no change but that.

use serde_json::json;

use super::team::changed;
use super::{Hand, doing, done, gone, is_there, not_offered, unchanged};
use crate::engine::model::{Failure, FailureClass, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::http::Call;
use crate::provider::mattermost::api::wire::Channel;
use crate::provider::mattermost::api::{decode, routes};
use crate::provider::mattermost::convert;

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    match step.verb {
        Verb::Create => create(hand, step, inputs).await,
        Verb::Update | Verb::Restore | Verb::Disable => edit(hand, step, inputs, None).await,
        Verb::Rename => {
            let key = inputs.fields.get("name").and_then(Value::as_text).ok_or_else(|| not_offered(step))?;
            let name = key.rsplit_once('/').map_or(key, |(_, leaf)| leaf);
            edit(hand, step, inputs, Some(name)).await
        }
        Verb::Adopt => live(step, &find(hand, step, inputs).await?),
        Verb::Delete | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => Err(not_offered(step)),
    }
}

async fn create(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let key = step.address.parent_key().unwrap_or_default();
    let team = hand.team_id(step, inputs, key).await?.ok_or_else(|| gone(step, "the team"))?;
    let call = Call::new(reqwest::Method::POST, routes::CHANNELS, &[], doing(step));
    let call = call.json(convert::channel_create(&team, step.address.leaf(), &inputs.fields));
    let made: Channel = decode(&call, &hand.send(call.clone()).await?)?;
    read_back(hand, step, &made.id).await
}

async fn edit(hand: &Hand, step: &Step, inputs: &Inputs, name: Option<&str>) -> Result<Performed, Failure> {
    let fields: Fields =
        inputs.fields.iter().filter(|(name, _)| *name != "name").map(|(n, v)| (n.clone(), v.clone())).collect();
    let found = find(hand, step, inputs).await?;
    let now = convert::channel(&step.address.instance, step.address.parent_key().unwrap_or_default(), &found);
    let name = name.filter(|name| *name != found.name);
    if name.is_none() && is_there(&now, &fields) {
        return Ok(done(now));
    }
    unchanged(step, &now, &fields)?;
    let (id, doing) = ([found.id.as_str()], doing(step));
    let fields = changed(&fields, &now);
    let mut archived = found.delete_at != 0;
    if fields.get("archived") == Some(&Value::Bool(false)) {
        hand.post_again(routes::CHANNEL_RESTORE, &id, &doing).await?;
        archived = false;
    }
    let patch = convert::channel_patch(name, &fields);
    let private = fields.get("private").and_then(Value::as_bool);
    if archived && (patch.is_some() || private.is_some()) {
        return Err(Failure::new(
            FailureClass::Refused,
            doing,
            "it is archived, and an archived channel takes no change",
        )
        .help("approve that it is restored; then it is changed"));
    }
    if let Some(private) = private {
        hand.put(routes::CHANNEL_PRIVACY, &id, json!({ "privacy": if private { "P" } else { "O" } }), &doing).await?;
    }
    if let Some(body) = patch {
        hand.put(routes::CHANNEL_PATCH, &id, body, &doing).await?;
    }
    if fields.get("archived") == Some(&Value::Bool(true)) {
        hand.delete(routes::CHANNEL, &id, &doing).await?;
    }
    read_back(hand, step, &found.id).await
}

/// The channel that is meant: by its id, else by its name in its team.
async fn find(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Channel, Failure> {
    let found = match &step.external_id {
        Some(id) => hand.api.channel(id).await?,
        None => match hand.channel_id(step, inputs, &step.address.key).await? {
            Some(id) => hand.api.channel(&id).await?,
            None => None,
        },
    };
    found.ok_or_else(|| gone(step, "the channel"))
}

async fn read_back(hand: &Hand, step: &Step, id: &str) -> Result<Performed, Failure> {
    let found = hand.api.channel(id).await?.ok_or_else(|| gone(step, "the channel"))?;
    live(step, &found)
}

fn live(step: &Step, found: &Channel) -> Result<Performed, Failure> {
    let team = step.address.parent_key().unwrap_or_default();
    Ok(done(convert::channel(&step.address.instance, team, found)))
}
