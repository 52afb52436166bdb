//! How a realm comes to be, with the roles, clients and scopes that it starts with.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::json;

use super::clients;
use super::defaults::{self, BuiltInRole};
use super::rights::{ADMIN_ROLES, MASTER, REALM_MANAGEMENT};
use super::world::{Attributes, Client, Id, Mapper, Realm, Role, Scope, new_id};

impl Realm {
    /// A realm as `POST` makes it, before its body is looked at.
    pub fn new(name: &str, id: Id) -> Self {
        let mut realm = Self {
            id,
            name: name.to_owned(),
            settings: defaults::settings(),
            profile: defaults::profile(),
            users: BTreeMap::new(),
            usernames: BTreeMap::new(),
            emails: BTreeMap::new(),
            groups: BTreeMap::new(),
            default_groups: Vec::new(),
            roles: BTreeMap::new(),
            default_role: new_id(),
            clients: BTreeMap::new(),
            scopes: IndexMap::new(),
            default_scopes: Vec::new(),
            optional_scopes: Vec::new(),
            organizations: BTreeMap::new(),
            providers: BTreeMap::new(),
            sessions: BTreeMap::new(),
            events: Vec::new(),
            admin_events: Vec::new(),
            failures: BTreeMap::new(),
            permissions: super::permissions::Permissions::default(),
            webhooks: IndexMap::new(),
            outbox: Vec::new(),
        };
        realm.settings.insert("enabled".into(), json!(false));
        realm.add_built_in_scopes();
        realm.add_built_in_roles_and_clients();
        realm
    }

    pub fn add_role(&mut self, client: Option<&str>, name: &str, description: Option<&str>) -> Id {
        let id = new_id();
        self.roles.insert(
            id.clone(),
            Role {
                id: id.clone(),
                name: name.to_owned(),
                description: description.map(str::to_owned),
                client: client.map(str::to_owned),
                composites: BTreeSet::new(),
                attributes: Attributes::new(),
            },
        );
        id
    }

    /// A client that comes with a realm.
    pub fn built_in_client(&mut self, client_id: &str, bearer_only: bool, public: bool) -> Id {
        let mut client: Client = clients::bare(self, client_id);
        client.fields.insert("bearerOnly".into(), json!(bearer_only));
        client.fields.insert("publicClient".into(), json!(public));
        client.attributes.insert("realm_client".into(), bearer_only.to_string());
        client.secret = None;
        let id = client.id.clone();
        self.clients.insert(id.clone(), client);
        id
    }

    /// The administrators' roles of a client, composed as the service does.
    pub fn admin_roles(&mut self, client: &str, with_realm_admin: bool) -> Vec<Id> {
        let mut by_name = BTreeMap::new();
        for (name, _) in ADMIN_ROLES {
            let id = self.add_role(Some(client), name, Some(&format!("${{role_{name}}}")));
            by_name.insert(*name, id);
        }
        for (name, parts) in ADMIN_ROLES {
            let parts: BTreeSet<Id> = parts.iter().map(|part| by_name[part].clone()).collect();
            if let Some(role) = self.roles.get_mut(&by_name[name]) {
                role.composites = parts;
            }
        }
        let all: Vec<Id> = by_name.into_values().collect();
        if with_realm_admin {
            let id = self.add_role(Some(client), "realm-admin", Some("${role_realm-admin}"));
            if let Some(role) = self.roles.get_mut(&id) {
                role.composites = all.iter().cloned().collect();
            }
        }
        all
    }

    fn add_built_in_scopes(&mut self) {
        for built_in in defaults::SCOPES {
            let id = new_id();
            let mappers =
                built_in.mappers.iter().map(|(name, kind, config)| built_in_mapper(name, kind, config)).collect();
            let attributes = BTreeMap::from([
                ("include.in.token.scope".to_owned(), built_in.in_token.to_string()),
                ("display.on.consent.screen".to_owned(), built_in.in_token.to_string()),
            ]);
            self.scopes.insert(
                id.clone(),
                Scope {
                    id: id.clone(),
                    name: built_in.name.to_owned(),
                    description: Some(format!("OpenID Connect built-in scope: {}", built_in.name)),
                    protocol: built_in.protocol.to_owned(),
                    attributes,
                    mappers,
                    scope_roles: BTreeSet::new(),
                },
            );
            match built_in.role {
                BuiltInRole::Default => self.default_scopes.push(id),
                BuiltInRole::Optional => self.optional_scopes.push(id),
                BuiltInRole::Service => {}
            }
        }
    }

    fn add_built_in_roles_and_clients(&mut self) {
        let offline = self.add_role(None, "offline_access", Some("${role_offline-access}"));
        let uma = self.add_role(None, "uma_authorization", Some("${role_uma_authorization}"));
        let account = self.built_in_client("account", false, true);
        let mut account_roles = BTreeMap::new();
        for name in [
            "delete-account",
            "manage-account",
            "manage-account-links",
            "manage-consent",
            "view-applications",
            "view-consent",
            "view-groups",
            "view-profile",
        ] {
            account_roles.insert(name, self.add_role(Some(&account), name, Some(&format!("${{role_{name}}}"))));
        }
        for (whole, part) in [("manage-account", "manage-account-links"), ("manage-consent", "view-consent")] {
            let part = account_roles[part].clone();
            if let Some(role) = self.roles.get_mut(&account_roles[whole]) {
                role.composites.insert(part);
            }
        }
        self.built_in_client("account-console", false, true);
        let cli = self.built_in_client("admin-cli", false, true);
        if let Some(client) = self.clients.get_mut(&cli) {
            client.fields.insert("directAccessGrantsEnabled".into(), json!(true));
            client.fields.insert("standardFlowEnabled".into(), json!(false));
            client.attributes.insert("client.use.lightweight.access.token.enabled".into(), "true".into());
        }
        let broker = self.built_in_client("broker", true, false);
        self.add_role(Some(&broker), "read-token", Some("${role_read-token}"));
        if self.name != MASTER {
            let management = self.built_in_client(REALM_MANAGEMENT, true, false);
            self.admin_roles(&management, true);
        }
        let console = self.built_in_client("security-admin-console", false, true);
        if let Some(client) = self.clients.get_mut(&console) {
            client.attributes.insert("client.use.lightweight.access.token.enabled".into(), "true".into());
        }
        let id = self.default_role.clone();
        let role = Role {
            id: id.clone(),
            name: format!("default-roles-{}", self.name.to_lowercase()),
            description: Some("${role_default-roles}".into()),
            client: None,
            composites: BTreeSet::from([
                offline,
                uma,
                account_roles["view-profile"].clone(),
                account_roles["manage-account"].clone(),
            ]),
            attributes: Attributes::new(),
        };
        self.roles.insert(id, role);
    }
}

fn built_in_mapper(name: &str, kind: &str, config: &[(&str, &str)]) -> Mapper {
    let mut map: BTreeMap<String, String> = config.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    if kind == "oidc-usermodel-attribute-mapper" {
        map.entry("jsonType.label".into()).or_insert_with(|| "String".into());
        for target in ["id.token.claim", "access.token.claim", "userinfo.token.claim"] {
            map.entry(target.into()).or_insert_with(|| "true".into());
        }
    }
    Mapper { id: new_id(), name: name.into(), protocol: "openid-connect".into(), kind: kind.into(), config: map }
}
