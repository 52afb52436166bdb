//! Contacts: people with their address, which no two of them share. And the logins that some of them have made for
//! themselves.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Lowering, owner};
use crate::engine::diag::Diagnostic;
use crate::engine::diag::codes::VALUE_REFUSED;
use crate::engine::documents::catalogue::{Person, Spanned};
use crate::engine::model::{Desired, OutputRef, Term};
use crate::provider::twenty::{kinds, names};

impl Lowering<'_> {
    pub(super) fn people(&mut self) {
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for (reference, person) in &self.input.catalogue.people {
            if self.input.placed.people.contains(reference.name()) {
                self.person(person, &mut taken);
            }
        }
    }

    fn person(&mut self, person: &Person, taken: &mut BTreeMap<String, String>) {
        let entity = &person.entity;
        let name = entity.reference.name();
        let Some(email) = &person.email else {
            let message = format!("'{name}' has no e-mail address, which is what a contact is known by");
            let help = "add 'spec.profile.email', or take them out of Twenty with 'formulary.dev/services'";
            let problem = Diagnostic::error(VALUE_REFUSED, message).at(entity.name.span.clone()).help(help);
            return self.hold(entity, problem);
        };
        let address = names::address(&email.value);
        if let Some(why) = refused(&address, taken) {
            let problem =
                Diagnostic::error(VALUE_REFUSED, why).at(email.span.clone()).help("give them another address");
            return self.hold(entity, problem);
        }
        taken.insert(address.clone(), name.to_owned());
        let email_span = Some(Arc::new(email.span.clone()));
        let mut desired = self.record(kinds::PERSON, name, entity).field("email", address.clone(), email_span.clone());
        desired.known_as.insert(0, address.clone());
        let called = called(person);
        let (first, last) = names::first_and_last(&called.value);
        let span = Some(Arc::new(called.span.clone()));
        desired = desired.field("first_name", first, span.clone());
        if !last.is_empty() {
            desired = desired.field("last_name", last, span);
        }
        if self.companies.contains(&person.home) {
            let company = self.address(kinds::COMPANY, person.home.name());
            let id = Term::Output(OutputRef { address: company, output: kinds::ID.into() });
            desired = desired.field("company", id, None);
        }
        desired.previously = entity.previously.iter().map(|name| name.value.to_lowercase()).collect();
        self.people.insert(entity.reference.clone(), called.value.trim().to_owned());
        self.out.desired.push(desired);
        let mut login =
            Desired::new(self.address(kinds::LOGIN, &address), owner(entity), Arc::new(entity.span.clone()));
        login.extent = entity.extent_in(self.input.instance);
        self.out.desired.push(login);
    }
}

/// What somebody is called: their display name, or else the name of the document.
fn called(person: &Person) -> &Spanned<String> {
    let entity = &person.entity;
    let known = person.display_name.as_ref().or(entity.title.as_ref());
    known.filter(|it| !it.value.trim().is_empty()).unwrap_or(&entity.name)
}

/// Why Twenty would refuse an address.
fn refused(address: &str, taken: &BTreeMap<String, String>) -> Option<String> {
    if let Some(other) = taken.get(address) {
        return Some(format!("'{address}' is the address of '{other}' too, and Twenty lets no two contacts share one"));
    }
    let whole = address.split_once('@').is_some_and(|(local, host)| !local.is_empty() && host.contains('.'));
    (!whole || !names::fits_a_filter(address)).then(|| format!("Twenty does not take '{address}' for an address"))
}
