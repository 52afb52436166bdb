//! OIDC clients: create, change, secrets, service accounts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, described, done, duplicate, error, message, plain};
use super::call::Call;
use super::client_rules::{apply_attributes, apply_fields, check, merge_mappers, origins, protocol_defaults};
use super::jwt::random_secret;
use super::mappers::{mapper, show_mapper};
use super::realms::text;
use super::request::terms;
use super::shapes;
use super::world::{Client, Id, Mapper, Object, Realm, new_id};

/// What fields of a body become fields of the client as they are.
pub(super) const PLAIN: &[&str] = &[
    "name",
    "description",
    "type",
    "rootUrl",
    "adminUrl",
    "baseUrl",
    "surrogateAuthRequired",
    "enabled",
    "alwaysDisplayInConsole",
    "clientAuthenticatorType",
    "redirectUris",
    "webOrigins",
    "notBefore",
    "bearerOnly",
    "consentRequired",
    "standardFlowEnabled",
    "implicitFlowEnabled",
    "directAccessGrantsEnabled",
    "serviceAccountsEnabled",
    "authorizationServicesEnabled",
    "publicClient",
    "frontchannelLogout",
    "protocol",
    "authenticationFlowBindingOverrides",
    "fullScopeAllowed",
    "nodeReRegistrationTimeout",
];

