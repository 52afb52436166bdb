//! The documents of a revision, kept, so that the next revision costs what changed in it.
//!
//! A file is read again only when its bytes changed. Where a commit changes nothing but what people's own documents say of
//! them (values, memberships, services), only these people are linked and checked again, together with the groups that
//! they are or were in, by the very code that links everything; in any other case everything is joined anew from the
//! files as they were read. Either way the result is what [`load`](super::load) makes of the whole revision.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::catalogue::{Catalogue, Entity, Group, Person};
use super::entity::{Body, Draft};
use super::file::{Declaration, ParsedFile, parse_all, parse_file};
use super::identity::Role;
use super::{Loaded, Options, Quarantine, assemble, claude, formula};
use crate::engine::claude::Enterprise;
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::model::entity::EntityRef;
use crate::engine::source::{FileEntry, Snapshot};

/// The documents of one revision.
#[derive(Debug, Clone)]
pub struct Kept {
    options: Options,
    files: BTreeMap<Arc<str>, ParsedFile>,
    /// Every entry of the revision, for the files of formulas and of the enterprise. Shared with whoever read it.
    tree: BTreeMap<Arc<str>, FileEntry>,
    loaded: Loaded,
    /// Whose an e-mail address is, folded.
    emails: HashMap<String, EntityRef>,
}

/// What a new revision means for what is declared.
#[derive(Debug, Clone, PartialEq)]
pub enum Changed {
    /// Nothing.
    Nothing,
    /// Some people, and nothing else.
    People(Box<Neighbourhood>),
    /// Possibly everything.
    Anything,
}

/// Some people with all groups that they are or were in, and those above; each group with these people alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Neighbourhood {
    /// As they were declared.
    pub before: Catalogue,
    /// As they are declared now.
    pub after: Catalogue,
}

impl Kept {
    /// Reads all documents of a revision.
    pub fn new(snapshot: &Snapshot, options: Options) -> Self {
        let parsed = parse_all(&snapshot.files, &options).into_iter();
        let files: BTreeMap<Arc<str>, ParsedFile> = parsed.map(|it| (Arc::clone(&it.path), it)).collect();
        let tree = snapshot.files.iter().map(|(path, entry)| {
            let path =
                files.get_key_value(path.as_str()).map_or_else(|| path.as_str().into(), |(path, _)| Arc::clone(path));
            (path, entry.clone())
        });
        let tree = tree.collect();
        let mut kept = Self { files, tree, options, loaded: Loaded::default(), emails: HashMap::new() };
        kept.join();
        kept
    }

