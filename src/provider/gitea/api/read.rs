//! Single reads, and how an answer becomes a type.

use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::routes;
use super::wire::{Hook, Org, Protection, Repo, Team, Token, User};
use super::{Listing, Paged};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::gitea::names::fold;
use crate::provider::http::{Answer, Call, ReadDoor};

/// The page size where the server tells none: Gitea's default, which no sensible limit is below.
const PAGE: usize = 30;

/// Everything that is read. Cannot write: it holds a door that lets only reading routes pass.
pub struct Api {
    door: ReadDoor,
    page: OnceCell<usize>,
}

impl Api {
    /// Reads through a door.
    pub fn new(door: ReadDoor) -> Self {
        Self { door, page: OnceCell::new() }
    }

    /// The door.
    pub fn door(&self) -> &ReadDoor {
        &self.door
    }

    /// Makes a call on a reading route.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn send(&self, call: &Call) -> Result<Answer, Failure> {
        self.door.send(call).await
    }

    /// Reads one object.
    ///
    /// # Errors
    /// As the table of errors says, and when the answer is not what it should be.
    pub async fn one<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        decode(call, &self.send(call).await?)
    }

    /// Reads a list that comes in one answer.
    ///
    /// # Errors
    /// As the table of errors says, and when the answer is not what it should be.
    pub async fn many<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, Failure> {
        let rows = body(call, &self.send(call).await?)?;
        serde_json::from_value(rows).map_err(|error| odd(call, &error))
    }

    /// Reads one object that may be absent, by Gitea's own word for it.
    ///
    /// # Errors
    /// As the table of errors says, but for what is gone.
    pub async fn maybe<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Failure> {
        match self.one(call).await {
            Ok(found) => Ok(Some(found)),
            Err(failure) if failure.class == FailureClass::Gone => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Whether our account is a site administrator that sees everything: without that an empty list proves nothing,
    /// since Gitea leaves out what a caller may not see and says 200.
    ///
    /// # Errors
    /// Why nothing that is read proves an absence.
    pub async fn rights(&self) -> Result<(), Failure> {
        self.send(
            &Call::get(routes::ADMIN_USERS, &[], "check that our account is a site administrator").query("limit", 1),
        )
        .await
        .map(|_| ())
    }

    /// The token that calls are made with; `None` where a release or a kind of credentials tells nothing.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses the credentials.
    pub async fn token(&self) -> Result<Option<Token>, Failure> {
        match self.one(&Call::get(routes::TOKEN, &[], "read what our token may do")).await {
            Ok(token) => Ok(Some(token)),
            Err(failure) if matches!(failure.class, FailureClass::Gone | FailureClass::Refused) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The largest page, as the server tells it.
    pub async fn page_size(&self) -> usize {
        *self
            .page
            .get_or_init(|| async {
                let call = Call::get(routes::SETTINGS, &[], "read the page size");
                let settings = self.one::<Json>(&call).await.unwrap_or(Json::Null);
                let most = settings.get("max_response_items").and_then(Json::as_u64);
                most.and_then(|most| usize::try_from(most).ok()).filter(|most| *most > 0).unwrap_or(PAGE)
            })
            .await
    }

    /// All people. Older releases ignore the order that is asked for.
    pub async fn people(&self) -> Listing<User> {
        let call = Call::get(routes::ADMIN_USERS, &[], "list people").query("sort", "id").query("order", "asc");
        let mut people = self.list::<User>(call, Paged::Bare).await;
        if people.whole.is_ok() && people.items.values().any(User::is_hidden) {
            people.whole = Err(Failure::new(
                FailureClass::MissingRights,
                "list people",
                "private fields are hidden from our account, although it may list people",
            )
            .help("the account that owns the token must be a site administrator"));
        }
        people
    }

    /// The people whom a source means by one name.
    ///
    /// # Errors
    /// When the list is not whole.
    pub async fn people_bound_to(&self, source_id: i64, login_name: &str) -> Result<Vec<User>, Failure> {
        let call = Call::get(routes::ADMIN_USERS, &[], format!("look for the account of '{login_name}'"))
            .query("source_id", source_id)
            .query("login_name", login_name);
        let found = self.list::<User>(call, Paged::Bare).await.into_whole()?;
        // A release that ignores a filter answers everybody.
        Ok(found.into_values().filter(|it| it.source_id == source_id && it.login_name == login_name).collect())
    }

    /// A person or an organisation by name: the answer does not say which.
    ///
    /// # Errors
    /// As the table of errors says; a name that was changed is a conflict.
    pub async fn owner(&self, name: &str) -> Result<Option<User>, Failure> {
        self.maybe(&Call::get(routes::OWNER, &[name], format!("read '{name}'"))).await
    }

    /// A person by number, whatever the name is now.
    ///
    /// # Errors
    /// As the table of errors says; a server whose user search is switched off answers as if nobody were there.
    pub async fn person_by_id(&self, id: i64) -> Result<Option<User>, Failure> {
        let call = Call::get(routes::USER_SEARCH, &[], format!("look for person {id}")).query("uid", id);
        let Some(found) = self.maybe::<Json>(&call).await? else { return Ok(None) };
        let Some(Json::Array(rows)) = found.get("data") else { return Err(missing(&call)) };
        let rows: Vec<User> = rows
            .iter()
            .map(|row| serde_json::from_value(row.clone()).map_err(|error| odd(&call, &error)))
            .collect::<Result<_, _>>()?;
        Ok(rows.into_iter().find(|row| row.id == id))
    }

    /// All organisations.
    pub async fn organizations(&self) -> Listing<Org> {
        self.list(Call::get(routes::ADMIN_ORGS, &[], "list organisations"), Paged::Bare).await
    }

    /// One organisation.
    ///
    /// # Errors
    /// As the table of errors says; a name that was changed is a conflict.
    pub async fn organization(&self, name: &str) -> Result<Option<Org>, Failure> {
        self.maybe(&Call::get(routes::ORG, &[name], format!("read organisation '{name}'"))).await
    }

    /// The teams of an organisation.
    pub async fn teams(&self, org: &str) -> Listing<Team> {
        self.list(Call::get(routes::ORG_TEAMS, &[org], format!("list teams of '{org}'")), Paged::Bare).await
    }

    /// One team.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn team(&self, id: i64) -> Result<Option<Team>, Failure> {
        self.maybe(&Call::get(routes::TEAM, &[&id.to_string()], format!("read team {id}"))).await
    }

    /// A team by name, in any case.
    ///
    /// # Errors
    /// When the organisation's list of teams is not whole and does not hold it; an organisation that is gone is no
    /// error: then the team is gone too.
    pub async fn team_named(&self, org: &str, name: &str) -> Result<Option<Team>, Failure> {
        let teams = self.teams(org).await;
        match teams.items.into_values().find(|team| fold(&team.name) == fold(name)) {
            Some(found) => Ok(Some(found)),
            None => match teams.whole {
                Err(failure) if failure.class != FailureClass::Gone => Err(failure),
                _ => Ok(None),
            },
        }
    }

    /// The people of a team.
    pub async fn team_members(&self, id: i64, name: &str) -> Listing<User> {
        let call = Call::get(routes::TEAM_MEMBERS, &[&id.to_string()], format!("list people of team '{name}'"));
        self.list(call, Paged::Bare).await
    }

    /// One person of a team.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn team_member(&self, id: i64, user: &str) -> Result<Option<User>, Failure> {
        let doing = format!("look for '{user}' in team {id}");
        self.maybe(&Call::get(routes::TEAM_MEMBER, &[&id.to_string(), user], doing)).await
    }

    /// The repositories that somebody owns.
    pub async fn repositories_of(&self, owner: &User) -> Listing<Repo> {
        let call = Call::get(routes::REPO_SEARCH, &[], format!("list repositories of '{}'", owner.login))
            .query("uid", owner.id)
            .query("exclusive", "true")
            .query("sort", "id")
            .query("order", "asc");
        self.list(call, Paged::Data).await
    }

    /// One repository.
    ///
    /// # Errors
    /// As the table of errors says; a name that was changed is a conflict.
    pub async fn repository(&self, owner: &str, name: &str) -> Result<Option<Repo>, Failure> {
        self.maybe(&Call::get(routes::REPO, &[owner, name], format!("read repository '{owner}/{name}'"))).await
    }

    /// The protection rules of a repository: one answer holds all.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn protections(&self, owner: &str, name: &str) -> Result<Vec<Protection>, Failure> {
        let call =
            Call::get(routes::PROTECTIONS, &[owner, name], format!("list protected branches of '{owner}/{name}'"));
        self.many(&call).await
    }

    /// One protection rule.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn protection(&self, owner: &str, name: &str, rule: &str) -> Result<Option<Protection>, Failure> {
        let doing = format!("read protection '{rule}' of '{owner}/{name}'");
        self.maybe(&Call::get(routes::PROTECTION, &[owner, name, rule], doing)).await
    }

    /// The hooks of a repository.
    pub async fn hooks(&self, owner: &str, name: &str) -> Listing<Hook> {
        self.list(Call::get(routes::HOOKS, &[owner, name], format!("list hooks of '{owner}/{name}'")), Paged::Bare)
            .await
    }

    /// One hook.
    ///
    /// # Errors
    /// As the table of errors says.
    pub async fn hook(&self, owner: &str, name: &str, id: i64) -> Result<Option<Hook>, Failure> {
        let doing = format!("read hook {id} of '{owner}/{name}'");
        self.maybe(&Call::get(routes::HOOK, &[owner, name, &id.to_string()], doing)).await
    }
}

