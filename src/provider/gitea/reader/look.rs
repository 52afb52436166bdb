//! One object looked at by itself: what settles an unclear write and proves an absence.
//!
//! Gitea says 404 to whoever may not see a thing, so an absence counts only while our account is a site administrator.

use futures::StreamExt;

use crate::engine::model::{Address, Failure, FailureClass, Live};
use crate::provider::contract::{Look, Related};
use crate::provider::gitea::api::Api;
use crate::provider::gitea::api::wire::Team;
use crate::provider::gitea::names::{fold, from_key_part};
use crate::provider::gitea::{convert, kinds};

/// Teams that are asked about one person at once.
const AT_ONCE: usize = 4;

/// Looks at one object.
///
/// # Errors
/// When the answer proves neither presence nor absence.
pub async fn look(api: &Api, address: &Address, external_id: Option<&str>, related: &Related) -> Result<Look, Failure> {
    let id = external_id.and_then(|id| id.parse::<i64>().ok());
    let found = match address.kind.as_str() {
        kinds::ORGANIZATION => api.organization(&address.key).await?.map(|org| convert::org(&address.instance, &org)),
        kinds::USER => user(api, address, id).await?,
        kinds::TEAM => team(api, address, id).await?,
        kinds::TEAM_MEMBER => member(api, address, related).await?,
        kinds::REPOSITORY => repository(api, address).await?,
        kinds::BRANCH_PROTECTION => protection(api, address).await?,
        kinds::WEBHOOK => webhook(api, address, id).await?,
        other => {
            return Err(Failure::new(
                FailureClass::Refused,
                format!("look at '{address}'"),
                format!("Gitea has no kind '{other}'"),
            ));
        }
    };
    match found {
        Some(live) => Ok(Look::Present(Box::new(live))),
        None => {
            api.rights().await?;
            Ok(Look::Absent)
        }
    }
}

async fn user(api: &Api, address: &Address, id: Option<i64>) -> Result<Option<Live>, Failure> {
    let named = api.owner(&address.key).await;
    let renamed = match (&named, id) {
        (Ok(None), Some(id)) => api.person_by_id(id).await?,
        (Err(failure), Some(id)) if failure.class == FailureClass::Conflict => api.person_by_id(id).await?,
        _ => None,
    };
    let found = match renamed {
        Some(renamed) => Some(renamed),
        None => named?,
    };
    let Some(found) = found else { return Ok(None) };
    if api.organization(&found.login).await?.is_some() {
        return Err(Failure::new(
            FailureClass::Conflict,
            format!("look for the account '{}'", address.key),
            "an organisation holds the name",
        )
        .help("people and organisations share one namespace; give one of them another name"));
    }
    if found.is_hidden() {
        return Err(Failure::new(
            FailureClass::MissingRights,
            format!("read '{}'", found.login),
            "private fields are hidden from our account",
        )
        .help("the account that owns the token must be a site administrator"));
    }
    Ok(Some(convert::user(&address.instance, &found)))
}

async fn team(api: &Api, address: &Address, id: Option<i64>) -> Result<Option<Live>, Failure> {
    let (org, name) = split(address);
    let mut found = api.team_named(org, name).await?;
    if let (None, Some(id)) = (&found, id) {
        found = api.team(id).await?.filter(|team| is_of(team, org));
    }
    Ok(found.map(|team| convert::team(&address.instance, org, &team)))
}

async fn member(api: &Api, address: &Address, related: &Related) -> Result<Option<Live>, Failure> {
    let (team_key, user) = split(address);
    let Some((org, name)) = team_key.rsplit_once('/') else { return Ok(None) };
    let team = Address::new(&address.instance, kinds::TEAM, team_key);
    let id = match related.id(&team).and_then(|id| id.parse().ok()) {
        Some(id) => id,
        None => match api.team_named(org, name).await? {
            Some(team) => team.id,
            None => return Ok(None),
        },
    };
    let Some(found) = api.team_member(id, user).await? else { return Ok(None) };
    let only = teams_of(api, org, user).await?.len() <= 1;
    Ok(Some(convert::member(&address.instance, team_key, &found, Some(only))))
}

/// The teams of an organisation that somebody is in.
async fn teams_of(api: &Api, org: &str, user: &str) -> Result<Vec<i64>, Failure> {
    let teams = api.teams(org).await.into_whole()?;
    let answers: Vec<_> = futures::stream::iter(teams.into_keys())
        .map(|id| async move { (id, api.team_member(id, user).await) })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut inside = Vec::new();
    for (id, found) in answers {
        if found?.is_some() {
            inside.push(id);
        }
    }
    inside.sort_unstable();
    Ok(inside)
}

async fn repository(api: &Api, address: &Address) -> Result<Option<Live>, Failure> {
    let (owner, name) = split(address);
    let found = api.repository(owner, name).await?.map(|repo| convert::repo(&address.instance, &repo, None));
    // Whose a mark is can be told only beside a ledger's identity, which nobody hands in here.
    Ok(found.map(|live| Live { mark: None, ..live }))
}

async fn protection(api: &Api, address: &Address) -> Result<Option<Live>, Failure> {
    let (repository, rule) = split(address);
    let (owner, name) = repository.rsplit_once('/').unwrap_or((repository, ""));
    let found = api.protection(owner, name, &from_key_part(rule)).await?;
    Ok(found.map(|rule| convert::protection(&address.instance, repository, &rule)))
}

async fn webhook(api: &Api, address: &Address, id: Option<i64>) -> Result<Option<Live>, Failure> {
    let (repository, _) = split(address);
    let (owner, name) = repository.rsplit_once('/').unwrap_or((repository, ""));
    let hooks = api.hooks(owner, name).await;
    if hooks.whole.as_ref().is_err_and(|failure| failure.class == FailureClass::Gone) {
        return Ok(None);
    }
    let hooks = hooks.into_whole()?;
    let live = convert::hooks(&address.instance, repository, hooks.values());
    let of_id = live.iter().find(|hook| id.is_some() && hook.external_id == id.map(|id| id.to_string()));
    Ok(of_id.or_else(|| live.iter().find(|hook| hook.address == *address)).cloned())
}

fn split(address: &Address) -> (&str, &str) {
    (address.parent_key().unwrap_or_default(), address.leaf())
}

/// Whether a team, read by its number, is one of this organisation.
pub fn is_of(team: &Team, org: &str) -> bool {
    team.organization.as_ref().is_some_and(|of| fold(&of.name) == org)
}
