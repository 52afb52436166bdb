//! Organisations, and teams as roles that people have in them.
//!
//! Logto has no groups. What it has for "these people of an organisation" is an organisation role: its name is the
//! tenant's, a person has it within one organisation, and services read it from the claim `organization_roles`. So a team
//! is a role that is named after its organisation and itself, whatever team it lies in.

use std::sync::Arc;

use super::Lowering;
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::documents::catalogue::{Entity, Members, MembersMode, Organisation, Team};
use crate::engine::model::{EntityRef, Extent, MembershipMode, MembershipSet, Owner};
use crate::provider::logto::{kinds, names};

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
        let slug = entity.reference.name();
        let title = organisation.display_name.as_ref().or(entity.title.as_ref());
        let here = Some(Arc::new(entity.name.span.clone()));
        let mut desired = self.declared(kinds::ORGANIZATION, slug, entity).field("slug", slug, here.clone());
        desired.previously = former(entity);
        desired = match title {
            Some(_) => self.with_text(desired, entity, ("name", "organisation name"), title, names::name),
            None => desired.field("name", slug, here),
        };
        let about = entity.description.as_ref();
        desired = self.with_text(desired, entity, ("description", "description"), about, |text| {
            names::text(text, names::DESCRIPTION)
        });
        // Without a mark an organisation is known by its name for people.
        let name = title.map(|it| it.value.trim()).filter(|name| !name.is_empty() && *name != slug);
        desired.known_as = name.map(str::to_owned).into_iter().collect();
        self.set(kinds::ORGANIZATION_MEMBER, slug, entity, &organisation.members, MembershipMode::Additive);
        self.organizations.insert(entity.reference.clone(), (slug.to_owned(), desired.extent));
        self.lowered.desired.push(desired);
    }

    fn team(&mut self, team: &'a Team) {
        let entity = &team.entity;
        let Some((organisation, its_extent)) = self.organizations.get(&team.organisation).cloned() else {
            let message = format!(
                "'{}' is placed in '{}', and '{}', whose role it is, is not",
                entity.reference, self.input.instance, team.organisation
            );
            let span = entity.placement.as_ref().map_or(&entity.name.span, |it| &it.span).clone();
            self.report(Diagnostic::error(codes::PLACED_WITHOUT_PARENT, message).at(span));
            self.hold(entity);
            return;
        };
        let key = format!("{organisation}/{}", entity.reference.name());
        if let Err(refusal) = names::name(&key) {
            self.refuse(codes::NAME_REFUSED, "role name", &key, &refusal, Some(entity.name.span.clone()));
            self.hold(entity);
            return;
        }
        let mut role = self
            .declared(kinds::ORGANIZATION_ROLE, &key, entity)
            .needs(self.address(kinds::ORGANIZATION, &organisation));
        role.previously = former_roles(entity, &self.input.catalogue.organisations[&team.organisation].entity);
        let about = entity.description.as_ref().or(team.display_name.as_ref()).or(entity.title.as_ref());
        role = self.with_text(role, entity, ("description", "description"), about, |text| {
            names::text(text, names::DESCRIPTION)
        });
        let extent: Extent = role.extent.max(its_extent);
        self.set(kinds::ROLE_MEMBER, &key, entity, &team.members, MembershipMode::Authoritative);
        self.roles.insert(entity.reference.clone(), (key, extent));
        self.lowered.desired.push(role);
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

    /// The key of an organisation that is wanted.
    pub(super) fn organization_of(&self, reference: &EntityRef) -> Option<&(String, Extent)> {
        self.organizations.get(reference)
    }

    /// The key of the role of a team that is wanted.
    pub(super) fn role_of(&self, reference: &EntityRef) -> Option<&(String, Extent)> {
        self.roles.get(reference)
    }
}

fn former(entity: &Entity) -> Vec<String> {
    entity.previously.iter().map(|it| it.value.to_lowercase()).collect()
}

/// Names that a team's role had before: when the team had another name, or the organisation, or both.
fn former_roles(team: &Entity, organisation: &Entity) -> Vec<String> {
    let all = |entity: &Entity| -> Vec<String> {
        std::iter::once(entity.reference.name().to_owned()).chain(former(entity)).collect()
    };
    let teams = all(team);
    let names = all(organisation)
        .into_iter()
        .flat_map(|organisation| teams.iter().map(move |team| format!("{organisation}/{team}")).collect::<Vec<_>>());
    names.skip(1).collect()
}
