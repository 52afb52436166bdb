//! Realms: how one comes to be, what a PUT touches, and what goes with it.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, done, error, message, plain};
use super::call::Call;
use super::defaults::{self};
use super::json::{Shape, read};
use super::request::Request;
use super::rights::{Bearer, Caller, MASTER, admin_client_in_master};
use super::shapes;
use super::world::{Object, Realm, World, new_id};

/// What a cut-down reading of a realm shows.
const CUT_DOWN: &[&str] = &["registrationEmailAsUsername", "bruteForceProtected", "organizationsEnabled"];

/// Attributes that a realm has always; a PUT of attributes cannot remove them.
const FIXED_ATTRIBUTES: &[&str] = &[
    "cibaBackchannelTokenDeliveryMode",
    "cibaExpiresIn",
    "cibaAuthRequestedUserHint",
    "oauth2DeviceCodeLifespan",
    "oauth2DevicePollingInterval",
    "parRequestUriLifespan",
    "cibaInterval",
];

/// Settings that are kept elsewhere, or that a PUT does not change.
const NOT_SETTINGS: &[&str] = &[
    "id",
    "realm",
    "attributes",
    "users",
    "groups",
    "roles",
    "clients",
    "clientScopes",
    "defaultRole",
    "organizations",
    "identityProviders",
    "components",
    "authenticationFlows",
    "authenticatorConfig",
    "requiredActions",
];

impl World {
    /// `POST /admin/realms`.
    pub fn create_realm(&mut self, request: &Request, bearer: &Bearer) -> Outcome {
        let allowed = self.realms.get(MASTER).is_some_and(|master| {
            bearer.realm == MASTER
                && master
                    .realm_role("create-realm")
                    .is_some_and(|role| super::rights::effective_roles(master, bearer).contains(&role.id))
        });
        if !allowed {
            return Err(plain(403));
        }
        request.demand_json()?;
        let unread = || message(400, "unable to read contents from stream");
        let body = match read(&Shape::Bean(&shapes::REALM), &request.body) {
            Ok(Value::Object(body)) => body,
            _ => return Err(unread()),
        };
        let name = text(&body, "realm").unwrap_or_default().to_owned();
        if name.trim().is_empty() {
            return Err(message(400, "Realm name cannot be empty"));
        }
        demand_plain_name(&name)?;
        if name.chars().count() > 255 {
            return Err(broken());
        }
        if self.realms.contains_key(&name) {
            return Err(message(409, format!("Realm {name} already exists")));
        }
        let id = text(&body, "id").map_or_else(new_id, str::to_owned);
        let mut realm = Realm::new(&name, id);
        apply_settings(&mut realm, &body)?;
        import_parts(&mut realm, &body)?;
        self.adopt(realm, Some(bearer));
        let place = utf8_percent_encode(&name, PATH_SEGMENT).to_string();
        Ok(Answer::created(format!("{}/admin/realms/{place}", request.origin())))
    }

    /// Puts a realm beside the others: master gets the client whose roles are the rights over it.
    pub fn adopt(&mut self, realm: Realm, creator: Option<&Bearer>) {
        let name = realm.name.clone();
        self.realms.insert(name.clone(), realm);
        let Some(master) = self.realms.get_mut(MASTER) else {
            return;
        };
        let client = master.built_in_client(&admin_client_in_master(&name), true, false);
        let roles = master.admin_roles(&client, false);
        if let Some(admin) = master.realm_role("admin").map(|role| role.id.clone())
            && let Some(admin) = master.roles.get_mut(&admin)
        {
            admin.composites.extend(roles.iter().cloned());
        }
        // Whoever makes a realm without being an administrator of everything gets the rights over it.
        if let Some(user) = creator.and_then(|bearer| master.users.get_mut(&bearer.user)) {
            user.roles.extend(roles);
        }
    }

    /// `GET /admin/realms`: what the caller may see of each.
    pub fn list_realms(&self, request: &Request, bearer: &Bearer) -> Outcome {
        let brief = request.flag("briefRepresentation").unwrap_or(false);
        let mut shown = Vec::new();
        for realm in self.realms.values() {
            let caller = Caller::of(self, bearer, realm);
            if !caller.is_administrator() {
                continue;
            }
            shown.push(if !caller.has(&["view-realm", "manage-realm"]) {
                json!({"realm": realm.name})
            } else if brief {
                let mut entry = Object::new();
                entry.insert("id".into(), json!(realm.id));
                entry.insert("realm".into(), json!(realm.name));
                for name in ["displayName", "displayNameHtml", "enabled"] {
                    if let Some(value) = realm.settings.get(name) {
                        entry.insert(name.into(), value.clone());
                    }
                }
                Value::Object(entry)
            } else {
                realm.representation()
            });
        }
        if shown.is_empty() { Err(plain(403)) } else { Ok(Answer::json(shown)) }
    }

    /// `PUT /admin/realms/{realm}` once the rights were checked: a rename moves the realm and the client in master.
    pub fn rename_realm(&mut self, from: &str, to: &str) {
        let Some(mut realm) = self.realms.remove(from) else {
            return;
        };
        realm.name = to.to_owned();
        self.realms.insert(to.to_owned(), realm);
        if let Some(master) = self.realms.get_mut(MASTER) {
            let old = admin_client_in_master(from);
            if let Some(client) = master.clients.values_mut().find(|client| client.client_id == old) {
                client.client_id = admin_client_in_master(to);
            }
        }
    }

    /// Deletes a realm and the client that stood for it in master.
    pub fn remove_realm(&mut self, name: &str) {
        self.realms.remove(name);
        if let Some(master) = self.realms.get_mut(MASTER)
            && let Some(id) = master.client_named(&admin_client_in_master(name)).map(|client| client.id.clone())
        {
            master.remove_client(&id);
        }
    }
}

