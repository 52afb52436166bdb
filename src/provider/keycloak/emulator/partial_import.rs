//! Importing people, groups, roles and clients in one body, and exporting what is not people.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, broken, described, message};
use super::call::Call;
use super::json::{Bean, Shape};
use super::profile::attributes;
use super::realms::text;
use super::shapes;
use super::users;
use super::world::{Group, Id, Object, Realm, new_id};

static IMPORT: Bean = Bean::new(
    "PartialImportRepresentation",
    &[
        ("ifResourceExists", Shape::Text),
        ("users", Shape::List(&Shape::Bean(&shapes::USER))),
        ("groups", Shape::List(&Shape::Bean(&shapes::GROUP))),
        ("roles", Shape::Bean(&shapes::ROLES)),
        ("clients", Shape::List(&Shape::Bean(&shapes::CLIENT))),
        ("identityProviders", Shape::List(&Shape::Bean(&shapes::IDENTITY_PROVIDER))),
    ],
)
.open();

/// What to do with what is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IfExists {
    Fail,
    Skip,
    Overwrite,
}

/// One line of the result.
pub(super) struct Imported {
    action: &'static str,
    kind: &'static str,
    name: String,
    id: Id,
}

/// Imports all parts of a realm's body into a new realm.
pub(super) fn import(realm: &mut Realm, body: &Object, now: i64) -> Result<Vec<Imported>, Refusal> {
    let mut body = body.clone();
    if let Some(Value::Array(groups)) = body.get_mut("groups") {
        for group in groups {
            give_paths(group, "");
        }
    }
    Import { realm, now, policy: IfExists::Skip }.run(&body)
}

impl Call<'_> {
    pub fn partial_import(&mut self) -> Outcome {
        let body = self.request.bean(&IMPORT)?;
        self.caller.demand(&["manage-realm"])?;
        let policy = match text(&body, "ifResourceExists") {
            None | Some("FAIL") => IfExists::Fail,
            Some("SKIP") => IfExists::Skip,
            Some("OVERWRITE") => IfExists::Overwrite,
            Some(_) => return Err(described(500, "unknown_error", "Cannot parse the JSON")),
        };
        let results = Import { realm: &mut *self.realm, now: self.now, policy }.run(&body)?;
        for line in &results {
            let place = match line.kind {
                "USER" => format!("users/{}", line.id),
                "GROUP" => format!("groups/{}", line.id),
                "CLIENT" => format!("clients/{}", line.id),
                _ => format!("realms/{}", line.id),
            };
            match line.action {
                "ADDED" => self.record("CREATE", "REALM", Some(place), None),
                "OVERWRITTEN" => self.record("UPDATE", "REALM", Some(place), None),
                _ => {}
            }
        }
        let count = |action: &str| results.iter().filter(|line| line.action == action).count();
        let shown: Vec<Value> = results
            .iter()
            .map(|line| json!({"action": line.action, "resourceType": line.kind, "resourceName": line.name, "id": line.id}))
            .collect();
        Ok(Answer::json(json!({
            "overwritten": count("OVERWRITTEN"), "added": count("ADDED"), "skipped": count("SKIPPED"), "results": shown,
        })))
    }

    /// Everything but people; secrets are masked.
    pub fn partial_export(&self) -> Outcome {
        self.caller.demand(&["view-realm", "manage-realm"])?;
        let Value::Object(mut shown) = self.realm.representation() else {
            return Err(broken());
        };
        if self.request.flag("exportGroupsAndRoles").unwrap_or(false) {
            shown.insert("groups".into(), self.exported_groups(None));
            let realm: Vec<Value> = self.roles_in(None);
            let by_client: Object = self
                .realm
                .clients
                .values()
                .map(|client| (client.client_id.clone(), json!(self.roles_in(Some(&client.id)))))
                .collect();
            shown.insert("roles".into(), json!({"realm": realm, "client": by_client}));
        }
        if self.request.flag("exportClients").unwrap_or(false) {
            let clients = self.realm.clients.values().map(|client| {
                let mut shown = self.realm.show_client(client);
                if shown.contains_key("secret") {
                    shown.insert("secret".into(), json!("**********"));
                }
                Value::Object(shown)
            });
            shown.insert("clients".into(), clients.collect());
        }
        Ok(Answer::json(shown))
    }

    fn exported_groups(&self, parent: Option<&str>) -> Value {
        let children = self.realm.children_of(parent).into_iter();
        let shown = children.map(|group| {
            let mut shown = self.realm.show_group(group, true, false);
            shown.insert("subGroups".into(), self.exported_groups(Some(&group.id)));
            Value::Object(shown)
        });
        shown.collect()
    }

    fn roles_in(&self, client: Option<&str>) -> Vec<Value> {
        self.realm
            .roles
            .values()
            .filter(|role| role.client.as_deref() == client)
            .map(|role| role.brief(self.realm))
            .collect()
    }
}

