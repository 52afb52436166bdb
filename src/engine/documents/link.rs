//! From what files declare to a catalogue in which every reference is resolved.
//!
//! Whoever refers to something broken is linked to it all the same; [`super::hold`] then takes out both. So every
//! rule here looks at one entity and never at the order in which files come.

mod groups;
mod owners;
mod people;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::engine::diag::{Diagnostic, Severity, Span, codes, nearest};
use crate::engine::model::entity::{DEFAULT_NAMESPACE, EntityRef};

use super::Loaded;
use super::catalogue::Spanned;
use super::entity::{Body, Draft};
use super::file::{Declaration, ParsedFile, Unread};
use super::hold::{Root, hold};
use super::identity::Role;
use super::quarantine::folder_of;

pub(super) fn link<'a>(files: impl IntoIterator<Item = &'a ParsedFile>) -> Loaded {
    let mut linker = Linker::new(files);
    linker.groups();
    linker.people();
    linker.owners();
    linker.former_names();
    let Linker { mut loaded, roots, .. } = linker;
    hold(&mut loaded, roots);
    loaded
}

/// What a reference leads to.
enum Found {
    /// A declared entity that may stand here. It may be broken; then it is held, and so is what depends on it.
    Entity(Role),
    /// Nothing, but a file that cannot be read may declare it. It is held.
    Waiting,
    /// Nothing, or the wrong thing; that has been reported.
    Nothing,
}

/// What a field may refer to.
#[derive(Clone, Copy)]
struct Wanted {
    roles: &'static [Role],
    /// In words, with an article.
    words: &'static str,
}

const A_GROUP: Wanted = Wanted { roles: &[Role::Organisation, Role::Team], words: "an organisation or a team" };
const A_TEAM: Wanted = Wanted { roles: &[Role::Team], words: "a team" };
const A_PERSON: Wanted = Wanted { roles: &[Role::Person], words: "a user" };
const A_TEMPLATE: Wanted = Wanted { roles: &[Role::Template], words: "a template" };
const AN_OWNER: Wanted =
    Wanted { roles: &[Role::Organisation, Role::Team, Role::Person], words: "an organisation, a team or a user" };

struct Linker<'a> {
    declared: BTreeMap<EntityRef, &'a Declaration>,
    /// Words in files that cannot be read, each with the first such file.
    words: HashMap<&'a str, &'a Arc<str>>,
    /// A file that cannot be read and could declare anything.
    anything: Option<&'a Arc<str>>,
    loaded: Loaded,
    roots: BTreeMap<EntityRef, Option<Root>>,
    suggestions_left: usize,
}

impl<'a> Linker<'a> {
    fn new(files: impl IntoIterator<Item = &'a ParsedFile>) -> Self {
        let mut linker = Self {
            declared: BTreeMap::new(),
            words: HashMap::new(),
            anything: None,
            loaded: Loaded::default(),
            roots: BTreeMap::new(),
            // Each suggestion looks at every name; a repository in which everything is wrong must not take for ever.
            suggestions_left: 100,
        };
        let mut unread = Vec::new();
        let mut ours = BTreeSet::new();
        for file in files {
            linker.loaded.diagnostics.extend(file.diagnostics.iter().cloned());
            linker.loaded.catalogue.files.take(file);
            if !file.declarations.is_empty() {
                ours.extend(top_folder(&file.path));
            }
            for declaration in &file.declarations {
                linker.declare(declaration);
            }
            unread.extend(file.unread.as_ref().map(|unread| (&file.path, unread)));
        }
        for (path, it) in unread {
            let ours = it.ours || top_folder(path).is_some_and(|folder| ours.contains(folder));
            let ours = ours && !it.diagnostics.is_empty();
            linker.unread(path, it, ours);
        }
        linker
    }

