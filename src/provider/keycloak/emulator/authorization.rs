//! The API by which fine-grained permissions are made: the resource server of client `admin-permissions`.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, Refusal, described, done, error, plain};
use super::call::Call;
use super::json::{Bean, Shape};
use super::permissions::{Permission, Policy, SCHEMA};
use super::profile::strings;
use super::realms::text;
use super::world::{Id, Object, new_id};

static POLICY: Bean = Bean::new(
    "AbstractPolicyRepresentation",
    &[
        ("id", Shape::Text),
        ("name", Shape::Text),
        ("description", Shape::Text),
        ("type", Shape::Text),
        ("policies", Shape::List(&Shape::Text)),
        ("resources", Shape::List(&Shape::Text)),
        ("scopes", Shape::List(&Shape::Text)),
        ("logic", Shape::Text),
        ("decisionStrategy", Shape::Text),
        ("owner", Shape::Text),
        ("resourceType", Shape::Text),
        ("clients", Shape::List(&Shape::Text)),
        ("users", Shape::List(&Shape::Text)),
        ("groups", Shape::Any),
        ("roles", Shape::Any),
    ],
)
.open();

const CONFIG_NAMES: &[(&str, &str)] =
    &[("client", "clients"), ("user", "users"), ("role", "roles"), ("group", "groups")];

impl Call<'_> {
    pub fn resource_server(&self, client: &str) -> Outcome {
        self.demand_permissions_client(client)?;
        let types: Object =
            SCHEMA.iter().map(|(name, scopes)| ((*name).to_owned(), json!({"type": name, "scopes": scopes}))).collect();
        Ok(Answer::json(json!({
            "id": client, "clientId": client, "name": "admin-permissions", "allowRemoteResourceManagement": true,
            "policyEnforcementMode": "ENFORCING", "decisionStrategy": "UNANIMOUS",
            "authorizationSchema": {"resourceTypes": types},
        })))
    }

    pub fn create_policy(&mut self, client: &str, kind: &str) -> Outcome {
        let body = self.request.bean(&POLICY)?;
        self.demand_permissions_client(client)?;
        let Some((_, field)) = CONFIG_NAMES.iter().find(|(name, _)| *name == kind) else {
            return Err(super::answer::not_modelled());
        };
        let name = self.free_name(&body)?;
        let subjects = body.get(*field).and_then(Value::as_array).into_iter().flatten();
        // Roles and groups are objects with an id, the others are ids.
        let subjects = subjects.filter_map(|item| item.as_str().or_else(|| item["id"].as_str())).map(str::to_owned);
        let negative = text(&body, "logic") == Some("NEGATIVE");
        let policy = Policy { name: name.clone(), kind: kind.to_owned(), subjects: subjects.collect(), negative };
        let id = new_id();
        let shown = json!({
            "id": id, "name": name, "type": kind, "logic": if negative { "NEGATIVE" } else { "POSITIVE" },
            "decisionStrategy": "UNANIMOUS", *field: body.get(*field),
        });
        self.realm.permissions.policies.insert(id, policy);
        Ok(Answer { status: 201, ..Answer::json(shown) })
    }

    pub fn create_permission(&mut self, client: &str) -> Outcome {
        let body = self.request.bean(&POLICY)?;
        self.demand_permissions_client(client)?;
        let name = self.free_name(&body)?;
        let wrong = || error(400, "unknown_error");
        let kind = text(&body, "resourceType").unwrap_or_default().to_owned();
        let known = SCHEMA.iter().find(|(name, _)| *name == kind).map(|(_, scopes)| *scopes).ok_or_else(wrong)?;
        let list = |name: &str| strings(body.get(name).unwrap_or(&Value::Null));
        let (resources, scopes, policies) = (list("resources"), list("scopes"), list("policies"));
        if scopes.is_empty() || scopes.iter().any(|scope| !known.contains(&scope.as_str())) {
            return Err(wrong());
        }
        if policies.iter().any(|policy| !self.realm.permissions.policies.contains_key(policy)) {
            return Err(wrong());
        }
        let id = new_id();
        let mut shown = Object::new();
        shown.insert("id".into(), json!(id));
        shown.insert("name".into(), json!(name));
        shown.insert("type".into(), json!("scope"));
        shown.insert("policies".into(), json!(policies));
        if !resources.is_empty() {
            let refs: Vec<Id> = resources.iter().map(|id| self.reference(&format!("{kind}/{id}"))).collect();
            shown.insert("resources".into(), json!(refs));
        }
        let mut refs: Vec<Id> = scopes.iter().map(|scope| self.reference(scope)).collect();
        refs.sort();
        shown.insert("scopes".into(), json!(refs));
        shown.insert("logic".into(), json!("POSITIVE"));
        shown.insert("decisionStrategy".into(), json!("UNANIMOUS"));
        shown.insert("resourceType".into(), json!(kind));
        let permission = Permission {
            name,
            resource_type: kind,
            resources: resources.into_iter().collect(),
            scopes: scopes.into_iter().collect(),
            policies: policies.into_iter().collect(),
        };
        self.realm.permissions.permissions.insert(id, permission);
        Ok(Answer { status: 201, ..Answer::json(shown) })
    }

    pub fn delete_policy(&mut self, client: &str, id: &str) -> Outcome {
        self.demand_permissions_client(client)?;
        let permissions = &mut self.realm.permissions;
        let known = permissions.policies.remove(id).is_some() | permissions.permissions.remove(id).is_some();
        if known { done() } else { Err(plain(404)) }
    }

    /// Whether fine-grained permissions give the caller a scope over an object.
    pub fn granted(&self, resource_type: &str, scope: &str, id: &str, in_list: bool) -> bool {
        self.realm.is("adminPermissionsEnabled")
            && !self.caller.subject.user.is_empty()
            && self.realm.permissions.grant(&self.caller.subject, resource_type, scope, id, in_list)
    }

    fn demand_permissions_client(&self, client: &str) -> Result<(), Refusal> {
        let found = self.managed_client(client)?;
        if found.client_id == "admin-permissions" { Ok(()) } else { Err(plain(404)) }
    }

    fn free_name(&self, body: &Object) -> Result<String, Refusal> {
        let name = text(body, "name").unwrap_or_default().to_owned();
        let permissions = &self.realm.permissions;
        let taken = permissions.policies.values().any(|policy| policy.name == name)
            || permissions.permissions.values().any(|permission| permission.name == name);
        if taken {
            return Err(described(409, &format!("Policy with name [{name}] already exists"), "Conflicting policy"));
        }
        Ok(name)
    }

    /// The id under which the resource server keeps a name.
    fn reference(&mut self, name: &str) -> Id {
        self.realm.permissions.refs.entry(name.to_owned()).or_insert_with(new_id).clone()
    }
}
