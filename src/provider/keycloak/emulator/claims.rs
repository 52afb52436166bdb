//! What tokens and userinfo say of a person: the mappers of a client and of its scopes at work.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::jwt::{half_hash, random_text};
use super::mappers::speaking;
use super::profile::current;
use super::world::{Client, Id, Mapper, Object, Realm, Scope, User, new_id};

/// Where claims go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Access,
    Id,
    UserInfo,
}

/// What a token is made for.
pub(super) struct Grant<'a> {
    pub realm: &'a Realm,
    pub client: &'a Client,
    pub user: &'a User,
    /// The scope parameter as it was asked.
    pub asked: &'a str,
    pub issuer: String,
    /// The session, unless there is none.
    pub session: Option<String>,
    /// Seconds.
    pub now: i64,
    pub lifespan: i64,
    /// What identifiers of access tokens begin with.
    pub prefix: &'a str,
}

impl<'a> Grant<'a> {
    /// The scopes that speak: the defaults of the client, and of the optional ones those asked for.
    pub fn scopes(&self) -> Vec<&'a Scope> {
        let known = |ids: &'a [Id]| ids.iter().filter_map(|id| self.realm.scopes.get(id));
        let optional = known(&self.client.optional_scopes)
            .filter(|scope| self.asked.split_whitespace().any(|asked| asked == scope.name || is_of(scope, asked)));
        known(&self.client.default_scopes).chain(optional).collect()
    }

    /// The words of the scope that are neither `openid` nor a scope of the client.
    pub fn unknown_scope(&self) -> bool {
        let known: Vec<&Scope> = self
            .client
            .default_scopes
            .iter()
            .chain(&self.client.optional_scopes)
            .filter_map(|id| self.realm.scopes.get(id))
            .collect();
        !self
            .asked
            .split_whitespace()
            .all(|word| word == "openid" || known.iter().any(|scope| scope.name == word || is_of(scope, word)))
    }

    /// What the answer says was granted.
    pub fn scope_text(&self) -> String {
        let mut words: Vec<String> = Vec::new();
        if self.asked.split_whitespace().any(|word| word == "openid") {
            words.push("openid".into());
        }
        for scope in self.scopes() {
            if scope.attributes.get("include.in.token.scope").is_none_or(|value| value == "true") {
                let word = self.asked.split_whitespace().find(|word| is_of(scope, word));
                words.push(word.unwrap_or(&scope.name).to_owned());
            }
        }
        words.join(" ")
    }

    /// Whether tokens of this client name nobody.
    pub fn is_lightweight(&self) -> bool {
        self.client.attribute("client.use.lightweight.access.token.enabled") == Some("true")
    }

    pub fn access_token(&self) -> Object {
        let mut claims = self.base("Bearer", format!("{}:{}", self.prefix, new_id()));
        if self.is_lightweight() {
            claims.insert("scope".into(), json!(self.scope_text()));
            return claims;
        }
        claims.insert("scope".into(), json!(self.scope_text()));
        self.speak(Target::Access, &mut claims);
        claims
    }

    /// The ID token that goes with an access token.
    pub fn id_token(&self, access: Option<&str>) -> Object {
        let mut claims = self.base("ID", new_id());
        claims.insert("aud".into(), json!(self.client.client_id));
        claims.insert("sub".into(), json!(self.user.id));
        if let Some(access) = access {
            claims.insert("at_hash".into(), json!(half_hash(access)));
        }
        self.speak(Target::Id, &mut claims);
        claims
    }

    pub fn user_info(&self) -> Object {
        let mut claims = Object::new();
        claims.insert("sub".into(), json!(self.user.id));
        self.speak(Target::UserInfo, &mut claims);
        claims
    }

    fn base(&self, kind: &str, id: String) -> Object {
        let mut claims = Object::new();
        claims.insert("exp".into(), json!(self.now + self.lifespan));
        claims.insert("iat".into(), json!(self.now));
        claims.insert("jti".into(), json!(id));
        claims.insert("iss".into(), json!(self.issuer));
        claims.insert("typ".into(), json!(kind));
        claims.insert("azp".into(), json!(self.client.client_id));
        if let Some(session) = &self.session {
            claims.insert("sid".into(), json!(session));
        }
        claims
    }

    fn speak(&self, target: Target, claims: &mut Object) {
        let scopes = self.scopes();
        for mapper in speaking(self.client, &scopes) {
            self.map(mapper, target, claims);
        }
    }

    fn map(&self, mapper: &Mapper, target: Target, claims: &mut Object) {
        let setting = |name: &str| mapper.config.get(name).map(String::as_str);
        let on = |name: &str| setting(name) == Some("true");
        let goes = match target {
            Target::Access => on("access.token.claim"),
            Target::Id => on("id.token.claim"),
            Target::UserInfo => on("userinfo.token.claim"),
        };
        let name = setting("claim.name").unwrap_or_default();
        match mapper.kind.as_str() {
            "oidc-sub-mapper" if target == Target::Access => {
                claims.insert("sub".into(), json!(self.user.id));
            }
            "oidc-acr-mapper" if goes => {
                claims.insert("acr".into(), json!("1"));
            }
            "oidc-allowed-origins-mapper" => self.allowed_origins(target, claims),
            "oidc-audience-resolve-mapper" if target == Target::Access => self.resolve_audience(claims),
            "oidc-audience-mapper" => {
                let audience = setting("included.client.audience").or_else(|| setting("included.custom.audience"));
                if let Some(audience) = audience.filter(|_| goes) {
                    add_audience(claims, audience);
                }
            }
            _ if !goes => {}
            "oidc-full-name-mapper" => {
                let names = [self.user.first_name.as_deref(), self.user.last_name.as_deref()];
                let full = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
                if !full.is_empty() {
                    claims.insert("name".into(), json!(full));
                }
            }
            "oidc-usermodel-attribute-mapper" | "oidc-usermodel-property-mapper" => {
                let value = self.attribute(setting("user.attribute").unwrap_or_default(), on("multivalued"));
                put(claims, name, value.and_then(|value| typed(value, setting("jsonType.label"))));
            }
            "oidc-hardcoded-claim-mapper" => {
                let value = setting("claim.value").map(|value| json!(value));
                put(claims, name, value.and_then(|value| typed(value, setting("jsonType.label"))));
            }
            "oidc-group-membership-mapper" => put(claims, name, self.groups(on("full.path"))),
            "oidc-organization-membership-mapper" => {
                let value = self.organizations(on("addOrganizationId"), on("addOrganizationAttributes"));
                put(claims, name, value);
            }
            "oidc-usermodel-realm-role-mapper" => {
                let prefix = setting("usermodel.realmRoleMapping.rolePrefix").unwrap_or_default();
                let roles = self.role_names(None, prefix);
                put(claims, name, (!roles.is_empty()).then(|| json!(roles)));
            }
            "oidc-usermodel-client-role-mapper" => self.client_roles(mapper, claims),
            "oidc-usersessionmodel-note-mapper" => {
                let note = match setting("user.session.note") {
                    Some("client_id") if self.is_service_account() => Some(self.client.client_id.clone()),
                    Some("clientHost" | "clientAddress") if self.is_service_account() => Some("127.0.0.1".into()),
                    _ => None,
                };
                put(claims, name, note.map(|note| json!(note)));
            }
            _ => {}
        }
    }

    fn is_service_account(&self) -> bool {
        self.user.service_account_of.as_ref() == Some(&self.client.id)
    }

    fn attribute(&self, name: &str, multivalued: bool) -> Option<Value> {
        if name == "emailVerified" {
            return Some(json!(self.user.email_verified.to_string()));
        }
        let values = current(self.user, name);
        match (values.is_empty(), multivalued) {
            (true, _) => None,
            (false, true) => Some(json!(values)),
            (false, false) => values.into_iter().next().map(Value::String),
        }
    }

    fn groups(&self, full_path: bool) -> Option<Value> {
        let mut groups: Vec<String> = self
            .user
            .groups
            .iter()
            .filter_map(|id| self.realm.groups.get(id))
            .filter(|group| group.organization.is_none())
            .map(|group| if full_path { self.realm.path_of(group) } else { group.name.clone() })
            .collect();
        groups.sort();
        (!groups.is_empty()).then(|| json!(groups))
    }

    /// Aliases; with ids or attributes an object by alias.
    fn organizations(&self, ids: bool, attributes: bool) -> Option<Value> {
        let wanted = self.asked.split_whitespace().find_map(|word| word.strip_prefix("organization:"));
        let held = self.realm.organizations_in_order().into_iter().filter(|org| {
            org.enabled
                && org.members.contains_key(&self.user.id)
                && wanted.is_none_or(|wanted| wanted == "*" || wanted == org.alias)
        });
        let held: Vec<_> = held.collect();
        // Without a name the person would be asked which one; nobody can be asked here.
        if held.is_empty() || (wanted.is_none() && held.len() > 1) {
            return None;
        }
        if !ids && !attributes {
            return Some(json!(held.iter().map(|org| &org.alias).collect::<Vec<_>>()));
        }
        let by_alias = held.into_iter().map(|org| {
            let mut shown = Object::new();
            if ids {
                shown.insert("id".into(), json!(org.id));
            }
            if attributes {
                shown.extend(org.attributes.iter().map(|(name, values)| (name.clone(), json!(values))));
            }
            (org.alias.clone(), Value::Object(shown))
        });
        Some(Value::Object(by_alias.collect()))
    }

    /// The roles that the token may carry: all of the user's when the scope is full.
    fn role_ids(&self) -> BTreeSet<Id> {
        let bearer = super::rights::Bearer {
            realm: self.realm.name.clone(),
            client: self.client.id.clone(),
            user: self.user.id.clone(),
            claims: Object::new(),
        };
        super::rights::effective_roles(self.realm, &bearer)
    }

    fn role_names(&self, client: Option<&str>, prefix: &str) -> Vec<String> {
        let held = self.role_ids();
        let roles =
            held.iter().filter_map(|id| self.realm.roles.get(id)).filter(|role| role.client.as_deref() == client);
        let mut names: Vec<String> = roles.map(|role| format!("{prefix}{}", role.name)).collect();
        names.sort();
        names
    }

    fn client_roles(&self, mapper: &Mapper, claims: &mut Object) {
        let only = mapper.config.get("usermodel.clientRoleMapping.clientId").filter(|id| !id.is_empty());
        let name = mapper.config.get("claim.name").map(String::as_str).unwrap_or("resource_access.${client_id}.roles");
        let prefix =
            mapper.config.get("usermodel.clientRoleMapping.rolePrefix").map(String::as_str).unwrap_or_default();
        for client in self.realm.clients.values().filter(|client| only.is_none_or(|only| *only == client.client_id)) {
            let roles = self.role_names(Some(&client.id), prefix);
            if roles.is_empty() {
                continue;
            }
            // A dot in the client's own name is part of the name, not of the path.
            let path: Vec<String> =
                name.split('.').map(|part| part.replace("${client_id}", &client.client_id)).collect();
            put_at(claims, &path, json!(roles));
        }
    }

    fn allowed_origins(&self, target: Target, claims: &mut Object) {
        let origins =
            self.client.fields.get("webOrigins").and_then(Value::as_array).filter(|origins| !origins.is_empty());
        if let Some(origins) = origins.filter(|_| target == Target::Access) {
            claims.insert("allowed-origins".into(), json!(origins));
        }
    }

    /// Every other client of which the user holds a role is an audience.
    fn resolve_audience(&self, claims: &mut Object) {
        let held = self.role_ids();
        let clients: BTreeSet<&str> = held
            .iter()
            .filter_map(|id| self.realm.roles.get(id)?.client.as_ref())
            .filter(|id| **id != self.client.id)
            .filter_map(|id| self.realm.clients.get(id))
            .map(|client| client.client_id.as_str())
            .collect();
        for client in clients {
            add_audience(claims, client);
        }
    }
}

