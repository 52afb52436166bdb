//! Accounts: made with the address by which the first sign-in finds them. What they are called afterwards is the identity
//! provider's business (guide, section 3.1).

use std::sync::Arc;

use super::Lowering;
use crate::engine::diag::Diagnostic;
use crate::engine::diag::codes::VALUE_REFUSED;
use crate::engine::documents::catalogue::Person;
use crate::engine::model::Value;
use crate::provider::coder::{kinds, names};

impl Lowering<'_> {
    pub(super) fn people(&mut self) {
        for (reference, person) in &self.input.catalogue.people {
            if self.input.placed.people.contains(reference.name()) {
                self.person(person);
            }
        }
    }

    fn person(&mut self, person: &Person) {
        let entity = &person.entity;
        let name = entity.reference.name();
        if let Err(why) = names::name(name) {
            return self.refuse_name(entity, "user", name, &why, &entity.name.span);
        }
        let Some(email) = &person.email else {
            let message =
                format!("'{name}' has no e-mail address, and Coder finds people by it at their first sign-in");
            let help = "add 'spec.profile.email', or take them out of Coder with 'formulary.dev/services'";
            let problem = Diagnostic::error(VALUE_REFUSED, message).at(entity.name.span.clone()).help(help);
            return self.hold(entity, problem);
        };
        let mut desired = self
            .desired(kinds::USER, name, entity)
            .field("active", true, None)
            .field("member", true, None)
            .field("login_type", self.options.sign_in.login_type(), None)
            .field("initial_email", email.value.trim().to_lowercase(), Some(Arc::new(email.span.clone())));
        let called = person.display_name.as_ref().or(entity.title.as_ref());
        if let Some(called) = called.filter(|it| it.value.trim().chars().count() <= names::FULL_NAME_LENGTH) {
            let span = Some(Arc::new(called.span.clone()));
            desired = desired.field("initial_name", Value::from(called.value.trim()), span);
        }
        desired.previously = entity.previously.iter().map(|name| name.value.to_lowercase()).collect();
        // Whoever is not known at the identity provider could not sign in.
        if let Some(identity) = self.input.identity_user(name) {
            desired = desired.needs(identity);
        }
        self.people.insert(entity.reference.clone(), name.to_owned());
        self.out.desired.push(desired);
    }
}
