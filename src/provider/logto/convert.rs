//! From what Logto shows to live objects. Pure; the way back is [`body`](super::body).
//!
//! Ids are Logto's and names are not unique, so that an object is called as its mark says. Without one a person is called
//! by the address (which no two have), anything else by its name: of several with one name the oldest has it, and is
//! barred from being taken over, since nobody can tell which is meant.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::api::wire::{Application, Hook, Object, Organization, OrganizationRole, User};
use super::kinds;
use super::mark::{self, Name};
use crate::engine::model::{Address, Field, Fields, Instance, Live, Mark, SINCE, Value};
use crate::provider::days;

/// The key of an application or organisation that shares its name, in which the reason stands.
pub const SHARES_NAME: &str = "shares_name";

/// How one installation's objects are seen.
#[derive(Debug, Clone)]
pub struct View {
    /// The installation.
    pub instance: Instance,
    /// The ledger whose marks come first; none where it is not known.
    pub ledger: Option<String>,
}

/// What the keys of a list are made of.
pub trait Thing {
    /// Logto's id.
    fn id(&self) -> &str;
    /// When it was made, in milliseconds.
    fn created_at(&self) -> i64;
    /// Custom data, and what the name is called in it; none where it carries no mark.
    fn marked(&self) -> Option<(&Object, Name)>;
    /// What it is called without a mark.
    fn natural_key(&self) -> Option<String>;
    /// Whether others may be called the same: then what merely shares the name of a marked one is somebody else's.
    fn shares_names(&self) -> bool {
        true
    }
}

impl Thing for User {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> i64 {
        self.created_at
    }
    fn marked(&self) -> Option<(&Object, Name)> {
        Some((&self.custom_data, Name::Handle))
    }
    fn natural_key(&self) -> Option<String> {
        let address = self.primary_email.as_deref().map(str::to_lowercase);
        address.or_else(|| self.username.clone()).filter(|it| usable(it))
    }
    /// No two have one address, but for those that were made at the same moment in two spellings: that is for somebody to
    /// join.
    fn shares_names(&self) -> bool {
        false
    }
}

impl Thing for Organization {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> i64 {
        self.created_at
    }
    fn marked(&self) -> Option<(&Object, Name)> {
        Some((&self.custom_data, Name::Slug))
    }
    fn natural_key(&self) -> Option<String> {
        Some(self.name.clone()).filter(|it| usable(it))
    }
}

impl Thing for Application {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> i64 {
        self.created_at
    }
    fn marked(&self) -> Option<(&Object, Name)> {
        Some((&self.custom_data, Name::Key))
    }
    fn natural_key(&self) -> Option<String> {
        Some(self.name.clone()).filter(|it| usable(it))
    }
}

impl Thing for Hook {
    fn id(&self) -> &str {
        &self.id
    }
    fn created_at(&self) -> i64 {
        self.created_at
    }
    fn marked(&self) -> Option<(&Object, Name)> {
        None
    }
    fn natural_key(&self) -> Option<String> {
        Some(self.name.clone()).filter(|it| usable(it))
    }
}

/// A thing of a list under its key.
#[derive(Debug, Clone)]
pub struct Called<'r, T> {
    /// The key.
    pub key: String,
    /// The thing.
    pub thing: &'r T,
    /// How many others without a mark have the same name.
    pub others: usize,
}

