//! Every read, typed. Lists are fetched page by page and collected by id.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::routes;
use super::wire::{AdminEvent, Client, ClientScope, EventsConfig, Group, Organization, Realm, Role, User, UserEvent};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::http::{Answer, Call, ReadDoor};
use crate::provider::keycloak::errors::rights_for;

/// How many people or groups are asked for at once.
const PAGE: usize = 500;
/// How many organisations or members of one are asked for at once; newer releases cap some callers there.
const SMALL_PAGE: usize = 100;
/// So many events of one thing are looked through; what is older than that is not worth a page more.
const EVENTS_PAGE: usize = 20;
/// Events by which people change their own accounts. Every release that is supported knows them; to an unknown one the
/// server answers 500.
const OWN_CHANGES: [&str; 2] = ["UPDATE_PROFILE", "UPDATE_EMAIL"];
/// Pages under way at once; the door's own limit may be lower.
const AT_ONCE: usize = 8;

/// The reading calls of one realm.
#[derive(Clone)]
pub struct Reads {
    door: ReadDoor,
    realm: String,
}

/// A list whose items have ids.
trait Item {
    fn id(&self) -> &str;
}

macro_rules! item {
    ($($name:ty),*) => { $(impl Item for $name { fn id(&self) -> &str { &self.id } })* };
}
item!(User, Group, Organization);

impl Reads {
    /// Reads through `door`.
    pub fn new(door: ReadDoor, realm: &str) -> Self {
        Self { door, realm: realm.to_owned() }
    }

    /// The realm's name.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The release, where the service tells it to us.
    ///
    /// # Errors
    /// As every call.
    pub async fn version(&self) -> Result<Option<String>, Failure> {
        let call = Call::get(routes::SERVER_INFO, &[], "ask for the release");
        let info = self.value(&call).await?;
        Ok(info.pointer("/systemInfo/version").and_then(Value::as_str).map(str::to_owned))
    }

    /// The realm; without `view-realm` most keys are missing.
    ///
    /// # Errors
    /// As every call.
    pub async fn realm_settings(&self) -> Result<Realm, Failure> {
        self.one(&self.call(routes::REALM, &[], "read its settings")).await
    }

    /// People: all that a plain list shows, each once. `brief` leaves attributes out.
    ///
    /// # Errors
    /// As every call.
    pub async fn users(&self, brief: bool, expected: usize) -> Result<BTreeMap<String, User>, Failure> {
        let call = self.call(routes::USERS, &[], "list people").query("briefRepresentation", brief);
        self.pages(&call, PAGE, Some(expected)).await
    }

    /// How many people a plain list should show.
    ///
    /// # Errors
    /// As every call.
    pub async fn users_count(&self) -> Result<usize, Failure> {
        self.count(&self.call(routes::USERS_COUNT, &[], "count people")).await
    }

    /// Everybody who has exactly this username, or this address (which may be several).
    ///
    /// # Errors
    /// As every call.
    pub async fn users_where(&self, field: &'static str, value: &str) -> Result<Vec<User>, Failure> {
        let call = self
            .call(routes::USERS, &[], format!("look for the {field} '{value}'"))
            .query(field, value)
            .query("exact", true)
            .query("max", 100)
            .query("briefRepresentation", false);
        let found: Vec<User> = self.list(&call).await?;
        // '_' and '%' are wildcards to the server, even when it is asked for an exact match.
        let is_it = |user: &User| match field {
            "email" => user.email.as_deref().is_some_and(|it| it.to_lowercase() == value.to_lowercase()),
            _ => user.username.to_lowercase() == value.to_lowercase(),
        };
        Ok(found.into_iter().filter(is_it).collect())
    }

