//! Accounts. Each is bound to what signs its person in, by the exact value that will be named at sign-in: Mattermost links
//! no account by its address, and one that is bound wrongly can never be entered.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Lowering, Most, Names};
use crate::engine::diag::Diagnostic;
use crate::engine::diag::codes::{NOT_POSSIBLE_THERE, SET_UP_INCOMPLETE, VALUE_REFUSED};
use crate::engine::documents::Spanned;
use crate::engine::documents::catalogue::Person;
use crate::engine::model::{Desired, EntityRef, Field, Instance, OutputRef, Term, Value};
use crate::provider::contract::NUMBERS;
use crate::provider::mattermost::doctor::LICENSED;
use crate::provider::mattermost::options::SignIn;
use crate::provider::mattermost::{kinds, names};

impl Lowering<'_> {
    pub(super) fn people(&mut self) {
        let catalogue = self.input.catalogue;
        let placed = |reference: &EntityRef| self.input.placed.people.contains(reference.name());
        let here: Vec<(&EntityRef, &Person)> =
            catalogue.people.iter().filter(|(reference, _)| placed(reference)).collect();
        if here.is_empty() {
            return;
        }
        let sign_in = match self.sign_in(here.len()) {
            Ok(sign_in) => sign_in,
            Err(diagnostic) => {
                self.out.held.extend(here.iter().map(|(reference, _)| (*reference).clone()));
                self.out.diagnostics.push(*diagnostic);
                return;
            }
        };
        let mut accepted = Vec::new();
        for (reference, person) in here {
            let names = Names::of(&person.entity);
            if let Err(why) = names::username(&names.now) {
                let span = person.entity.name.span.clone();
                self.refuse_name(&person.entity, "user", &names.now, &why, &span);
                continue;
            }
            if let Some(desired) = self.person(person, &names, sign_in) {
                accepted.push((reference.clone(), names, desired));
            }
        }
        self.seat(accepted);
    }

    /// Takes those for whom there is room.
    fn seat(&mut self, accepted: Vec<(EntityRef, Names, Desired)>) {
        let wanted = accepted.iter().map(|(_, names, _)| (names.now.as_str(), names.all()));
        let over = self.limits.people(wanted);
        if let Some(over) = &over {
            let people: BTreeMap<String, EntityRef> =
                accepted.iter().map(|(reference, names, _)| (names.now.clone(), reference.clone())).collect();
            let message = format!(
                "'{}' takes {} active people without a licence, and {} are active",
                self.input.instance, over.most, over.taken
            );
            let help = "license the server, deactivate accounts that nobody needs, or take people out of it with \
                        'formulary.dev/services'; seats that this plan frees are counted in the next one";
            self.no_room(over, &people, Diagnostic::error(NOT_POSSIBLE_THERE, message).help(help));
        }
        for (reference, names, desired) in accepted {
            if over.as_ref().is_none_or(|over| !over.names.contains(&names.now)) {
                self.out.desired.push(desired);
                self.people.insert(reference, names);
            }
        }
    }

    fn person(&mut self, person: &Person, names: &Names, sign_in: SignIn) -> Option<Desired> {
        let entity = &person.entity;
        let Some(email) = &person.email else {
            let message = format!("'{}' has no e-mail address, and Mattermost makes no account without one", names.now);
            let diagnostic = Diagnostic::error(VALUE_REFUSED, message)
                .at(entity.name.span.clone())
                .help("add 'spec.profile.email', or take them out of Mattermost with 'formulary.dev/services'");
            self.hold(entity, diagnostic);
            return None;
        };
        let address = email.value.trim().to_lowercase();
        if !names::is_email(&address) {
            let message = format!("Mattermost refuses the e-mail address '{address}'");
            let diagnostic = Diagnostic::error(VALUE_REFUSED, message)
                .at(email.span.clone())
                .help("it takes a bare address of at most 128 bytes: one '@', no blanks, no quotes");
            self.hold(entity, diagnostic);
            return None;
        }
        let desired = self.desired(kinds::USER, names, entity).field("active", true, None);
        let desired = match self.bound(sign_in, entity.reference.name()) {
            Some((service, data)) => {
                desired.field("auth_service", service, None).field("auth_data", Term::Output(data), None)
            }
            None => desired,
        };
        let span = Some(Arc::new(email.span.clone()));
        let parts = if sign_in == SignIn::Password {
            let mut desired = desired
                .field("username", names.now.as_str(), Some(Arc::new(entity.name.span.clone())))
                .field("email", address, span);
            if self.options.vouch_for_email {
                desired = desired.field("email_verified", Value::Bool(true), None);
            }
            (desired, "first_name", "last_name")
        } else {
            // Sign-in writes these; ours are only what the account begins with.
            (desired.field("initial_email", address, span), "initial_first_name", "initial_last_name")
        };
        Some(self.called(parts, person.display_name.as_ref().or(entity.title.as_ref())))
    }

    /// First and last name out of the one that is declared.
    fn called(
        &mut self,
        (desired, first, last): (Desired, &'static str, &'static str),
        name: Option<&Spanned<String>>,
    ) -> Desired {
        let Some(name) = name else { return desired };
        let words: Vec<&str> = name.value.split_whitespace().collect();
        let Some((head, rest)) = words.split_first() else { return desired };
        let part = |text: String| Spanned::new(text, name.span.clone());
        let desired =
            self.text(desired, first, Some(&part((*head).to_owned())), Most::Characters(names::DISPLAY_LENGTH));
        self.text(desired, last, Some(&part(rest.join(" "))), Most::Characters(names::DISPLAY_LENGTH))
    }

    /// How people sign in, if they can.
    fn sign_in(&self, count: usize) -> Result<SignIn, Box<Diagnostic>> {
        let instance = self.input.instance;
        let people = if count == 1 { "1 person is".to_owned() } else { format!("{count} people are") };
        let Some(sign_in) = self.options.sign_in else {
            let message = format!("{people} placed in '{instance}', and its options do not say how they sign in");
            let help = format!(
                "set 'services.{instance}.options.sign_in' to 'gitlab' (any edition), 'openid' or 'saml' (licensed), or \
                 'password'"
            );
            return Err(Box::new(Diagnostic::error(SET_UP_INCOMPLETE, message).help(help)));
        };
        let licensed = self.input.capabilities.facts.get(LICENSED);
        if sign_in.needs_licence() && licensed == Some(&Value::Bool(false)) {
            let message =
                format!("'{instance}' has no licence, and signs nobody in by '{}' without one", word(sign_in));
            let help =
                "use 'sign_in: gitlab', which works in Team Edition by the link /oauth/gitlab/login, or 'password'";
            return Err(Box::new(Diagnostic::error(NOT_POSSIBLE_THERE, message).help(help)));
        }
        if sign_in != SignIn::Password && !self.input.roles.contains_key("identity") {
            let message = format!("{people} placed in '{instance}', and no service plays the role 'identity'");
            let help = "accounts are bound by what the identity provider tells of a person; name that service under 'roles', \
                        or use 'sign_in: password'";
            return Err(Box::new(Diagnostic::error(SET_UP_INCOMPLETE, message).help(help)));
        }
        if sign_in == SignIn::GitLab && !self.input.identity_offers.contains(&NUMBERS) {
            let identity = self.input.roles.get("identity").map_or("the identity provider", Instance::as_str);
            let message = format!(
                "{people} placed in '{instance}', which signs people in by a number of their own, and '{identity}' cannot keep \
                 one"
            );
            let help = "use 'sign_in: openid' with a licence, or 'sign_in: password', or an identity provider that keeps numbers \
                        of people, itself or between the two";
            return Err(Box::new(Diagnostic::error(NOT_POSSIBLE_THERE, message).help(help)));
        }
        Ok(sign_in)
    }

    /// What binds an account: the server's word for the sign-in, and whom it will name.
    fn bound(&self, sign_in: SignIn, name: &str) -> Option<(&'static str, OutputRef)> {
        let service = sign_in.auth_service()?;
        let output = |address, output| OutputRef { address, output: Field::Borrowed(output) };
        let data = match sign_in {
            SignIn::GitLab => {
                self.input.identity_number(&self.options.number_attribute, name).map(|it| output(it, "number"))
            }
            _ => self.input.identity_user(name).map(|it| output(it, "sub")),
        };
        Some((service, data?))
    }
}

fn word(sign_in: SignIn) -> &'static str {
    sign_in.auth_service().unwrap_or("password")
}