struct Import<'a> {
    realm: &'a mut Realm,
    now: i64,
    policy: IfExists,
}

impl Import<'_> {
    /// Everything is looked at before anything is written: an import happens whole or not at all.
    fn run(mut self, body: &Object) -> Result<Vec<Imported>, Refusal> {
        let list = |name: &str| -> Vec<Object> {
            let items = body.get(name).and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_object).cloned().collect()
        };
        let (people, groups, clients, providers) =
            (list("users"), list("groups"), list("clients"), list("identityProviders"));
        let roles = body.get("roles").unwrap_or(&Value::Null);
        self.check(&people, &groups, &clients, roles)?;
        let mut results = Vec::new();
        for role in roles["realm"].as_array().into_iter().flatten().filter_map(Value::as_object) {
            results.push(self.role(None, role));
        }
        for client in &clients {
            results.push(self.client(client)?);
        }
        for (client, roles) in roles["client"].as_object().into_iter().flatten() {
            let Some(id) = self.realm.client_named(client).map(|client| client.id.clone()) else {
                continue;
            };
            for role in roles.as_array().into_iter().flatten().filter_map(Value::as_object) {
                results.push(self.role(Some(&id), role));
            }
        }
        for provider in providers {
            let alias = text(&provider, "alias").unwrap_or_default().to_owned();
            let known = self.realm.providers.contains_key(&alias);
            let action = self.action(known);
            if action != "SKIPPED" {
                self.realm.providers.insert(alias.clone(), provider);
            }
            results.push(Imported { action, kind: "IDP", name: alias.clone(), id: alias });
        }
        for group in &groups {
            results.push(self.group(group));
        }
        for person in &people {
            results.push(self.person(person)?);
        }
        // The service keeps the lines in a set without order; here what was made comes first.
        results.sort_by_key(|line| line.action);
        Ok(results)
    }

    fn check(&self, people: &[Object], groups: &[Object], clients: &[Object], roles: &Value) -> Result<(), Refusal> {
        let fail = self.policy == IfExists::Fail;
        let mut names = BTreeSet::new();
        for person in people {
            let name = text(person, "username").filter(|name| !name.is_empty()).ok_or_else(broken)?;
            if !names.insert(name.to_lowercase()) {
                return Err(message(409, "Duplicate resource error"));
            }
        }
        for person in people {
            let name = text(person, "username").unwrap_or_default();
            let same_name = self.realm.user_named(&name.to_lowercase()).is_some();
            let email = text(person, "email").unwrap_or_default().to_lowercase();
            let same_email = !self.realm.is("duplicateEmailsAllowed") && self.realm.user_with_email(&email).is_some();
            if fail && (same_name || same_email) {
                return Err(message(409, format!("User with user name {name} already exists.")));
            }
            if same_email && !same_name {
                return Err(broken());
            }
        }
        let mut paths = BTreeSet::new();
        for group in groups {
            let path = text(group, "path").ok_or_else(broken)?;
            if fail && self.realm.group_at(path).is_some() {
                return Err(message(409, format!("Group '{path}' already exists")));
            }
            collect_paths(group, "", &mut paths);
        }
        for path in
            people.iter().filter_map(|person| person.get("groups")?.as_array()).flatten().filter_map(Value::as_str)
        {
            let clean = format!("/{}", path.trim_matches('/'));
            if self.realm.group_at(path).is_none() && !paths.contains(&clean) {
                return Err(broken());
            }
        }
        for client in clients {
            let name = text(client, "clientId").unwrap_or_default();
            if fail && self.realm.client_named(name).is_some() {
                return Err(message(409, format!("Client id '{name}' already exists")));
            }
        }
        for role in roles["realm"].as_array().into_iter().flatten() {
            let name = role["name"].as_str().unwrap_or_default();
            if fail && self.realm.realm_role(name).is_some() {
                return Err(message(409, format!("Realm role '{name}' already exists.")));
            }
        }
        Ok(())
    }

    fn action(&self, known: bool) -> &'static str {
        match (known, self.policy) {
            (false, _) => "ADDED",
            (true, IfExists::Overwrite) => "OVERWRITTEN",
            (true, _) => "SKIPPED",
        }
    }

    fn role(&mut self, client: Option<&str>, body: &Object) -> Imported {
        let name = text(body, "name").unwrap_or_default().to_owned();
        let known = self.realm.role(client, &name).map(|role| role.id.clone());
        let action = self.action(known.is_some());
        let kind = if client.is_some() { "CLIENT_ROLE" } else { "REALM_ROLE" };
        if let Some(id) = known.clone().filter(|_| action == "SKIPPED") {
            return Imported { action, kind, name, id };
        }
        if let Some(id) = known {
            self.realm.remove_role(&id);
        }
        let id = self.realm.add_role(client, &name, text(body, "description"));
        if let Some(role) = self.realm.roles.get_mut(&id) {
            role.attributes = attributes(body.get("attributes").unwrap_or(&Value::Null));
        }
        Imported { action, kind, name, id }
    }

    fn client(&mut self, body: &Object) -> Result<Imported, Refusal> {
        let name = text(body, "clientId").unwrap_or_default().to_owned();
        let known = self.realm.client_named(&name).map(|client| client.id.clone());
        let action = self.action(known.is_some());
        if let Some(id) = known.clone().filter(|_| action == "SKIPPED") {
            return Ok(Imported { action, kind: "CLIENT", name, id });
        }
        if let Some(id) = known {
            self.realm.remove_client(&id);
        }
        let id = self.realm.add_client(body, self.now)?;
        Ok(Imported { action, kind: "CLIENT", name, id })
    }

    fn group(&mut self, body: &Object) -> Imported {
        let name = text(body, "name").unwrap_or_default().to_owned();
        let path = text(body, "path").unwrap_or_default();
        let known = self.realm.group_at(path).map(|group| group.id.clone());
        let action = self.action(known.is_some());
        if let Some(id) = known.clone().filter(|_| action == "SKIPPED") {
            return Imported { action, kind: "GROUP", name, id };
        }
        if let Some(id) = known {
            self.realm.remove_group(&id);
        }
        let id = self.grow(body, None);
        Imported { action, kind: "GROUP", name, id }
    }

    fn grow(&mut self, body: &Object, parent: Option<&str>) -> Id {
        let id = text(body, "id").map_or_else(new_id, str::to_owned);
        let roles = body.get("realmRoles").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let roles = roles.filter_map(|name| self.realm.realm_role(name)).map(|role| role.id.clone()).collect();
        let group = Group {
            id: id.clone(),
            name: text(body, "name").unwrap_or_default().to_owned(),
            description: text(body, "description").map(str::to_owned),
            parent: parent.map(str::to_owned),
            organization: None,
            attributes: attributes(body.get("attributes").unwrap_or(&Value::Null)),
            roles,
        };
        self.realm.groups.insert(id.clone(), group);
        for child in body.get("subGroups").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
        {
            self.grow(child, Some(&id));
        }
        id
    }

    /// A person, without the default role; a realm role that does not exist is made.
    fn person(&mut self, body: &Object) -> Result<Imported, Refusal> {
        let name = text(body, "username").unwrap_or_default().to_owned();
        let known = self.realm.user_named(&name.to_lowercase()).map(|user| user.id.clone());
        let action = self.action(known.is_some());
        if let Some(id) = known.clone().filter(|_| action == "SKIPPED") {
            return Ok(Imported { action, kind: "USER", name, id });
        }
        if let Some(id) = known {
            self.realm.remove_user(&id);
        }
        let mut user = users::imported(self.realm, body, self.now).ok_or_else(broken)?;
        let names = |field: &str| -> Vec<String> { super::profile::strings(body.get(field).unwrap_or(&Value::Null)) };
        for path in names("groups") {
            user.groups.extend(self.realm.group_at(&path).map(|group| group.id.clone()));
        }
        for role in names("realmRoles") {
            let id = self.realm.realm_role(&role).map(|role| role.id.clone());
            let id = id.unwrap_or_else(|| self.realm.add_role(None, &role, None));
            user.roles.insert(id);
        }
        for (client, roles) in body.get("clientRoles").and_then(Value::as_object).into_iter().flatten() {
            let Some(client) = self.realm.client_named(client).map(|client| client.id.clone()) else {
                continue;
            };
            for role in super::profile::strings(roles) {
                user.roles.extend(self.realm.client_role(&client, &role).map(|role| role.id.clone()));
            }
        }
        let id = user.id.clone();
        self.realm.put_user(user);
        Ok(Imported { action, kind: "USER", name, id })
    }
}

fn collect_paths(group: &Object, parent: &str, paths: &mut BTreeSet<String>) {
    let path = format!("{parent}/{}", text(group, "name").unwrap_or_default());
    for child in group.get("subGroups").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        collect_paths(child, &path, paths);
    }
    paths.insert(path);
}

fn give_paths(group: &mut Value, parent: &str) {
    let path = format!("{parent}/{}", group["name"].as_str().unwrap_or_default());
    if let Some(children) = group.get_mut("subGroups").and_then(Value::as_array_mut) {
        for child in children {
            give_paths(child, &path);
        }
    }
    group["path"] = json!(path);
}
