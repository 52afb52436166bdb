//! Takes out of the catalogue what cannot be trusted, with all that depends on it.
//!
//! A team depends on its parent, a person on their home organisation, a component on its owner, a workspace on its
//! owner and its template. A membership depends on both ends and goes by itself: a person stays when a team goes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::model::entity::EntityRef;

use super::Loaded;
use super::catalogue::Catalogue;

/// Why an entity is not trusted, where a note about what waits for it is worth making.
pub(super) enum Root {
    /// Its document, at this place, is broken.
    Broken(Span),
    /// Its document, at this place, is sound by itself and cannot hold.
    Refused(Span),
    /// Nothing declares it, but a file that cannot be read may; `span` is the first of the references to it.
    MayBeDeclared { span: Span, file: Arc<str> },
}

/// Moves the roots and what depends on them from the catalogue into the quarantine.
pub(super) fn hold(loaded: &mut Loaded, roots: BTreeMap<EntityRef, Option<Root>>) {
    if roots.is_empty() {
        return;
    }
    let dependents = dependents(&loaded.catalogue);
    let mut held: BTreeSet<EntityRef> = roots.keys().cloned().collect();
    for (root, why) in &roots {
        let waiting = follow(root, &dependents, &mut held);
        let span = loaded.catalogue.entity(root).map(|entity| entity.span.clone());
        loaded.diagnostics.extend(note(root, why.as_ref(), span, &waiting));
    }
    // A group that nothing declares any more, and nothing may, places nobody.
    let declared =
        |entity: &EntityRef| loaded.catalogue.group(entity).is_some() || roots.get(entity).is_some_and(Option::is_some);
    let open = held.iter().any(|entity| entity.kind() == "group" && declared(entity));
    remove(&mut loaded.catalogue, &held);
    let quarantine = &mut loaded.quarantine;
    quarantine.placement_open |= open;
    quarantine.entities.extend(held);
}

/// Everything that depends on a root and was not held before, in the order found.
fn follow(
    root: &EntityRef,
    dependents: &HashMap<EntityRef, Vec<EntityRef>>,
    held: &mut BTreeSet<EntityRef>,
) -> Vec<EntityRef> {
    let mut found = Vec::new();
    let mut queue = VecDeque::from([root.clone()]);
    while let Some(entity) = queue.pop_front() {
        for dependent in dependents.get(&entity).into_iter().flatten() {
            if held.insert(dependent.clone()) {
                found.push(dependent.clone());
                queue.push_back(dependent.clone());
            }
        }
    }
    found
}

fn dependents(catalogue: &Catalogue) -> HashMap<EntityRef, Vec<EntityRef>> {
    let mut dependents: HashMap<EntityRef, Vec<EntityRef>> = HashMap::new();
    let mut add = |on: &EntityRef, entity: &EntityRef| dependents.entry(on.clone()).or_default().push(entity.clone());
    for (reference, team) in &catalogue.teams {
        add(&team.parent.value, reference);
    }
    for (reference, person) in &catalogue.people {
        add(&person.home, reference);
    }
    for (reference, component) in &catalogue.components {
        add(&component.owner.value, reference);
    }
    for (reference, workspace) in &catalogue.workspaces {
        add(&workspace.owner.value, reference);
        add(&workspace.template.value, reference);
    }
    dependents
}

fn remove(catalogue: &mut Catalogue, held: &BTreeSet<EntityRef>) {
    let stays = |reference: &EntityRef| !held.contains(reference);
    catalogue.organisations.retain(|reference, _| stays(reference));
    catalogue.teams.retain(|reference, _| stays(reference));
    catalogue.people.retain(|reference, _| stays(reference));
    catalogue.components.retain(|reference, _| stays(reference));
    catalogue.templates.retain(|reference, _| stays(reference));
    catalogue.workspaces.retain(|reference, _| stays(reference));
    catalogue.others.retain(|reference, _| stays(reference));
    for organisation in catalogue.organisations.values_mut() {
        organisation.members.people.retain(|person, _| stays(person));
        organisation.teams.retain(stays);
    }
    for team in catalogue.teams.values_mut() {
        team.members.people.retain(|person, _| stays(person));
        team.teams.retain(stays);
    }
    for person in catalogue.people.values_mut() {
        person.organisations.retain(|group, _| stays(group));
        person.teams.retain(|group, _| stays(group));
    }
}

fn note(root: &EntityRef, why: Option<&Root>, span: Option<Span>, waiting: &[EntityRef]) -> Option<Diagnostic> {
    const SHOWN: usize = 5;
    let names: Vec<&str> = waiting.iter().take(SHOWN).map(EntityRef::as_str).collect();
    let more = if waiting.len() > names.len() { ", …" } else { "" };
    let those = match waiting.len() {
        0 => String::new(),
        1 => format!("; what depends on it waits: {}", names[0]),
        count => format!("; {count} entities that depend on it wait: {}{more}", names.join(", ")),
    };
    match why {
        Some(Root::MayBeDeclared { span, file }) => {
            let message = format!("'{root}' may be declared in '{file}', which cannot be read{those}");
            let note = Diagnostic::note(codes::MAY_BE_DECLARED, message).at(span.clone());
            Some(note.help(format!("correct '{file}'")))
        }
        _ if waiting.is_empty() => None,
        why => {
            let span = match why {
                Some(Root::Broken(span) | Root::Refused(span)) => Some(span.clone()),
                _ => span,
            };
            let note = Diagnostic::note(codes::HELD_BACK, format!("'{root}' stands as it is{those}"));
            let note = note.help("correct the document; nothing that it declared before is touched meanwhile");
            Some(Diagnostic { span, ..note })
        }
    }
}
