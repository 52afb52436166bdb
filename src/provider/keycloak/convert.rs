//! From what Keycloak shows to live objects, and from fields to what Keycloak is sent. Pure, both ways.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::api::wire::{
    Attributes, Client, ClientScope, Domain, Group, Mapper, Organization, ProfileAttribute, Role, User,
};
use super::kinds;
use super::names;
use crate::engine::model::{Address, Field, Fields, Instance, Live, Mark, SINCE, Value};
use crate::provider::days;

/// The group attribute that holds the field `display_name`.
const DISPLAY_NAME: &str = "display-name";
/// The group attribute that holds the field `description`. Releases before the newest have no other place for it.
const DESCRIPTION: &str = "description";
/// Keycloak's separator between the addresses in one client attribute.
const JOINED: &str = "##";
const POST_LOGOUT: &str = "post.logout.redirect.uris";
const PKCE: &str = "pkce.code.challenge.method";
const IN_TOKEN_SCOPE: &str = "include.in.token.scope";
/// What Keycloak itself adds to the default scopes of a client with a service account.
const SERVICE_ACCOUNT_SCOPE: &str = "service_account";

/// How one installation's objects are seen.
#[derive(Debug, Clone)]
pub struct View {
    /// The installation.
    pub instance: Instance,
    /// The attribute that carries marks.
    pub mark: String,
}

impl View {
    /// A person; `None` for a client's own account.
    pub fn user(&self, user: &User) -> Option<Live> {
        let username = user.username.to_lowercase();
        if username.starts_with(names::SERVICE_ACCOUNT) {
            return None;
        }
        let email = optional(user.email.as_deref().map(str::to_lowercase));
        let attributes = user
            .attributes
            .iter()
            .filter(|(name, values)| **name != self.mark && !values.is_empty())
            .map(|(name, values)| (name.clone(), several(values)))
            .collect();
        let fields = fields([
            ("email", email.clone()),
            ("email_verified", user.email_verified.into()),
            ("first_name", optional(user.first_name.clone())),
            ("last_name", optional(user.last_name.clone())),
            ("enabled", user.enabled.into()),
            ("attributes", Value::Map(attributes)),
            (SINCE.name, days::of_millis(user.created_timestamp.unwrap_or_default())),
        ]);
        let outputs = [("sub", user.id.clone().into()), ("username", username.clone().into()), ("email", email)];
        Some(Live {
            mark: mark_in(&user.attributes, &self.mark),
            ..self.live(kinds::USER, &username, Some(&user.id), fields, self::fields(outputs))
        })
    }

    /// The number that a person carries in an attribute; `None` where there is none that is one.
    pub fn number(&self, attribute: &str, user: &User) -> Option<Live> {
        let username = user.username.to_lowercase();
        let number: i64 = user.attributes.get(attribute)?.first()?.parse().ok()?;
        let fields = fields([("number", number.into())]);
        let outputs = self::fields([("number", number.to_string().into())]);
        let id = edge_id(attribute, &user.id);
        Some(self.live(kinds::NUMBER, &format!("{attribute}/{username}"), Some(&id), fields, outputs))
    }

    /// A group at `path` (its key).
    pub fn group(&self, path: &str, group: &Group) -> Live {
        let text = |name: &str| optional(group.attributes.get(name).and_then(|it| it.first()).cloned());
        let fields = fields([("display_name", text(DISPLAY_NAME)), ("description", text(DESCRIPTION))]);
        let outputs = self::fields([("id", group.id.clone().into()), ("path", format!("/{path}").into())]);
        Live {
            mark: mark_in(&group.attributes, &self.mark),
            ..self.live(kinds::GROUP, path, Some(&group.id), fields, outputs)
        }
    }

    /// A person in a group; `None` for a client's own account.
    pub fn membership(&self, path: &str, group: &str, user: &User) -> Option<Live> {
        let username = user.username.to_lowercase();
        (!username.starts_with(names::SERVICE_ACCOUNT)).then(|| {
            let id = edge_id(group, &user.id);
            self.live(kinds::MEMBERSHIP, &format!("{path}/{username}"), Some(&id), Fields::new(), Fields::new())
        })
    }

