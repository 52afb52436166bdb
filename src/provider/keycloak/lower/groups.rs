//! Organisations and teams: groups, and organisations in Keycloak's own sense where they are asked for.

use std::sync::Arc;

use super::{Lowering, kinds, truth, with_text};
use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::documents::catalogue::{Entity, Members, MembersMode, Organisation, Team};
use crate::engine::model::{EntityRef, MembershipMode, MembershipSet, Owner, Value};
use crate::provider::keycloak::{doctor, names};

impl<'a> Lowering<'_, 'a> {
    pub(super) fn groups(&mut self) {
        let catalogue = self.input.catalogue;
        for organisation in catalogue.organisations.values() {
            if self.input.placed.organisations.contains(organisation.entity.reference.name()) {
                self.organisation(organisation);
            }
        }
        for team in catalogue.teams.values() {
            if self.input.placed.teams.contains(team.entity.reference.name()) {
                self.team(team);
            }
        }
    }

    fn organisation(&mut self, organisation: &'a Organisation) {
        let entity = &organisation.entity;
        let name = entity.reference.name();
        if let Err(refusal) = names::group(name) {
            self.refuse(codes::NAME_REFUSED, "group name", name, &refusal, Some(entity.name.span.clone()));
            self.hold(entity);
            return;
        }
        if let Some((other, _)) = self.groups.iter().find(|(_, (path, _))| path == name) {
            let message =
                format!("'{other}' and '{}' would be one group in '{}'", entity.reference, self.input.instance);
            self.report(Diagnostic::error(codes::NAME_TAKEN, message).at(entity.name.span.clone()));
            self.hold(entity);
            return;
        }
        let mut group = self.declared(kinds::GROUP, name, entity);
        group = with_text(group, "display_name", organisation.display_name.as_ref().or(entity.title.as_ref()));
        group = with_text(group, "description", entity.description.as_ref());
        group.previously = former(entity, None, &[]);
        self.set(kinds::MEMBERSHIP, name, entity, &organisation.members, MembershipMode::Additive);
        self.groups.insert(entity.reference.clone(), (name.to_owned(), entity.extent_in(self.input.instance)));
        self.lowered.desired.push(group);
        if let Some((true, span)) = truth(entity, "keycloak-organization") {
            self.organization(organisation, span);
        }
    }

    /// An organisation in Keycloak's own sense.
    fn organization(&mut self, organisation: &'a Organisation, asked: Arc<Span>) {
        let entity = &organisation.entity;
        let instance = self.input.instance;
        if self.fact(doctor::ORGANIZATIONS) == Some(false) {
            let message =
                format!("'{instance}' has organisations switched off, and '{}' asks for one", entity.reference);
            self.report(
                Diagnostic::error(codes::NOT_POSSIBLE_THERE, message)
                    .at((*asked).clone())
                    .help("switch organisations on in the realm's settings, or remove the annotation"),
            );
            self.hold(entity);
            return;
        }
        let chosen = entity.option("keycloak-organization-alias");
        let alias = chosen.map_or(entity.reference.name(), |it| it.value.as_str());
        if let Err(refusal) = names::alias(alias) {
            let span = chosen.map_or(&entity.name.span, |it| &it.span).clone();
            self.refuse(codes::NAME_REFUSED, "organisation alias", alias, &refusal, Some(span));
            self.hold(entity);
            return;
        }
        let old = self.input.capabilities.version.as_deref().is_some_and(demands_a_domain);
        if old && organisation.email_domains.is_empty() {
            let message = format!("this release of '{instance}' wants a mail domain for each organisation");
            self.report(
                Diagnostic::error(codes::NOT_POSSIBLE_THERE, message)
                    .at((*asked).clone())
                    .help("add 'formulary.dev/email-domains' to the organisation"),
            );
            self.hold(entity);
            return;
        }
        let title = organisation.display_name.as_ref().or(entity.title.as_ref());
        let mut desired = self.declared(kinds::ORGANIZATION, alias, entity).field("enabled", true, Some(asked.clone()));
        desired = match title {
            Some(_) => with_text(desired, "name", title),
            None => desired.field("name", alias, Some(Arc::new(entity.name.span.clone()))),
        };
        desired = with_text(desired, "description", entity.description.as_ref());
        let domains = Value::set(organisation.email_domains.iter().map(|it| it.value.clone()));
        let span = organisation.email_domains.first().map_or(asked, |it| Arc::new(it.span.clone()));
        desired = desired.field("domains", domains, Some(span));
        self.set(kinds::ORGANIZATION_MEMBER, alias, entity, &organisation.members, MembershipMode::Additive);
        self.organizations.insert(entity.reference.clone(), (alias.to_owned(), entity.extent_in(self.input.instance)));
        self.lowered.desired.push(desired);
    }

    fn team(&mut self, team: &'a Team) {
        let entity = &team.entity;
        let catalogue = self.input.catalogue;
        let above: Vec<&Entity> = catalogue
            .organisations
            .get(&team.organisation)
            .into_iter()
            .map(|it| &it.entity)
            .chain(catalogue.path_of(team).into_iter().map(|it| &it.entity))
            .collect();
        let path: Vec<&str> = above.iter().map(|it| it.reference.name()).collect();
        if let Err(refusal) = names::group(entity.reference.name()) {
            self.refuse(
                codes::NAME_REFUSED,
                "group name",
                entity.reference.name(),
                &refusal,
                Some(entity.name.span.clone()),
            );
            self.hold(entity);
            return;
        }
        let placed = self.input.placed;
        let missing = above.iter().find(|it| {
            let name = it.reference.name();
            !(placed.organisations.contains(name) || placed.teams.contains(name))
        });
        if let Some(missing) = missing {
            let message = format!(
                "'{}' is placed in '{}', and '{}', which it lies in, is not",
                entity.reference, self.input.instance, missing.reference
            );
            self.report(
                Diagnostic::error(codes::PLACED_WITHOUT_PARENT, message).at(entity
                    .placement
                    .as_ref()
                    .map_or(&entity.name.span, |it| &it.span)
                    .clone()),
            );
            self.hold(entity);
            return;
        }
        let key = path.join("/");
        let parent = path[..path.len() - 1].join("/");
        let mut group = self.declared(kinds::GROUP, &key, entity).needs(self.address(kinds::GROUP, &parent));
        group = with_text(group, "display_name", team.display_name.as_ref().or(entity.title.as_ref()));
        group = with_text(group, "description", entity.description.as_ref());
        group.previously = former(entity, Some(&parent), &above[..above.len() - 1]);
        self.set(kinds::MEMBERSHIP, &key, entity, &team.members, MembershipMode::Authoritative);
        self.groups.insert(entity.reference.clone(), (key, entity.extent_in(self.input.instance)));
        self.lowered.desired.push(group);
    }

    fn set(&mut self, kind: &str, key: &str, entity: &Entity, members: &Members, default: MembershipMode) {
        let mode = match members.mode.as_ref().map(|it| it.value) {
            Some(MembersMode::Authoritative) => MembershipMode::Authoritative,
            Some(MembersMode::Additive) => MembershipMode::Additive,
            None => default,
        };
        let origin = members.mode.as_ref().map_or(&entity.span, |it| &it.span).clone();
        self.lowered.sets.push(MembershipSet {
            edges: self.address(kind, key),
            mode,
            owner: Owner(entity.reference.to_string()),
            origin: Arc::new(origin),
        });
    }

    /// The path of a group that is wanted.
    pub(super) fn path_of(&self, reference: &EntityRef) -> Option<&(String, crate::engine::model::Extent)> {
        self.groups.get(reference)
    }
}

/// Paths that a group had before: its own former names below the parent as it is called now, and below the former
/// names of what is above it.
fn former(entity: &Entity, parent: Option<&str>, above: &[&Entity]) -> Vec<String> {
    let own = entity.previously.iter().map(|it| it.value.to_lowercase());
    let Some(parent) = parent else { return own.collect() };
    let own: Vec<String> = own.collect();
    let mut paths: Vec<String> = own.iter().map(|name| format!("{parent}/{name}")).collect();
    // One level up had another name at the same time.
    if let Some((nearest, rest)) = above.split_last() {
        let before: String = rest.iter().map(|it| format!("{}/", it.reference.name())).collect();
        for old in &nearest.previously {
            paths.extend(own.iter().map(|name| format!("{before}{}/{name}", old.value.to_lowercase())));
        }
    }
    paths
}

/// Releases up to 26.3 refuse an organisation without a domain; 26.7 takes one.
fn demands_a_domain(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|it| it.parse::<u32>().ok());
    matches!((numbers.next(), numbers.next()), (Some(26), Some(minor)) if minor <= 3)
}