    /// One person, whole, as it must be sent back; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn user(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.if_there(&self.call(routes::USER, &[id], format!("read the person '{id}'"))).await
    }

    /// The groups that a person is directly in; `None` when there is no such person.
    ///
    /// # Errors
    /// As every call.
    pub async fn groups_of(&self, user: &str) -> Result<Option<Vec<Group>>, Failure> {
        let call = self
            .call(routes::USER_GROUPS, &[user], format!("list the groups of the person '{user}'"))
            .query("briefRepresentation", true)
            .query("max", -1);
        absent_is_none(self.list(&call).await)
    }

    /// The user profile, whole, as it must be sent back.
    ///
    /// # Errors
    /// As every call.
    pub async fn profile(&self) -> Result<Value, Failure> {
        self.value(&self.call(routes::PROFILE, &[], "read the user profile")).await
    }

    /// Groups of the top level, each once, with attributes.
    ///
    /// # Errors
    /// As every call.
    pub async fn top_groups(&self) -> Result<BTreeMap<String, Group>, Failure> {
        let call = self.call(routes::GROUPS, &[], "list groups").query("briefRepresentation", false);
        self.pages(&call, PAGE, None).await
    }

    /// Groups directly below another, each once, with attributes.
    ///
    /// # Errors
    /// As every call.
    pub async fn child_groups(&self, parent: &str) -> Result<BTreeMap<String, Group>, Failure> {
        let call = self
            .call(routes::CHILDREN, &[parent], format!("list the groups below '{parent}'"))
            .query("briefRepresentation", false);
        self.pages(&call, PAGE, None).await
    }

    /// How many groups there are on all levels.
    ///
    /// # Errors
    /// As every call.
    pub async fn groups_count(&self) -> Result<usize, Failure> {
        self.count(&self.call(routes::GROUPS_COUNT, &[], "count groups")).await
    }

    /// One group, whole, as it must be sent back; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn group(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.if_there(&self.call(routes::GROUP, &[id], format!("read the group '{id}'"))).await
    }

    /// Every group with exactly this name of its own, at any depth.
    ///
    /// # Errors
    /// As every call.
    pub async fn groups_named(&self, name: &str) -> Result<Vec<Group>, Failure> {
        let call = self
            .call(routes::GROUPS, &[], format!("look for groups named '{name}'"))
            .query("search", name)
            .query("exact", true)
            .query("populateHierarchy", false)
            .query("briefRepresentation", false)
            .query("max", -1);
        let found: Vec<Group> = self.list(&call).await?;
        Ok(found.into_iter().filter(|it| it.name == name).collect())
    }

    /// A group's direct members, in one answer: Keycloak tells no total that pages could be held against.
    ///
    /// # Errors
    /// As every call.
    pub async fn group_members(&self, group: &str) -> Result<Vec<User>, Failure> {
        let call = self
            .call(routes::GROUP_MEMBERS, &[group], format!("list the members of the group '{group}'"))
            .query("briefRepresentation", true)
            .query("max", -1);
        self.list(&call).await
    }

    /// Organisations, each once, with attributes; `None` while the realm has organisations switched off.
    ///
    /// # Errors
    /// As every call.
    pub async fn organizations(&self) -> Result<Option<BTreeMap<String, Organization>>, Failure> {
        let call = self.call(routes::ORGANIZATIONS, &[], "list organisations").query("briefRepresentation", false);
        off_is_none(self.pages(&call, SMALL_PAGE, None).await)
    }

    /// How many organisations there are; `None` while the realm has organisations switched off.
    ///
    /// # Errors
    /// As every call.
    pub async fn organizations_count(&self) -> Result<Option<usize>, Failure> {
        off_is_none(self.count(&self.call(routes::ORGANIZATIONS_COUNT, &[], "count organisations")).await)
    }

    /// Every organisation with exactly this alias: one or none.
    ///
    /// # Errors
    /// As every call.
    pub async fn organizations_with_alias(&self, alias: &str) -> Result<Vec<Organization>, Failure> {
        let call = self
            .call(routes::ORGANIZATIONS, &[], format!("look for the organisation '{alias}'"))
            .query("q", format!("alias:{alias}"))
            .query("exact", true)
            .query("max", SMALL_PAGE)
            .query("briefRepresentation", false);
        let found: Vec<Organization> = self.list(&call).await?;
        Ok(found.into_iter().filter(|it| it.alias == alias).collect())
    }

    /// One organisation, whole, as it must be sent back; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn organization(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.if_there(&self.call(routes::ORGANIZATION, &[id], format!("read the organisation '{id}'"))).await
    }

    /// Members of an organisation, each once; of one kind only where `membership_type` is given.
    ///
    /// # Errors
    /// As every call.
    pub async fn organization_members(
        &self,
        organization: &str,
        membership_type: Option<&str>,
    ) -> Result<BTreeMap<String, User>, Failure> {
        let mut call = self.call(
            routes::ORGANIZATION_MEMBERS,
            &[organization],
            format!("list the members of the organisation '{organization}'"),
        );
        if let Some(membership_type) = membership_type {
            call = call.query("membershipType", membership_type);
        }
        self.pages(&call, SMALL_PAGE, None).await
    }

    /// How many members an organisation has.
    ///
    /// # Errors
    /// As every call.
    pub async fn organization_members_count(&self, organization: &str) -> Result<usize, Failure> {
        let doing = format!("count the members of the organisation '{organization}'");
        self.count(&self.call(routes::ORGANIZATION_MEMBERS_COUNT, &[organization], doing)).await
    }

    /// One member of an organisation; `None` when the person is not in it.
    ///
    /// # Errors
    /// As every call.
    pub async fn organization_member(&self, organization: &str, user: &str) -> Result<Option<User>, Failure> {
        let doing = format!("look for the person '{user}' in the organisation '{organization}'");
        self.if_there(&self.call(routes::ORGANIZATION_MEMBER, &[organization, user], doing)).await
    }

    /// All clients, in one answer.
    ///
    /// # Errors
    /// As every call.
    pub async fn clients(&self) -> Result<Vec<Client>, Failure> {
        self.list(&self.call(routes::CLIENTS, &[], "list clients")).await
    }

    /// The client with this clientId, whole, as it must be sent back; `None` when there is none.
    ///
    /// # Errors
    /// As every call.
    pub async fn client_named(&self, client_id: &str) -> Result<Option<Value>, Failure> {
        let call =
            self.call(routes::CLIENTS, &[], format!("look for the client '{client_id}'")).query("clientId", client_id);
        let found: Vec<Value> = self.list(&call).await?;
        Ok(found.into_iter().find(|it| it.get("clientId").and_then(Value::as_str) == Some(client_id)))
    }

    /// One client, whole, as it must be sent back; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn client(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.if_there(&self.call(routes::CLIENT, &[id], format!("read the client '{id}'"))).await
    }

    /// All roles of the realm, in one answer, with attributes.
    ///
    /// # Errors
    /// As every call.
    pub async fn roles(&self) -> Result<Vec<Role>, Failure> {
        let call = self.call(routes::ROLES, &[], "list the realm's roles").query("briefRepresentation", false);
        self.list(&call).await
    }

    /// One role, whole, as it must be sent back; `None` when there is none of this name.
    ///
    /// # Errors
    /// As every call.
    pub async fn role(&self, name: &str) -> Result<Option<Value>, Failure> {
        self.if_there(&self.call(routes::ROLE, &[name], format!("read the role '{name}'"))).await
    }

    /// All client scopes with their mappers, in one answer.
    ///
    /// # Errors
    /// As every call.
    pub async fn client_scopes(&self) -> Result<Vec<ClientScope>, Failure> {
        self.list(&self.call(routes::CLIENT_SCOPES, &[], "list client scopes")).await
    }

    /// One client scope, whole, as it must be sent back; `None` when there is none with this id.
    ///
    /// # Errors
    /// As every call.
    pub async fn client_scope(&self, id: &str) -> Result<Option<Value>, Failure> {
        self.if_there(&self.call(routes::CLIENT_SCOPE, &[id], format!("read the client scope '{id}'"))).await
    }

    /// Which events the realm keeps.
    ///
    /// # Errors
    /// As every call.
    pub async fn events_config(&self) -> Result<EventsConfig, Failure> {
        self.one(&self.call(routes::EVENTS_CONFIG, &[], "ask which events are kept")).await
    }

    /// What administrators did to something, the latest first and no more than a page.
    ///
    /// # Errors
    /// As every call.
    pub async fn admin_events(&self, resource_path: &str) -> Result<Vec<AdminEvent>, Failure> {
        let call = self.call(routes::ADMIN_EVENTS, &[], "ask who changed something");
        self.list(&call.query("resourcePath", resource_path).query("max", EVENTS_PAGE)).await
    }

    /// How a person changed their own account, the latest first and no more than a page.
    ///
    /// # Errors
    /// As every call.
    pub async fn own_changes(&self, user: &str) -> Result<Vec<UserEvent>, Failure> {
        let call = self.call(routes::EVENTS, &[], "ask what a person changed themselves");
        let call = OWN_CHANGES.iter().fold(call, |call, kind| call.query("type", kind));
        self.list(&call.query("user", user).query("max", EVENTS_PAGE)).await
    }

    fn call(&self, route: &'static str, segments: &[&str], doing: impl Into<String>) -> Call {
        let all: Vec<&str> = std::iter::once(self.realm.as_str()).chain(segments.iter().copied()).collect();
        Call::get(route, &all, format!("{} in realm '{}'", doing.into(), self.realm))
    }

    /// All pages of a list, each item once. With an expected number the pages are asked for together; either way the
    /// end is a page that is not full. What moves between pages while we read is caught by the count, not here.
    async fn pages<T: Item + DeserializeOwned>(
        &self,
        call: &Call,
        page: usize,
        expected: Option<usize>,
    ) -> Result<BTreeMap<String, T>, Failure> {
        let at = |number: usize| call.clone().query("first", number * page).query("max", page);
        let together = expected.map_or(1, |it| it / page + 1);
        let first: Vec<Vec<T>> = stream::iter((0..together).map(at))
            .map(|call| async move { self.list(&call).await })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let mut number = together;
        let mut full = first.last().is_some_and(|it| it.len() >= page);
        let mut items: BTreeMap<String, T> =
            first.into_iter().flatten().map(|item| (item.id().to_owned(), item)).collect();
        while full {
            let more: Vec<T> = self.list(&at(number)).await?;
            let before = items.len();
            full = more.len() >= page;
            number += 1;
            items.extend(more.into_iter().map(|item| (item.id().to_owned(), item)));
            // A server that gives the same page for ever must not keep us for ever.
            full &= items.len() > before;
        }
        Ok(items)
    }

    /// A list. `null` is what a server that hides everything answers: missing rights.
    async fn list<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, Failure> {
        let answer = self.door.send(call).await?;
        match answer.json() {
            Some(Value::Null) => Err(Failure::new(FailureClass::MissingRights, &call.doing, "the list is 'null'")
                .help(format!("our client lacks {}", rights_for(&call.method, call.route)))),
            _ => parsed(call, &answer),
        }
    }

    async fn one<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Failure> {
        parsed(call, &self.door.send(call).await?)
    }

    async fn value(&self, call: &Call) -> Result<Value, Failure> {
        self.one(call).await
    }

    async fn if_there<T: DeserializeOwned>(&self, call: &Call) -> Result<Option<T>, Failure> {
        absent_is_none(async { object(call, self.one(call).await?) }.await)
    }

    /// `5`, or `{"count": 5}`.
    async fn count(&self, call: &Call) -> Result<usize, Failure> {
        let value = self.value(call).await?;
        let number = value.as_u64().or_else(|| value.get("count").and_then(Value::as_u64));
        number.and_then(|it| usize::try_from(it).ok()).ok_or_else(|| not_understood(call, "no number came"))
    }
}

/// Reads a body, or says that it cannot be what it should be.
pub fn parsed<T: DeserializeOwned>(call: &Call, answer: &Answer) -> Result<T, Failure> {
    serde_json::from_slice(&answer.body).map_err(|error| not_understood(call, &error.to_string()))
}

/// One object, or why what came is none: an empty list would pass for an object without any field.
fn object<T: DeserializeOwned>(call: &Call, body: Value) -> Result<T, Failure> {
    if !body.is_object() {
        return Err(not_understood(call, "no object came"));
    }
    serde_json::from_value(body).map_err(|error| not_understood(call, &error.to_string()))
}

/// A body cut short or not Keycloak's: nothing was learnt, so asking again later is right.
fn not_understood(call: &Call, why: &str) -> Failure {
    Failure::new(FailureClass::Later, &call.doing, format!("the answer cannot be read: {why}"))
        .help("if it stays so, something between Formulary and Keycloak changes answers")
}

fn absent_is_none<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Err(failure) if failure.class == FailureClass::Gone => Ok(None),
        other => other.map(Some),
    }
}

fn off_is_none<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Err(failure) if failure.said.starts_with("Organizations not enabled") => Ok(None),
        other => other.map(Some),
    }
}