    /// An organisation.
    pub fn organization(&self, organization: &Organization) -> Live {
        let domains = organization.domains.iter().map(|Domain { name, .. }| name.to_lowercase());
        let fields = fields([
            ("name", organization.name.clone().into()),
            ("description", optional(organization.description.clone())),
            ("enabled", organization.enabled.into()),
            ("domains", Value::set(domains)),
            ("redirect_url", optional(organization.redirect_url.clone())),
        ]);
        let outputs =
            self::fields([("id", organization.id.clone().into()), ("alias", organization.alias.clone().into())]);
        Live {
            mark: mark_in(&organization.attributes, &self.mark),
            ..self.live(kinds::ORGANIZATION, &organization.alias, Some(&organization.id), fields, outputs)
        }
    }

    /// A person in an organisation; `None` for a client's own account.
    pub fn organization_member(&self, alias: &str, organization: &str, user: &User) -> Option<Live> {
        let username = user.username.to_lowercase();
        let fields = fields([("membership_type", optional(user.membership_type.clone()))]);
        (!username.starts_with(names::SERVICE_ACCOUNT)).then(|| {
            let id = edge_id(organization, &user.id);
            self.live(kinds::ORGANIZATION_MEMBER, &format!("{alias}/{username}"), Some(&id), fields, Fields::new())
        })
    }

    /// A client.
    pub fn client(&self, client: &Client) -> Live {
        let post_logout = client.attributes.get(POST_LOGOUT).map_or("", String::as_str);
        let scopes = client.default_client_scopes.iter();
        let default_scopes =
            scopes.filter(|scope| !(client.service_accounts_enabled && *scope == SERVICE_ACCOUNT_SCOPE)).cloned();
        let fields = fields([
            ("name", optional(client.name.clone())),
            ("description", optional(client.description.clone())),
            ("enabled", client.enabled.into()),
            ("root_url", optional(client.root_url.clone())),
            ("base_url", optional(client.base_url.clone())),
            ("redirect_uris", Value::set(client.redirect_uris.iter().cloned())),
            ("web_origins", Value::set(client.web_origins.iter().cloned())),
            ("post_logout_redirect_uris", Value::set(post_logout.split(JOINED).filter(|it| !it.is_empty()))),
            ("public", client.public_client.into()),
            ("standard_flow", client.standard_flow_enabled.into()),
            ("direct_access", client.direct_access_grants_enabled.into()),
            ("implicit_flow", client.implicit_flow_enabled.into()),
            ("service_account", client.service_accounts_enabled.into()),
            ("pkce", optional(client.attributes.get(PKCE).cloned())),
            ("default_scopes", Value::set(default_scopes)),
            ("optional_scopes", Value::set(client.optional_client_scopes.iter().cloned())),
        ]);
        let outputs = self::fields([("client_id", client.client_id.clone().into()), ("id", client.id.clone().into())]);
        Live {
            mark: client.attributes.get(&self.mark).filter(|it| !it.is_empty()).map(|it| mark(it)),
            ..self.live(kinds::CLIENT, &client.client_id, Some(&client.id), fields, outputs)
        }
    }

    /// A role of the realm.
    pub fn role(&self, role: &Role) -> Live {
        let fields = fields([("description", optional(role.description.clone()))]);
        let outputs = self::fields([("id", role.id.clone().into())]);
        Live {
            mark: mark_in(&role.attributes, &self.mark),
            ..self.live(kinds::ROLE, &role.name, Some(&role.id), fields, outputs)
        }
    }

    /// A client scope.
    pub fn client_scope(&self, scope: &ClientScope) -> Live {
        let named = scope.attributes.get(IN_TOKEN_SCOPE).is_none_or(|it| it != "false");
        let fields =
            fields([("description", optional(scope.description.clone())), ("include_in_token_scope", named.into())]);
        let outputs = self::fields([("id", scope.id.clone().into())]);
        Live {
            mark: scope.attributes.get(&self.mark).filter(|it| !it.is_empty()).map(|it| mark(it)),
            ..self.live(kinds::CLIENT_SCOPE, &scope.name, Some(&scope.id), fields, outputs)
        }
    }

    /// A mapper of the scope named `scope`.
    pub fn mapper(&self, scope: &str, mapper: &Mapper) -> Live {
        let config = mapper.config.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
        let fields = fields([("type", mapper.protocol_mapper.clone().into()), ("config", Value::Map(config))]);
        let outputs = self::fields([("id", mapper.id.clone().into())]);
        self.live(kinds::MAPPER, &format!("{scope}/{}", mapper.name), Some(&mapper.id), fields, outputs)
    }

