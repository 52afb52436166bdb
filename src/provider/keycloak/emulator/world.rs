//! What the emulator remembers: realms, and what is in them.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Map, Value};

/// A server-chosen identifier.
pub(super) type Id = String;
pub(super) type Object = Map<String, Value>;
/// Lists of strings by name.
pub(super) type Attributes = BTreeMap<String, Vec<String>>;

/// Everything that an installation holds, by the name of the realm.
#[derive(Debug)]
pub(super) struct World {
    pub realms: BTreeMap<String, Realm>,
}

/// A realm. Its settings are kept as the service shows them; what has rules of its own has a field of its own.
#[derive(Debug)]
pub(super) struct Realm {
    pub id: Id,
    pub name: String,
    /// The representation without what is computed: defaults overlaid by what was put.
    pub settings: Object,
    /// The user profile as it was put.
    pub profile: Value,
    pub users: BTreeMap<Id, User>,
    /// Lists come in the order of usernames.
    pub usernames: BTreeMap<String, Id>,
    pub emails: BTreeMap<String, BTreeSet<Id>>,
    pub groups: BTreeMap<Id, Group>,
    /// What new people join.
    pub default_groups: Vec<Id>,
    /// Realm roles and client roles alike.
    pub roles: BTreeMap<Id, Role>,
    pub default_role: Id,
    pub clients: BTreeMap<Id, Client>,
    pub scopes: IndexMap<Id, Scope>,
    /// What new clients get.
    pub default_scopes: Vec<Id>,
    pub optional_scopes: Vec<Id>,
    pub organizations: BTreeMap<Id, Organization>,
    pub providers: BTreeMap<String, Object>,
    pub sessions: BTreeMap<String, Session>,
    /// Oldest first.
    pub events: Vec<Value>,
    pub admin_events: Vec<Value>,
    pub failures: BTreeMap<Id, Failures>,
    pub permissions: super::permissions::Permissions,
    pub webhooks: IndexMap<Id, Object>,
    /// Deliveries that wait to be sent once the request is answered.
    pub outbox: Vec<super::webhooks::Delivery>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct User {
    pub id: Id,
    pub username: String,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email_verified: bool,
    pub enabled: bool,
    /// Milliseconds.
    pub created: i64,
    /// Declared and undeclared ones; the profile decides which are shown.
    pub attributes: Attributes,
    pub required_actions: Vec<String>,
    pub groups: BTreeSet<Id>,
    pub roles: BTreeSet<Id>,
    pub identities: Vec<Identity>,
    pub credentials: Vec<Credential>,
    /// Seconds; tokens issued before do not count.
    pub not_before: i64,
    pub federation_link: Option<String>,
    /// The client whose service account this is.
    pub service_account_of: Option<Id>,
}

/// A link to an account at an identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub provider: String,
    pub user_id: String,
    pub user_name: String,
}

#[derive(Debug, Clone)]
pub(super) struct Credential {
    pub id: Id,
    pub kind: String,
    pub secret: String,
    pub label: Option<String>,
    pub created: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Group {
    pub id: Id,
    pub name: String,
    pub description: Option<String>,
    pub parent: Option<Id>,
    /// Groups of an organisation are invisible elsewhere.
    pub organization: Option<Id>,
    pub attributes: Attributes,
    pub roles: BTreeSet<Id>,
}

#[derive(Debug, Clone)]
pub(super) struct Role {
    pub id: Id,
    pub name: String,
    pub description: Option<String>,
    /// The client that the role belongs to; realm roles have none.
    pub client: Option<Id>,
    pub composites: BTreeSet<Id>,
    pub attributes: Attributes,
}

#[derive(Debug, Clone)]
pub(super) struct Client {
    pub id: Id,
    pub client_id: String,
    /// The plain fields, as shown.
    pub fields: Object,
    pub attributes: BTreeMap<String, String>,
    pub secret: Option<String>,
    pub mappers: Vec<Mapper>,
    pub default_scopes: Vec<Id>,
    pub optional_scopes: Vec<Id>,
    /// Roles that tokens may carry when the scope is not full.
    pub scope_roles: BTreeSet<Id>,
    pub service_account: Option<Id>,
}

/// What puts a claim into tokens.
#[derive(Debug, Clone)]
pub(super) struct Mapper {
    pub id: Id,
    pub name: String,
    pub protocol: String,
    pub kind: String,
    pub config: BTreeMap<String, String>,
}

#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub id: Id,
    pub name: String,
    pub description: Option<String>,
    pub protocol: String,
    pub attributes: BTreeMap<String, String>,
    pub mappers: Vec<Mapper>,
    pub scope_roles: BTreeSet<Id>,
}

