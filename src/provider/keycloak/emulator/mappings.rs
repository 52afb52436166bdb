//! Which roles people and groups hold.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, done, error, plain};
use super::call::Call;
use super::realms::text;
use super::rights::{MASTER, REALM_MANAGEMENT};
use super::roles::{Container, ROLE_LIST, role_list, role_not_found};
use super::world::{Id, Object, Role};

/// Who holds roles.
#[derive(Debug, Clone, Copy)]
pub(super) enum Holder<'a> {
    User(&'a str),
    Group(&'a str),
}

impl Call<'_> {
    /// All direct mappings. Realm roles show only to callers who may see the realm's roles.
    pub fn role_mappings(&self, holder: Holder<'_>) -> Outcome {
        let held = self.held(holder)?;
        let mut shown = Object::new();
        let realm: Vec<Value> = self.shown(held.iter(), None);
        if !realm.is_empty() && self.caller.has(&["view-realm", "manage-realm"]) {
            shown.insert("realmMappings".into(), json!(realm));
        }
        let mut by_client = Object::new();
        for client in self.realm.clients.values() {
            let roles = self.shown(held.iter(), Some(&client.id));
            let visible = self.caller.has(&["view-clients", "manage-clients"]);
            if !roles.is_empty() && visible {
                by_client.insert(
                    client.client_id.clone(),
                    json!({"id": client.id, "client": client.client_id, "mappings": roles}),
                );
            }
        }
        if !by_client.is_empty() {
            shown.insert("clientMappings".into(), Value::Object(by_client));
        }
        Ok(Answer::json(shown))
    }

    pub fn direct_roles(&self, holder: Holder<'_>, client: Container<'_>) -> Outcome {
        let held = self.held(holder)?;
        self.demand_container(client)?;
        Ok(Answer::json(self.shown(held.iter(), client)))
    }

    pub fn effective_roles(&self, holder: Holder<'_>, client: Container<'_>) -> Outcome {
        self.held(holder)?;
        self.demand_container(client)?;
        Ok(Answer::json(self.shown(self.all_held(holder).iter(), client)))
    }

    /// The roles that are not mapped yet; roles held through others count as available.
    pub fn available_roles(&self, holder: Holder<'_>, client: Container<'_>) -> Outcome {
        let held = self.held(holder)?;
        self.demand_container(client)?;
        let free: Vec<&Role> = self
            .realm
            .roles
            .values()
            .filter(|role| role.client.as_deref() == client && !held.contains(&role.id))
            .filter(|role| self.demand_mappable(&role.id).is_ok())
            .collect();
        Ok(Answer::json(free.into_iter().map(|role| role.brief(self.realm)).collect::<Vec<_>>()))
    }

    /// Maps or unmaps roles, each named by id and name. Unmapping without a body unmaps all.
    pub fn map_roles(&mut self, holder: Holder<'_>, client: Container<'_>, add: bool) -> Outcome {
        let body = if add || !self.request.body.is_empty() { Some(self.request.beans(&ROLE_LIST)?) } else { None };
        self.demand_mapping(holder)?;
        self.demand_container(client)?;
        let held = self.held(holder)?.clone();
        let roles: Vec<Id> = match &body {
            None => held
                .into_iter()
                .filter(|id| self.realm.roles.get(id).is_some_and(|role| role.client.as_deref() == client))
                .collect(),
            Some(named) => named.iter().map(|named| self.named_role(named, client)).collect::<Result<_, _>>()?,
        };
        for role in &roles {
            self.demand_mappable(role)?;
        }
        let target = match holder {
            Holder::User(id) => self.realm.users.get_mut(id).map(|user| &mut user.roles),
            Holder::Group(id) => self.realm.groups.get_mut(id).map(|group| &mut group.roles),
        };
        if let Some(target) = target {
            for role in &roles {
                if add {
                    target.insert(role.clone())
                } else {
                    target.remove(role)
                };
            }
        }
        if add && roles.is_empty() {
            return done();
        }
        let shown = match body {
            Some(named) => role_list(named),
            None => self.shown(roles.iter(), client).into(),
        };
        let operation = if add { "CREATE" } else { "DELETE" };
        let (kind, tail) = match client {
            None => ("REALM_ROLE_MAPPING", "realm".to_owned()),
            Some(client) => ("CLIENT_ROLE_MAPPING", format!("clients/{client}")),
        };
        let path = match holder {
            Holder::User(id) => format!("users/{id}/role-mappings/{tail}"),
            Holder::Group(id) => format!("groups/{id}/role-mappings/{tail}"),
        };
        self.record(operation, kind, Some(path), Some(shown));
        done()
    }

    /// 403 for roles that would make the holder an administrator of something the caller is none of.
    pub fn demand_mappable(&self, role: &str) -> Result<(), Refusal> {
        let admin_clients: Vec<&Id> = self
            .realm
            .clients
            .values()
            .filter(|client| {
                client.client_id == REALM_MANAGEMENT
                    || (self.realm.name == MASTER && client.client_id.ends_with("-realm") && client.is("bearerOnly"))
            })
            .map(|client| &client.id)
            .collect();
        let everything =
            self.caller.realm == MASTER && self.caller.has(&["manage-realm"]) && self.caller.has(&["manage-users"]);
        for part in self.realm.expand([&role.to_owned()]) {
            let Some(part) = self.realm.roles.get(&part) else {
                continue;
            };
            let is_right = part.client.as_ref().is_some_and(|client| admin_clients.contains(&client));
            let has = self.caller.roles.contains(&part.name)
                || (part.name == "realm-admin"
                    && self.caller.has(&["manage-realm"])
                    && self.caller.has(&["manage-users"]));
            if is_right && !has && !everything {
                return Err(plain(403));
            }
        }
        Ok(())
    }

    fn named_role(&self, named: &Object, client: Container<'_>) -> Result<Id, Refusal> {
        let name = text(named, "name").ok_or_else(role_not_found)?;
        let role = self.realm.role(client, name).ok_or_else(role_not_found)?;
        match text(named, "id") {
            Some(id) if id == role.id => Ok(role.id.clone()),
            _ => Err(role_not_found()),
        }
    }

    fn demand_container(&self, client: Container<'_>) -> Result<(), Refusal> {
        match client {
            Some(id) if !self.realm.clients.contains_key(id) => Err(error(404, "Client not found")),
            _ => Ok(()),
        }
    }

    fn demand_mapping(&self, holder: Holder<'_>) -> Result<(), Refusal> {
        match holder {
            Holder::User(id) => {
                let user = self.found_user(id)?;
                let allowed = self.caller.has(&["manage-users"]) || self.granted_over(user, &["map-roles"], &[], false);
                if allowed { Ok(()) } else { Err(plain(403)) }
            }
            Holder::Group(id) => self.managed_group(id).map(|_| ()),
        }
    }

    /// The roles mapped directly.
    fn held(&self, holder: Holder<'_>) -> Result<&BTreeSet<Id>, Refusal> {
        match holder {
            Holder::User(id) => self.visible_user(id).map(|user| &user.roles),
            Holder::Group(id) => {
                self.caller.demand(&["view-users", "manage-users", "query-groups"])?;
                self.found_group(id).map(|group| &group.roles)
            }
        }
    }

    fn all_held(&self, holder: Holder<'_>) -> BTreeSet<Id> {
        match holder {
            Holder::User(id) => self.realm.users.get(id).map(|user| self.realm.roles_of(user)).unwrap_or_default(),
            Holder::Group(id) => {
                let mut mapped: Vec<&Id> = Vec::new();
                let mut next = self.realm.groups.get(id);
                while let Some(group) = next {
                    mapped.extend(&group.roles);
                    next = group.parent.as_ref().and_then(|id| self.realm.groups.get(id));
                }
                self.realm.expand(mapped)
            }
        }
    }

    fn shown<'a>(&self, held: impl Iterator<Item = &'a Id>, client: Container<'_>) -> Vec<Value> {
        held.filter_map(|id| self.realm.roles.get(id))
            .filter(|role| role.client.as_deref() == client)
            .map(|role| role.brief(self.realm))
            .collect()
    }
}
