//! People and the groups they are in, from both sides: `spec.memberOf` and `Group.spec.members`.

use std::collections::BTreeMap;

use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::model::entity::EntityRef;

use super::super::catalogue::Person;
use super::super::entity::{Body, Draft, PersonBody};
use super::super::identity::Role;
use super::{A_PERSON, Found, Linker, Wanted, group_body, name_of};

/// A person may also be in groups that nothing is provisioned for.
const ANY_GROUP: Wanted =
    Wanted { roles: &[Role::Organisation, Role::Team, Role::Other], words: "an organisation or a team" };

/// The groups that list a person, each with the place.
type Listings<'a> = BTreeMap<EntityRef, Vec<(&'a EntityRef, Role, Span)>>;

impl<'a> Linker<'a> {
    pub(super) fn people(&mut self) {
        let listings = self.member_lists();
        for (reference, _, draft) in self.drafts(&[Role::Person]) {
            let Body::Person(body) = &draft.body else {
                continue;
            };
            let listed = listings.get(reference).map(Vec::as_slice).unwrap_or_default();
            self.person(reference, draft, body, listed);
        }
    }

    /// Who is listed where. An item that leads nowhere leaves the group's set of memberships as it is.
    fn member_lists(&mut self) -> Listings<'a> {
        let mut listings = Listings::new();
        for (reference, role, draft) in self.drafts(&[Role::Organisation, Role::Team]) {
            for member in group_body(draft).into_iter().flat_map(|group| &group.members) {
                match self.find(member, A_PERSON) {
                    Found::Entity(_) => {
                        listings.entry(member.value.clone()).or_default().push((reference, role, member.span.clone()));
                    }
                    Found::Waiting => {}
                    Found::Nothing => {
                        self.loaded.quarantine.memberships.insert(reference.clone());
                    }
                }
            }
        }
        listings
    }

    fn person(
        &mut self,
        reference: &EntityRef,
        draft: &Draft,
        body: &PersonBody,
        listed: &[(&'a EntityRef, Role, Span)],
    ) {
        let mut home: Option<EntityRef> = None;
        let (mut organisations, mut teams) = (BTreeMap::new(), BTreeMap::new());
        for group in &body.member_of {
            let role = match self.find(group, ANY_GROUP) {
                Found::Entity(Role::Other) if !self.roots.contains_key(&group.value) => continue,
                Found::Entity(role) => role,
                Found::Waiting => Role::Other,
                Found::Nothing => {
                    self.refuse_silently(reference);
                    continue;
                }
            };
            let groups = if role == Role::Team { &mut teams } else { &mut organisations };
            groups.entry(group.value.clone()).or_insert_with(|| group.span.clone());
            // What cannot be read may be an organisation; as the first it would be the home, and so it is taken for it.
            if role != Role::Team {
                home.get_or_insert_with(|| group.value.clone());
            }
        }
        for (group, role, span) in listed {
            let groups = if *role == Role::Team { &mut teams } else { &mut organisations };
            groups.entry((*group).clone()).or_insert_with(|| span.clone());
        }
        let Some(home) = home.or_else(|| organisations.keys().next().cloned()) else {
            return self.homeless(reference, draft);
        };
        let catalogue = &mut self.loaded.catalogue;
        for (group, span) in organisations.iter().chain(&teams) {
            let members = match catalogue.organisations.get_mut(group) {
                Some(organisation) => Some(&mut organisation.members),
                None => catalogue.teams.get_mut(group).map(|team| &mut team.members),
            };
            if let Some(members) = members {
                members.people.insert(reference.clone(), span.clone());
            }
        }
        let person = Person {
            entity: draft.entity.clone(),
            display_name: body.display_name.clone(),
            email: body.email.clone(),
            picture: body.picture.clone(),
            home,
            organisations,
            teams,
        };
        catalogue.people.insert(reference.clone(), person);
    }

    fn homeless(&mut self, reference: &EntityRef, draft: &Draft) {
        if self.roots.contains_key(reference) {
            return;
        }
        if self.some_group_is_unread() {
            let why = "names no organisation, and a group that cannot be read may list them";
            return self.wait(reference, name_of(draft), why);
        }
        let span = draft.entity.spans.key("/spec/memberOf").unwrap_or_else(|| name_of(draft));
        let problem = Diagnostic::error(codes::NO_ORGANISATION, format!("'{reference}' is in no organisation"));
        self.refuse(reference, problem.at(span).help("name their home organisation first in 'memberOf'"));
    }
}
