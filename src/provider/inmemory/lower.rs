//! What a catalogue means here: organisations and teams are groups, people are users, and both edges are memberships.

use std::sync::Arc;

use crate::engine::diag::Span;
use crate::engine::documents::catalogue::{Group, Person};
use crate::engine::model::kind::NUMBER;
use crate::engine::model::{
    Address, Desired, EntityRef, Extent, MembershipMode, MembershipSet, OutputRef, Owner, Term,
};
use crate::provider::contract::{Holds, LowerInput, Lowered};

pub(super) fn lower(input: &LowerInput<'_>) -> Lowered {
    let mut lowered = Lowered::default();
    let catalogue = input.catalogue;
    for organisation in catalogue.organisations.values() {
        let name = organisation.entity.reference.name();
        if input.placed.organisations.contains(name) {
            group(input, Group::Organisation(organisation), name, MembershipMode::Additive, &mut lowered);
        }
    }
    for team in catalogue.teams.values() {
        if !input.placed.teams.contains(team.entity.reference.name()) {
            continue;
        }
        let path = catalogue.path_of(team);
        let names = path.iter().map(|team| team.entity.reference.name());
        let key = std::iter::once(team.organisation.name()).chain(names).collect::<Vec<_>>().join("/");
        group(input, Group::Team(team), &key, MembershipMode::Authoritative, &mut lowered);
    }
    for person in catalogue.people.values() {
        let reference = &person.entity.reference;
        if !input.placed.people.contains(reference.name()) {
            continue;
        }
        let span = |pointer: &str| Some(Arc::new(person.entity.span_of(pointer)));
        let address = Address::new(input.instance, "user", reference.name());
        let mut user =
            Desired::new(address, owner(reference), Arc::new(person.entity.span.clone())).field("enabled", true, None);
        if let Some(name) = &person.display_name {
            user = user.field("name", name.value.as_str(), span("/spec/profile/displayName"));
        }
        if let Some(email) = &person.email {
            user = user.field("email", email.value.to_lowercase(), span("/spec/profile/email"));
        }
        if let Some(account) = input.identity_user(reference.name()) {
            user = user.field("login", Term::Output(OutputRef { address: account, output: "sub".into() }), None);
        }
        user.extent = person.entity.extent_in(input.instance);
        user.previously = person.entity.previously.iter().map(|it| it.value.to_lowercase()).collect();
        lowered.desired.push(user);
        lowered.desired.extend(numbers(input, person));
    }
    lowered
}

/// The numbers that services know a person by. Which they are is decided when all that exist have been seen.
fn numbers(input: &LowerInput<'_>, person: &Person) -> Vec<Desired> {
    let name = person.entity.reference.name();
    let pools = input.claims.iter().filter_map(|wish| match &wish.claim.holds {
        Holds::Number(pool) if wish.people.contains(name) => Some(pool),
        _ => None,
    });
    let number = |pool: &String| {
        let address = Address::new(input.instance, NUMBER, &format!("{pool}/{name}"));
        let mut number = Desired::new(address, owner(&person.entity.reference), Arc::new(person.entity.span.clone()))
            .needs(Address::new(input.instance, "user", name));
        number.extent = person.entity.extent_in(input.instance);
        number.previously =
            person.entity.previously.iter().map(|it| format!("{pool}/{}", it.value.to_lowercase())).collect();
        number
    };
    pools.map(number).collect()
}

fn group(input: &LowerInput<'_>, group: Group<'_>, key: &str, mode: MembershipMode, lowered: &mut Lowered) {
    let entity = group.entity();
    let address = Address::new(input.instance, "group", key);
    let origin = Arc::new(entity.span.clone());
    let title = match group {
        Group::Organisation(it) => it.display_name.as_ref(),
        Group::Team(it) => it.display_name.as_ref(),
    };
    let title_span = Some(Arc::new(entity.span_of("/spec/profile/displayName")));
    let mut desired = Desired::new(address.clone(), owner(&entity.reference), Arc::clone(&origin)).field(
        "title",
        title.map_or(entity.reference.name(), |title| title.value.as_str()),
        title_span,
    );
    if let Some(about) = &entity.description {
        desired = desired.field("about", about.value.as_str(), Some(Arc::new(about.span.clone())));
    }
    if let Some(parent) = address.parent_key() {
        desired = desired.needs(Address::new(input.instance, "group", parent));
    }
    let extent = entity.extent_in(input.instance);
    desired.extent = extent;
    desired.previously = entity
        .previously
        .iter()
        .map(|former| match address.parent_key() {
            Some(parent) => format!("{parent}/{}", former.value.to_lowercase()),
            None => former.value.to_lowercase(),
        })
        .collect();
    lowered.desired.push(desired);
    if matches!(extent, Extent::Observe | Extent::Release) {
        return;
    }
    let edges = Address::new(input.instance, "membership", key);
    lowered.sets.push(MembershipSet { edges, mode, owner: owner(&entity.reference), origin });
    for (person, span) in &group.members().people {
        if input.placed.people.contains(person.name()) {
            let theirs =
                input.catalogue.people.get(person).map_or(Extent::Full, |it| it.entity.extent_in(input.instance));
            let edge = membership(input, key, person, span, &address);
            // We go no further with an edge than with either of its ends.
            lowered.desired.push(Desired { extent: extent.max(theirs), ..edge });
        }
    }
}

fn membership(input: &LowerInput<'_>, key: &str, person: &EntityRef, span: &Span, group: &Address) -> Desired {
    let address = Address::new(input.instance, "membership", &format!("{key}/{}", person.name()));
    Desired::new(address, owner(person), Arc::new(span.clone()))
        .field("role", "member", None)
        .needs(group.clone())
        .needs(Address::new(input.instance, "user", person.name()))
}

fn owner(entity: &EntityRef) -> Owner {
    Owner(entity.to_string())
}
