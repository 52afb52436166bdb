//! Repositories: those that the options declare (the mono-repo's own, its protection and its hook), and components.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Lowering, Names, folded};
use crate::engine::diag::codes::{NAME_REFUSED, VALUE_REFUSED};
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::model::{Address, Desired, Owner, Term, Value};
use crate::provider::gitea::describe::REPOSITORY_OPTION;
use crate::provider::gitea::names::{fold, key_part};
use crate::provider::gitea::options::{Protection, Repository, Webhook};
use crate::provider::gitea::{events, kinds, names};

/// The longest description of a repository, as Gitea stores it.
const ABOUT_LENGTH: usize = 2048;

impl Lowering<'_> {
    pub(super) fn repositories(&mut self) {
        for declared in &self.options.repositories {
            let bad = names::owner(&declared.owner).and_then(|()| names::repository(&declared.name));
            if let Err(why) = bad {
                let name = format!("{}/{}", declared.owner, declared.name);
                self.out.diagnostics.push(
                    Diagnostic::error(NAME_REFUSED, format!("Gitea refuses the repository '{name}': {why}"))
                        .help(format!("change 'services.{}.options.repositories' in the config", self.input.instance)),
                );
                continue;
            }
            let key = format!("{}/{}", fold(&declared.owner), fold(&declared.name));
            let repository = self.repository(declared, &key);
            self.out.desired.push(repository);
            if let Some(protection) = &declared.protection {
                let rule = self.protection(declared, protection, &key);
                self.out.desired.extend(rule);
            }
            if let Some(webhook) = &declared.webhook {
                let hook = self.webhook(webhook, &key);
                self.out.desired.extend(hook);
            }
        }
    }

    /// Components: each is a repository of its organisation, unless it says which other one, or that it is none.
    pub(super) fn components(&mut self) {
        let catalogue = self.input.catalogue;
        for component in catalogue.components.values() {
            let entity = &component.entity;
            let said = entity.option(REPOSITORY_OPTION);
            let Some(organisation) = self.organisations.get(&component.organisation).map(|it| it.now.clone()) else {
                continue;
            };
            let (owner, name) = match said.map(|it| it.value.trim()) {
                Some("none") => continue,
                Some(path) => path.split_once('/').unwrap_or((organisation.as_str(), path)),
                None => (organisation.as_str(), entity.reference.name()),
            };
            if let Err(why) = names::owner(owner).and_then(|()| names::repository(name)) {
                let message = format!("Gitea refuses the repository '{owner}/{name}': {why}");
                let diagnostic = Diagnostic::error(NAME_REFUSED, message)
                    .at(said.map_or(&entity.name.span, |it| &it.span).clone())
                    .help("give it another name with 'formulary.dev/gitea-repository'; 'none' says that it is no repository");
                self.hold(entity, diagnostic);
                continue;
            }
            // Where the repository is named by itself, the component's former names were never its.
            let former = entity.previously.iter().filter(|_| said.is_none());
            let key = Names {
                now: format!("{}/{}", fold(owner), fold(name)),
                before: former.map(|it| format!("{}/{}", fold(owner), fold(&it.value))).collect(),
            };
            let mut desired = self.desired(kinds::REPOSITORY, &key, entity);
            if let Some(owner) = self.declared_owner(owner) {
                desired = desired.needs(owner);
            }
            desired = self.switch(desired, "private", entity, "gitea-private", true);
            desired = self.text(desired, "description", entity.description.as_ref(), ABOUT_LENGTH);
            self.out.desired.push(desired);
        }
    }

    fn configured(&self, kind: &str, key: &str) -> Desired {
        Desired::new(self.address(kind, key), Owner::config(), Arc::new(Span::start_of("config")))
    }

    fn repository(&self, declared: &Repository, key: &str) -> Desired {
        let mut desired = self.configured(kinds::REPOSITORY, key).field("private", declared.private, None);
        if let Some(owner) = self.declared_owner(&declared.owner) {
            desired = desired.needs(owner);
        }
        if let Some(description) = declared.description.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            desired = desired.field("description", description, None);
        }
        if let Some(branch) = &declared.default_branch {
            desired = desired.field("default_branch", branch.as_str(), None);
        }
        if let Some(archived) = declared.archived {
            desired = desired.field("archived", archived, None);
        }
        if let Some(topics) = &declared.topics {
            desired = desired.field("topics", folded(topics), None);
        }
        desired
    }

    /// The rule comes after those whom it names: Gitea drops, without a word, whoever has no write access yet.
    fn protection(&mut self, repository: &Repository, it: &Protection, key: &str) -> Option<Desired> {
        let rule = it.rule.as_deref().or(repository.default_branch.as_deref()).unwrap_or("main");
        if !names::is_glob(rule) {
            self.out.diagnostics.push(
                Diagnostic::error(VALUE_REFUSED, format!("the rule '{rule}' of '{key}' is no well-formed glob"))
                    .help("close its brackets and braces; Gitea would fail on it and store it all the same"),
            );
            return None;
        }
        let mut desired = self
            .configured(kinds::BRANCH_PROTECTION, &format!("{key}/{}", key_part(rule)))
            .needs(self.address(kinds::REPOSITORY, key));
        for name in [&it.push_users, &it.merge_users].into_iter().flatten().flatten() {
            desired = self.after(desired, kinds::USER, &fold(name));
        }
        for name in [&it.push_teams, &it.merge_teams].into_iter().flatten().flatten() {
            desired = self.after(desired, kinds::TEAM, &format!("{}/{}", fold(&repository.owner), fold(name)));
        }
        let push = listed(&it.push_users, &it.push_teams);
        desired = desired.field("push", if push { "listed" } else { "nobody" }, None);
        desired = desired.field("push_users", folded(it.push_users.iter().flatten()), None);
        desired = desired.field("push_teams", folded(it.push_teams.iter().flatten()), None);
        if it.merge_users.is_some() || it.merge_teams.is_some() {
            desired = desired.field("merge", "listed", None);
            desired = desired.field("merge_users", folded(it.merge_users.iter().flatten()), None);
            desired = desired.field("merge_teams", folded(it.merge_teams.iter().flatten()), None);
        }
        if let Some(approvals) = it.required_approvals {
            desired = desired.field("required_approvals", i64::from(approvals), None);
        }
        if let Some(checks) = &it.status_checks {
            desired = desired.field("status_checks", Term::Known(Value::set(checks.iter().cloned())), None);
        }
        for (field, value) in [
            ("dismiss_stale_approvals", it.dismiss_stale_approvals),
            ("block_on_rejected_reviews", it.block_on_rejected_reviews),
            ("block_on_outdated_branch", it.block_on_outdated_branch),
            ("require_signed_commits", it.require_signed_commits),
            ("block_admin_merge_override", it.block_admin_merge_override),
        ] {
            if let Some(value) = value {
                desired = desired.field(field, value, None);
            }
        }
        Some(desired)
    }

    fn webhook(&mut self, it: &Webhook, key: &str) -> Option<Desired> {
        let events: BTreeSet<String> = match events::expand(it.events.iter().map(String::as_str)) {
            Ok(events) => events,
            Err(word) => {
                self.out.diagnostics.push(
                    Diagnostic::error(VALUE_REFUSED, format!("Gitea knows no event '{word}'"))
                        .help("it would drop the word in silence; the schema lists the events"),
                );
                return None;
            }
        };
        if !it.branch_filter.is_empty() && !names::is_glob(&it.branch_filter) {
            self.out.diagnostics.push(
                Diagnostic::error(VALUE_REFUSED, format!("'{}' is no well-formed glob of branches", it.branch_filter))
                    .help("close its brackets and braces"),
            );
            return None;
        }
        let filter = if it.branch_filter.is_empty() { Value::Null } else { Value::from(it.branch_filter.as_str()) };
        let mut desired = self
            .configured(kinds::WEBHOOK, &format!("{key}/{}", key_part(&it.url)))
            .needs(self.address(kinds::REPOSITORY, key))
            .field("events", Term::Known(Value::set(events)), None)
            .field("active", true, None)
            .field("branch_filter", filter, None)
            .field("content_type", "json", None);
        if let Some(secret) = &it.secret {
            desired = desired.field("secret", Term::Secret(secret.clone()), None);
        }
        Some(desired)
    }

    /// Makes something come after another, if that is ours to make.
    fn after(&self, desired: Desired, kind: &str, key: &str) -> Desired {
        let address = self.address(kind, key);
        if self.is_wanted(&address) { desired.needs(address) } else { desired }
    }

    fn declared_owner(&self, owner: &str) -> Option<Address> {
        [kinds::ORGANIZATION, kinds::USER]
            .into_iter()
            .map(|kind| self.address(kind, &fold(owner)))
            .find(|address| self.is_wanted(address))
    }

    fn is_wanted(&self, address: &Address) -> bool {
        self.out.desired.iter().any(|desired| desired.address == *address)
    }
}

fn listed(users: &Option<Vec<String>>, teams: &Option<Vec<String>>) -> bool {
    [users, teams].into_iter().flatten().any(|names| !names.is_empty())
}
