//! Who is calling, and what the roles that they hold let them do.

use std::collections::BTreeSet;

use super::answer::{Refusal, plain};
use super::jwt::Signer;
use super::permissions::Subject;
use super::request::Request;
use super::world::{Id, Object, Realm, World};

/// The realm whose administrators reach every other.
pub(super) const MASTER: &str = "master";
/// The client whose roles are the administrators' rights, in any realm but master.
pub(super) const REALM_MANAGEMENT: &str = "realm-management";

/// The rights of an administrator, and which of them bring others along.
pub(super) const ADMIN_ROLES: &[(&str, &[&str])] = &[
    ("create-client", &[]),
    ("impersonation", &[]),
    ("manage-authorization", &[]),
    ("manage-clients", &[]),
    ("manage-events", &[]),
    ("manage-identity-providers", &[]),
    ("manage-organizations", &[]),
    ("manage-realm", &[]),
    ("manage-users", &[]),
    ("query-clients", &[]),
    ("query-groups", &[]),
    ("query-organizations", &[]),
    ("query-realms", &[]),
    ("query-users", &[]),
    ("view-authorization", &[]),
    ("view-clients", &["query-clients"]),
    ("view-events", &[]),
    ("view-identity-providers", &[]),
    ("view-organizations", &["query-organizations"]),
    ("view-realm", &[]),
    ("view-users", &["query-groups", "query-users"]),
];

/// A token that was accepted, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Bearer {
    pub realm: String,
    /// The client's id, not its `clientId`.
    pub client: Id,
    pub user: Id,
    pub claims: Object,
}

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rejected {
    Missing,
    Invalid,
    ClientGone,
    NoSession,
    UserDisabled,
}

/// The caller of an operation on a realm.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub realm: String,
    pub realm_id: Id,
    pub client: Id,
    pub user: Id,
    pub username: String,
    pub session: String,
    /// The administrator's roles held over the realm that is called.
    pub roles: BTreeSet<String>,
    /// Whom fine-grained permissions are asked for; only for callers of the realm itself.
    pub subject: Subject,
}

/// Finds whose bearer token a request carries.
pub(super) fn bearer(world: &World, signer: &Signer, request: &Request, now: i64) -> Result<Bearer, Rejected> {
    let token = request
        .header("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or(Rejected::Missing)?;
    accept(world, signer, token, now)
}

/// Checks a token as the admin API and userinfo do: signature, life time, and whether whom it names is still there.
pub(super) fn accept(world: &World, signer: &Signer, token: &str, now: i64) -> Result<Bearer, Rejected> {
    let claims = signer.verify(token).ok_or(Rejected::Invalid)?;
    let text = |name: &str| claims.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let number = |name: &str| claims.get(name).and_then(|value| value.as_i64()).unwrap_or(0);
    if text("typ") != "Bearer" || number("exp") * 1000 <= now {
        return Err(Rejected::Invalid);
    }
    let realm = realm_of_issuer(text("iss"));
    let realm = world.realms.get(&realm).filter(|realm| realm.is("enabled")).ok_or(Rejected::Invalid)?;
    let client = realm.client_named(text("azp")).filter(|client| client.is("enabled")).ok_or(Rejected::ClientGone)?;
    let session = text("sid");
    let user = match (text("sub"), session) {
        // A lightweight token names nobody: its session does, or the client that it was given to.
        ("", "") => client.service_account.clone().ok_or(Rejected::Invalid)?,
        ("", session) => realm.sessions.get(session).map(|session| session.user.clone()).ok_or(Rejected::NoSession)?,
        (subject, _) => subject.to_owned(),
    };
    if !session.is_empty() && !realm.sessions.contains_key(session) {
        return Err(Rejected::NoSession);
    }
    let person = realm.users.get(&user).ok_or(Rejected::Invalid)?;
    if !person.enabled || realm.is_locked_by_organization(&user) {
        return Err(Rejected::UserDisabled);
    }
    if person.not_before > number("iat") {
        return Err(Rejected::Invalid);
    }
    let (realm, client) = (realm.name.clone(), client.id.clone());
    Ok(Bearer { realm, client, user, claims })
}

/// The name of the realm that issued a token.
pub(super) fn realm_of_issuer(issuer: &str) -> String {
    let name = issuer.rsplit('/').next().unwrap_or_default();
    percent_encoding::percent_decode_str(name).decode_utf8_lossy().into_owned()
}

impl Caller {
    /// The caller as one who acts on `target`. The roles are read as they are now, not as they were when the token was made.
    pub fn of(world: &World, bearer: &Bearer, target: &Realm) -> Self {
        let mut caller = Self {
            realm: bearer.realm.clone(),
            realm_id: String::new(),
            client: bearer.client.clone(),
            user: bearer.user.clone(),
            username: String::new(),
            session: bearer.claims.get("sid").and_then(|sid| sid.as_str()).unwrap_or_default().to_owned(),
            roles: BTreeSet::new(),
            subject: Subject::default(),
        };
        let Some(home) = world.realms.get(&bearer.realm) else {
            return caller;
        };
        caller.realm_id = home.id.clone();
        let held = effective_roles(home, bearer);
        if let Some(user) = home.users.get(&bearer.user) {
            caller.username = user.username.clone();
            if home.id == target.id {
                caller.subject = Subject {
                    user: user.id.clone(),
                    client: bearer.client.clone(),
                    roles: held.clone(),
                    groups: user.groups.clone(),
                };
            }
        }
        let holder = if home.name == MASTER {
            admin_client_in_master(&target.name)
        } else if home.id == target.id {
            REALM_MANAGEMENT.to_owned()
        } else {
            return caller;
        };
        if let Some(client) = home.client_named(&holder) {
            caller.roles = held
                .iter()
                .filter_map(|id| home.roles.get(id))
                .filter(|role| role.client.as_ref() == Some(&client.id))
                .map(|role| role.name.clone())
                .collect();
        }
        caller
    }

    pub fn has(&self, roles: &[&str]) -> bool {
        roles.iter().any(|role| self.roles.contains(*role))
    }

    /// 403 unless one of the roles is held.
    pub fn demand(&self, roles: &[&str]) -> Result<(), Refusal> {
        if self.has(roles) { Ok(()) } else { Err(plain(403)) }
    }

    pub fn is_administrator(&self) -> bool {
        !self.roles.is_empty()
    }
}

/// The roles that the bearer's token may use: all of the user's, or those within the scope of the client.
pub(super) fn effective_roles(home: &Realm, bearer: &Bearer) -> BTreeSet<Id> {
    let Some(user) = home.users.get(&bearer.user) else {
        return BTreeSet::new();
    };
    let held = home.roles_of(user);
    let Some(client) = home.clients.get(&bearer.client) else {
        return held;
    };
    if client.is("fullScopeAllowed") {
        return held;
    }
    let mut allowed = home.expand(&client.scope_roles);
    for scope in client.default_scopes.iter().filter_map(|id| home.scopes.get(id)) {
        allowed.extend(home.expand(&scope.scope_roles));
    }
    held.into_iter()
        .filter(|id| {
            allowed.contains(id) || home.roles.get(id).is_some_and(|role| role.client.as_ref() == Some(&client.id))
        })
        .collect()
}

/// The client of master whose roles are rights over another realm.
pub(super) fn admin_client_in_master(realm: &str) -> String {
    format!("{realm}-realm")
}