    /// An attribute that the user profile declares.
    pub fn profile_attribute(&self, attribute: &ProfileAttribute) -> Live {
        let fields = fields([
            ("display_name", optional(attribute.display_name.clone())),
            ("multivalued", attribute.multivalued.into()),
            ("view", Value::set(attribute.permissions.view.iter().cloned())),
            ("edit", Value::set(attribute.permissions.edit.iter().cloned())),
        ]);
        self.live(kinds::PROFILE_ATTRIBUTE, &attribute.name, None, fields, Fields::new())
    }

    fn live(&self, kind: &str, key: &str, id: Option<&str>, fields: Fields, outputs: Fields) -> Live {
        Live {
            address: Address::new(&self.instance, kind, key),
            external_id: id.map(str::to_owned),
            fields,
            outputs,
            mark: None,
        }
    }
}

/// The id of an edge: what it joins, by their ids. Keycloak has none of its own.
pub fn edge_id(container: &str, user: &str) -> String {
    format!("{container}/{user}")
}

/// The two ends of an edge's id.
pub fn edge_ends(id: &str) -> Option<(&str, &str)> {
    id.split_once('/')
}

/// Writes a mark into attributes that are lists of texts.
pub fn set_mark(body: &mut Map<String, Json>, mark: &str, ledger: &str) {
    object(body, "attributes").insert(mark.to_owned(), json!([ledger]));
}

/// Writes a mark into attributes that are plain texts (of clients and client scopes).
pub fn set_plain_mark(body: &mut Map<String, Json>, mark: &str, ledger: &str) {
    object(body, "attributes").insert(mark.to_owned(), json!(ledger));
}

/// Puts a person's fields into a body.
pub fn put_user(body: &mut Map<String, Json>, fields: &Fields) {
    for (name, value) in fields {
        match &**name {
            "email" => put_text(body, "email", value),
            "first_name" => put_text(body, "firstName", value),
            "last_name" => put_text(body, "lastName", value),
            "email_verified" => put_bool(body, "emailVerified", value),
            "enabled" => put_bool(body, "enabled", value),
            "attributes" => {
                for (key, value) in value.as_map().into_iter().flatten() {
                    let attributes = object(body, "attributes");
                    match texts(value) {
                        values if values.is_empty() => attributes.remove(key),
                        values => attributes.insert(key.clone(), json!(values)),
                    };
                }
            }
            _ => {}
        }
    }
}

/// Puts a person's number into a body.
pub fn put_number(body: &mut Map<String, Json>, attribute: &str, fields: &Fields) {
    if let Some(number) = fields.get("number").and_then(Value::as_int) {
        object(body, "attributes").insert(attribute.to_owned(), json!([number.to_string()]));
    }
}

/// Puts a group's fields into a body.
pub fn put_group(body: &mut Map<String, Json>, fields: &Fields) {
    for (name, value) in fields {
        let attribute = match &**name {
            "display_name" => DISPLAY_NAME,
            "description" => DESCRIPTION,
            _ => continue,
        };
        let attributes = object(body, "attributes");
        match value.as_text().filter(|text| !text.is_empty()) {
            Some(text) => attributes.insert(attribute.to_owned(), json!([text])),
            None => attributes.remove(attribute),
        };
    }
}

