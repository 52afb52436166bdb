//! People in teams and in channels. Adding and taking out may be repeated. An answer of success is not believed: a
//! channel says 201 although some were left out, and a team keeps a row of whoever left.

use serde_json::json;

use super::{Hand, doing, done, gone, not_offered};
use crate::engine::model::{Failure, FailureClass, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::mattermost::api::routes;
use crate::provider::mattermost::convert;

/// What is done to an edge.
enum Wanted {
    /// It is made if it is not there.
    In,
    /// It is ended if it is there.
    Out,
    /// It is looked at.
    Seen,
}

pub(super) async fn of_team(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let wanted = wanted(step)?;
    let key = step.address.parent_key().unwrap_or_default();
    let Some((team, user)) = ends(hand.team_id(step, inputs, key).await?, hand, step, inputs).await? else {
        return absent(step, &wanted, "the team or the account");
    };
    match wanted {
        Wanted::In => {
            let body = json!({ "team_id": team, "user_id": user });
            hand.post(routes::TEAM_MEMBERS, &[&team], body, &doing(step)).await?;
        }
        Wanted::Out => hand.delete(routes::TEAM_MEMBER, &[&team, &user], &doing(step)).await?,
        Wanted::Seen => {}
    }
    let member = hand.api.team_member(&team, &user).await?;
    let live = |it| convert::team_member(&step.address.instance, key, step.address.leaf(), &it);
    afterwards(step, &wanted, member.map(live))
}

pub(super) async fn of_channel(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let wanted = wanted(step)?;
    let key = step.address.parent_key().unwrap_or_default();
    let Some((channel, user)) = ends(hand.channel_id(step, inputs, key).await?, hand, step, inputs).await? else {
        return absent(step, &wanted, "the channel or the account");
    };
    match wanted {
        Wanted::In => {
            let body = json!({ "user_id": user });
            hand.post(routes::CHANNEL_MEMBERS, &[&channel], body, &doing(step)).await?;
        }
        Wanted::Out => hand.delete(routes::CHANNEL_MEMBER, &[&channel, &user], &doing(step)).await?,
        Wanted::Seen => {}
    }
    let member = hand.api.channel_member(&channel, &user).await?;
    let live = |_| convert::channel_member(&step.address.instance, key, step.address.leaf());
    afterwards(step, &wanted, member.map(live))
}

fn wanted(step: &Step) -> Result<Wanted, Failure> {
    match step.verb {
        Verb::Create | Verb::Restore | Verb::Update => Ok(Wanted::In),
        Verb::Delete => Ok(Wanted::Out),
        Verb::Adopt => Ok(Wanted::Seen),
        Verb::Rename | Verb::Disable | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => {
            Err(not_offered(step))
        }
    }
}

/// Both ends of the edge, if both are there.
async fn ends(
    container: Option<String>,
    hand: &Hand,
    step: &Step,
    inputs: &Inputs,
) -> Result<Option<(String, String)>, Failure> {
    let Some(container) = container else { return Ok(None) };
    Ok(hand.user_id(step, inputs, step.address.leaf()).await?.map(|user| (container, user)))
}

/// Without one of its ends there is no edge.
fn absent(step: &Step, wanted: &Wanted, what: &str) -> Result<Performed, Failure> {
    match wanted {
        Wanted::Out => Ok(Performed::Done(None)),
        Wanted::In | Wanted::Seen => Err(gone(step, what)),
    }
}

fn afterwards(step: &Step, wanted: &Wanted, member: Option<Live>) -> Result<Performed, Failure> {
    match (wanted, member) {
        (Wanted::Out, None) => Ok(Performed::Done(None)),
        (Wanted::In | Wanted::Seen, Some(live)) => Ok(done(live)),
        (Wanted::Out, Some(_)) => {
            Err(Failure::new(FailureClass::Unclear, doing(step), "Mattermost took the call, and they are still in it"))
        }
        (Wanted::In | Wanted::Seen, None) => Err(gone(step, "the membership")),
    }
}