#[derive(Debug, Clone)]
pub(super) struct Organization {
    pub id: Id,
    pub name: String,
    pub alias: String,
    pub enabled: bool,
    pub description: Option<String>,
    pub redirect_url: Option<String>,
    pub attributes: Attributes,
    /// Name and whether it is verified, in the order given.
    pub domains: Vec<(String, bool)>,
    /// Members, and whether the organisation manages them: such a person goes when the membership goes.
    pub members: BTreeMap<Id, bool>,
    pub providers: BTreeSet<String>,
    pub invitations: IndexMap<Id, Invitation>,
    /// The unseen parent of the organisation's groups.
    pub root_group: Id,
}

#[derive(Debug, Clone)]
pub(super) struct Invitation {
    pub id: Id,
    pub email: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// Seconds.
    pub sent: i64,
    pub expires: i64,
}

#[derive(Debug, Clone)]
pub(super) struct Session {
    pub id: String,
    pub user: Id,
    /// Milliseconds, cut to seconds.
    pub start: i64,
    pub last_access: i64,
    /// Clients that took part, by id.
    pub clients: BTreeMap<Id, String>,
}

/// What brute-force protection counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Failures {
    pub count: i64,
    pub lockouts: i64,
    /// Seconds.
    pub locked_until: i64,
    /// Milliseconds.
    pub last: i64,
}

/// A new identifier.
pub(super) fn new_id() -> Id {
    uuid::Uuid::new_v4().to_string()
}

impl Realm {
    pub fn setting(&self, name: &str) -> &Value {
        self.settings.get(name).unwrap_or(&Value::Null)
    }

    pub fn is(&self, name: &str) -> bool {
        self.setting(name).as_bool().unwrap_or(false)
    }

    pub fn count_setting(&self, name: &str) -> i64 {
        self.setting(name).as_i64().unwrap_or(0)
    }

    pub fn user_named(&self, username: &str) -> Option<&User> {
        self.usernames.get(username).and_then(|id| self.users.get(id))
    }

    /// Whoever has this e-mail; of several the first.
    pub fn user_with_email(&self, email: &str) -> Option<&User> {
        self.emails.get(email).and_then(|ids| ids.first()).and_then(|id| self.users.get(id))
    }

    /// Users in the order of lists.
    pub fn users_in_order(&self) -> impl Iterator<Item = &User> {
        self.usernames.values().filter_map(|id| self.users.get(id))
    }

    /// Stores a user, keeping the look-ups right.
    pub fn put_user(&mut self, user: User) {
        if let Some(old) = self.users.remove(&user.id) {
            self.forget_names(&old);
        }
        self.usernames.insert(user.username.clone(), user.id.clone());
        if let Some(email) = &user.email {
            self.emails.entry(email.clone()).or_default().insert(user.id.clone());
        }
        self.users.insert(user.id.clone(), user);
    }

    /// Deletes a user and everything that hangs on it.
    pub fn remove_user(&mut self, id: &str) -> Option<User> {
        let user = self.users.remove(id)?;
        self.forget_names(&user);
        self.sessions.retain(|_, session| session.user != id);
        self.failures.remove(id);
        for organization in self.organizations.values_mut() {
            organization.members.remove(id);
        }
        Some(user)
    }

    fn forget_names(&mut self, user: &User) {
        self.usernames.remove(&user.username);
        if let Some(email) = &user.email
            && let Some(ids) = self.emails.get_mut(email)
        {
            ids.remove(&user.id);
            if ids.is_empty() {
                self.emails.remove(email);
            }
        }
    }

    pub fn client_named(&self, client_id: &str) -> Option<&Client> {
        self.clients.values().find(|client| client.client_id == client_id)
    }

    pub fn scope_named(&self, name: &str) -> Option<&Scope> {
        self.scopes.values().find(|scope| scope.name == name)
    }

