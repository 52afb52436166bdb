//! What the config declares in a realm, and what the claims of all services need.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::{Lowering, kinds};
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::model::{Desired, Extent, Term, Value};
use crate::provider::contract::Holds;
use crate::provider::keycloak::names::{self, Refusal};
use crate::provider::keycloak::options::{Client, ClientScope, Mapper, ProfileAttribute};

/// Scopes that a realm gives to a new client, and without which its tokens lack `sub`, names and addresses.
const USUAL_SCOPES: [&str; 6] = ["acr", "basic", "email", "profile", "roles", "web-origins"];

/// What the usual scopes put into tokens already.
const USUAL_CLAIMS: [&str; 9] =
    ["sub", "email", "email_verified", "preferred_username", "name", "given_name", "family_name", "picture", "locale"];

const GROUP_MAPPER: &str = "oidc-group-membership-mapper";

/// A scope that services want, and the client that alone has it; all clients otherwise.
pub(super) struct Wished {
    pub scope: ClientScope,
    pub client: Option<String>,
}

impl Wished {
    fn is_for(&self, client: &str) -> bool {
        self.client.as_deref().is_none_or(|only| only == client)
    }
}

impl Lowering<'_, '_> {
    pub(super) fn settings(&mut self) {
        let for_numbers = self.number_attributes();
        for attribute in self.options.profile_attributes.iter().chain(&for_numbers) {
            self.profile_attribute(attribute);
        }
        for role in &self.options.roles {
            let built_in = names::is_built_in_role(&role.name, &self.options.realm);
            if self.usable("role", &role.name, names::plain(&role.name), built_in) {
                let desired = self.configured(kinds::ROLE, &role.name);
                self.lowered.desired.push(described(desired, role.description.as_deref()));
            }
        }
        let declared: BTreeSet<&str> = self.options.client_scopes.iter().map(|it| it.name.as_str()).collect();
        let mut wished: Vec<Wished> = self.scopes_for_all();
        wished.extend(self.scopes_for_numbers());
        for scope in &self.options.client_scopes {
            self.client_scope(scope);
        }
        for wished in wished.iter().filter(|it| !declared.contains(it.scope.name.as_str())) {
            self.client_scope(&wished.scope);
        }
        for client in &self.options.clients {
            self.client(client, &wished);
        }
    }

    /// Scopes that hold what services want and no usual scope gives, named after the claim.
    fn scopes_for_all(&mut self) -> Vec<Wished> {
        let mut scopes: BTreeMap<String, ClientScope> = BTreeMap::new();
        for claim in self.input.claims.iter().map(|wish| &wish.claim) {
            match &claim.holds {
                Holds::Standard(usual) if USUAL_CLAIMS.contains(usual) && claim.name == *usual => {}
                Holds::Standard(other) => {
                    let message = format!(
                        "'{}' has no mapper for the claim '{}' that holds {other}",
                        self.input.instance, claim.name
                    );
                    self.report(
                        Diagnostic::warning(codes::NOT_POSSIBLE_THERE, message)
                            .help(format!("{}; declare a mapper under 'options.client_scopes'", claim.why)),
                    );
                }
                Holds::Groups => {
                    let scope = self.groups_scope(&claim.name);
                    scopes.entry(claim.name.clone()).or_insert(scope);
                }
                Holds::Number(_) => {}
            }
        }
        scopes.into_values().map(|scope| Wished { scope, client: None }).collect()
    }

