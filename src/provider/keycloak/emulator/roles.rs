//! Roles of the realm and of clients, and what they are composed of.

use percent_encoding::utf8_percent_encode;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, duplicate, error, message};
use super::call::Call;
use super::json::Shape;
use super::profile::attributes;
use super::realms::{PATH_SEGMENT, text};
use super::shapes;
use super::users::{Detail, detail};
use super::world::{Id, Object, Realm, Role};

/// A list of roles, as mappings and composites take it.
pub(super) static ROLE_LIST: Shape = Shape::List(&Shape::Bean(&shapes::ROLE));

impl Role {
    /// A role as lists show it.
    pub fn brief(&self, realm: &Realm) -> Value {
        let mut shown = Object::new();
        shown.insert("id".into(), json!(self.id));
        shown.insert("name".into(), json!(self.name));
        if let Some(description) = &self.description {
            shown.insert("description".into(), json!(description));
        }
        shown.insert("composite".into(), json!(!self.composites.is_empty()));
        shown.insert("clientRole".into(), json!(self.client.is_some()));
        shown.insert("containerId".into(), json!(self.client.as_ref().unwrap_or(&realm.id)));
        Value::Object(shown)
    }

    fn full(&self, realm: &Realm) -> Value {
        let mut shown = self.brief(realm);
        shown["attributes"] = json!(self.attributes);
        shown
    }
}

/// Where the roles of an operation live: in the realm, or in a client.
pub(super) type Container<'a> = Option<&'a str>;

