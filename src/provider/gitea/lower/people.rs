//! Accounts. Each is bound to the sign-in source by the `sub` that the identity provider gives: the only link that no
//! setting of Gitea can turn aside, and the only one under which nobody takes over an account by a like name.

use std::sync::Arc;

use super::{Lowering, Names};
use crate::engine::diag::Diagnostic;
use crate::engine::diag::codes::{SET_UP_INCOMPLETE, VALUE_REFUSED};
use crate::engine::documents::catalogue::Person;
use crate::engine::model::{Address, Desired, Field, OutputRef, Term};
use crate::provider::gitea::options::FullName;
use crate::provider::gitea::{kinds, names};

impl Lowering<'_> {
    pub(super) fn people(&mut self) {
        let catalogue = self.input.catalogue;
        let mut unbound = Vec::new();
        for (reference, person) in &catalogue.people {
            if !self.input.placed.people.contains(reference.name()) {
                continue;
            }
            let entity = &person.entity;
            let identity = self.input.identity_user(reference.name());
            let (Some(source), Some(identity)) = (self.options.source_id, identity) else {
                self.out.held.insert(reference.clone());
                unbound.push(reference.name());
                continue;
            };
            let names = Names::of(entity);
            if !self.take(entity, &names.now) {
                continue;
            }
            if let Some(desired) = self.person(person, &names, source, identity) {
                self.out.desired.push(desired);
                self.people.insert(reference.clone(), names);
            }
        }
        if !unbound.is_empty() {
            let diagnostic = self.unbound(unbound.len());
            self.out.diagnostics.push(diagnostic);
        }
    }

    fn person(&mut self, person: &Person, names: &Names, source: i64, identity: Address) -> Option<Desired> {
        let entity = &person.entity;
        let Some(email) = &person.email else {
            let message = format!("'{}' has no e-mail address, and Gitea makes no account without one", names.now);
            let diagnostic = Diagnostic::error(VALUE_REFUSED, message)
                .at(entity.name.span.clone())
                .help("add 'spec.profile.email', or take them out of Gitea with 'formulary.dev/services'");
            self.hold(entity, diagnostic);
            return None;
        };
        let address = email.value.trim().to_lowercase();
        if !names::is_email(&address) {
            let diagnostic = Diagnostic::error(VALUE_REFUSED, format!("Gitea refuses the e-mail address '{address}'"))
                .at(email.span.clone())
                .help("Gitea takes ASCII, no quotes, a dot in the domain and no '-' at the beginning");
            self.hold(entity, diagnostic);
            return None;
        }
        let sub = OutputRef { address: identity, output: Field::Borrowed("sub") };
        let mut desired = self
            .desired(kinds::USER, names, entity)
            .field("email", address, Some(Arc::new(email.span.clone())))
            .field("login_name", Term::Output(sub), None)
            .field("source_id", source, None)
            .field("prohibit_login", false, None);
        if self.options.full_name == FullName::Managed {
            let shown = person.display_name.as_ref().or(entity.title.as_ref());
            desired = self.text(desired, "full_name", shown, names::FULL_NAME_LENGTH);
        }
        desired = match (entity.option("gitea-restricted"), self.options.user_restricted) {
            (None, None) => desired,
            (_, default) => self.switch(desired, "restricted", entity, "gitea-restricted", default.unwrap_or(false)),
        };
        Some(match (entity.option("gitea-visibility"), &self.options.user_visibility) {
            (Some(said), _) => desired.field("visibility", said.value.trim(), Some(Arc::new(said.span.clone()))),
            (None, Some(default)) => desired.field("visibility", default.as_str(), None),
            (None, None) => desired,
        })
    }

    /// Why no account can be bound.
    fn unbound(&self, count: usize) -> Diagnostic {
        let instance = self.input.instance;
        let people = if count == 1 { "1 person is".to_owned() } else { format!("{count} people are") };
        if self.options.source_id.is_none() {
            let message = format!("{people} placed in '{instance}', and its options name no 'source_id'");
            return Diagnostic::error(SET_UP_INCOMPLETE, message).help(format!(
                "run 'gitea admin auth list' on the server and set 'services.{instance}.options.source_id' to the id that \
                 it shows for the identity provider"
            ));
        }
        let message = format!("{people} placed in '{instance}', and no service plays the role 'identity'");
        Diagnostic::error(SET_UP_INCOMPLETE, message)
            .help("accounts are bound by the 'sub' of the identity provider's account; name that service under 'roles'")
    }
}