    fn groups_scope(&self, claim: &str) -> ClientScope {
        let mapper = Mapper {
            name: claim.to_owned(),
            kind: GROUP_MAPPER.to_owned(),
            config: [
                ("claim.name", claim),
                ("full.path", if self.options.full_group_path { "true" } else { "false" }),
                ("id.token.claim", "true"),
                ("access.token.claim", "true"),
                ("userinfo.token.claim", "true"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        };
        ClientScope {
            name: claim.to_owned(),
            description: Some("The groups that a person is in, for the services of the platform.".to_owned()),
            include_in_token_scope: false,
            mappers: vec![mapper],
        }
    }

    fn profile_attribute(&mut self, attribute: &ProfileAttribute) {
        let built_in = names::is_built_in_attribute(&attribute.name);
        if !self.usable("profile attribute", &attribute.name, names::attribute(&attribute.name), built_in) {
            return;
        }
        if attribute.name == self.options.mark_attribute && attribute.edit.iter().any(|it| it != "admin") {
            let message = format!("people could change their own mark '{}'", attribute.name);
            self.report(Diagnostic::error(codes::OPTION_REFUSED, message).help("let only 'admin' change it"));
            return;
        }
        let desired = self
            .configured(kinds::PROFILE_ATTRIBUTE, &attribute.name)
            .field("multivalued", attribute.multivalued, None)
            .field("view", Value::set(attribute.view.iter().cloned()), None)
            .field("edit", Value::set(attribute.edit.iter().cloned()), None);
        let desired = match &attribute.display_name {
            Some(name) => desired.field("display_name", name.as_str(), None),
            None => desired,
        };
        self.lowered.desired.push(desired);
    }

    fn client_scope(&mut self, scope: &ClientScope) {
        if !self.usable("client scope", &scope.name, names::plain(&scope.name), false) {
            return;
        }
        let built_in = names::is_built_in_scope(&scope.name);
        if !built_in {
            let desired = self.configured(kinds::CLIENT_SCOPE, &scope.name).field(
                "include_in_token_scope",
                scope.include_in_token_scope,
                None,
            );
            self.lowered.desired.push(described(desired, scope.description.as_deref()));
        }
        for mapper in &scope.mappers {
            let taken = names::is_built_in_mapper(&scope.name, &mapper.name);
            if !self.usable("mapper", &mapper.name, names::group(&mapper.name), taken) {
                continue;
            }
            let config = mapper.config.iter().map(|(key, value)| (key.clone(), value.clone().into())).collect();
            let mut desired = self
                .configured(kinds::MAPPER, &format!("{}/{}", scope.name, mapper.name))
                .field("type", mapper.kind.as_str(), None)
                .field("config", Value::Map(config), None);
            if !built_in {
                desired = desired.needs(self.address(kinds::CLIENT_SCOPE, &scope.name));
            }
            self.lowered.desired.push(desired);
        }
    }

    fn client(&mut self, client: &Client, wished: &[Wished]) {
        let id = &client.client_id;
        let for_services: Vec<&str> =
            wished.iter().filter(|it| it.is_for(id)).map(|it| it.scope.name.as_str()).collect();
        if !self.usable("client", id, names::plain(id), names::is_built_in_client(id)) {
            return;
        }
        let mut sound = true;
        for address in &client.redirect_uris {
            if let Err(refusal) = names::redirect_uri(address) {
                self.refuse(codes::OPTION_REFUSED, "redirect address", address, &refusal, None);
                sound = false;
            }
        }
        if !client.public && client.redirect_uris.is_empty() && !client.service_account {
            let message = format!("client '{id}' has no redirect address, so nobody can sign in through it");
            self.report(Diagnostic::warning(codes::OPTION_REFUSED, message));
        }
        let default_scopes: Vec<String> = client.default_scopes.clone().unwrap_or_else(|| {
            USUAL_SCOPES.into_iter().chain(for_services.iter().copied()).map(str::to_owned).collect()
        });
        for missing in for_services.iter().filter(|scope| !default_scopes.iter().any(|it| it == *scope)) {
            let message = format!("client '{id}' lacks the scope '{missing}', which the services' claims need");
            self.report(Diagnostic::warning(codes::SET_UP_INCOMPLETE, message).help(
                "add it to the client's 'default_scopes', or leave them out: then Formulary puts together what is needed",
            ));
        }
        let web_origins = client.web_origins.clone().unwrap_or_else(|| origins(&client.redirect_uris));
        let mut desired = self
            .configured(kinds::CLIENT, id)
            .field("enabled", client.enabled, None)
            .field("redirect_uris", Value::set(client.redirect_uris.iter().cloned()), None)
            .field("web_origins", Value::set(web_origins), None)
            .field("post_logout_redirect_uris", Value::set(client.post_logout_redirect_uris.iter().cloned()), None)
            .field("public", client.public, None)
            .field("standard_flow", !client.redirect_uris.is_empty(), None)
            .field("direct_access", false, None)
            .field("implicit_flow", false, None)
            .field("service_account", client.service_account, None)
            .field("pkce", client.pkce.map_or(Value::Null, |it| it.word().into()), None)
            .field("default_scopes", Value::set(default_scopes.iter().cloned()), None);
        for (name, text) in [
            ("name", &client.name),
            ("description", &client.description),
            ("root_url", &client.root_url),
            ("base_url", &client.base_url),
        ] {
            if let Some(text) = text {
                desired = desired.field(name, text.as_str(), None);
            }
        }
        if let Some(scopes) = &client.optional_scopes {
            desired = desired.field("optional_scopes", Value::set(scopes.iter().cloned()), None);
        }
        if let Some(secret) = &client.secret {
            desired = desired.field("secret", Term::Secret(secret.clone()), None);
        }
        let made_here: BTreeSet<&str> =
            self.options.client_scopes.iter().map(|it| it.name.as_str()).chain(for_services).collect();
        for scope in default_scopes.iter().chain(client.optional_scopes.iter().flatten()) {
            if made_here.contains(scope.as_str()) && !names::is_built_in_scope(scope) {
                desired = desired.needs(self.address(kinds::CLIENT_SCOPE, scope));
            }
        }
        if !sound {
            desired.extent = Extent::Observe;
        }
        self.lowered.desired.push(desired);
    }

    /// Whether an option names something that may be made.
    fn usable(&mut self, what: &str, name: &str, verdict: Result<(), Refusal>, built_in: bool) -> bool {
        let verdict = if built_in { Err(Refusal::BuiltIn) } else { verdict };
        if let Err(refusal) = verdict {
            self.refuse(codes::OPTION_REFUSED, what, name, &refusal, None);
            return false;
        }
        true
    }
}

fn described(desired: Desired, description: Option<&str>) -> Desired {
    match description {
        Some(text) => desired.field("description", text, None),
        None => desired,
    }
}

/// The origins of addresses, where they have one.
fn origins(addresses: &[String]) -> Vec<String> {
    let urls = addresses.iter().filter_map(|it| Url::parse(it).ok());
    urls.map(|url| url.origin()).filter(url::Origin::is_tuple).map(|it| it.ascii_serialization()).collect()
}
