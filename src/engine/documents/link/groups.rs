//! Organisations and the teams below them: one parent each, no circles.

use std::collections::{BTreeMap, HashMap};

use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::model::entity::EntityRef;

use super::super::catalogue::{Members, Organisation, Spanned, Team};
use super::super::entity::{Draft, GroupBody};
use super::super::identity::Role;
use super::{A_GROUP, A_TEAM, Found, Linker, group_body, name_of};

/// Levels of teams below an organisation.
const DEEPEST: usize = 16;

/// The groups that list a team in `spec.children`, each with the place.
type Listings<'a> = BTreeMap<EntityRef, Vec<(&'a EntityRef, Span)>>;

impl<'a> Linker<'a> {
    pub(super) fn groups(&mut self) {
        let groups = self.drafts(&[Role::Organisation, Role::Team]);
        let listings = self.listings(&groups);
        let mut parents: BTreeMap<EntityRef, Spanned<EntityRef>> = BTreeMap::new();
        for (reference, role, draft) in &groups {
            let Some(group) = group_body(draft) else {
                continue;
            };
            match role {
                Role::Organisation => self.organisation(reference, draft, group),
                _ => {
                    if let Some(parent) = self.parent(reference, draft, group, &listings) {
                        parents.insert((*reference).clone(), parent);
                    }
                }
            }
        }
        let tops = self.tops(&parents);
        for (reference, _, draft) in groups {
            let (Some(group), Some(parent)) = (group_body(draft), parents.get(reference)) else {
                continue;
            };
            let Some(organisation) = tops.get(reference) else {
                continue;
            };
            self.team(reference, draft, group, parent.clone(), organisation.clone());
        }
        self.children();
    }

    /// Enters every team at its parent.
    fn children(&mut self) {
        let catalogue = &mut self.loaded.catalogue;
        let pairs = catalogue.teams.iter().map(|(reference, team)| (team.parent.value.clone(), reference.clone()));
        for (parent, team) in pairs.collect::<Vec<_>>() {
            let teams = match catalogue.organisations.get_mut(&parent) {
                Some(organisation) => Some(&mut organisation.teams),
                None => catalogue.teams.get_mut(&parent).map(|it| &mut it.teams),
            };
            if let Some(teams) = teams {
                teams.insert(team);
            }
        }
    }

    fn organisation(&mut self, reference: &EntityRef, draft: &Draft, group: &GroupBody) {
        if let Some(parent) = &group.parent {
            let message = format!("organisation '{reference}' has a parent, which has no effect");
            let problem = Diagnostic::warning(codes::WRONG_KIND, message).at(parent.span.clone());
            self.loaded.diagnostics.push(problem.help("remove 'parent', or make it a team"));
        }
        let organisation = Organisation {
            entity: draft.entity.clone(),
            display_name: group.display_name.clone(),
            email: group.email.clone(),
            email_domains: group.email_domains.clone(),
            members: Members { mode: group.mode.clone(), ..Members::default() },
            teams: Default::default(),
        };
        self.loaded.catalogue.organisations.insert(reference.clone(), organisation);
    }

    fn team(
        &mut self,
        reference: &EntityRef,
        draft: &Draft,
        group: &GroupBody,
        parent: Spanned<EntityRef>,
        organisation: EntityRef,
    ) {
        let team = Team {
            entity: draft.entity.clone(),
            display_name: group.display_name.clone(),
            email: group.email.clone(),
            organisation,
            parent,
            members: Members { mode: group.mode.clone(), ..Members::default() },
            teams: Default::default(),
        };
        self.loaded.catalogue.teams.insert(reference.clone(), team);
    }

