//! Hooks of a repository. Gitea shows no secret and cannot change one: a new secret is a new hook, and the old one goes
//! when the new one is there.

use secrecy::ExposeSecret;

use super::{Hand, doing, done, gone, is_there, not_offered, number, sent, unchanged};
use crate::engine::model::{Failure, FailureClass, Fields, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::gitea::api::wire::Hook;
use crate::provider::gitea::api::{decode, routes};
use crate::provider::gitea::convert;
use crate::provider::gitea::names::from_key_part;
use crate::provider::http::Call;

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let at = Place::of(step);
    let mut fields = sent(inputs);
    fields.remove("secret");
    let secret = inputs.secrets.get("secret").map(ExposeSecret::expose_secret);
    match step.verb {
        Verb::Create => {
            let made = create(hand, step, &at, &fields, secret).await?;
            read_back(hand, step, &at, made).await
        }
        Verb::Update | Verb::Restore => edit(hand, step, &at, &fields, secret).await,
        Verb::Adopt => {
            let (found, _) = find(hand, step, &at).await?;
            read_back(hand, step, &at, found.id).await
        }
        Verb::Delete => delete(hand, step, &at).await,
        Verb::Rename | Verb::Disable | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => {
            Err(not_offered(step))
        }
    }
}

/// Where a hook is, and where it delivers.
struct Place<'a> {
    repository: &'a str,
    owner: &'a str,
    name: &'a str,
    url: String,
}

impl<'a> Place<'a> {
    fn of(step: &'a Step) -> Self {
        let repository = step.address.parent_key().unwrap_or_default();
        let (owner, name) = repository.rsplit_once('/').unwrap_or((repository, ""));
        Self { repository, owner, name, url: from_key_part(step.address.leaf()) }
    }
}

async fn create(
    hand: &Hand,
    step: &Step,
    at: &Place<'_>,
    fields: &Fields,
    secret: Option<&str>,
) -> Result<i64, Failure> {
    let body = convert::hook_body(&at.url, fields, secret);
    let call = Call::new(reqwest::Method::POST, routes::HOOKS, &[at.owner, at.name], doing(step)).json(body);
    let made: Hook = decode(&call, &hand.send(call.clone()).await?)?;
    Ok(made.id)
}

async fn edit(
    hand: &Hand,
    step: &Step,
    at: &Place<'_>,
    fields: &Fields,
    secret: Option<&str>,
) -> Result<Performed, Failure> {
    let (found, live) = find(hand, step, at).await?;
    if secret.is_none() && is_there(&live, fields) {
        return Ok(done(live));
    }
    unchanged(step, &live, fields)?;
    let mut all = live.fields;
    all.extend(fields.clone());
    if secret.is_some() {
        let made = create(hand, step, at, &all, secret).await?;
        let old = found.id.to_string();
        hand.delete(routes::HOOK, &[at.owner, at.name, &old], &doing(step)).await?;
        return read_back(hand, step, at, made).await;
    }
    let body = convert::hook_body(&at.url, &all, None);
    hand.patch(routes::HOOK, &[at.owner, at.name, &found.id.to_string()], body, &doing(step)).await?;
    read_back(hand, step, at, found.id).await
}

async fn delete(hand: &Hand, step: &Step, at: &Place<'_>) -> Result<Performed, Failure> {
    match find(hand, step, at).await {
        Ok((found, _)) => {
            hand.delete(routes::HOOK, &[at.owner, at.name, &found.id.to_string()], &doing(step)).await?;
            Ok(Performed::Done(None))
        }
        Err(failure) if failure.class == FailureClass::Gone => Ok(Performed::Done(None)),
        Err(failure) => Err(failure),
    }
}

/// The hook that is meant: by its number, else the oldest with the address.
async fn find(hand: &Hand, step: &Step, at: &Place<'_>) -> Result<(Hook, Live), Failure> {
    let hooks = hand.api.hooks(at.owner, at.name).await.into_whole()?;
    let all = convert::hooks(&step.address.instance, at.repository, hooks.values());
    let meant = all.into_iter().find(|live| match number(step) {
        Some(id) => live.external_id.as_deref() == Some(id.to_string().as_str()),
        None => live.address == step.address,
    });
    let meant = meant.ok_or_else(|| gone(step, "the hook"))?;
    let id = meant.external_id.as_deref().and_then(|id| id.parse::<i64>().ok());
    let hook = id.and_then(|id| hooks.get(&id)).cloned().ok_or_else(|| gone(step, "the hook"))?;
    Ok((hook, meant))
}

async fn read_back(hand: &Hand, step: &Step, at: &Place<'_>, id: i64) -> Result<Performed, Failure> {
    let found = hand.api.hook(at.owner, at.name, id).await?.ok_or_else(|| gone(step, "the hook"))?;
    Ok(done(convert::hook(&step.address.instance, at.repository, &found)))
}