impl Realm {
    /// The realm as a full reading shows it.
    pub fn representation(&self) -> Value {
        let mut shown = Object::new();
        shown.insert("id".into(), json!(self.id));
        shown.insert("realm".into(), json!(self.name));
        for (name, value) in &self.settings {
            shown.insert(name.clone(), value.clone());
        }
        if let Some(role) = self.roles.get(&self.default_role) {
            shown.insert("defaultRole".into(), role.brief(self));
        }
        if !self.default_groups.is_empty() {
            let paths =
                self.default_groups.iter().filter_map(|id| self.groups.get(id)).map(|group| self.path_of(group));
            shown.insert("defaultGroups".into(), paths.collect());
        }
        Value::Object(shown)
    }
}

impl Call<'_> {
    pub fn realm(&self) -> Outcome {
        if !self.caller.is_administrator() {
            return Err(plain(403));
        }
        if self.caller.has(&["view-realm", "manage-realm"]) {
            return Ok(Answer::json(self.realm.representation()));
        }
        let mut shown = Object::new();
        shown.insert("realm".into(), json!(self.realm.name));
        for name in CUT_DOWN {
            shown.insert((*name).into(), self.realm.setting(name).clone());
        }
        shown.insert("supportedLocales".into(), json!([]));
        Ok(Answer::json(shown))
    }

    /// Merges what was given; says the new name when the realm is to be renamed.
    pub fn put_realm(&mut self, taken: impl Fn(&str) -> bool) -> Result<Option<String>, Refusal> {
        let body = self.request.bean(&shapes::REALM)?;
        self.caller.demand(&["manage-realm"])?;
        let rename = text(&body, "realm").filter(|name| *name != self.realm.name).map(str::to_owned);
        if let Some(name) = &rename {
            demand_plain_name(name)?;
            if taken(name) {
                return Err(message(409, format!("Realm {name} already exists")));
            }
            if self.realm.name == MASTER {
                return Err(error(400, "Can't rename master realm"));
            }
        }
        apply_settings(self.realm, &body)?;
        let body = shapes::REALM.in_order(body);
        self.record("UPDATE", "REALM", None, Some(Value::Object(body)));
        Ok(rename)
    }

    pub fn required_actions(&self) -> Outcome {
        self.caller.demand(&["view-realm", "manage-realm", "view-users", "manage-users"])?;
        let actions: Vec<Value> = defaults::REQUIRED_ACTIONS
            .iter()
            .map(|(alias, name, enabled, priority)| {
                json!({"alias": alias, "name": name, "providerId": alias, "enabled": enabled, "defaultAction": false,
                       "priority": priority, "config": {}})
            })
            .collect();
        Ok(Answer::json(actions))
    }

    /// `DELETE /admin/realms/{realm}` as far as rights go.
    pub fn may_delete_realm(&self) -> Outcome {
        self.caller.demand(&["manage-realm"])?;
        if self.realm.name == MASTER {
            return Err(error(400, "Can't delete master realm"));
        }
        done()
    }
}

/// The characters that stay as they are in a `Location`.
pub(super) const PATH_SEGMENT: &percent_encoding::AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text field that was given.
pub(super) fn text<'a>(body: &'a Object, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

/// Refuses the characters that names in addresses must not have.
pub(super) fn demand_plain_name(name: &str) -> Result<(), Refusal> {
    const RESERVED: &str = ":/?#@!$&()*+,;=[]\\";
    match name.chars().find(|c| RESERVED.contains(*c)) {
        Some(c) => Err(error(400, format!("Character '{c}' not allowed."))),
        None => Ok(()),
    }
}

fn apply_settings(realm: &mut Realm, body: &Object) -> Result<(), Refusal> {
    if let Some(policy) = text(body, "passwordPolicy") {
        super::credentials::check_policy(policy)?;
    }
    for (name, value) in body {
        if NOT_SETTINGS.contains(&name.as_str()) {
            continue;
        }
        realm.settings.insert(name.clone(), value.clone());
        if FIXED_ATTRIBUTES.contains(&name.as_str())
            && let Some(Value::Object(attributes)) = realm.settings.get_mut("attributes")
        {
            attributes.insert(name.clone(), json!(value.to_string()));
        }
    }
    if let Some(Value::Object(given)) = body.get("attributes") {
        let mut kept = match realm.settings.get("attributes") {
            Some(Value::Object(old)) => old
                .iter()
                .filter(|(name, _)| FIXED_ATTRIBUTES.contains(&name.as_str()))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
            _ => Object::new(),
        };
        kept.extend(given.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())));
        realm.settings.insert("attributes".into(), Value::Object(kept));
    }
    // Signing in by e-mail and sharing e-mails exclude each other; the former wins, and so does e-mail as username.
    if realm.is("loginWithEmailAllowed") || realm.is("registrationEmailAsUsername") {
        realm.settings.insert("duplicateEmailsAllowed".into(), json!(false));
    }
    if realm.is("adminPermissionsEnabled") && realm.client_named("admin-permissions").is_none() {
        realm.built_in_client("admin-permissions", true, false);
    }
    Ok(())
}

/// The parts of a realm that a body may bring along.
fn import_parts(realm: &mut Realm, body: &Object) -> Result<(), Refusal> {
    let parts = ["roles", "groups", "clients", "users"];
    if !parts.iter().any(|part| body.contains_key(*part)) {
        return Ok(());
    }
    super::partial_import::import(realm, body, 0).map(|_| ())
}