    /// What came of reading the revision.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Takes in the files of the next revision that are not as they were; nothing in place of one that is gone.
    pub fn take<'f>(&mut self, files: impl IntoIterator<Item = (&'f str, Option<&'f FileEntry>)>) -> Changed {
        let mut changed = Vec::new();
        let mut formulas = false;
        for (path, entry) in files {
            formulas = formulas || Enterprise::holds(path) || formula::is_part_of_one(&self.loaded.catalogue, path);
            match entry {
                Some(entry) => drop(self.tree.insert(path.into(), entry.clone())),
                None => drop(self.tree.remove(path)),
            }
            let after = entry.and_then(|entry| parse_file(path, entry, &self.options));
            let before = match &after {
                Some(parsed) => self.files.insert(Arc::clone(&parsed.path), parsed.clone()),
                None => self.files.remove(path),
            };
            if before != after {
                changed.push((before, after));
            }
        }
        if changed.is_empty() && !formulas {
            return Changed::Nothing;
        }
        match self.only_people(&changed).filter(|_| !formulas) {
            Some(neighbourhood) => {
                self.enter(&neighbourhood);
                Changed::People(Box::new(neighbourhood))
            }
            None => {
                self.join();
                Changed::Anything
            }
        }
    }

    /// Joins all files anew.
    fn join(&mut self) {
        let mut loaded = assemble(self.files.values(), &self.options);
        formula::attach(&mut loaded.catalogue, &self.tree);
        self.loaded = claude::attach(loaded, &self.tree);
        let people = self.loaded.catalogue.people.values();
        self.emails = people.filter_map(|it| Some((folded_email(it)?, it.entity.reference.clone()))).collect();
    }

    /// The people that a change is about, where it is about nothing else.
    fn only_people(&self, changed: &[(Option<ParsedFile>, Option<ParsedFile>)]) -> Option<Neighbourhood> {
        // What is held back hangs together in ways that only the whole tells.
        if self.loaded.quarantine != Quarantine::default() {
            return None;
        }
        let changed: Vec<(&ParsedFile, &ParsedFile)> =
            changed.iter().map(|(before, after)| before.as_ref().zip(after.as_ref())).collect::<Option<_>>()?;
        let paths: BTreeSet<&str> = changed.iter().map(|(before, _)| &*before.path).collect();
        if self.loaded.diagnostics.iter().any(|problem| is_about(problem, &paths)) {
            return None;
        }
        let (mut people, mut groups) = (BTreeSet::new(), BTreeSet::new());
        for (before, after) in &changed {
            for (person, member_of) in same_people(before, after)? {
                let declared = self.loaded.catalogue.people.get(person)?;
                groups.extend(declared.organisations.keys().chain(declared.teams.keys()).cloned());
                groups.extend(member_of);
                people.insert(person);
            }
        }
        let groups = self.with_those_above(groups)?;
        let around: Vec<ParsedFile> =
            groups.iter().map(|group| self.group_of_these(group, &groups, &people)).collect::<Option<_>>()?;
        let mut before = assemble(around.iter().chain(changed.iter().map(|(before, _)| *before)), &self.options);
        let mut after = assemble(around.iter().chain(changed.iter().map(|(_, after)| *after)), &self.options);
        for part in [&mut before, &mut after] {
            part.catalogue.files.partial = true;
        }
        let sound = |loaded: &Loaded| {
            loaded.diagnostics.is_empty()
                && loaded.quarantine == Quarantine::default()
                && loaded.catalogue.people.len() == people.len()
        };
        let free = |email: String| self.emails.get(&email).is_none_or(|owner| people.contains(owner));
        let unique = after.catalogue.people.values().filter_map(folded_email).all(free);
        (sound(&before) && sound(&after) && unique)
            .then_some(Neighbourhood { before: before.catalogue, after: after.catalogue })
    }

    /// The groups, and all above them; `None` where one is not known.
    fn with_those_above(&self, groups: BTreeSet<EntityRef>) -> Option<BTreeSet<EntityRef>> {
        let mut all = BTreeSet::new();
        let mut open: Vec<EntityRef> = groups.into_iter().collect();
        while let Some(reference) = open.pop() {
            let group = self.loaded.catalogue.group(&reference)?;
            if all.insert(reference)
                && let Group::Team(team) = group
            {
                open.push(team.parent.value.clone());
            }
        }
        Some(all)
    }

    /// A group's declaration with these people and these groups in it alone.
    fn group_of_these(
        &self,
        group: &EntityRef,
        groups: &BTreeSet<EntityRef>,
        people: &BTreeSet<&EntityRef>,
    ) -> Option<ParsedFile> {
        let entity = self.loaded.catalogue.group(group)?.entity();
        let file = self.files.get(&entity.span.file)?;
        let mut declaration = file.declarations.iter().find(|it| it.reference == *group)?.clone();
        if let Some(Draft { body: Body::Group(body), .. }) = &mut declaration.draft {
            body.members.retain(|it| people.contains(&it.value));
            body.children.retain(|it| groups.contains(&it.value));
        }
        let path = Arc::clone(&file.path);
        Some(ParsedFile { path, declarations: vec![declaration], diagnostics: Vec::new(), unread: None })
    }

    /// Puts people in the place of those that were declared before.
    fn enter(&mut self, neighbourhood: &Neighbourhood) {
        for (reference, person) in &neighbourhood.after.people {
            let former = self.loaded.catalogue.people.insert(reference.clone(), person.clone());
            let Some(former) = former else { continue };
            if let Some(email) = folded_email(&former) {
                self.emails.remove(&email);
            }
            for group in former.organisations.keys().chain(former.teams.keys()) {
                self.members_of(group, |members| drop(members.remove(reference)));
            }
        }
        // After all that was given up, so that two people may change places in one commit.
        for (reference, person) in &neighbourhood.after.people {
            self.emails.extend(folded_email(person).map(|email| (email, reference.clone())));
            for (group, span) in person.organisations.iter().chain(&person.teams) {
                self.members_of(group, |members| drop(members.insert(reference.clone(), span.clone())));
            }
        }
    }

    fn members_of(&mut self, group: &EntityRef, change: impl FnOnce(&mut BTreeMap<EntityRef, Span>)) {
        let Catalogue { organisations, teams, .. } = &mut self.loaded.catalogue;
        let organisation = organisations.get_mut(group).map(|it| &mut it.members);
        if let Some(members) = organisation.or_else(|| teams.get_mut(group).map(|it| &mut it.members)) {
            change(&mut members.people);
        }
    }
}

/// The people of a file with the groups that they name now, where before and after it declares the same people, soundly,
/// and nothing else. A former name may be claimed by somebody else too, so it must not have changed.
fn same_people<'f>(
    before: &'f ParsedFile,
    after: &'f ParsedFile,
) -> Option<Vec<(&'f EntityRef, impl Iterator<Item = EntityRef>)>> {
    let quiet = |file: &ParsedFile| file.diagnostics.is_empty() && file.unread.is_none();
    if !quiet(before) || !quiet(after) || before.declarations.len() != after.declarations.len() {
        return None;
    }
    let person = |it: &'f Declaration| match &it.draft {
        Some(Draft { entity, body: Body::Person(body) }) if it.role == Role::Person => Some((entity, body)),
        _ => None,
    };
    let pairs = before.declarations.iter().zip(&after.declarations);
    pairs
        .map(|(before, after)| {
            let ((was, _), (is, body)) = (person(before)?, person(after)?);
            let former = |entity: &Entity| entity.previously.iter().map(|it| it.value.clone()).collect::<Vec<_>>();
            let same = before.reference == after.reference && former(was) == former(is);
            same.then(|| (&after.reference, body.member_of.iter().map(|group| group.value.clone())))
        })
        .collect()
}

fn is_about(problem: &Diagnostic, paths: &BTreeSet<&str>) -> bool {
    let related = problem.related.iter().map(|(span, _)| span);
    problem.span.iter().chain(related).any(|span| paths.contains(&*span.file))
}

fn folded_email(person: &Person) -> Option<String> {
    person.email.as_ref().map(|email| email.value.to_lowercase())
}
