//! Client scopes, the mappers in scopes and clients, and which scopes a client has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, error, message};
use super::call::Call;
use super::mappers::{mapper, show_mapper};
use super::realms::text;
use super::shapes;
use super::world::{Id, Object, Scope, new_id};

/// The protocols that a scope may belong to.
const PROTOCOLS: &[&str] = &["openid-connect", "saml", "docker-v2"];

fn show_scope(scope: &Scope) -> Value {
    let mut shown = Object::new();
    shown.insert("id".into(), json!(scope.id));
    shown.insert("name".into(), json!(scope.name));
    if let Some(description) = &scope.description {
        shown.insert("description".into(), json!(description));
    }
    shown.insert("protocol".into(), json!(scope.protocol));
    shown.insert("attributes".into(), json!(scope.attributes));
    if !scope.mappers.is_empty() {
        shown.insert("protocolMappers".into(), scope.mappers.iter().map(show_mapper).collect());
    }
    Value::Object(shown)
}

impl Call<'_> {
    pub fn scopes(&self) -> Outcome {
        self.caller.demand(&["view-clients", "manage-clients", "query-clients"])?;
        let all = self.caller.has(&["view-clients", "manage-clients"]);
        Ok(Answer::json(self.realm.scopes.values().filter(|_| all).map(show_scope).collect::<Vec<_>>()))
    }

    pub fn create_scope(&mut self) -> Outcome {
        let body = self.request.bean(&shapes::SCOPE)?;
        self.caller.demand(&["manage-clients"])?;
        let name = text(&body, "name").ok_or_else(broken)?.to_owned();
        check_name(&name)?;
        if !text(&body, "protocol").is_some_and(|protocol| PROTOCOLS.contains(&protocol)) {
            return Err(message(400, "Unexpected protocol"));
        }
        if self.realm.scope_named(&name).is_some() {
            return Err(name_taken(&name));
        }
        let id = text(&body, "id").map_or_else(new_id, str::to_owned);
        let mappers = body.get("protocolMappers").and_then(Value::as_array).into_iter().flatten();
        let scope = Scope {
            id: id.clone(),
            name,
            description: text(&body, "description").map(str::to_owned),
            protocol: text(&body, "protocol").unwrap_or("openid-connect").to_owned(),
            attributes: texts(body.get("attributes").unwrap_or(&Value::Null)),
            mappers: mappers.filter_map(Value::as_object).map(|body| mapper(body, false)).collect(),
            scope_roles: BTreeSet::new(),
        };
        self.realm.scopes.insert(id.clone(), scope);
        let mut made = body;
        made.insert("id".into(), json!(id));
        let path = format!("client-scopes/{id}");
        self.record("CREATE", "CLIENT_SCOPE", Some(path.clone()), Some(Value::Object(shapes::SCOPE.in_order(made))));
        Ok(Answer::created(self.place(&path)))
    }

    pub fn scope(&self, id: &str) -> Outcome {
        self.caller.demand(&["view-clients", "manage-clients"])?;
        Ok(Answer::json(show_scope(self.found_scope(id)?)))
    }

    pub fn put_scope(&mut self, id: &str) -> Outcome {
        let body = self.request.bean(&shapes::SCOPE)?;
        self.caller.demand(&["manage-clients"])?;
        self.found_scope(id)?;
        let name = text(&body, "name").ok_or_else(broken)?.to_owned();
        check_name(&name)?;
        if self.realm.scope_named(&name).is_some_and(|other| other.id != id) {
            return Err(name_taken(&name));
        }
        let Some(scope) = self.realm.scopes.get_mut(id) else {
            return Err(scope_not_found());
        };
        scope.name = name;
        if let Some(description) = text(&body, "description") {
            scope.description = Some(description.to_owned());
        }
        if let Some(protocol) = text(&body, "protocol") {
            scope.protocol = protocol.to_owned();
        }
        for (name, value) in body.get("attributes").and_then(Value::as_object).into_iter().flatten() {
            match value.as_str().filter(|value| !value.is_empty()) {
                Some(value) => {
                    scope.attributes.insert(name.clone(), value.to_owned());
                }
                None => {
                    scope.attributes.remove(name);
                }
            }
        }
        let path = Some(format!("client-scopes/{id}"));
        self.record("UPDATE", "CLIENT_SCOPE", path, Some(Value::Object(shapes::SCOPE.in_order(body))));
        done()
    }

    pub fn delete_scope(&mut self, id: &str) -> Outcome {
        self.caller.demand(&["manage-clients"])?;
        self.found_scope(id)?;
        self.realm.scopes.shift_remove(id);
        self.realm.default_scopes.retain(|known| known != id);
        self.realm.optional_scopes.retain(|known| known != id);
        for client in self.realm.clients.values_mut() {
            client.default_scopes.retain(|known| known != id);
            client.optional_scopes.retain(|known| known != id);
        }
        self.record("DELETE", "CLIENT_SCOPE", Some(format!("client-scopes/{id}")), None);
        done()
    }

    /// The scopes that new clients get.
    pub fn realm_scopes(&self, optional: bool) -> Outcome {
        self.caller.demand(&["view-clients", "manage-clients"])?;
        let ids = if optional { &self.realm.optional_scopes } else { &self.realm.default_scopes };
        Ok(Answer::json(self.named_scopes(ids)))
    }

    pub fn set_realm_scope(&mut self, optional: bool, id: &str, add: bool) -> Outcome {
        self.caller.demand(&["manage-clients"])?;
        self.found_scope(id)?;
        let realm = &mut *self.realm;
        let (list, other) = if optional {
            (&mut realm.optional_scopes, &realm.default_scopes)
        } else {
            (&mut realm.default_scopes, &realm.optional_scopes)
        };
        if !add {
            list.retain(|known| known != id);
        } else if !list.iter().chain(other).any(|known| known == id) {
            list.push(id.to_owned());
        }
        done()
    }

    pub fn client_scopes(&self, id: &str, optional: bool) -> Outcome {
        let client = self.visible_client(id)?;
        Ok(Answer::json(self.named_scopes(if optional { &client.optional_scopes } else { &client.default_scopes })))
    }

    /// Adds a scope to one list of a client. What is in the other list already stays there.
    pub fn set_client_scope(&mut self, id: &str, scope: &str, optional: bool, add: bool) -> Outcome {
        self.managed_client(id)?;
        if !self.realm.scopes.contains_key(scope) {
            return Err(error(404, "Client scope not found"));
        }
        let Some(client) = self.realm.clients.get_mut(id) else {
            return Err(super::clients::client_not_found());
        };
        if add {
            let known = client.default_scopes.iter().chain(&client.optional_scopes).any(|known| known == scope);
            if !known {
                let list = if optional { &mut client.optional_scopes } else { &mut client.default_scopes };
                list.push(scope.to_owned());
            }
        } else {
            client.default_scopes.retain(|known| known != scope);
            client.optional_scopes.retain(|known| known != scope);
        }
        let operation = if add { "CREATE" } else { "DELETE" };
        let list = if optional { "optional-client-scopes" } else { "default-client-scopes" };
        self.record(operation, "CLIENT", Some(format!("clients/{id}/{list}/{scope}")), None);
        done()
    }

    pub fn found_scope(&self, id: &str) -> Result<&Scope, Refusal> {
        self.realm.scopes.get(id).ok_or_else(scope_not_found)
    }

    fn named_scopes(&self, ids: &[Id]) -> Vec<Value> {
        let known = ids.iter().filter_map(|id| self.realm.scopes.get(id));
        known.map(|scope| json!({"id": scope.id, "name": scope.name})).collect()
    }

    /// The roles that tokens of a client may carry when its scope is not full.
    pub fn change_scope_roles(&mut self, id: &str, container: super::roles::Container<'_>, add: bool) -> Outcome {
        let roles = self.request.beans(&super::roles::ROLE_LIST)?;
        self.managed_client(id)?;
        let mut ids = Vec::new();
        for role in &roles {
            let known = text(role, "id").and_then(|id| self.realm.roles.get(id));
            let known = known.filter(|role| role.client.as_deref() == container);
            ids.push(known.ok_or_else(|| error(404, "Role not found"))?.id.clone());
        }
        let Some(client) = self.realm.clients.get_mut(id) else {
            return Err(super::clients::client_not_found());
        };
        for role in ids {
            if add {
                client.scope_roles.insert(role)
            } else {
                client.scope_roles.remove(&role)
            };
        }
        done()
    }

    pub fn scope_roles(&self, id: &str, container: super::roles::Container<'_>) -> Outcome {
        let client = self.visible_client(id)?;
        let roles = client.scope_roles.iter().filter_map(|id| self.realm.roles.get(id));
        let wanted = roles.filter(|role| role.client.as_deref() == container);
        Ok(Answer::json(wanted.map(|role| role.brief(self.realm)).collect::<Vec<_>>()))
    }
}

/// Strings by name out of JSON.
pub(super) fn texts(value: &Value) -> BTreeMap<String, String> {
    let map = value.as_object().into_iter().flatten();
    map.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

/// Visible ASCII but for the double quote and the backslash.
fn check_name(name: &str) -> Result<(), Refusal> {
    let is_plain = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if !name.is_empty() && name.chars().all(is_plain) {
        Ok(())
    } else {
        Err(message(400, format!("Unexpected name \"{name}\" for ClientScope")))
    }
}

fn name_taken(name: &str) -> Refusal {
    message(409, format!("Client Scope {name} already exists"))
}

fn scope_not_found() -> Refusal {
    error(404, "Could not find client scope")
}