    pub fn realm_role(&self, name: &str) -> Option<&Role> {
        self.role(None, name)
    }

    pub fn client_role(&self, client: &str, name: &str) -> Option<&Role> {
        self.role(Some(client), name)
    }

    /// A role by name, of a client or of the realm.
    pub fn role(&self, client: Option<&str>, name: &str) -> Option<&Role> {
        self.roles.values().find(|role| role.client.as_deref() == client && role.name == name)
    }

    /// Roles together with all that they are composed of.
    pub fn expand<'a>(&'a self, roles: impl IntoIterator<Item = &'a Id>) -> BTreeSet<Id> {
        let mut found = BTreeSet::new();
        let mut queue: Vec<&Id> = roles.into_iter().collect();
        while let Some(id) = queue.pop() {
            if let Some(role) = self.roles.get(id)
                && found.insert(id.clone())
            {
                queue.extend(&role.composites);
            }
        }
        found
    }

    /// All roles that a user holds: mapped, through groups and their parents, and through composites.
    pub fn roles_of(&self, user: &User) -> BTreeSet<Id> {
        let mut mapped: Vec<&Id> = user.roles.iter().collect();
        for group in &user.groups {
            let mut next = Some(group);
            while let Some(group) = next.and_then(|id| self.groups.get(id)) {
                mapped.extend(&group.roles);
                next = group.parent.as_ref();
            }
        }
        self.expand(mapped)
    }

    /// The path of a group, names joined by slashes.
    pub fn path_of(&self, group: &Group) -> String {
        let mut names = vec![group.name.as_str()];
        let mut next = group.parent.as_ref();
        while let Some(parent) = next.and_then(|id| self.groups.get(id)) {
            // The root of an organisation's groups does not show.
            if parent.parent.is_none() && parent.organization.is_some() {
                break;
            }
            names.push(&parent.name);
            next = parent.parent.as_ref();
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }

    /// The groups below `parent` in the order of lists; with `None` the top level, without those of organisations.
    pub fn children_of(&self, parent: Option<&str>) -> Vec<&Group> {
        let mut children: Vec<&Group> = self
            .groups
            .values()
            .filter(|group| group.parent.as_deref() == parent && (parent.is_some() || group.organization.is_none()))
            .collect();
        children.sort_by(|a, b| a.name.cmp(&b.name));
        children
    }

    pub fn group_at(&self, path: &str) -> Option<&Group> {
        let mut parent: Option<&Group> = None;
        for name in path.trim_matches('/').split('/') {
            let above = parent.map(|group| group.id.as_str());
            parent = Some(self.children_of(above).into_iter().find(|group| group.name == name)?);
        }
        parent
    }

    /// Members of a group, directly, in the order of lists.
    pub fn members_of<'a>(&'a self, group: &'a str) -> impl Iterator<Item = &'a User> {
        self.users_in_order().filter(move |user| user.groups.contains(group))
    }

    /// Whether an organisation that manages this user is switched off: then the user reads as disabled and is read-only.
    pub fn is_locked_by_organization(&self, user: &str) -> bool {
        self.is("organizationsEnabled")
            && self.organizations.values().any(|org| !org.enabled && org.members.get(user) == Some(&true))
    }

    /// Deletes a role and every reference to it.
    pub fn remove_role(&mut self, id: &str) {
        self.roles.remove(id);
        for role in self.roles.values_mut() {
            role.composites.remove(id);
        }
        for user in self.users.values_mut() {
            user.roles.remove(id);
        }
        for group in self.groups.values_mut() {
            group.roles.remove(id);
        }
        for client in self.clients.values_mut() {
            client.scope_roles.remove(id);
        }
    }

    /// Deletes a group with all below it, and the memberships.
    pub fn remove_group(&mut self, id: &str) {
        let below: Vec<Id> = self
            .groups
            .values()
            .filter(|group| group.parent.as_deref() == Some(id))
            .map(|group| group.id.clone())
            .collect();
        for child in below {
            self.remove_group(&child);
        }
        self.groups.remove(id);
        self.default_groups.retain(|group| group != id);
        for user in self.users.values_mut() {
            user.groups.remove(id);
        }
    }
}
