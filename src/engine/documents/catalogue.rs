//! What the mono-repo declares, as typed values with every reference resolved.
//!
//! A [`Catalogue`] holds only what is sound: what is broken, and what depends on it, is in the
//! [`Quarantine`](super::Quarantine) instead. All maps are ordered by entity, so that whatever is made of them comes
//! out in the same order each time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::index::Files;
pub use super::manage::Manage;
use crate::engine::claude::Enterprise;
use crate::engine::diag::Span;
use crate::engine::model::entity::EntityRef;
use crate::engine::model::{Extent, Instance};
use crate::engine::source::{FileEntry, SpanTable};

/// Everything that the mono-repo declares and that may be acted on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// Groups of `spec.type: organization`.
    pub organisations: BTreeMap<EntityRef, Organisation>,
    /// Groups of `spec.type: team`, at any depth.
    pub teams: BTreeMap<EntityRef, Team>,
    /// Users.
    pub people: BTreeMap<EntityRef, Person>,
    /// Components; a component is a repository.
    pub components: BTreeMap<EntityRef, Component>,
    /// Templates: the formulas.
    pub templates: BTreeMap<EntityRef, Template>,
    /// Resources of `spec.type: workspace`.
    pub workspaces: BTreeMap<EntityRef, WorkspaceRequest>,
    /// Entities of Backstage that may be referred to, and for which nothing is provisioned.
    pub others: BTreeMap<EntityRef, Entity>,
    /// What the enterprise enforces in Claude Code.
    pub enterprise: Enterprise,
    /// The files that all of these, and what is broken, are declared in.
    pub files: Files,
}

/// What every declared entity has.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// Its identity.
    pub reference: EntityRef,
    /// `metadata.name` as it was written; the identity folds its case.
    pub name: Spanned<String>,
    /// `metadata.title`.
    pub title: Option<Spanned<String>>,
    /// `metadata.description`.
    pub description: Option<Spanned<String>>,
    /// `formulary.dev/previously`: former names, the latest first.
    pub previously: Vec<Spanned<String>>,
    /// `formulary.dev/manage`: how far we go, and where; ask [`Entity::extent_in`].
    pub manage: Option<Spanned<Manage>>,
    /// `formulary.dev/services` as written here; ask [`Catalogue::services_of`] for what follows from it.
    pub placement: Option<Spanned<Placement>>,
    /// Every other annotation of ours, by its name without the prefix `formulary.dev/`.
    pub options: BTreeMap<String, Spanned<String>>,
    /// The place of the whole document.
    pub span: Span,
    /// The place of each value in it, by JSON pointer (`/spec/profile/email`).
    pub spans: SpanTable,
    /// The whole document as compact JSON, in the order written: what a service makes of it that keeps documents whole. Of a
    /// key that stands twice, the first value.
    pub document: Arc<str>,
}

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// Which services an entity is placed in, as one annotation says it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Placement {
    /// Exactly these, whatever is inherited; `none` is the empty set.
    Exactly(BTreeSet<String>),
    /// What is inherited, with some more (`+name`) and some less (`-name`).
    Adjusted {
        /// Services added to the inherited ones.
        add: BTreeSet<String>,
        /// Services taken from the inherited ones.
        remove: BTreeSet<String>,
    },
}

/// An organisation.
#[derive(Debug, Clone, PartialEq)]
pub struct Organisation {
    /// Name, options, places.
    pub entity: Entity,
    /// `spec.profile.displayName`.
    pub display_name: Option<Spanned<String>>,
    /// `spec.profile.email`.
    pub email: Option<Spanned<String>>,
    /// `formulary.dev/email-domains`, in lower case, in the order written.
    pub email_domains: Vec<Spanned<String>>,
    /// The people in it, named by themselves or here.
    pub members: Members,
    /// The teams directly in it.
    pub teams: BTreeSet<EntityRef>,
}

/// A team of an organisation, or of another team.
#[derive(Debug, Clone, PartialEq)]
pub struct Team {
    /// Name, options, places.
    pub entity: Entity,
    /// `spec.profile.displayName`.
    pub display_name: Option<Spanned<String>>,
    /// `spec.profile.email`.
    pub email: Option<Spanned<String>>,
    /// The organisation at the top.
    pub organisation: EntityRef,
    /// The organisation or team directly above.
    pub parent: Spanned<EntityRef>,
    /// The people directly in it, named by themselves or here; those of its sub-teams are not among them.
    pub members: Members,
    /// The teams directly in it.
    pub teams: BTreeSet<EntityRef>,
}

/// The people of a group, each with the place that says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Whether people whom nobody declared may be in it; unset where the document does not say.
    pub mode: Option<Spanned<MembersMode>>,
    /// The people, and where each membership is declared.
    pub people: BTreeMap<EntityRef, Span>,
}

/// Who owns a set of memberships (`formulary.dev/members`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MembersMode {
    /// The documents own every membership; a foreign one is drift.
    Authoritative,
    /// The documents own what they declare; foreign ones are reported.
    Additive,
}

/// A person, or an account that acts like one.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// Name, options, places.
    pub entity: Entity,
    /// `spec.profile.displayName`.
    pub display_name: Option<Spanned<String>>,
    /// `spec.profile.email`, as written.
    pub email: Option<Spanned<String>>,
    /// `spec.profile.picture`.
    pub picture: Option<Spanned<String>>,
    /// The home organisation: the first that `spec.memberOf` names, or else the first, by name, that lists them.
    pub home: EntityRef,
    /// All organisations, each with the place that says so; [`Person::home`] is one of them.
    pub organisations: BTreeMap<EntityRef, Span>,
    /// All teams they are directly in, each with the place that says so.
    pub teams: BTreeMap<EntityRef, Span>,
}