/// Puts an organisation's fields into a body. A domain that is there already keeps whether it was verified.
pub fn put_organization(body: &mut Map<String, Json>, fields: &Fields) {
    for (name, value) in fields {
        match &**name {
            "name" => put_text(body, "name", value),
            "description" => put_text(body, "description", value),
            "redirect_url" => put_text(body, "redirectUrl", value),
            "enabled" => put_bool(body, "enabled", value),
            "domains" => {
                let there: BTreeMap<String, Json> = body
                    .get("domains")
                    .and_then(Json::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(|domain| Some((domain.get("name")?.as_str()?.to_lowercase(), domain.clone())))
                    .collect();
                let domains: Vec<Json> = texts(value)
                    .into_iter()
                    .map(|name| there.get(&name).cloned().unwrap_or_else(|| json!({"name": name, "verified": false})))
                    .collect();
                body.insert("domains".to_owned(), domains.into());
            }
            _ => {}
        }
    }
}

/// Puts a client's fields into a body. Scopes are not among them once it exists: they have calls of their own.
pub fn put_client(body: &mut Map<String, Json>, fields: &Fields) {
    for (name, value) in fields {
        match &**name {
            "name" => put_text(body, "name", value),
            "description" => put_text(body, "description", value),
            "enabled" => put_bool(body, "enabled", value),
            "root_url" => put_text(body, "rootUrl", value),
            "base_url" => put_text(body, "baseUrl", value),
            "redirect_uris" => put_texts(body, "redirectUris", value),
            "web_origins" => put_texts(body, "webOrigins", value),
            "public" => put_bool(body, "publicClient", value),
            "standard_flow" => put_bool(body, "standardFlowEnabled", value),
            "direct_access" => put_bool(body, "directAccessGrantsEnabled", value),
            "implicit_flow" => put_bool(body, "implicitFlowEnabled", value),
            "service_account" => put_bool(body, "serviceAccountsEnabled", value),
            // An empty text takes the attribute away.
            "pkce" => put_text(object(body, "attributes"), PKCE, value),
            "post_logout_redirect_uris" => {
                object(body, "attributes").insert(POST_LOGOUT.to_owned(), json!(texts(value).join(JOINED)));
            }
            _ => {}
        }
    }
}

/// Puts a client scope's fields into a body.
pub fn put_client_scope(body: &mut Map<String, Json>, fields: &Fields) {
    for (name, value) in fields {
        match &**name {
            "description" => put_text(body, "description", value),
            "include_in_token_scope" => {
                let named = value.as_bool().unwrap_or(true);
                object(body, "attributes").insert(IN_TOKEN_SCOPE.to_owned(), json!(named.to_string()));
            }
            _ => {}
        }
    }
}

/// Puts a mapper's fields into a body; settings that are not named stay.
pub fn put_mapper(body: &mut Map<String, Json>, fields: &Fields) {
    for (name, value) in fields {
        match &**name {
            "type" => put_text(body, "protocolMapper", value),
            "config" => {
                for (key, value) in value.as_map().into_iter().flatten() {
                    put_text(object(body, "config"), key, value);
                }
            }
            _ => {}
        }
    }
}

/// Puts a profile attribute's fields into its declaration.
pub fn put_profile_attribute(body: &mut Map<String, Json>, fields: &Fields) {
    for (name, value) in fields {
        match &**name {
            "display_name" => put_text(body, "displayName", value),
            "multivalued" => put_bool(body, "multivalued", value),
            "view" => put_texts(object(body, "permissions"), "view", value),
            "edit" => put_texts(object(body, "permissions"), "edit", value),
            _ => {}
        }
    }
}

fn fields<const N: usize>(pairs: [(&'static str, Value); N]) -> Fields {
    pairs.into_iter().map(|(name, value)| (Field::Borrowed(name), value)).collect()
}

fn optional(text: Option<String>) -> Value {
    text.filter(|text| !text.is_empty()).map_or(Value::Null, Value::Text)
}

fn several(values: &[String]) -> Value {
    match values {
        [one] => one.clone().into(),
        many => Value::List(many.iter().cloned().map(Value::Text).collect()),
    }
}

fn mark_in(attributes: &Attributes, name: &str) -> Option<Mark> {
    attributes.get(name)?.first().filter(|it| !it.is_empty()).map(|it| mark(it))
}

fn mark(ledger: &str) -> Mark {
    Mark { ledger: ledger.to_owned() }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::List(items) => items.iter().flat_map(texts).collect(),
        Value::Text(text) if text.is_empty() => Vec::new(),
        Value::Text(text) => vec![text.clone()],
        Value::Int(number) => vec![number.to_string()],
        Value::Bool(truth) => vec![truth.to_string()],
        Value::Map(_) => Vec::new(),
    }
}

/// An empty text clears; `null` would leave what is there.
fn put_text(body: &mut Map<String, Json>, key: &str, value: &Value) {
    body.insert(key.to_owned(), json!(value.as_text().unwrap_or_default()));
}

fn put_bool(body: &mut Map<String, Json>, key: &str, value: &Value) {
    if let Some(truth) = value.as_bool() {
        body.insert(key.to_owned(), json!(truth));
    }
}

fn put_texts(body: &mut Map<String, Json>, key: &str, value: &Value) {
    body.insert(key.to_owned(), json!(texts(value)));
}

/// The object under a key, made if it is not there.
pub fn object<'a>(body: &'a mut Map<String, Json>, key: &str) -> &'a mut Map<String, Json> {
    let slot = body.entry(key.to_owned()).or_insert_with(|| json!({}));
    if !slot.is_object() {
        *slot = json!({});
    }
    slot.as_object_mut().expect("it was just made an object")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::provider::keycloak::api::wire;
    use crate::provider::recorded;

    fn view() -> View {
        View { instance: Instance::new("keycloak"), mark: "formulary.ledger".to_owned() }
    }

    /// What a body would look like when it is read again.
    fn shown(body: &Map<String, Json>) -> Live {
        let mut body = body.clone();
        body.insert("id".to_owned(), json!("id"));
        body.entry("username".to_owned()).or_insert(json!("alice"));
        view().user(&wire::User::deserialize(&Json::Object(body)).unwrap()).unwrap()
    }

    /// Every person that a server ever showed can be read, and sent back without a change.
    #[test]
    fn recorded_people_are_read_and_written_back_as_they_were() {
        for exchange in recorded::all("keycloak") {
            let path: Vec<&str> = exchange.path.split('/').collect();
            let ["", "admin", "realms", _, "users", id] = path[..] else { continue };
            if exchange.method != "GET" || exchange.status != 200 || ["count", "profile"].contains(&id) {
                continue;
            }
            // Some bodies were cut to a few fields, or described.
            if exchange.answer.get("emailVerified").is_none() {
                continue;
            }
            let user = wire::User::deserialize(&exchange.answer).unwrap();
            let Some(live) = view().user(&user) else { continue };
            let mut body = exchange.answer.as_object().unwrap().clone();
            put_user(&mut body, &live.fields);
            let again = view().user(&wire::User::deserialize(&Json::Object(body)).unwrap()).unwrap();
            assert_eq!(again, live, "{}", exchange.label);
        }
    }

    #[test]
    fn a_mark_is_no_attribute_and_a_service_account_no_person() {
        let mut body = Map::new();
        set_mark(&mut body, "formulary.ledger", "ours");
        let live = shown(&body);
        assert_eq!(live.mark, Some(Mark { ledger: "ours".to_owned() }));
        assert_eq!(live.fields["attributes"], Value::Map(BTreeMap::new()));
        let account = wire::User { username: "service-account-x".to_owned(), ..wire::User::default() };
        assert_eq!(view().user(&account), None);
    }

    #[test]
    fn what_is_not_named_stays() {
        let mut body = object_of(json!({
            "attributes": {"theirs": ["1"], "ours": ["old"]}, "firstName": "Alice", "lastName": "Anvil",
        }));
        let ours = Value::Map(BTreeMap::from([("ours".to_owned(), "new".into()), ("gone".to_owned(), Value::Null)]));
        put_user(&mut body, &fields([("attributes", ours), ("last_name", Value::Null)]));
        assert_eq!(
            Json::Object(body),
            json!({"attributes": {"theirs": ["1"], "ours": ["new"]}, "firstName": "Alice", "lastName": ""})
        );
        let mut mapper = object_of(json!({"config": {"theirs": "1"}}));
        put_mapper(&mut mapper, &fields([("config", Value::Map(BTreeMap::from([("a".to_owned(), "b".into())])))]));
        assert_eq!(Json::Object(mapper), json!({"config": {"theirs": "1", "a": "b"}}));
    }

    #[test]
    fn a_domain_that_stays_keeps_whether_it_was_verified() {
        let mut body = object_of(json!({"domains": [{"name": "Acme.test", "verified": true}]}));
        put_organization(&mut body, &fields([("domains", Value::set(["acme.test", "new.test"]))]));
        assert_eq!(
            body["domains"],
            json!([{"name": "Acme.test", "verified": true}, {"name": "new.test", "verified": false}])
        );
    }

    proptest! {
        /// What is sent is what is read back, as long as Keycloak stores it as it is.
        #[test]
        fn a_person_survives_the_wire(
            email in proptest::option::of("[a-z]{1,8}@[a-z]{1,8}\\.test"),
            first in proptest::option::of("[A-Z][a-z]{0,8}"),
            enabled: bool,
            verified: bool,
            attributes in proptest::collection::btree_map("[a-z]{1,6}", "[a-z]{1,6}", 0..4),
        ) {
            let text = |it: &Option<String>| it.clone().map_or(Value::Null, Value::Text);
            let sent = fields([
                ("email", text(&email)),
                ("email_verified", verified.into()),
                ("first_name", text(&first)),
                ("enabled", enabled.into()),
                ("attributes", Value::Map(attributes.into_iter().map(|(key, it)| (key, it.into())).collect())),
            ]);
            let mut body = Map::new();
            put_user(&mut body, &sent);
            let read = shown(&body);
            for (name, value) in &sent {
                prop_assert_eq!(&read.fields[name], value, "{}", name);
            }
        }
    }

    fn object_of(body: Json) -> Map<String, Json> {
        body.as_object().unwrap().clone()
    }
}