impl Client {
    pub fn is(&self, flag: &str) -> bool {
        self.fields.get(flag).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Whether it has a secret to show; a public client keeps the one it had.
    pub fn is_confidential(&self) -> bool {
        !self.is("publicClient") && !self.is("bearerOnly")
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// A client as the smallest body makes it.
pub(super) fn bare(realm: &Realm, client_id: &str) -> Client {
    let fields = json!({
        "surrogateAuthRequired": false, "enabled": true, "alwaysDisplayInConsole": false,
        "clientAuthenticatorType": "client-secret", "redirectUris": [], "webOrigins": [], "notBefore": 0,
        "bearerOnly": false, "consentRequired": false, "standardFlowEnabled": true, "implicitFlowEnabled": false,
        "directAccessGrantsEnabled": false, "serviceAccountsEnabled": false, "publicClient": false,
        "frontchannelLogout": false, "protocol": "openid-connect", "authenticationFlowBindingOverrides": {},
        "fullScopeAllowed": true, "nodeReRegistrationTimeout": -1,
    });
    let Value::Object(fields) = fields else { unreachable!("the fields are an object") };
    let of_protocol = |ids: &[Id]| -> Vec<Id> {
        let known =
            ids.iter().filter(|id| realm.scopes.get(*id).is_some_and(|scope| scope.protocol == "openid-connect"));
        known.cloned().collect()
    };
    Client {
        id: new_id(),
        client_id: client_id.to_owned(),
        fields,
        attributes: BTreeMap::from([("realm_client".to_owned(), "false".to_owned())]),
        secret: None,
        mappers: Vec::new(),
        default_scopes: of_protocol(&realm.default_scopes),
        optional_scopes: of_protocol(&realm.optional_scopes),
        scope_roles: BTreeSet::new(),
        service_account: None,
    }
}

impl Realm {
    /// Makes a client out of a body that was found valid, together with its service account.
    pub fn add_client(&mut self, body: &Object, now: i64) -> Result<Id, Refusal> {
        let id = text(body, "id").map_or_else(new_id, str::to_owned);
        let client_id = text(body, "clientId").map_or_else(|| id.clone(), str::to_owned);
        if client_id.trim().is_empty() {
            return Err(described(400, "invalid_input", "Client ID cannot be blank"));
        }
        check(body)?;
        if self.client_named(&client_id).is_some() || self.clients.contains_key(&id) {
            return Err(message(409, format!("Client {client_id} already exists")));
        }
        if client_id.chars().count() > 255 {
            return Err(broken());
        }
        let mut client = bare(self, &client_id);
        client.id = id.clone();
        apply_fields(&mut client, body);
        if !body.contains_key("webOrigins") {
            client.fields.insert("webOrigins".into(), origins(body));
        }
        apply_attributes(&mut client, body);
        if text(body, "protocol").is_some() {
            protocol_defaults(&mut client, body);
        }
        if client.is_confidential() {
            client.secret = text(body, "secret").map(str::to_owned);
            if client.secret.is_none() {
                client.secret = Some(random_secret());
                client.attributes.insert("client.secret.creation.time".into(), (now / 1000).to_string());
            }
        }
        let mappers = body.get("protocolMappers").and_then(Value::as_array).into_iter().flatten();
        client.mappers = mappers.filter_map(Value::as_object).map(|body| mapper(body, true)).collect();
        self.choose_scopes(&mut client, body);
        self.clients.insert(id.clone(), client);
        if self.clients[&id].is("serviceAccountsEnabled") {
            self.add_service_account(&id, now);
        }
        Ok(id)
    }

    /// Given either list, the realm's defaults do not count; unknown names are dropped.
    fn choose_scopes(&self, client: &mut Client, body: &Object) {
        if body.contains_key("defaultClientScopes") || body.contains_key("optionalClientScopes") {
            let named = |list: &str| -> Vec<Id> {
                let names = body.get(list).and_then(Value::as_array).into_iter().flatten();
                names
                    .filter_map(Value::as_str)
                    .filter_map(|name| self.scope_named(name))
                    .map(|scope| scope.id.clone())
                    .collect()
            };
            client.default_scopes = named("defaultClientScopes");
            client.optional_scopes = named("optionalClientScopes");
        }
    }

    /// Deletes a client with its roles and its service account.
    pub fn remove_client(&mut self, id: &str) {
        self.remove_service_account(id);
        let roles: Vec<Id> =
            self.roles.values().filter(|role| role.client.as_deref() == Some(id)).map(|role| role.id.clone()).collect();
        for role in roles {
            self.remove_role(&role);
        }
        self.clients.remove(id);
    }

    /// A client as answers show it; `access` is added by whoever shows it.
    pub fn show_client(&self, client: &Client) -> Object {
        let mut shown = Object::new();
        shown.insert("id".into(), json!(client.id));
        shown.insert("clientId".into(), json!(client.client_id));
        for name in PLAIN {
            if let Some(value) = client.fields.get(*name) {
                shown.insert((*name).into(), value.clone());
            }
        }
        if let Some(secret) = client.secret.as_ref().filter(|_| client.is_confidential()) {
            shown.insert("secret".into(), json!(secret));
        }
        shown.insert("attributes".into(), json!(client.attributes));
        if !client.mappers.is_empty() {
            shown.insert("protocolMappers".into(), client.mappers.iter().map(show_mapper).collect());
        }
        let names = |ids: &[Id]| -> Vec<&str> {
            ids.iter().filter_map(|id| self.scopes.get(id)).map(|scope| scope.name.as_str()).collect()
        };
        shown.insert("defaultClientScopes".into(), json!(names(&client.default_scopes)));
        shown.insert("optionalClientScopes".into(), json!(names(&client.optional_scopes)));
        shown
    }
}

impl Call<'_> {
    pub fn clients(&self) -> Outcome {
        self.caller.demand(&["view-clients", "manage-clients", "query-clients"])?;
        let request = self.request;
        let names: Vec<String> =
            terms(request.query("q").unwrap_or_default()).into_iter().map(|(key, _)| key).collect();
        if !names.is_empty() {
            let text = format!("Attributes [{}] not allowed for search", names.join(", "));
            return Err(described(400, "invalid_request", text));
        }
        let page = request.page(None)?;
        let part = request.flag("search").unwrap_or(false);
        let wanted = request.query("clientId").map(str::trim).filter(|wanted| !wanted.is_empty());
        let mut found: Vec<&Client> = self
            .realm
            .clients
            .values()
            .filter(|client| {
                wanted.is_none_or(|wanted| {
                    if part {
                        client.client_id.to_lowercase().contains(&wanted.to_lowercase())
                    } else {
                        client.client_id == wanted
                    }
                })
            })
            .filter(|client| self.may_view_client(client, true))
            .collect();
        found.sort_by(|a, b| a.client_id.cmp(&b.client_id));
        Ok(Answer::json(page.of(found).map(|client| self.accessible_client(client)).collect::<Vec<_>>()))
    }

    pub fn create_client(&mut self) -> Outcome {
        let body = self.request.bean(&shapes::CLIENT)?;
        self.caller.demand(&["manage-clients"])?;
        let id = self.realm.add_client(&body, self.now)?;
        let mut made = body;
        made.insert("id".into(), json!(id));
        self.record("CREATE", "CLIENT", Some(format!("clients/{id}")), Some(masked(made)));
        Ok(Answer::created(self.place(&format!("clients/{id}"))))
    }

    pub fn client(&self, id: &str) -> Outcome {
        let client = self.visible_client(id)?;
        Ok(Answer::json(self.accessible_client(client)))
    }

    /// Merges what was given. Switching service accounts off deletes the account; leaving the switch out does not.
    pub fn put_client(&mut self, id: &str) -> Outcome {
        let body = self.request.bean(&shapes::CLIENT)?;
        let old = self.managed_client(id)?;
        check(&body)?;
        let renamed = text(&body, "clientId").filter(|name| *name != old.client_id).map(str::to_owned);
        if let Some(name) = &renamed {
            if name.trim().is_empty() {
                return Err(described(400, "invalid_input", "Client ID cannot be blank"));
            }
            if self.realm.client_named(name).is_some() {
                return Err(duplicate());
            }
        }
        let had_account = old.service_account.is_some();
        let Some(client) = self.realm.clients.get_mut(id) else {
            return Err(client_not_found());
        };
        apply_fields(client, &body);
        apply_attributes(client, &body);
        if !body.contains_key("authorizationServicesEnabled") {
            client.fields.shift_remove("authorizationServicesEnabled");
        }
        if let Some(secret) = text(&body, "secret") {
            client.secret = Some(secret.to_owned());
        }
        if client.is_confidential() && client.secret.is_none() {
            client.secret = Some(random_secret());
        }
        if let Some(Value::Array(given)) = body.get("protocolMappers") {
            let given: Vec<Mapper> =
                given.iter().filter_map(Value::as_object).map(|body| mapper(body, false)).collect();
            client.mappers = merge_mappers(&client.mappers, given);
        }
        let account = client.service_account.clone();
        let wanted = client.is("serviceAccountsEnabled");
        if let Some(name) = renamed {
            client.client_id = name.clone();
            if let Some(mut user) = account.and_then(|id| self.realm.users.get(&id).cloned()) {
                user.username = format!("service-account-{}", name.to_lowercase());
                self.realm.put_user(user);
            }
        }
        match (had_account, wanted) {
            (true, false) => self.realm.remove_service_account(id),
            (false, true) => self.realm.add_service_account(id, self.now),
            _ => {}
        }
        self.record("UPDATE", "CLIENT", Some(format!("clients/{id}")), Some(masked(body)));
        done()
    }

    pub fn delete_client(&mut self, id: &str) -> Outcome {
        const BUILT_IN: &[&str] =
            &["account", "account-console", "admin-cli", "broker", "realm-management", "security-admin-console"];
        let client = self.managed_client(id)?;
        if BUILT_IN.contains(&client.client_id.as_str()) {
            return Err(described(400, "invalid_request", "Could not delete client"));
        }
        self.realm.remove_client(id);
        self.record("DELETE", "CLIENT", Some(format!("clients/{id}")), None);
        done()
    }

    pub fn client_secret(&self, id: &str) -> Outcome {
        let client = self.visible_client(id)?;
        Ok(Answer::json(secret_of(client)))
    }

    pub fn rotate_secret(&mut self, id: &str) -> Outcome {
        self.managed_client(id)?;
        let now = self.now;
        let Some(client) = self.realm.clients.get_mut(id) else {
            return Err(client_not_found());
        };
        client.secret = Some(random_secret());
        client.attributes.insert("client.secret.creation.time".into(), (now / 1000).to_string());
        let shown = secret_of(client);
        let masked = json!({"type": "secret", "value": MASK});
        self.record("ACTION", "CLIENT", Some(format!("clients/{id}/client-secret")), Some(masked));
        Ok(Answer::json(shown))
    }

    pub fn rotated_secret(&self, id: &str) -> Outcome {
        self.visible_client(id)?;
        Err(error(404, "Client does not have a rotated secret"))
    }

    pub fn found_client(&self, id: &str) -> Result<&Client, Refusal> {
        self.realm.clients.get(id).ok_or_else(|| {
            if self.caller.has(&["view-clients", "manage-clients", "query-clients"]) {
                client_not_found()
            } else {
                plain(403)
            }
        })
    }

    pub fn visible_client(&self, id: &str) -> Result<&Client, Refusal> {
        let client = self.found_client(id)?;
        if self.may_view_client(client, false) { Ok(client) } else { Err(plain(403)) }
    }

    pub fn managed_client(&self, id: &str) -> Result<&Client, Refusal> {
        let client = self.found_client(id)?;
        if self.may_manage_client(client) { Ok(client) } else { Err(plain(403)) }
    }

    fn may_view_client(&self, client: &Client, in_list: bool) -> bool {
        self.caller.has(&["view-clients", "manage-clients"])
            || self.granted("Clients", "view", &client.id, in_list)
            || self.granted("Clients", "manage", &client.id, in_list)
    }

    fn may_manage_client(&self, client: &Client) -> bool {
        self.caller.has(&["manage-clients"]) || self.granted("Clients", "manage", &client.id, false)
    }

    fn accessible_client(&self, client: &Client) -> Value {
        let mut shown = self.realm.show_client(client);
        let manage = self.may_manage_client(client);
        shown.insert("access".into(), json!({"view": true, "configure": manage, "manage": manage}));
        Value::Object(shown)
    }
}

const MASK: &str = "**********";

pub(super) fn client_not_found() -> Refusal {
    error(404, "Could not find client")
}

fn secret_of(client: &Client) -> Value {
    match client.secret.as_ref().filter(|_| client.is_confidential()) {
        Some(secret) => json!({"type": "secret", "value": secret}),
        None => json!({"type": "secret"}),
    }
}

/// The body of a write as events keep it.
fn masked(mut body: Object) -> Value {
    if body.contains_key("secret") {
        body.insert("secret".into(), json!(MASK));
    }
    Value::Object(shapes::CLIENT.in_order(body))
}
