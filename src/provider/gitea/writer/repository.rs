//! Repositories, with our mark among their topics.

use serde_json::json;

use super::{Hand, doing, done, gone, is_there, new_name, not_offered, sent, unchanged};
use crate::engine::model::{Failure, FailureClass, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::gitea::api::routes;
use crate::provider::gitea::api::wire::Repo;
use crate::provider::gitea::convert;
use crate::provider::gitea::names::fold;
use crate::provider::http::Call;

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let fields = sent(inputs);
    match step.verb {
        Verb::Create => create(hand, step, inputs, &fields).await,
        Verb::Update | Verb::Restore => edit(hand, step, inputs, None, &fields).await,
        Verb::Rename => edit(hand, step, inputs, Some(new_name(step, inputs)?), &fields).await,
        Verb::Adopt => edit(hand, step, inputs, None, &Fields::new()).await,
        Verb::Delete => delete(hand, step).await,
        Verb::Disable | Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => Err(not_offered(step)),
    }
}

async fn create(hand: &Hand, step: &Step, inputs: &Inputs, fields: &Fields) -> Result<Performed, Failure> {
    let (owner, name) = parts(step);
    not_on_disk(hand, step).await?;
    // The administrator's route takes people and organisations alike.
    hand.post(routes::ADMIN_USER_REPOS, &[owner, name], convert::repo_create(name, fields), &doing(step)).await?;
    let made = read(hand, step, owner, name).await?;
    mark(hand, step, &made, inputs, fields).await?;
    if fields.get("archived") == Some(&Value::Bool(true)) {
        hand.patch(routes::REPO, &[owner, name], json!({"archived": true}), &doing(step)).await?;
    }
    read_back(hand, step, owner, name, inputs).await
}

/// A directory that lies on the server's disk and that Gitea does not know makes it refuse the creation **and delete
/// the directory**. So it is looked for first.
async fn not_on_disk(hand: &Hand, step: &Step) -> Result<(), Failure> {
    let mut page = 1;
    loop {
        let call = Call::get(routes::ADMIN_UNADOPTED, &[], "look for repositories on disk that Gitea does not know")
            .query("limit", hand.api.page_size().await)
            .query("page", page);
        let found: Vec<String> = match hand.api.many(&call).await {
            // A server that never held a repository has no directory of them yet, and fails on looking into it.
            Err(failure)
                if failure.said.starts_with("lstat") && failure.said.ends_with("no such file or directory") =>
            {
                return Ok(());
            }
            found => found?,
        };
        if found.iter().any(|path| fold(path) == *step.address.key) {
            return Err(Failure::new(
                FailureClass::Conflict,
                doing(step),
                "a repository of that name lies on the server's disk, and Gitea does not know it",
            )
            .help("adopt it under Site Administration, Repositories, Unadopted Repositories, or move it away; creating would delete it"));
        }
        if found.is_empty() {
            return Ok(());
        }
        page += 1;
    }
}

async fn edit(
    hand: &Hand,
    step: &Step,
    inputs: &Inputs,
    name: Option<&str>,
    fields: &Fields,
) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    let live = convert::repo(&step.address.instance, &found, Some(&inputs.ledger));
    super::same_object(step, &live)?;
    if !is_there(&live, fields) {
        unchanged(step, &live, fields)?;
    }
    let new_name = name.filter(|name| fold(&found.name) != fold(name));
    let mut body = convert::repo_edit(fields);
    if let Some(new_name) = new_name {
        body.get_or_insert_with(|| json!({}))["name"] = json!(new_name);
    }
    if let Some(body) = body.filter(|_| new_name.is_some() || !is_there(&live, fields)) {
        hand.patch(routes::REPO, &[&found.owner.login, &found.name], body, &doing(step)).await?;
    }
    let named = Repo { name: new_name.unwrap_or(&found.name).to_owned(), ..found };
    mark(hand, step, &named, inputs, fields).await?;
    read_back(hand, step, &named.owner.login, &named.name, inputs).await
}

/// The topics, with our mark: they are replaced as a whole, so those that nobody declares go along.
async fn mark(hand: &Hand, step: &Step, found: &Repo, inputs: &Inputs, fields: &Fields) -> Result<(), Failure> {
    let ours = convert::mark_topic(&inputs.ledger);
    let there = found.topics.clone().unwrap_or_default();
    let declared = fields.get("topics").and_then(Value::as_list);
    let mut wanted: Vec<String> = match declared {
        Some(topics) => topics.iter().filter_map(Value::as_text).map(str::to_owned).collect(),
        None => there.iter().filter(|topic| !convert::is_mark(topic)).cloned().collect(),
    };
    wanted.push(ours);
    wanted.sort();
    wanted.dedup();
    let mut present = there;
    present.sort();
    if wanted == present {
        return Ok(());
    }
    let call = Call::new(reqwest::Method::PUT, routes::TOPICS, &[&found.owner.login, &found.name], doing(step));
    hand.send(call.json(json!({"topics": wanted}))).await.map(|_| ())
}

async fn delete(hand: &Hand, step: &Step) -> Result<Performed, Failure> {
    let found = match find(hand, step).await {
        Ok(found) => found,
        Err(failure) if failure.class == FailureClass::Gone => return Ok(Performed::Done(None)),
        Err(failure) => return Err(failure),
    };
    super::same_object(step, &convert::repo(&step.address.instance, &found, None))?;
    hand.delete(routes::REPO, &[&found.owner.login, &found.name], &doing(step)).await?;
    Ok(Performed::Done(None))
}

/// The repository that is meant: by its name if that is still its, else by its number among the owner's.
async fn find(hand: &Hand, step: &Step) -> Result<Repo, Failure> {
    let (owner, name) = parts(step);
    let id = super::number(step);
    let by_name = match hand.api.repository(owner, name).await {
        Err(failure) if failure.class == FailureClass::Conflict && id.is_some() => None,
        other => other?,
    };
    match (by_name.filter(|found| id.is_none_or(|id| id == found.id)), id) {
        (Some(found), _) => Ok(found),
        (None, Some(id)) => {
            let owner = hand.api.owner(owner).await?.ok_or_else(|| gone(step, "the owner"))?;
            let mut all = hand.api.repositories_of(&owner).await;
            match all.items.remove(&id) {
                Some(found) => Ok(found),
                None => all.into_whole().and_then(|_| Err(gone(step, "the repository"))),
            }
        }
        (None, None) => Err(gone(step, "the repository")),
    }
}

async fn read(hand: &Hand, step: &Step, owner: &str, name: &str) -> Result<Repo, Failure> {
    hand.api.repository(owner, name).await?.ok_or_else(|| gone(step, "the repository"))
}

async fn read_back(hand: &Hand, step: &Step, owner: &str, name: &str, inputs: &Inputs) -> Result<Performed, Failure> {
    let found = read(hand, step, owner, name).await?;
    Ok(done(convert::repo(&step.address.instance, &found, Some(&inputs.ledger))))
}

fn parts(step: &Step) -> (&str, &str) {
    (step.address.parent_key().unwrap_or_default(), step.address.leaf())
}