impl View {
    /// The things of a list under their keys, each key once.
    pub fn called<'r, T: Thing>(&self, things: impl IntoIterator<Item = &'r T>) -> Vec<Called<'r, T>> {
        let mut things: Vec<&T> = things.into_iter().collect();
        things.sort_by(|a, b| {
            let rank = |it: &T| (self.rank(it), it.created_at());
            rank(a).cmp(&rank(b)).then_with(|| a.id().cmp(b.id()))
        });
        let mut called: Vec<Called<'r, T>> = Vec::with_capacity(things.len());
        let mut taken: HashMap<String, usize> = HashMap::with_capacity(things.len());
        let marked: HashSet<String> = things
            .iter()
            .filter(|it| it.shares_names() && self.rank(**it) != UNMARKED)
            .filter_map(|it| it.natural_key())
            .collect();
        for thing in things {
            let mut key = key_of(thing);
            if self.rank(thing) == UNMARKED && marked.contains(&key) {
                thing.id().clone_into(&mut key);
            }
            if let Some(first) = taken.get(&key).map(|at| &mut called[*at]) {
                first.others += usize::from(self.rank(first.thing) == UNMARKED);
                thing.id().clone_into(&mut key);
            }
            taken.insert(key.clone(), called.len());
            called.push(Called { key, thing, others: 0 });
        }
        called
    }

    fn rank(&self, thing: &impl Thing) -> u8 {
        match thing.marked().and_then(|(data, name)| Some((name.of(data)?, mark::ledger(data)))) {
            Some((_, Some(ledger))) if Some(ledger) == self.ledger.as_deref() => 0,
            Some(_) => 1,
            None => UNMARKED,
        }
    }

    /// A person under a key.
    pub fn user(&self, key: &str, user: &User) -> Live {
        let email = optional(user.primary_email.as_deref().map(str::to_lowercase));
        let username = optional(user.username.clone());
        let preferred = user.profile.get("preferredUsername").and_then(|it| it.as_str());
        let fields = fields([
            ("username", username.clone()),
            ("email", email.clone()),
            ("name", optional(user.name.clone())),
            ("preferred_username", optional(preferred.map(str::to_owned))),
            ("handle", told(user)),
            ("suspended", user.is_suspended.into()),
            (SINCE.name, days::of_millis(user.created_at)),
        ]);
        let outputs = self::fields([("sub", user.id.clone().into()), ("username", username), ("email", email)]);
        Live { mark: mark_in(&user.custom_data), ..self.live(kinds::USER, key, &user.id, fields, outputs) }
    }

    /// An organisation under a key.
    pub fn organization(&self, called: &Called<'_, Organization>) -> Live {
        let organization = called.thing;
        let mut fields = fields([
            ("name", organization.name.clone().into()),
            ("description", optional(organization.description.clone())),
            ("slug", told(organization)),
        ]);
        bar(&mut fields, called, &organization.name, "slug");
        let outputs = self::fields([("id", organization.id.clone().into())]);
        Live {
            mark: mark_in(&organization.custom_data),
            ..self.live(kinds::ORGANIZATION, &called.key, &organization.id, fields, outputs)
        }
    }

    /// A role of the organisation template; `None` for one of machines.
    pub fn role(&self, role: &OrganizationRole) -> Option<Live> {
        let fields = fields([("description", optional(role.description.clone()))]);
        let outputs = self::fields([("id", role.id.clone().into()), ("name", role.name.clone().into())]);
        (role.sort == USERS_ROLE).then(|| self.live(kinds::ORGANIZATION_ROLE, &role.name, &role.id, fields, outputs))
    }

    /// An application under a key.
    pub fn application(&self, called: &Called<'_, Application>) -> Live {
        let application = called.thing;
        let (addresses, settings) = (&application.oidc_client_metadata, &application.custom_client_metadata);
        let mut fields = fields([
            ("name", application.name.clone().into()),
            ("description", optional(application.description.clone())),
            ("type", application.sort.clone().into()),
            ("redirect_uris", Value::set(addresses.redirect_uris.iter().cloned())),
            ("post_logout_redirect_uris", Value::set(addresses.post_logout_redirect_uris.iter().cloned())),
            ("cors_allowed_origins", Value::set(settings.cors_allowed_origins.iter().cloned())),
            ("always_issue_refresh_token", settings.always_issue_refresh_token.into()),
            ("key", told(application)),
        ]);
        bar(&mut fields, called, &application.name, "key");
        let outputs = self::fields([("client_id", application.id.clone().into())]);
        Live {
            mark: mark_in(&application.custom_data),
            ..self.live(kinds::APPLICATION, &called.key, &application.id, fields, outputs)
        }
    }

    /// A webhook under a key.
    pub fn hook(&self, key: &str, hook: &Hook) -> Live {
        let events = hook.events.iter().chain(&hook.event).cloned();
        let fields = fields([
            ("url", hook.config.url.clone().into()),
            ("events", Value::set(events)),
            ("enabled", hook.enabled.into()),
        ]);
        self.live(kinds::WEBHOOK, key, &hook.id, fields, self::fields([("id", hook.id.clone().into())]))
    }

    /// A person in an organisation.
    pub fn member(&self, organization: (&str, &str), person: (&str, &str)) -> Live {
        let ((organization_key, organization), (person_key, person)) = (organization, person);
        let id = edge_id(&[organization, person]);
        let key = format!("{organization_key}/{person_key}");
        self.live(kinds::ORGANIZATION_MEMBER, &key, &id, Fields::new(), Fields::new())
    }

    /// A person who has a role in the organisation that it is named after.
    pub fn role_member(&self, role: &str, ids: (&str, &str, &str), person_key: &str) -> Live {
        let (organization, role_id, person) = ids;
        let id = edge_id(&[organization, role_id, person]);
        self.live(kinds::ROLE_MEMBER, &format!("{role}/{person_key}"), &id, Fields::new(), Fields::new())
    }

    fn live(&self, kind: &str, key: &str, id: &str, fields: Fields, outputs: Fields) -> Live {
        Live {
            address: Address::new(&self.instance, kind, key),
            external_id: Some(id.to_owned()),
            fields,
            outputs,
            mark: None,
        }
    }
}