impl Call<'_> {
    /// All at once unless both `first` and `max`, or `search`, are given.
    pub fn roles(&self, client: Container<'_>) -> Outcome {
        self.demand_view_roles(client)?;
        let request = self.request;
        let brief = request.flag("briefRepresentation").unwrap_or(true);
        let search = request.filled("search").map(|search| search.trim().to_lowercase());
        let mut roles: Vec<&Role> = self
            .realm
            .roles
            .values()
            .filter(|role| role.client.as_deref() == client)
            .filter(|role| {
                search.as_ref().is_none_or(|search| {
                    role.name.to_lowercase().contains(search.as_str())
                        || role.description.as_ref().is_some_and(|text| text.to_lowercase().contains(search.as_str()))
                })
            })
            .collect();
        roles.sort_by(|a, b| a.name.cmp(&b.name));
        let paged = search.is_some() || (request.query("first").is_some() && request.query("max").is_some());
        let page = request.page(None)?;
        let show = |role: &Role| {
            if brief { role.brief(self.realm) } else { role.full(self.realm) }
        };
        Ok(Answer::json(if paged {
            page.of(roles).map(show).collect::<Vec<_>>()
        } else {
            roles.into_iter().map(show).collect()
        }))
    }

    pub fn create_role(&mut self, client: Container<'_>) -> Outcome {
        let body = self.request.bean(&shapes::ROLE)?;
        self.demand_manage_roles(client)?;
        let name = text(&body, "name").ok_or_else(|| error(400, "role has no name"))?.to_owned();
        if self.realm.role(client, &name).is_some() {
            return Err(message(409, format!("Role with name {name} already exists")));
        }
        if name.chars().count() > 255 {
            return Err(broken());
        }
        let id = self.realm.add_role(client, &name, text(&body, "description"));
        if let Some(role) = self.realm.roles.get_mut(&id) {
            role.attributes = attributes(body.get("attributes").unwrap_or(&Value::Null));
        }
        let composites = self.named_composites(body.get("composites").unwrap_or(&Value::Null));
        if let Some(role) = self.realm.roles.get_mut(&id) {
            role.composites.extend(composites);
        }
        let mut made = body;
        made.insert("id".into(), json!(id));
        made.entry("composite").or_insert(json!(false));
        let path = role_path(client, &name);
        self.record("CREATE", role_kind(client), Some(path.clone()), Some(Value::Object(shapes::ROLE.in_order(made))));
        let place = self.place(&role_path(client, &utf8_percent_encode(&name, PATH_SEGMENT).to_string()));
        Ok(Answer::created(place))
    }

    pub fn role(&self, client: Container<'_>, name: &str) -> Outcome {
        self.demand_view_roles(client)?;
        let role = self.found_role(client, name)?;
        Ok(Answer::json(role.full(self.realm)))
    }

    /// Without `attributes` they stay; another name renames the role.
    pub fn put_role(&mut self, client: Container<'_>, name: &str) -> Outcome {
        let body = self.request.bean(&shapes::ROLE)?;
        self.demand_manage_roles(client)?;
        let id = self.found_role(client, name)?.id.clone();
        let renamed = text(&body, "name").ok_or_else(|| error(400, "role has no name"))?.to_owned();
        if self.realm.role(client, &renamed).is_some_and(|other| other.id != id) {
            return Err(duplicate());
        }
        if let Some(role) = self.realm.roles.get_mut(&id) {
            role.name = renamed;
            role.description = text(&body, "description").map(str::to_owned);
            if let Some(given) = body.get("attributes") {
                role.attributes = attributes(given);
            }
        }
        let path = role_path(client, name);
        self.record("UPDATE", role_kind(client), Some(path), Some(Value::Object(shapes::ROLE.in_order(body))));
        done()
    }

    pub fn delete_role(&mut self, client: Container<'_>, name: &str) -> Outcome {
        self.demand_manage_roles(client)?;
        let role = self.found_role(client, name)?;
        let id = role.id.clone();
        if id == self.realm.default_role {
            return Err(message(400, format!("{name} is default role of the realm and cannot be removed.")));
        }
        self.realm.remove_role(&id);
        self.record("DELETE", role_kind(client), Some(role_path(client, name)), None);
        done()
    }

    pub fn role_composites(&self, client: Container<'_>, name: &str, of: Option<Container<'_>>) -> Outcome {
        self.demand_view_roles(client)?;
        let role = self.found_role(client, name)?;
        let parts = role.composites.iter().filter_map(|id| self.realm.roles.get(id));
        let wanted = parts.filter(|part| of.is_none_or(|of| part.client.as_deref() == of));
        Ok(Answer::json(wanted.map(|part| part.brief(self.realm)).collect::<Vec<_>>()))
    }

    /// Adds or removes parts; they are found by id.
    pub fn change_composites(&mut self, client: Container<'_>, name: &str, add: bool) -> Outcome {
        let parts = self.request.beans(&ROLE_LIST)?;
        self.demand_manage_roles(client)?;
        let id = self.found_role(client, name)?.id.clone();
        let mut ids: Vec<Id> = Vec::new();
        for part in &parts {
            let part = text(part, "id").filter(|id| self.realm.roles.contains_key(*id));
            ids.push(part.ok_or_else(|| error(404, "Could not find composite role"))?.to_owned());
        }
        for part in &ids {
            self.demand_mappable(part)?;
        }
        if let Some(role) = self.realm.roles.get_mut(&id) {
            for part in ids {
                if add {
                    role.composites.insert(part)
                } else {
                    role.composites.remove(&part)
                };
            }
        }
        let operation = if add { "CREATE" } else { "DELETE" };
        let path = format!("{}/composites", role_path(client, name));
        self.record(operation, role_kind(client), Some(path), Some(role_list(parts)));
        done()
    }

    /// Holders of the role, directly.
    pub fn role_users(&self, client: Container<'_>, name: &str) -> Outcome {
        self.demand_view_roles(client)?;
        let role = self.found_role(client, name)?;
        self.caller.demand(&["view-users", "manage-users", "query-users"])?;
        let page = self.request.page(Some(100))?;
        let detail = detail(self.request, Detail::Full);
        let holders =
            self.realm.users_in_order().filter(|user| user.roles.contains(&role.id) && self.may_list_user(user));
        Ok(Answer::json(
            page.of(holders).map(|user| Value::Object(self.realm.show_user(user, detail))).collect::<Vec<_>>(),
        ))
    }

    pub fn role_groups(&self, client: Container<'_>, name: &str) -> Outcome {
        self.demand_view_roles(client)?;
        let role = self.found_role(client, name)?;
        self.caller.demand(&["view-users", "manage-users", "query-groups"])?;
        let page = self.request.page(None)?;
        let full = self.request.flag("briefRepresentation") == Some(false);
        let mut holders: Vec<_> = self.realm.groups.values().filter(|group| group.roles.contains(&role.id)).collect();
        holders.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Answer::json(
            page.of(holders).map(|group| Value::Object(self.realm.show_group(group, full, false))).collect::<Vec<_>>(),
        ))
    }

    /// `roles-by-id/{id}`.
    pub fn role_by_id(&self, id: &str) -> Outcome {
        let role = self.realm.roles.get(id).ok_or_else(|| error(404, "Could not find role with id"))?;
        self.demand_view_roles(role.client.as_deref())?;
        Ok(Answer::json(role.full(self.realm)))
    }

    pub fn found_role(&self, client: Container<'_>, name: &str) -> Result<&Role, Refusal> {
        self.realm.role(client, name).ok_or_else(|| error(404, "Could not find role"))
    }

    fn demand_view_roles(&self, client: Container<'_>) -> Result<(), Refusal> {
        match client {
            None => self.caller.demand(&["view-realm", "manage-realm"]),
            Some(id) => self.visible_client(id).map(|_| ()),
        }
    }

    fn demand_manage_roles(&self, client: Container<'_>) -> Result<(), Refusal> {
        match client {
            None => self.caller.demand(&["manage-realm"]),
            Some(id) => self.managed_client(id).map(|_| ()),
        }
    }

    /// The composites that a body names: realm roles by name, client roles by client and name.
    fn named_composites(&self, named: &Value) -> Vec<Id> {
        let mut ids = Vec::new();
        for name in named["realm"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            ids.extend(self.realm.realm_role(name).map(|role| role.id.clone()));
        }
        for (client, names) in named["client"].as_object().into_iter().flatten() {
            let Some(client) = self.realm.client_named(client) else {
                continue;
            };
            for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
                ids.extend(self.realm.client_role(&client.id, name).map(|role| role.id.clone()));
            }
        }
        ids
    }
}

/// Roles of a body as events keep them.
pub(super) fn role_list(roles: Vec<Object>) -> Value {
    let shown = roles.into_iter().map(|mut role| {
        role.entry("composite").or_insert(json!(false));
        Value::Object(shapes::ROLE.in_order(role))
    });
    Value::Array(shown.collect())
}

/// What a role lookup by a wrong pair of id and name ends in.
pub(super) fn role_not_found() -> Refusal {
    error(404, "Role not found")
}

fn role_kind(client: Container<'_>) -> &'static str {
    if client.is_some() { "CLIENT_ROLE" } else { "REALM_ROLE" }
}

fn role_path(client: Container<'_>, name: &str) -> String {
    match client {
        None => format!("roles/{name}"),
        Some(client) => format!("clients/{client}/roles/{name}"),
    }
}