    fn declare(&mut self, declaration: &'a Declaration) {
        let reference = &declaration.reference;
        if declaration.draft.is_none() {
            self.roots.entry(reference.clone()).or_insert_with(|| Some(Root::Broken(declaration.span.clone())));
        }
        let Some(first) = self.declared.get(reference) else {
            self.declared.insert(reference.clone(), declaration);
            return;
        };
        let problem = Diagnostic::error(codes::DUPLICATE_ENTITY, format!("'{reference}' is declared twice"))
            .at(declaration.span.clone())
            .help("remove one of them, or rename one")
            .related(first.span.clone(), "first declared here");
        self.roots.entry(reference.clone()).or_insert_with(|| Some(Root::Broken(declaration.span.clone())));
        self.loaded.diagnostics.push(problem);
    }

    /// Takes in a file of which some document could not be identified. In a folder that is none of ours, such a file
    /// is probably another tool's; what it once declared stands all the same.
    fn unread(&mut self, path: &'a Arc<str>, unread: &'a Unread, ours: bool) {
        let quarantine = &mut self.loaded.quarantine;
        if ours {
            quarantine.paths.insert(path.to_string());
            quarantine.folders.insert(folder_of(path).to_owned());
            quarantine.placement_open = true;
        } else {
            quarantine.foreign.insert(path.to_string());
        }
        for problem in &unread.diagnostics {
            let severity = if ours { problem.severity } else { problem.severity.max(Severity::Warning) };
            self.loaded.diagnostics.push(Diagnostic { severity, ..problem.clone() });
        }
        if !ours {
            return;
        }
        match &unread.words {
            None => self.anything = self.anything.or(Some(path)),
            Some(words) => {
                for word in words {
                    self.words.entry(word).or_insert(path);
                }
            }
        }
    }

    /// Every sound entity of some roles, in order. Those declared twice are not among them.
    fn drafts(&self, roles: &[Role]) -> Vec<(&'a EntityRef, Role, &'a Draft)> {
        let declarations = self.declared.values().copied();
        let wanted = declarations.filter(|it| roles.contains(&it.role) && !self.roots.contains_key(&it.reference));
        wanted.filter_map(|it| Some((&it.reference, it.role, it.draft.as_ref()?))).collect()
    }

    /// Looks up a reference that stands in a field which wants something.
    fn find(&mut self, reference: &Spanned<EntityRef>, wanted: Wanted) -> Found {
        let target = &reference.value;
        if let Some(declaration) = self.declared.get(target) {
            // Of a broken document, what it is may be just what is broken.
            let role = declaration.role;
            let fits = wanted.roles.contains(&role) && (role != Role::Other || target.kind() == "group");
            if fits || declaration.draft.is_none() {
                return Found::Entity(role);
            }
            let message = format!("'{target}' is not {}", wanted.words);
            let problem = Diagnostic::error(codes::WRONG_KIND, message).at(reference.span.clone());
            let declared = declaration.span.clone();
            self.loaded
                .diagnostics
                .push(problem.help(format!("refer to {}", wanted.words)).related(declared, "it is declared here"));
            return Found::Nothing;
        }
        if let Some(file) = self.may_be_declared(target) {
            let root = Root::MayBeDeclared { span: reference.span.clone(), file };
            self.roots.entry(target.clone()).or_insert(Some(root));
            return Found::Waiting;
        }
        let problem = Diagnostic::error(codes::UNKNOWN_REFERENCE, format!("'{target}' is not declared anywhere"));
        let help = self.suggest(target, wanted).unwrap_or_else(|| format!("declare it, or refer to {}", wanted.words));
        self.loaded.diagnostics.push(problem.at(reference.span.clone()).help(help));
        // If it was declared before, its document went while others still count on it: that waits too.
        self.roots.entry(target.clone()).or_insert(None);
        Found::Nothing
    }

    /// The file that cannot be read and may declare an entity.
    fn may_be_declared(&self, target: &EntityRef) -> Option<Arc<str>> {
        self.words.get(target.name()).copied().or(self.anything).cloned()
    }

