//! People: accounts, and which organisations and teams they are in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Lowering;
use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::documents::catalogue::{Entity, Person};
use crate::engine::model::{Desired, EntityRef, Extent};
use crate::provider::logto::{kinds, names};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn people(&mut self) {
        let all = self.input.catalogue.people.values();
        let here: Vec<&Person> =
            all.filter(|it| self.input.placed.people.contains(it.entity.reference.name())).collect();
        let mut usernames: BTreeMap<String, &EntityRef> = BTreeMap::new();
        let mut unproven = Vec::new();
        for person in here {
            let reference = &person.entity.reference;
            let name = &person.entity.name;
            let username = match names::username(reference.name()) {
                Ok(username) => username,
                Err(refusal) => {
                    self.refuse(codes::NAME_REFUSED, "name", &name.value, &refusal, Some(name.span.clone()));
                    self.hold(&person.entity);
                    continue;
                }
            };
            if let Some(other) = usernames.get(&username).filter(|_| self.options.usernames) {
                let message = format!(
                    "'{other}' and '{reference}' would both have the username '{username}' in '{}'",
                    self.input.instance
                );
                self.report(Diagnostic::error(codes::NAME_TAKEN, message).at(name.span.clone()).help(
                    "Logto takes neither '-' nor '.' in usernames, and '_' stands for both: rename one of the two",
                ));
                self.hold(&person.entity);
                continue;
            }
            usernames.insert(username.clone(), reference);
            self.person(person, &username, &mut unproven);
        }
        self.tell_unproven(&unproven);
    }

    fn person(&mut self, person: &'a Person, username: &str, unproven: &mut Vec<&'a str>) {
        let entity = &person.entity;
        let name = entity.reference.name();
        let here = Some(Arc::new(entity.name.span.clone()));
        let mut desired = self
            .declared(kinds::USER, name, entity)
            .field("handle", name, here.clone())
            .field("preferred_username", name, here.clone())
            .field("suspended", false, here.clone());
        desired.previously = entity.previously.iter().map(|it| it.value.to_lowercase()).collect();
        if self.options.usernames {
            desired = desired.field("username", username, here);
        }
        let mut known_as = Vec::new();
        if let Some(email) = &person.email {
            match names::email(email.value.trim()) {
                Ok(address) => {
                    known_as.push(address.clone());
                    if self.vouches(person) {
                        desired = desired.field("email", address, Some(Arc::new(email.span.clone())));
                    } else {
                        unproven.push(name);
                    }
                }
                Err(refusal) => {
                    self.refuse(codes::VALUE_REFUSED, "address", &email.value, &refusal, Some(email.span.clone()));
                    self.hold(entity);
                    // It must neither be made by half nor seem to be gone.
                    desired.extent = desired.extent.max(Extent::Observe);
                }
            }
        }
        let reachable = desired.fields.contains_key("username") || desired.fields.contains_key("email");
        if !reachable && desired.extent < Extent::Observe {
            let message = format!(
                "'{name}' would have neither a username nor an address in '{}', and could never sign in",
                self.input.instance
            );
            self.report(
                Diagnostic::error(codes::VALUE_REFUSED, message)
                    .at(entity.name.span.clone())
                    .help("add 'spec.profile.email' and vouch for it, or set the option 'usernames'"),
            );
            self.hold(entity);
            desired.extent = Extent::Observe;
        }
        if username != name {
            known_as.push(username.to_owned());
        }
        desired.known_as = known_as;
        // Services empty the name of whoever has none.
        desired = match person.display_name.as_ref().or(entity.title.as_ref()) {
            Some(called) => self.with_text(desired, entity, ("name", "name"), Some(called), names::name),
            None => desired.field("name", name, Some(Arc::new(entity.name.span.clone()))),
        };
        self.tell_invitation(person);
        let extent = desired.extent;
        self.lowered.desired.push(desired);
        self.edges(person, name, extent);
    }

    /// Whether somebody answers for the person's address: their document, or that of the home organisation, or the config.
    fn vouches(&self, person: &Person) -> bool {
        let home = self.input.catalogue.organisations.get(&person.home).map(|it| &it.entity);
        let said = |entity: &Entity| entity.option("email-verified").map(|it| it.value == "true");
        said(&person.entity).or_else(|| said(home?)).unwrap_or(self.options.vouch_for_email)
    }

    /// Logto tells services that every address is verified: one that nobody answers for is not written.
    fn tell_unproven(&mut self, people: &[&str]) {
        let Some(first) = people.first() else { return };
        let instance = self.input.instance;
        let who = match people.len() {
            1 => format!("the address of '{first}' is"),
            count => format!("the addresses of {count} people ('{first}' is the first) are"),
        };
        let message = format!(
            "{who} not written to '{instance}': nobody vouches for it, and Logto tells every service that an address is \
             verified"
        );
        self.report(Diagnostic::warning(codes::INCOMPLETE_THERE, message).help(format!(
            "if whoever reviews the mono-repo answers for addresses, set 'services.{instance}.options.vouch_for_email' to \
             true, or 'formulary.dev/email-verified' on a person or an organisation"
        )));
    }

    /// Said where somebody asks for a letter in so many words: Logto sends none.
    fn tell_invitation(&mut self, person: &Person) {
        let Some(asked) = person.entity.option("first-sign-in").filter(|it| it.value == "invitation") else { return };
        let message = format!("'{}' invites nobody by a letter", self.input.instance);
        let span = asked.span.clone();
        self.report(Diagnostic::warning(codes::NOT_POSSIBLE_THERE, message).at(span).help(
            "somebody with an address signs in by a code that is sent there, once Logto has a mail connector; or another \
             identity provider vouches for them",
        ));
    }

    fn edges(&mut self, person: &Person, name: &str, extent: Extent) {
        for (organisation, span) in &person.organisations {
            let Some((key, its_extent)) = self.organization_of(organisation).cloned() else { continue };
            let edge = self
                .edge(kinds::ORGANIZATION_MEMBER, &key, name, &person.entity, span)
                .needs(self.address(kinds::ORGANIZATION, &key));
            self.lowered.desired.push(Desired { extent: extent.max(its_extent), ..edge });
        }
        for (team, span) in &person.teams {
            let Some((key, its_extent)) = self.role_of(team).cloned() else { continue };
            let organisation = key.split_once('/').map_or(key.as_str(), |(organisation, _)| organisation);
            // Nobody has a role in an organisation that they are not in.
            let member = self.address(kinds::ORGANIZATION_MEMBER, &format!("{organisation}/{name}"));
            let edge = self
                .edge(kinds::ROLE_MEMBER, &key, name, &person.entity, span)
                .needs(self.address(kinds::ORGANIZATION, organisation))
                .needs(self.address(kinds::ORGANIZATION_ROLE, &key))
                .needs(member);
            self.lowered.desired.push(Desired { extent: extent.max(its_extent), ..edge });
        }
    }

    fn edge(&self, kind: &str, key: &str, name: &str, entity: &Entity, span: &Span) -> Desired {
        let mut edge = self.declared(kind, &format!("{key}/{name}"), entity);
        edge.origin = Arc::new(span.clone());
        edge.needs(self.address(kinds::USER, name))
    }
}