/// A session identifier as the service makes them.
pub(super) fn session_id() -> String {
    random_text(24)
}

/// Whether a word asks for a scope with a parameter, as `organization:acme` does.
fn is_of(scope: &Scope, word: &str) -> bool {
    scope.name == "organization" && word.strip_prefix("organization:").is_some_and(|alias| !alias.is_empty())
}

fn add_audience(claims: &mut Object, audience: &str) {
    let known = claims.get("aud").cloned();
    let value = match known {
        None => json!(audience),
        Some(Value::Array(mut all)) => {
            if !all.iter().any(|one| one == audience) {
                all.push(json!(audience));
            }
            Value::Array(all)
        }
        Some(one) if one == audience => one,
        Some(one) => json!([one, audience]),
    };
    claims.insert("aud".into(), value);
}

/// Puts a claim where its name, split at dots, says.
fn put(claims: &mut Object, name: &str, value: Option<Value>) {
    if let Some(value) = value
        && !name.is_empty()
    {
        let path: Vec<String> = name.split('.').map(str::to_owned).collect();
        put_at(claims, &path, value);
    }
}

fn put_at(claims: &mut Object, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            claims.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = claims.entry(first.clone()).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                put_at(inner, rest, value);
            }
        }
    }
}

/// A claim in the JSON type that its mapper names; what cannot be read so is left out.
fn typed(value: Value, kind: Option<&str>) -> Option<Value> {
    if let Value::Array(items) = value {
        return Some(Value::Array(items.into_iter().filter_map(|item| typed(item, kind)).collect()));
    }
    let text = value.as_str()?;
    match kind {
        Some("long" | "int") => text.trim().parse::<i64>().ok().map(Value::from),
        Some("boolean") => Some(json!(text.eq_ignore_ascii_case("true"))),
        Some("JSON") => serde_json::from_str(text).ok(),
        _ => Some(json!(text)),
    }
}
