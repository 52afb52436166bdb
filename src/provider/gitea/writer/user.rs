//! Accounts. Never switched off by `active: false`, never purged: the first cuts collaborators off from the person's
//! repositories, the second deletes those and every organisation whose last owner it is (guide, section 3.5).

use serde_json::json;

use super::{Hand, doing, done, gone, is_there, new_name, not_offered, number, sent, unchanged};
use crate::engine::model::{Failure, FailureClass, Field, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::gitea::api::routes;
use crate::provider::gitea::api::wire::User;
use crate::provider::gitea::convert;

pub(super) async fn perform(hand: &Hand, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
    let mut fields = sent(inputs);
    match step.verb {
        Verb::Create => create(hand, step, &fields).await,
        Verb::Update | Verb::Restore => edit(hand, step, &fields).await,
        Verb::Disable => {
            fields.insert(Field::Borrowed("prohibit_login"), Value::Bool(true));
            edit(hand, step, &fields).await
        }
        Verb::Rename => rename(hand, step, new_name(step, inputs)?, &fields).await,
        Verb::Adopt => Ok(done(convert::user(&step.address.instance, &find(hand, step).await?))),
        Verb::Delete => delete(hand, step).await,
        Verb::Transfer | Verb::RunOnce | Verb::Await | Verb::Forget => Err(not_offered(step)),
    }
}

async fn create(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let name = step.address.leaf();
    free_to_sign_in(hand, step, fields).await?;
    let body = convert::user_create(name, fields);
    if let Err(failure) = hand.post(routes::ADMIN_USERS, &[], body, &doing(step)).await {
        return Err(named(hand, step, failure).await);
    }
    let made = hand.api.owner(name).await?.ok_or_else(|| gone(step, "the account that was just made"))?;
    if fields.get("prohibit_login") == Some(&Value::Bool(true)) {
        // A new account is always open.
        let closed = Fields::from([(Field::Borrowed("prohibit_login"), Value::Bool(true))]);
        send(hand, step, &made, &closed).await?;
    }
    read_back(hand, step, name).await
}

/// Gitea keeps no two accounts apart that a source means by one name: both would be made, and the older one would
/// sign in.
async fn free_to_sign_in(hand: &Hand, step: &Step, fields: &Fields) -> Result<(), Failure> {
    let source = fields.get("source_id").and_then(Value::as_int).unwrap_or_default();
    let login_name = fields.get("login_name").and_then(Value::as_text).unwrap_or_default();
    if source == 0 || login_name.is_empty() {
        return Err(Failure::new(
            FailureClass::Refused,
            doing(step),
            "an account needs a sign-in source and a name there",
        )
        .help("set 'source_id' in the options, and let the identity provider's account be made first"));
    }
    let bound = hand.api.people_bound_to(source, login_name).await?;
    match bound.iter().find(|it| number(step) != Some(it.id)) {
        None => Ok(()),
        Some(other) => Err(Failure::new(
            FailureClass::Conflict,
            doing(step),
            format!("the account '{}' is already the one that this person signs in to", other.login),
        )
        .help(
            "plan again: an account of that name is adopted; another name is recorded with 'formulary.dev/previously'",
        )),
    }
}

async fn edit(hand: &Hand, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    let live = convert::user(&step.address.instance, &found);
    if is_there(&live, fields) {
        return Ok(done(live));
    }
    unchanged(step, &live, fields)?;
    send(hand, step, &found, fields).await?;
    read_back(hand, step, &found.login).await
}

/// An edit is not one transaction: sign-in, address and profile apply in that order, and a refusal of a later part
/// leaves the earlier ones applied. So after a refusal what is there is read and told.
async fn send(hand: &Hand, step: &Step, found: &User, fields: &Fields) -> Result<(), Failure> {
    let body = convert::user_edit(found, fields);
    let Err(failure) = hand.patch(routes::ADMIN_USER, &[&found.login], body, &doing(step)).await else {
        return Ok(());
    };
    let Ok(Some(now)) = hand.api.owner(&found.login).await else { return Err(failure) };
    let (was, now) = (convert::user(&step.address.instance, found), convert::user(&step.address.instance, &now));
    let applied: Vec<&str> = now
        .fields
        .iter()
        .filter(|(name, value)| fields.contains_key(name) && was.fields.get(name) != Some(value))
        .map(|(name, _)| name.as_ref())
        .collect();
    if applied.is_empty() {
        return Err(failure);
    }
    let said = format!("{}; it was applied in part: {}", failure.said, applied.join(", "));
    Err(Failure { said, ..failure })
}

async fn rename(hand: &Hand, step: &Step, name: &str, fields: &Fields) -> Result<Performed, Failure> {
    let found = find(hand, step).await?;
    if !found.login.eq_ignore_ascii_case(name) {
        let body = json!({"new_username": name});
        let renamed = hand.post(routes::ADMIN_USER_RENAME, &[&found.login], body, &doing(step)).await;
        if let Err(failure) = renamed {
            return Err(named(hand, step, failure).await);
        }
    }
    let found = hand.api.owner(name).await?.ok_or_else(|| gone(step, "the account under its new name"))?;
    if !is_there(&convert::user(&step.address.instance, &found), fields) {
        send(hand, step, &found, fields).await?;
    }
    read_back(hand, step, name).await
}

async fn delete(hand: &Hand, step: &Step) -> Result<Performed, Failure> {
    let found = match find(hand, step).await {
        Ok(found) => found,
        Err(failure) if failure.class == FailureClass::Gone => return Ok(Performed::Done(None)),
        Err(failure) => return Err(failure),
    };
    hand.delete(routes::ADMIN_USER, &[&found.login], &doing(step)).await?;
    Ok(Performed::Done(None))
}

/// The account that is meant: by its number, whatever its name is now; without a number by its name, if that is a
/// person's, since Gitea would edit an organisation as gladly.
async fn find(hand: &Hand, step: &Step) -> Result<User, Failure> {
    let id = number(step);
    let by_name = match hand.api.owner(&step.address.key).await {
        Err(failure) if failure.class == FailureClass::Conflict && id.is_some() => None,
        other => other?,
    };
    let found = match (by_name.filter(|found| id.is_none_or(|id| id == found.id)), id) {
        (Some(found), _) => Some(found),
        (None, Some(id)) => hand.api.person_by_id(id).await?,
        (None, None) => None,
    };
    let found = found.ok_or_else(|| gone(step, "the account"))?;
    if hand.api.organization(&found.login).await?.is_some() {
        return Err(Failure::new(FailureClass::Conflict, doing(step), "an organisation holds the name")
            .help("people and organisations share one namespace; give one of them another name"));
    }
    if found.is_hidden() {
        return Err(Failure::new(
            FailureClass::MissingRights,
            doing(step),
            "private fields are hidden from our account",
        )
        .help("the account that owns the token must be a site administrator"));
    }
    Ok(found)
}

async fn read_back(hand: &Hand, step: &Step, name: &str) -> Result<Performed, Failure> {
    let found = hand.api.owner(name).await?.ok_or_else(|| gone(step, "the account"))?;
    Ok(done(convert::user(&step.address.instance, &found)))
}

/// A conflict of names, with who holds the name.
async fn named(hand: &Hand, step: &Step, failure: Failure) -> Failure {
    if failure.class != FailureClass::Conflict || !failure.said.starts_with("user already exists") {
        return failure;
    }
    let name = step.address.leaf();
    match hand.api.organization(name).await {
        Ok(Some(_)) => Failure { said: format!("{}: an organisation holds it", failure.said), ..failure },
        Ok(None) => Failure { said: format!("{}: another account holds it", failure.said), ..failure },
        Err(_) => failure,
    }
}
