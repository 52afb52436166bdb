//! What the config declares, and which of the claims that services want Logto can give.

use super::Lowering;
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::model::{Extent, Value};
use crate::provider::contract::Holds;
use crate::provider::logto::options::{Application, ApplicationType, Webhook};
use crate::provider::logto::{kinds, names};

/// Claims that every token or the user's own endpoint carries, given the scopes `profile`, `email` and `phone`.
const CLAIMS: [&str; 21] = [
    "sub",
    "name",
    "family_name",
    "given_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "created_at",
    "username",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
];

impl Lowering<'_, '_> {
    pub(super) fn settings(&mut self) {
        self.claims();
        for application in &self.options.applications {
            self.application(application);
        }
        for webhook in &self.options.webhooks {
            self.webhook(webhook);
        }
    }

    /// Logto has no claim mappers: what it does not give, no setting of ours can.
    fn claims(&mut self) {
        for wish in self.input.claims {
            let claim = &wish.claim;
            let (lacks, help) = match &claim.holds {
                Holds::Standard(standard) if CLAIMS.contains(standard) && claim.name == *standard => continue,
                Holds::Standard(standard) => {
                    (format!("no claim '{}' that holds {standard}", claim.name), "read one of the claims that it has")
                }
                Holds::Groups => (
                    format!("no claim '{}' that names groups", claim.name),
                    "read 'organization_roles' (scope 'urn:logto:scope:organization_roles'), which holds \
                     '<id of the organisation>:<organisation>/<team>'",
                ),
                // Who needs a number says so for each person that would get none.
                Holds::Number(_) => continue,
            };
            let message = format!("'{}' wants a claim, and '{}' has {lacks}", wish.by, self.input.instance);
            self.report(Diagnostic::warning(codes::NOT_POSSIBLE_THERE, message).help(format!("{}; {help}", claim.why)));
        }
    }

    fn application(&mut self, application: &Application) {
        let key = &application.key;
        let mut sound = true;
        for address in application.redirect_uris.iter().chain(&application.post_logout_redirect_uris) {
            if let Err(refusal) = names::redirect_uri(address) {
                self.refuse(codes::OPTION_REFUSED, "redirect address", address, &refusal, None);
                sound = false;
            }
        }
        if application.sort != ApplicationType::MachineToMachine && application.redirect_uris.is_empty() {
            let message = format!("application '{key}' has no redirect address, so nobody can sign in through it");
            self.report(Diagnostic::warning(codes::OPTION_REFUSED, message));
        }
        let name = application.name.as_deref().unwrap_or(key);
        if let Err(refusal) = names::text(name, names::APPLICATION_NAME) {
            self.refuse(codes::OPTION_REFUSED, "application name", name, &refusal, None);
            sound = false;
        }
        let mut desired = self
            .configured(kinds::APPLICATION, key)
            .field("key", key.as_str(), None)
            .field("name", name, None)
            .field("type", application.sort.word(), None)
            .field("redirect_uris", Value::set(application.redirect_uris.iter().cloned()), None)
            .field("post_logout_redirect_uris", Value::set(application.post_logout_redirect_uris.iter().cloned()), None)
            .field("cors_allowed_origins", Value::set(application.cors_allowed_origins.iter().cloned()), None)
            .field("always_issue_refresh_token", application.always_issue_refresh_token, None);
        if let Some(description) = &application.description {
            desired = desired.field("description", description.as_str(), None);
        }
        if name != key {
            desired.known_as = vec![name.to_owned()];
        }
        if !sound {
            desired.extent = Extent::Observe;
        }
        self.lowered.desired.push(desired);
    }

    fn webhook(&mut self, webhook: &Webhook) {
        let mut sound = true;
        for event in &webhook.events {
            if let Err(refusal) = names::event(event) {
                self.refuse(codes::OPTION_REFUSED, "event", event, &refusal, None);
                sound = false;
            }
        }
        let mut desired = self
            .configured(kinds::WEBHOOK, &webhook.name)
            .field("url", webhook.url.as_str(), None)
            .field("events", Value::set(webhook.events.iter().cloned()), None)
            .field("enabled", webhook.enabled, None);
        if !sound {
            desired.extent = Extent::Observe;
        }
        self.lowered.desired.push(desired);
    }
}