/// A repository that somebody owns.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Name, options, places.
    pub entity: Entity,
    /// `spec.type`, such as `service`.
    pub component_type: Spanned<String>,
    /// `spec.lifecycle`, such as `production`.
    pub lifecycle: Spanned<String>,
    /// `spec.owner`: a person, a team or an organisation.
    pub owner: Spanned<EntityRef>,
    /// The organisation of the owner.
    pub organisation: EntityRef,
}

/// A formula: what Backstage shows as a template and we read as a declaration.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Name, options, places.
    pub entity: Entity,
    /// `backstage.io/formula-version`.
    pub version: Option<Spanned<String>>,
    /// `spec.owner`.
    pub owner: Option<Spanned<EntityRef>>,
    /// `spec` as a whole; the places of its parts are in [`Entity::spans`], below `/spec`.
    pub spec: serde_json::Value,
    /// Everything that lies in the folder of its document and below, by path from there: `coder-template/main.tf`. Nothing
    /// where the document lies at the root of the mono-repo, whose every file that would be.
    pub files: BTreeMap<String, FileEntry>,
}

/// A request for a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkspaceRequest {
    /// Name, options, places.
    pub entity: Entity,
    /// `spec.owner`: the person it is for.
    pub owner: Spanned<EntityRef>,
    /// `spec.scaffoldedFrom`: the template.
    pub template: Spanned<EntityRef>,
    /// `backstage.io/template-version`: the version it is held at; without it the template's policy decides.
    pub pinned: Option<Spanned<String>>,
    /// `spec.parameters`; the places are in [`Entity::spans`], below `/spec/parameters`.
    pub parameters: serde_json::Value,
}

/// An organisation or a team, where either will do.
#[derive(Debug, Clone, Copy)]
pub enum Group<'a> {
    /// An organisation.
    Organisation(&'a Organisation),
    /// A team.
    Team(&'a Team),
}

impl Catalogue {
    /// The organisation or team of that name.
    pub fn group(&self, reference: &EntityRef) -> Option<Group<'_>> {
        let organisation = self.organisations.get(reference).map(Group::Organisation);
        organisation.or_else(|| self.teams.get(reference).map(Group::Team))
    }

    /// What any declared entity has in common, whatever its kind.
    pub fn entity(&self, reference: &EntityRef) -> Option<&Entity> {
        match reference.kind() {
            "user" => self.people.get(reference).map(|it| &it.entity),
            "component" => self.components.get(reference).map(|it| &it.entity),
            "template" => self.templates.get(reference).map(|it| &it.entity),
            "resource" => self.workspaces.get(reference).map(|it| &it.entity),
            _ => self.group(reference).map(Group::entity),
        }
        .or_else(|| self.others.get(reference))
    }

    /// Every entity, in the order of the maps.
    pub fn entities(&self) -> impl Iterator<Item = &Entity> {
        let groups = self.organisations.values().map(|it| &it.entity);
        groups
            .chain(self.teams.values().map(|it| &it.entity))
            .chain(self.people.values().map(|it| &it.entity))
            .chain(self.components.values().map(|it| &it.entity))
            .chain(self.templates.values().map(|it| &it.entity))
            .chain(self.workspaces.values().map(|it| &it.entity))
            .chain(self.others.values())
    }

    /// What some people own beside their own accounts: repositories, formulas, workspaces.
    pub fn owned_by<'a>(&'a self, people: &'a BTreeMap<EntityRef, Person>) -> impl Iterator<Item = &'a Entity> {
        let components = self.components.values().map(|it| (Some(&it.owner), &it.entity));
        let templates = self.templates.values().map(|it| (it.owner.as_ref(), &it.entity));
        let workspaces = self.workspaces.values().map(|it| (Some(&it.owner), &it.entity));
        let owned = components.chain(templates).chain(workspaces);
        owned.filter(|(owner, _)| owner.is_some_and(|it| people.contains_key(&it.value))).map(|(_, entity)| entity)
    }

    /// The teams from just below the organisation down to this one, this one last.
    pub fn path_of<'a>(&'a self, team: &'a Team) -> Vec<&'a Team> {
        let mut path = vec![team];
        let mut above = &team.parent.value;
        // A cycle is refused when the catalogue is made; the bound keeps a hand-made one from running on.
        while let Some(team) = self.teams.get(above).filter(|_| path.len() <= self.teams.len()) {
            path.push(team);
            above = &team.parent.value;
        }
        path.reverse();
        path
    }
}

impl<'a> Group<'a> {
    /// What every entity has.
    pub fn entity(self) -> &'a Entity {
        match self {
            Self::Organisation(it) => &it.entity,
            Self::Team(it) => &it.entity,
        }
    }

    /// The people directly in it.
    pub fn members(self) -> &'a Members {
        match self {
            Self::Organisation(it) => &it.members,
            Self::Team(it) => &it.members,
        }
    }
}

impl Entity {
    /// An option of ours, by its name without the prefix.
    pub fn option(&self, name: &str) -> Option<&Spanned<String>> {
        self.options.get(name)
    }

    /// How far we go with it in an installation: all the way where nothing is said.
    pub fn extent_in(&self, instance: &Instance) -> Extent {
        self.manage.as_ref().map_or(Extent::Full, |it| it.value.at(instance))
    }

    /// The place of a value, or the nearest one above it that was written.
    pub fn span_of(&self, pointer: &str) -> Span {
        self.spans.nearest(pointer)
    }
}

impl<T> Spanned<T> {
    /// A value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// Another value at the same place.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), span: self.span }
    }
}
