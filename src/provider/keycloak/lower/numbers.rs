//! Numbers that services tell people apart by: who needs one, and the attribute, scope and mapper that carry it.
//!
//! Mattermost without a licence knows a person by a whole number in the claim `id`, and takes a sign-in only from tokens
//! whose scope it may not name itself; so the claim stands in a scope that its client alone has.

use std::collections::BTreeMap;

use super::settings::Wished;
use super::{Lowering, kinds};
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::model::Desired;
use crate::provider::contract::{Holds, Wish};
use crate::provider::keycloak::names;
use crate::provider::keycloak::options::{ClientScope, Mapper, ProfileAttribute};

const ATTRIBUTE_MAPPER: &str = "oidc-usermodel-attribute-mapper";
const ADMIN: &str = "admin";

impl<'a> Lowering<'_, 'a> {
    /// Every wish for a number, with the name of its attribute.
    fn numbers_wished(&self) -> Vec<(&'a Wish, &'a str)> {
        let wishes = self.input.claims.iter();
        let numbers = wishes.filter_map(|wish| match &wish.claim.holds {
            Holds::Number(attribute) => Some((wish, attribute.as_str())),
            Holds::Standard(_) | Holds::Groups => None,
        });
        numbers.collect()
    }

    /// The attributes that hold numbers. People may not change their own: they would sign in as somebody else.
    pub(super) fn number_attributes(&mut self) -> Vec<ProfileAttribute> {
        let mut attributes: BTreeMap<&str, ProfileAttribute> = BTreeMap::new();
        for (_, name) in self.numbers_wished() {
            let Some(declared) = self.options.profile_attributes.iter().find(|it| it.name == name) else {
                attributes.entry(name).or_insert_with(|| ProfileAttribute::of_administrators(name));
                continue;
            };
            if declared.edit.iter().any(|it| it != ADMIN) {
                let message = format!("people could change their own number '{name}', and sign in as somebody else");
                self.report(Diagnostic::error(codes::OPTION_REFUSED, message).help("let only 'admin' change it"));
            }
        }
        attributes.into_values().collect()
    }

    /// The scope that carries each number, and the client that alone has it.
    pub(super) fn scopes_for_numbers(&mut self) -> Vec<Wished> {
        let mut scopes = Vec::new();
        for (wish, attribute) in self.numbers_wished() {
            let claim = &wish.claim;
            let Some(client) = claim.client.as_deref() else { continue };
            if !self.options.clients.iter().any(|it| it.client_id == client) {
                let message = format!(
                    "'{}' has no client '{client}' that the claim '{}' is for",
                    self.input.instance, claim.name
                );
                self.report(
                    Diagnostic::warning(codes::SET_UP_INCOMPLETE, message)
                        .help(format!("{}; declare the client under 'options.clients'", claim.why)),
                );
            }
            let mapper = Mapper {
                name: claim.name.clone(),
                kind: ATTRIBUTE_MAPPER.to_owned(),
                config: [
                    ("claim.name", claim.name.as_str()),
                    ("user.attribute", attribute),
                    ("jsonType.label", "long"),
                    ("id.token.claim", "true"),
                    ("access.token.claim", "true"),
                    ("userinfo.token.claim", "true"),
                ]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            };
            let scope = ClientScope {
                name: claim.scope.clone().unwrap_or_else(|| attribute.to_owned()),
                description: Some(format!("What '{}' knows a person by.", wish.by)),
                // A scope that the service insists on must be seen in the token.
                include_in_token_scope: claim.scope.is_some(),
                mappers: vec![mapper],
            };
            scopes.push(Wished { scope, client: Some(client.to_owned()) });
        }
        scopes
    }

    /// A number for everybody who needs one. Which is decided when all that exist have been seen.
    pub(super) fn numbers(&mut self) {
        for (wish, attribute) in self.numbers_wished() {
            if names::attribute(attribute).is_err() {
                continue;
            }
            for name in &wish.people {
                let Some((person, username, extent)) = self.people.get(name.as_str()).cloned() else { continue };
                let entity = &person.entity;
                let former = entity.previously.iter().map(|it| format!("{attribute}/{}", it.value.to_lowercase()));
                let number = Desired {
                    extent,
                    previously: former.collect(),
                    ..self.declared(kinds::NUMBER, &format!("{attribute}/{username}"), entity)
                };
                self.lowered.desired.push(
                    number
                        .needs(self.address(kinds::USER, &username))
                        .needs(self.address(kinds::PROFILE_ATTRIBUTE, attribute)),
                );
            }
        }
    }
}
