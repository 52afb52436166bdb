//! Organisations, their teams, and who is in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Lowering, Names, owner};
use crate::engine::diag::codes::{NAME_TAKEN, VALUE_REFUSED};
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::documents::catalogue::{Entity, Members, MembersMode, Organisation, Team};
use crate::engine::model::{Address, Desired, EntityRef, MembershipMode, MembershipSet, Value};
use crate::provider::gitea::doctor::TEAM_VISIBILITY;
use crate::provider::gitea::units::Rights;
use crate::provider::gitea::{kinds, names};

/// The longest website and location, as Gitea stores them.
const SHORT_TEXT: usize = 255;

impl Lowering<'_> {
    pub(super) fn organisations(&mut self) {
        let catalogue = self.input.catalogue;
        for (reference, organisation) in &catalogue.organisations {
            let entity = &organisation.entity;
            let names = Names::of(entity);
            if !self.input.placed.organisations.contains(reference.name()) || !self.take(entity, &names.now) {
                continue;
            }
            let desired = self.organisation(organisation, &names);
            self.out.desired.push(desired);
            self.organisations.insert(reference.clone(), names);
        }
    }

    fn organisation(&mut self, organisation: &Organisation, names: &Names) -> Desired {
        let entity = &organisation.entity;
        let mut desired = self.desired(kinds::ORGANIZATION, names, entity);
        let shown = organisation.display_name.as_ref().or(entity.title.as_ref());
        desired = self.text(desired, "full_name", shown, names::FULL_NAME_LENGTH);
        desired = self.text(desired, "description", entity.description.as_ref(), names::DESCRIPTION_LENGTH);
        desired = self.text(desired, "website", entity.option("gitea-website"), SHORT_TEXT);
        desired = self.text(desired, "location", entity.option("gitea-location"), SHORT_TEXT);
        match (entity.option("gitea-visibility"), &self.options.organization_visibility) {
            (Some(said), _) => desired.field("visibility", said.value.trim(), Some(Arc::new(said.span.clone()))),
            (None, Some(default)) => desired.field("visibility", default.as_str(), None),
            (None, None) => desired,
        }
    }

    /// Teams, and in each organisation the one that holds everybody.
    pub(super) fn teams(&mut self) {
        let catalogue = self.input.catalogue;
        let mut taken: BTreeMap<String, Span> = BTreeMap::new();
        for (reference, names) in self.organisations.clone() {
            let entity = &catalogue.organisations[&reference].entity;
            let Some(key) = self.members_team(entity, &names) else { continue };
            taken.insert(key.now.clone(), entity.name.span.clone());
            let desired = self.everybody(entity, &names, &key);
            self.out.desired.push(desired);
        }
        for (reference, team) in &catalogue.teams {
            let Some(organisation) = self.organisations.get(&team.organisation).cloned() else { continue };
            if !self.input.placed.teams.contains(reference.name()) {
                continue;
            }
            let within = self.flattened(team);
            let names = organisation.join(&within);
            if let Err(why) = names::team(&within.now) {
                self.refuse_name(&team.entity, &within.now, &why);
                continue;
            }
            if let Some(first) = taken.insert(names.now.clone(), team.entity.name.span.clone()) {
                taken.insert(names.now.clone(), first.clone());
                self.refuse_taken(&team.entity, &within.now, &organisation.now, first);
                continue;
            }
            let desired = self.team(team, &organisation, &names);
            self.out.desired.push(desired);
            self.teams.insert(reference.clone(), names);
        }
    }

    /// The team that holds everybody of an organisation, if there is to be one: as its document says, or else the config.
    fn members_team(&self, entity: &Entity, organisation: &Names) -> Option<Names> {
        let name = match entity.option("gitea-members-team") {
            Some(said) => Some(said.value.trim()).filter(|it| *it != "none"),
            None => self.options.members_team(),
        };
        Some(organisation.join(&only(name?)))
    }

    /// The name of a team within its organisation: those above it come first. Former names are those of the team
    /// itself and of the ones above.
    fn flattened(&self, team: &Team) -> Names {
        let path = self.input.catalogue.path_of(team);
        let now: Vec<String> = path.iter().map(|team| names::fold(team.entity.reference.name())).collect();
        let mut before = Vec::new();
        for (at, above) in path.iter().enumerate().rev() {
            for former in &above.entity.previously {
                let mut parts = now.clone();
                parts[at] = names::fold(&former.value);
                before.push(parts.join("-"));
            }
        }
        Names { now: now.join("-"), before }
    }

    fn refuse_taken(&mut self, entity: &Entity, name: &str, organisation: &str, first: Span) {
        let diagnostic = Diagnostic::error(
            NAME_TAKEN,
            format!("there would be two teams '{name}' in '{organisation}'"),
        )
        .at(entity.name.span.clone())
        .related(first, "this one has the name first")
        .help(
            "Gitea has no teams below teams: their names are joined by '-', and one team holds everybody of the \
                 organisation (option 'members_team'); give one of the two another name",
        );
        self.hold(entity, diagnostic);
    }

    /// The team of everybody: it gives membership of the organisation, and no right on anything.
    fn everybody(&self, entity: &Entity, organisation: &Names, key: &Names) -> Desired {
        let nothing = Rights::nothing();
        let desired = self
            .desired(kinds::TEAM, key, entity)
            .needs(self.address(kinds::ORGANIZATION, &organisation.now))
            .field("description", format!("Everybody of {}", organisation.now), None)
            .field("permission", nothing.permission(), None)
            .field("units", nothing.units(), None)
            .field("all_repositories", false, None)
            .field("can_create_repositories", false, None);
        self.visible(desired, entity)
    }

    fn team(&mut self, team: &Team, organisation: &Names, names: &Names) -> Desired {
        let entity = &team.entity;
        let rights = self.rights(entity);
        let span = entity.option("gitea-team-permission").map(|said| Arc::new(said.span.clone()));
        let mut desired = self
            .desired(kinds::TEAM, names, entity)
            .needs(self.address(kinds::ORGANIZATION, &organisation.now))
            .field("permission", rights.permission(), span.clone())
            .field("units", rights.units(), span);
        let shown = entity.description.as_ref().or(team.display_name.as_ref()).or(entity.title.as_ref());
        desired = self.text(desired, "description", shown, names::DESCRIPTION_LENGTH);
        desired = self.switch(desired, "all_repositories", entity, "gitea-all-repositories", false);
        desired = self.switch(desired, "can_create_repositories", entity, "gitea-create-repositories", false);
        self.visible(desired, entity)
    }

    /// What a team may do: what it says, else what the config says of all.
    fn rights(&mut self, entity: &Entity) -> Rights {
        let default = Rights::parse(&self.options.team_permission).unwrap_or_else(|_| Rights::nothing());
        let Some(said) = entity.option("gitea-team-permission") else { return default };
        Rights::parse(&said.value).unwrap_or_else(|why| {
            let message = format!("the rights of team '{}' cannot be read: {why}", entity.reference.name());
            let help = "write 'read', 'write', 'admin', or units such as 'code:write, issues:read'";
            self.warn(VALUE_REFUSED, message, Some(said.span.clone()), help);
            default
        })
    }

    /// Who sees that a team exists, where the release can say so: its own people and the organisation's owners, where the
    /// document says nothing else.
    fn visible(&self, desired: Desired, entity: &Entity) -> Desired {
        if self.input.capabilities.facts.get(TEAM_VISIBILITY) != Some(&Value::Bool(true)) {
            return desired;
        }
        match entity.option("gitea-team-visibility") {
            Some(said) => desired.field("visibility", said.value.trim(), Some(Arc::new(said.span.clone()))),
            None => desired.field("visibility", "private", None),
        }
    }

    /// Who is in which team.
    pub(super) fn memberships(&mut self) {
        let catalogue = self.input.catalogue;
        for (reference, names) in self.organisations.clone() {
            let organisation = &catalogue.organisations[&reference];
            let Some(key) = self.members_team(&organisation.entity, &names) else { continue };
            let mode = mode(&organisation.members, MembershipMode::Additive);
            self.edges(&organisation.entity, &key, mode, &organisation.members.people);
        }
        for (reference, key) in self.teams.clone() {
            let team = &catalogue.teams[&reference];
            let mode = mode(&team.members, MembershipMode::Authoritative);
            self.edges(&team.entity, &key, mode, &team.members.people);
        }
    }

    fn edges(&mut self, group: &Entity, team: &Names, mode: MembershipMode, people: &BTreeMap<EntityRef, Span>) {
        // Of somebody who is held back it is not known what they should be in: nobody is taken out of the set then.
        let is_open = people.keys().any(|person| self.out.held.contains(person));
        let mode = if is_open { MembershipMode::Additive } else { mode };
        for (reference, span) in people {
            let Some(user) = self.people.get(reference) else { continue };
            let person = &self.input.catalogue.people[reference];
            let names = team.join(user);
            let mut desired =
                Desired::new(self.address(kinds::TEAM_MEMBER, &names.now), owner(group), Arc::new(span.clone()))
                    .needs(self.address(kinds::TEAM, &team.now))
                    .needs(self.address(kinds::USER, &user.now));
            // We go no further with an edge than with either of its ends.
            let instance = self.input.instance;
            desired.extent = group.extent_in(instance).max(person.entity.extent_in(instance));
            desired.previously = names.before;
            self.out.desired.push(desired);
        }
        let edges = Address::new(self.input.instance, kinds::TEAM_MEMBER, &team.now);
        let origin = Arc::new(group.span.clone());
        self.out.sets.push(MembershipSet { edges, mode, owner: owner(group), origin });
    }
}

fn mode(members: &Members, default: MembershipMode) -> MembershipMode {
    match members.mode.as_ref().map(|mode| mode.value) {
        Some(MembersMode::Authoritative) => MembershipMode::Authoritative,
        Some(MembersMode::Additive) => MembershipMode::Additive,
        None => default,
    }
}

fn only(name: &str) -> Names {
    Names { now: names::fold(name), before: Vec::new() }
}