/// The object that an answer holds.
///
/// # Errors
/// When it is not JSON, or not of that shape; `null` where something should be is a missing right. A list is no object,
/// although an empty one would pass for an object without any field.
pub fn decode<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Failure> {
    let body = body(call, answer)?;
    if !body.is_object() {
        return Err(no_object(call));
    }
    serde_json::from_value(body).map_err(|error| odd(call, &error))
}

fn body(call: &Call, answer: &Answer) -> Result<Json, Failure> {
    let body: Json = serde_json::from_slice(&answer.body).map_err(|error| odd(call, &error))?;
    if body.is_null() { Err(missing(call)) } else { Ok(body) }
}

fn no_object(call: &Call) -> Failure {
    Failure::new(FailureClass::Refused, &call.doing, "the answer holds no object where one should be")
        .help("check that the URL is that of Gitea and that no proxy answers in its place")
}

pub(super) fn missing(call: &Call) -> Failure {
    Failure::new(FailureClass::MissingRights, &call.doing, "the answer is 'null' where a list or an object should be")
        .help("our account may lack a right on it; 'doctor' shows which rights are needed")
}

pub(super) fn odd(call: &Call, error: &serde_json::Error) -> Failure {
    Failure::new(FailureClass::Refused, &call.doing, format!("the answer cannot be read: {error}"))
        .help("check that the URL is that of Gitea, and that this release is one of those that were tried (README)")
}
