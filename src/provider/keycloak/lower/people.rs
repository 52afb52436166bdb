//! People: accounts, and which groups and organisations they are in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Lowering, kinds};
use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::documents::Spanned;
use crate::engine::documents::catalogue::{Entity, Person};
use crate::engine::model::{Desired, EntityRef, Extent, Value};
use crate::provider::keycloak::{doctor, names};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn people(&mut self) {
        let all = self.input.catalogue.people.values();
        let here: Vec<&Person> =
            all.filter(|it| self.input.placed.people.contains(it.entity.reference.name())).collect();
        let renamed_by_realm = self.fact(doctor::EMAIL_AS_USERNAME) == Some(true);
        if renamed_by_realm && !here.is_empty() {
            let message =
                format!("'{}' makes the e-mail address the username, whatever is declared", self.input.instance);
            self.report(Diagnostic::error(codes::NOT_POSSIBLE_THERE, message).help(
                "switch 'Email as username' off in the realm's login settings; until then people are only looked at",
            ));
        }
        let mut usernames: BTreeMap<String, &EntityRef> = BTreeMap::new();
        for person in here {
            let reference = &person.entity.reference;
            let name = &person.entity.name;
            let username = match names::username(reference.name()) {
                Ok(username) => username,
                Err(refusal) => {
                    self.refuse(codes::NAME_REFUSED, "username", &name.value, &refusal, Some(name.span.clone()));
                    self.hold(&person.entity);
                    continue;
                }
            };
            if let Some(other) = usernames.get(&username) {
                let message = format!("'{other}' and '{reference}' would be one account in '{}'", self.input.instance);
                self.report(
                    Diagnostic::error(codes::NAME_TAKEN, message).at(name.span.clone()).help("rename one of the two"),
                );
                self.hold(&person.entity);
                continue;
            }
            usernames.insert(username.clone(), reference);
            self.person(person, &username, renamed_by_realm);
        }
    }

    fn person(&mut self, person: &'a Person, username: &str, only_look: bool) {
        let entity = &person.entity;
        let here = Some(Arc::new(entity.name.span.clone()));
        let mut desired = self.declared(kinds::USER, username, entity).field("enabled", true, here);
        desired.previously = entity.previously.iter().map(|it| it.value.to_lowercase()).collect();
        let mut sound = true;
        if let Some(email) = &person.email {
            match names::email(&email.value) {
                Ok(folded) => desired = desired.field("email", folded, Some(Arc::new(email.span.clone()))),
                Err(refusal) => {
                    sound = false;
                    self.refuse(codes::VALUE_REFUSED, "address", &email.value, &refusal, Some(email.span.clone()));
                }
            }
        }
        if let Some(name) = &person.display_name {
            sound &= self.name(name, &mut desired);
        }
        desired = self.sign_in(person, desired);
        desired = self.attributes(person, desired);
        if !sound {
            self.hold(entity);
        }
        if !sound || only_look {
            // It must neither be made by half nor seem to be gone.
            desired.extent = desired.extent.max(Extent::Observe);
        }
        let extent = desired.extent;
        self.lowered.desired.push(desired);
        self.people.insert(entity.reference.name(), (person, username.to_owned(), extent));
        self.edges(person, username, extent);
    }

    /// First and last name out of the one that is declared. Without a last name Keycloak stops the person at the first
    /// sign-in and asks.
    fn name(&mut self, name: &Spanned<String>, desired: &mut Desired) -> bool {
        let words: Vec<&str> = name.value.split_whitespace().collect();
        let Some((first, rest)) = words.split_first() else { return true };
        if let Err(refusal) = names::person_name(&words.join(" ")) {
            self.refuse(codes::VALUE_REFUSED, "name", &name.value, &refusal, Some(name.span.clone()));
            return false;
        }
        let span = Some(Arc::new(name.span.clone()));
        let mut with = desired.clone().field("first_name", *first, span.clone());
        if rest.is_empty() {
            let message = format!(
                "'{}' has no last name; '{}' asks for one at the first sign-in",
                name.value, self.input.instance
            );
            self.report(Diagnostic::note(codes::INCOMPLETE_THERE, message).at(name.span.clone()));
        } else {
            with = with.field("last_name", rest.join(" "), span);
        }
        *desired = with;
        true
    }

    /// Who vouches for the address, and how a newcomer first signs in: the person's document, or that of the home
    /// organisation, or the config.
    fn sign_in(&self, person: &Person, desired: Desired) -> Desired {
        let home = self.input.catalogue.organisations.get(&person.home).map(|it| &it.entity);
        let said = |option: &str| {
            let nearest = person.entity.option(option).or_else(|| home?.option(option))?;
            Some((nearest.value.clone(), Some(Arc::new(nearest.span.clone()))))
        };
        let mut desired = desired;
        let vouched: Option<(bool, Option<Arc<Span>>)> =
            said("email-verified").map(|(text, span)| (text == "true", span));
        let (vouches, span) = vouched.unwrap_or((self.options.vouch_for_email, None));
        // That nobody vouches says nothing about an address that its owner has confirmed.
        if vouches && desired.fields.contains_key("email") {
            desired = desired.field("email_verified", true, span);
        }
        let default = || (self.options.first_sign_in.word().to_owned(), None);
        let (first, span) = said("first-sign-in").unwrap_or_else(default);
        desired.field("first_sign_in", first, span)
    }

    /// Attributes that the config fills from documents.
    fn attributes(&self, person: &Person, desired: Desired) -> Desired {
        let mut desired = desired;
        let mut values = BTreeMap::new();
        let mut place = None;
        for attribute in &self.options.profile_attributes {
            let Some(from) = attribute.from.as_deref() else { continue };
            let entity = &person.entity;
            let text = match from {
                "title" => entity.title.clone(),
                "description" => entity.description.clone(),
                "picture" => person.picture.clone(),
                _ => Some(Spanned::new(person.home.name().to_owned(), entity.name.span.clone())),
            };
            // What is not said is empty there: the attribute is ours.
            values.insert(attribute.name.clone(), text.as_ref().map_or(Value::Null, |it| it.value.clone().into()));
            place = place.or_else(|| text.map(|it| Arc::new(it.span)));
            desired = desired.needs(self.address(kinds::PROFILE_ATTRIBUTE, &attribute.name));
        }
        if values.is_empty() { desired } else { desired.field("attributes", Value::Map(values), place) }
    }

    fn edges(&mut self, person: &Person, username: &str, extent: Extent) {
        let groups = person.organisations.iter().chain(&person.teams);
        for (group, span) in groups {
            let Some((path, group_extent)) = self.path_of(group).cloned() else { continue };
            let edge = self.edge(kinds::MEMBERSHIP, kinds::GROUP, &path, username, &person.entity, span);
            self.lowered.desired.push(Desired { extent: extent.max(group_extent), ..edge });
        }
        for (organisation, span) in &person.organisations {
            let Some((alias, its_extent)) = self.organizations.get(organisation).cloned() else { continue };
            let edge =
                self.edge(kinds::ORGANIZATION_MEMBER, kinds::ORGANIZATION, &alias, username, &person.entity, span);
            self.lowered.desired.push(Desired { extent: extent.max(its_extent), ..edge });
        }
    }

    fn edge(&self, kind: &str, container: &str, key: &str, username: &str, entity: &Entity, span: &Span) -> Desired {
        let mut edge = self.declared(kind, &format!("{key}/{username}"), entity);
        edge.origin = Arc::new(span.clone());
        edge.needs(self.address(container, key)).needs(self.address(kinds::USER, username))
    }
}