const UNMARKED: u8 = 2;

/// The type of organisation roles that people have.
pub const USERS_ROLE: &str = "User";

/// The key of one thing by itself, whatever else there is.
pub fn key_of(thing: &impl Thing) -> String {
    let told = thing.marked().and_then(|(data, name)| name.of(data)).map(str::to_owned);
    told.or_else(|| thing.natural_key()).unwrap_or_else(|| thing.id().to_owned())
}

/// One thing by itself.
pub fn alone<T: Thing>(thing: &T) -> Called<'_, T> {
    Called { key: key_of(thing), thing, others: 0 }
}

/// The keys of the things of a list, by id.
pub fn keys<T: Thing>(called: &[Called<'_, T>]) -> BTreeMap<String, String> {
    called.iter().map(|it| (it.thing.id().to_owned(), it.key.clone())).collect()
}

/// The id of an edge: what it joins, by their ids. Logto has none of its own.
pub fn edge_id(ends: &[&str]) -> String {
    ends.join("/")
}

/// What an edge's id joins.
pub fn edge_ends(id: &str) -> Vec<&str> {
    id.split('/').collect()
}

/// What a mark calls a thing.
fn told(thing: &impl Thing) -> Value {
    optional(thing.marked().and_then(|(data, name)| name.of(data)).map(str::to_owned))
}

/// Whether a name can be a key: `/` parts keys.
fn usable(name: &str) -> bool {
    !name.is_empty() && !name.contains('/')
}

/// Says that nobody can tell which of several with one name is meant.
fn bar<T>(fields: &mut Fields, called: &Called<'_, T>, name: &str, word: &str) {
    let why = match called.others {
        0 => Value::Null,
        others => format!(
            "{others} more without a mark have the name '{name}': write \"formulary\": {{\"{word}\": …}} into the custom data \
             of the one that is meant, or give the others another name"
        )
        .into(),
    };
    fields.insert(Field::Borrowed(SHARES_NAME), why);
}

fn mark_in(data: &Object) -> Option<Mark> {
    mark::ledger(data).map(|ledger| Mark { ledger: ledger.to_owned() })
}

fn fields<const N: usize>(pairs: [(&'static str, Value); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (Field::Borrowed(name), value)).collect()
}

fn optional(text: Option<String>) -> Value {
    text.filter(|text| !text.is_empty()).map_or(Value::Null, Value::Text)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::provider::recorded;

    fn view() -> View {
        View { instance: Instance::new("logto"), ledger: Some("ours".to_owned()) }
    }

    fn organization(id: &str, name: &str, data: serde_json::Value, created_at: i64) -> Organization {
        let data = data.as_object().unwrap().clone();
        Organization {
            id: id.to_owned(),
            name: name.to_owned(),
            description: None,
            custom_data: data,
            created_at,
            organization_roles: Vec::new(),
        }
    }

    /// Every person, organisation, role, application and webhook that a server ever showed by itself can be read.
    #[test]
    fn what_a_server_shows_can_be_read() {
        let mut read = 0;
        for exchange in recorded::all("logto") {
            let path: Vec<&str> = exchange.path.split('/').collect();
            let ["", "api", list, id] = path[..] else { continue };
            if exchange.method != "GET" || exchange.status != 200 || exchange.answer.get("id").is_none() {
                continue;
            }
            let answer = &exchange.answer;
            let live = match list {
                "users" => User::deserialize(answer).map(|it| view().user(&key_of(&it), &it)),
                "organizations" => Organization::deserialize(answer).map(|it| view().organization(&alone(&it))),
                "applications" => Application::deserialize(answer).map(|it| view().application(&alone(&it))),
                "hooks" => Hook::deserialize(answer).map(|it| view().hook(&key_of(&it), &it)),
                _ => continue,
            };
            let live = live.unwrap_or_else(|error| panic!("{}: {error}", exchange.label));
            assert_eq!(live.external_id.as_deref(), Some(id), "{}", exchange.label);
            let text = serde_json::to_string(&live).unwrap();
            if let Some(key) = answer.get("signingKey").and_then(|it| it.as_str()) {
                assert!(!text.contains(key), "{}", exchange.label);
            }
            read += 1;
        }
        assert!(read > 12 || read == 0, "{read}");
    }

    #[test]
    fn a_mark_names_and_ours_comes_first() {
        let of = |ledger: &str| json!({"formulary": {"ledger": ledger, "slug": "acme"}});
        let theirs = organization("a", "Acme", of("theirs"), 1);
        let ours = organization("b", "Acme", of("ours"), 2);
        let called = view().called([&theirs, &ours]);
        let keys: Vec<(&str, &str)> = called.iter().map(|it| (it.thing.id(), it.key.as_str())).collect();
        assert_eq!(keys, [("b", "acme"), ("a", "a")]);
        assert_eq!(view().organization(&called[0]).mark, Some(Mark { ledger: "ours".to_owned() }));
        assert_eq!(called[0].others, 0, "a mark tells which is meant");
    }

    #[test]
    fn of_several_with_one_name_none_can_be_taken_over() {
        let (first, second) = (organization("b", "Acme", json!({}), 1), organization("a", "Acme", json!({}), 2));
        let called = view().called([&second, &first]);
        let keys: Vec<&str> = called.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys, ["Acme", "a"]);
        assert!(view().organization(&called[0]).text(SHARES_NAME).unwrap().starts_with("1 more"));
        assert_eq!(view().organization(&called[1]).text(SHARES_NAME), None);
    }

    #[test]
    fn what_merely_shares_the_name_of_a_marked_one_is_somebody_elses() {
        let ours = organization("a", "Acme", json!({"formulary": {"ledger": "ours", "slug": "acme"}}), 2);
        let theirs = organization("b", "Acme", json!({}), 1);
        let keys: Vec<String> = view().called([&theirs, &ours]).into_iter().map(|it| it.key).collect();
        assert_eq!(keys, ["acme", "b"]);
    }

    #[test]
    fn a_slash_in_a_name_makes_it_no_key() {
        let odd = organization("a", "Acme/Beta", json!({}), 1);
        assert_eq!(key_of(&odd), "a");
    }
}