    /// Who lists which team; an item that is no team is reported and has no further effect.
    fn listings(&mut self, groups: &[(&'a EntityRef, Role, &'a Draft)]) -> Listings<'a> {
        let mut listings = Listings::new();
        for (reference, _, draft) in groups {
            for child in group_body(draft).into_iter().flat_map(|group| &group.children) {
                if matches!(self.find(child, A_TEAM), Found::Entity(_)) {
                    listings.entry(child.value.clone()).or_default().push((reference, child.span.clone()));
                }
            }
        }
        listings
    }

    /// The parent of a team, named by the team or by the parent.
    fn parent(
        &mut self,
        team: &EntityRef,
        draft: &Draft,
        group: &GroupBody,
        listings: &Listings<'a>,
    ) -> Option<Spanned<EntityRef>> {
        let listed = listings.get(team).map(Vec::as_slice).unwrap_or_default();
        let parent = match (&group.parent, listed) {
            (Some(parent), _) => {
                if matches!(self.find(parent, A_GROUP), Found::Nothing) {
                    self.refuse_silently(team);
                    return None;
                }
                parent.clone()
            }
            (None, [(first, span), ..]) => Spanned::new((*first).clone(), span.clone()),
            (None, []) if self.some_group_is_unread() => {
                self.wait(team, name_of(draft), "names no parent, and a group that cannot be read may list it");
                return None;
            }
            (None, []) => {
                let problem = Diagnostic::error(codes::NO_PARENT, format!("team '{team}' is in no organisation"));
                self.refuse(team, problem.at(name_of(draft)).help("add 'parent: <organisation>' to its 'spec'"));
                return None;
            }
        };
        if let Some((other, span)) = listed.iter().find(|(other, _)| **other != parent.value) {
            let message = format!("team '{team}' has two parents, '{}' and '{other}'", parent.value);
            let problem = Diagnostic::error(codes::TWO_PARENTS, message)
                .at(parent.span.clone())
                .help("keep one of them")
                .related(span.clone(), "listed as a child here");
            self.refuse(team, problem);
            return None;
        }
        Some(parent)
    }

    /// What stands at the top above each team: an organisation or, where something on the way is broken, that. Teams
    /// in a circle have none and are refused, as is the first of a chain that is too deep.
    fn tops(&mut self, parents: &BTreeMap<EntityRef, Spanned<EntityRef>>) -> HashMap<EntityRef, EntityRef> {
        // The top above each team, and how far below it the team is; `None` for teams in a circle.
        let mut known: HashMap<&EntityRef, Option<(&EntityRef, usize)>> = HashMap::new();
        for team in parents.keys() {
            let mut path: Vec<&EntityRef> = Vec::new();
            let mut place: HashMap<&EntityRef, usize> = HashMap::new();
            let mut at = team;
            let mut top = loop {
                match (known.get(at), parents.get(at)) {
                    (Some(Some((top, depth))), _) => break (*top, *depth),
                    (Some(None), _) | (None, None) => break (at, 0),
                    (None, Some(_)) if place.contains_key(at) => {
                        let circle = path.split_off(place[at]);
                        self.circle(&circle, parents);
                        known.extend(circle.into_iter().map(|team| (team, None)));
                        break (at, 0);
                    }
                    (None, Some(parent)) => {
                        place.insert(at, path.len());
                        path.push(at);
                        at = &parent.value;
                    }
                }
            };
            for team in path.into_iter().rev() {
                top.1 += 1;
                known.insert(team, Some(top));
            }
        }
        let mut tops = HashMap::new();
        for (team, parent) in parents {
            match known.get(team).copied().flatten() {
                None => self.refuse_silently(team),
                Some((_, depth)) if depth == DEEPEST + 1 => {
                    let message = format!("team '{team}' stands {depth} levels below its organisation");
                    let problem = Diagnostic::error(codes::TEAMS_TOO_DEEP, message).at(parent.span.clone());
                    self.refuse(team, problem.help(format!("teams may stand {DEEPEST} levels deep")));
                }
                Some((top, _)) => drop(tops.insert(team.clone(), top.clone())),
            }
        }
        tops
    }

    fn circle(&mut self, circle: &[&EntityRef], parents: &BTreeMap<EntityRef, Spanned<EntityRef>>) {
        // Told from the first by name, so that it reads the same wherever the search began.
        let first = circle.iter().enumerate().min_by_key(|(_, team)| **team).map_or(0, |(at, _)| at);
        let turned: Vec<&EntityRef> = circle[first..].iter().chain(&circle[..first]).copied().collect();
        let names: Vec<&str> = turned.iter().chain(turned.first()).map(|team| team.name()).collect();
        let problem = Diagnostic::error(codes::GROUP_CYCLE, format!("teams contain each other: {}", names.join(" → ")));
        let span = parents[turned[0]].span.clone();
        self.loaded.diagnostics.push(problem.at(span).help("take one of the parents out"));
    }
}