    /// Whether some group cannot be read, so that it is not known whom and what it lists.
    fn some_group_is_unread(&self) -> bool {
        let broken =
            |(root, why): (&EntityRef, &Option<Root>)| root.kind() == "group" && matches!(why, Some(Root::Broken(_)));
        self.anything.is_some() || !self.words.is_empty() || self.roots.iter().any(broken)
    }

    fn suggest(&mut self, target: &EntityRef, wanted: Wanted) -> Option<String> {
        let fits = |it: &&Declaration| wanted.roles.contains(&it.role);
        for kind in ["user", "group"] {
            let other = EntityRef::new(kind, target.namespace(), target.name());
            if self.declared.get(&other).copied().filter(fits).is_some() {
                return Some(format!("there is a {kind} of that name: write '{kind}:{}'", target.name()));
            }
        }
        self.suggestions_left = self.suggestions_left.checked_sub(1)?;
        let declared = self.declared.values().copied();
        let names = declared.filter(fits).filter(|it| it.reference.kind() == target.kind()).map(|it| &it.reference);
        let names = names.filter(|it| it.namespace() == target.namespace()).map(EntityRef::name);
        let likely = nearest(target.name(), names)?;
        Some(match target.namespace() {
            DEFAULT_NAMESPACE => format!("did you mean '{likely}'?"),
            namespace => format!("did you mean '{namespace}/{likely}'?"),
        })
    }

    /// Reports an error that takes an entity out.
    fn refuse(&mut self, entity: &EntityRef, problem: Diagnostic) {
        self.loaded.diagnostics.push(problem);
        self.refuse_silently(entity);
    }

    /// Takes an entity out because of an error that has been reported.
    fn refuse_silently(&mut self, entity: &EntityRef) {
        let span = self.declared.get(entity).map(|it| Root::Refused(it.span.clone()));
        self.roots.entry(entity.clone()).or_insert(span);
    }

    /// Takes an entity out because what it needs may be said where nobody can look.
    fn wait(&mut self, entity: &EntityRef, span: Span, why: &str) {
        let note = Diagnostic::note(codes::HELD_BACK, format!("'{entity}' {why}")).at(span);
        self.loaded.diagnostics.push(note.help("correct what is broken; this is not touched meanwhile"));
        self.refuse_silently(entity);
    }

    /// A former name that something else has now, or may have, is not taken over.
    fn former_names(&mut self) {
        let declared: Vec<&Declaration> = self.declared.values().copied().collect();
        for declaration in declared {
            let Some(draft) = &declaration.draft else {
                continue;
            };
            let now = &draft.entity.reference;
            for former in &draft.entity.previously {
                let then = EntityRef::new(now.kind(), now.namespace(), &former.value);
                if let Some(holder) = self.declared.get(&then) {
                    let message = format!("former name '{}' is in use", former.value);
                    let problem = Diagnostic::error(codes::PREVIOUS_IN_USE, message)
                        .at(former.span.clone())
                        .help("remove the former name, or rename the one that has it now")
                        .related(holder.span.clone(), "it is declared here");
                    self.refuse(now, problem);
                } else if let Some(file) = self.may_be_declared(&then).filter(|file| **file != *draft.entity.span.file)
                {
                    let root = Root::MayBeDeclared { span: former.span.clone(), file };
                    self.roots.entry(then).or_insert(Some(root));
                    self.refuse_silently(now);
                }
            }
        }
    }
}

/// The first folder of a path; none for a file at the root.
fn top_folder(path: &str) -> Option<&str> {
    path.split_once('/').map(|(folder, _)| folder)
}

/// The place of an entity's name, for problems that are about the whole of it.
fn name_of(draft: &Draft) -> Span {
    draft.entity.name.span.clone()
}

fn group_body(draft: &Draft) -> Option<&super::entity::GroupBody> {
    match &draft.body {
        Body::Group(group) => Some(group),
        _ => None,
    }
}
