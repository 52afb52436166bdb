//! Groups: what organisations and teams become where the options ask for it. Only a licence has them; whether there is one
//! the reading half finds out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Lowering, owner};
use crate::engine::diag::Span;
use crate::engine::documents::Spanned;
use crate::engine::documents::catalogue::{Entity, Members, MembersMode};
use crate::engine::model::{Desired, EntityRef, MembershipMode, MembershipSet};
use crate::provider::coder::{kinds, names};

impl Lowering<'_> {
    pub(super) fn groups(&mut self) {
        if !self.options.groups {
            return;
        }
        let (catalogue, placed) = (self.input.catalogue, self.input.placed);
        for (reference, it) in &catalogue.organisations {
            if placed.organisations.contains(reference.name()) {
                self.group(&it.entity, it.display_name.as_ref(), &it.members);
            }
        }
        for (reference, it) in &catalogue.teams {
            if placed.teams.contains(reference.name()) {
                self.group(&it.entity, it.display_name.as_ref(), &it.members);
            }
        }
    }

    fn group(&mut self, entity: &Entity, display_name: Option<&Spanned<String>>, members: &Members) {
        let name = entity.reference.name();
        if let Err(why) = names::group(name) {
            return self.refuse_name(entity, "group", name, &why, &entity.name.span);
        }
        let mut desired = self.desired(kinds::GROUP, name, entity);
        let shown = display_name.or(entity.title.as_ref());
        if let Some(shown) = shown.filter(|it| it.value.trim().chars().count() <= names::DISPLAY_LENGTH) {
            desired = desired.field("display_name", shown.value.trim(), Some(Arc::new(shown.span.clone())));
        }
        desired.previously = entity.previously.iter().map(|name| name.value.to_lowercase()).collect();
        let former = desired.previously.clone();
        self.out.desired.push(desired);
        self.members(entity, name, &former, members);
    }

    fn members(&mut self, group: &Entity, name: &str, former: &[String], members: &Members) {
        let people: &BTreeMap<EntityRef, Span> = &members.people;
        for (person, span) in people {
            let Some(user) = self.people.get(person).cloned() else { continue };
            let address = self.address(kinds::GROUP_MEMBER, &format!("{name}/{user}"));
            let mut desired = Desired::new(address, owner(group), Arc::new(span.clone()))
                .needs(self.address(kinds::GROUP, name))
                .needs(self.address(kinds::USER, &user));
            let person = &self.input.catalogue.people[person].entity;
            desired.extent = group.extent_in(self.input.instance).max(person.extent_in(self.input.instance));
            desired.previously = former.iter().map(|former| format!("{former}/{user}")).collect();
            self.out.desired.push(desired);
        }
        // Of somebody who is held back it is not known what they should be in: nobody is taken out of the set then.
        let is_open = people.keys().any(|person| self.out.held.contains(person));
        let mode = match members.mode.as_ref().map(|mode| mode.value) {
            Some(MembersMode::Additive) => MembershipMode::Additive,
            _ if is_open => MembershipMode::Additive,
            _ => MembershipMode::Authoritative,
        };
        let edges = self.address(kinds::GROUP_MEMBER, name);
        self.out.sets.push(MembershipSet { edges, mode, owner: owner(group), origin: Arc::new(group.span.clone()) });
    }
}
