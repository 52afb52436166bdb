//! What services say of one name becomes one document.

use std::collections::{BTreeMap, BTreeSet};

use super::amend::{Amendment, Answer, Part};
use super::described::Described;
use super::document::{Document, Profile, Spec};
use crate::engine::documents::Catalogue;
use crate::engine::model::entity::is_name;
use crate::engine::model::{EntityRef, Instance};
use crate::engine::schema::PREFIX;

/// The documents of a draft.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Documents {
    /// The files, by path from the root of the mono-repo, and whose each is.
    pub files: BTreeMap<String, (EntityRef, String)>,
    /// Those that hold something back.
    pub observed: BTreeSet<EntityRef>,
    /// What was left out, and why.
    pub left: BTreeSet<String>,
}

impl Documents {
    /// Everything that has a document.
    pub fn entities(&self) -> BTreeSet<EntityRef> {
        self.files.values().map(|(entity, _)| entity.clone()).collect()
    }
}

/// Documents that come to be from what was found.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The installations that a person gets when nothing is said.
    usual: BTreeSet<String>,
    /// Declared groups with what they are part of; organisations are part of nothing.
    declared: BTreeMap<String, Option<String>>,
    /// Declared people.
    known: BTreeSet<String>,
    /// Declared components.
    components: BTreeSet<String>,
    groups: BTreeMap<String, Group>,
    people: BTreeMap<String, Person>,
    members: BTreeSet<(String, String)>,
    /// By organisation and name.
    repositories: BTreeMap<(String, String), Repository>,
    /// By organisation and name.
    channels: BTreeMap<(String, String), Channel>,
    left: BTreeSet<String>,
    amended: BTreeMap<EntityRef, BTreeSet<Answer>>,
}

#[derive(Debug, Clone)]
struct Group {
    parent: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
    services: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
struct Person {
    display_name: Option<String>,
    email: Option<String>,
    services: BTreeSet<String>,
}

#[derive(Debug, Clone)]
struct Repository {
    description: Option<String>,
    named_by: &'static str,
    service: String,
}

#[derive(Debug, Clone)]
struct Channel {
    private: bool,
    asked_by: &'static str,
    service: String,
    people: BTreeSet<String>,
}

impl Draft {
    /// A draft beside what is declared already. `usual` are the installations that a person gets when nothing is said.
    pub fn new(catalogue: &Catalogue, usual: &BTreeSet<String>) -> Self {
        let organisations = catalogue.organisations.keys().map(|it| (it.name().to_owned(), None));
        let teams = catalogue.teams.iter();
        let teams = teams.map(|(it, team)| (it.name().to_owned(), Some(team.parent.value.name().to_owned())));
        Self {
            usual: usual.clone(),
            declared: organisations.chain(teams).collect(),
            known: catalogue.people.keys().map(|it| it.name().to_owned()).collect(),
            components: catalogue.components.keys().map(|it| it.name().to_owned()).collect(),
            groups: BTreeMap::new(),
            people: BTreeMap::new(),
            members: BTreeSet::new(),
            repositories: BTreeMap::new(),
            channels: BTreeMap::new(),
            left: BTreeSet::new(),
            amended: BTreeMap::new(),
        }
    }

    /// Adds what was found in an installation. They come in the order in which they are believed: the identity provider
    /// first.
    pub fn add(&mut self, instance: &Instance, described: &Described) {
        match described {
            Described::Organisation { name, display_name, description } => {
                self.group(instance, name, None, display_name.as_ref(), description.as_ref());
            }
            Described::Team { name, parent, display_name, description } => {
                self.group(instance, name, Some(parent), display_name.as_ref(), description.as_ref());
            }
            Described::Person { name, display_name, email } => {
                self.person(instance, name, display_name.as_ref(), email.as_ref());
            }
            Described::Member { person, group } => {
                self.members.insert((person.clone(), group.clone()));
            }
            Described::Repository { name, organisation, description, named_by } => {
                let service = instance.as_str().to_owned();
                let repository = Repository { description: description.clone(), named_by, service };
                self.repositories.entry((organisation.clone(), name.clone())).or_insert(repository);
            }
            Described::Channel { name, organisation, private, asked_by } => {
                let (service, people) = (instance.as_str().to_owned(), BTreeSet::new());
                let channel = Channel { private: *private, asked_by, service, people };
                self.channels.entry((organisation.clone(), name.clone())).or_insert(channel);
            }
            Described::Listener { person, organisation, channel } => {
                if let Some(channel) = self.channels.get_mut(&(organisation.clone(), channel.clone())) {
                    channel.people.insert(person.clone());
                }
            }
        }
    }

    /// Takes answers into the documents: those of the first tier that has any new one. Gives whether there was one.
    pub fn amend<const N: usize>(&mut self, tiers: [BTreeSet<Amendment>; N]) -> bool {
        tiers.into_iter().any(|tier| self.take(tier))
    }

    fn take(&mut self, amendments: BTreeSet<Amendment>) -> bool {
        let mut news = false;
        for Amendment { entity, answer } in amendments {
            let answers = self.amended.entry(entity).or_default();
            // One reason is enough to only look at it.
            let is_known = matches!(&answer, Answer::Observe(instance, _) if observes(answers, instance));
            news |= !is_known && answers.insert(answer);
        }
        news
    }

    /// The documents, as far as everything can be said.
    pub fn documents(&self) -> Documents {
        let mut out = Documents { left: self.left.clone(), ..Documents::default() };
        let channels = self.channels_by_group(&mut out.left);
        for (name, group) in &self.groups {
            self.write_group(name, group, channels.get(name), &mut out);
        }
        for (name, person) in &self.people {
            self.write_person(name, person, &mut out);
        }
        for ((organisation, name), repository) in &self.repositories {
            self.write_repository(organisation, name, repository, &mut out);
        }
        out
    }

    fn write_group(&self, name: &str, group: &Group, channels: Option<&Channels>, out: &mut Documents) {
        let Some(organisation) = self.organisation_of(name) else {
            let parent = group.parent.as_deref().unwrap_or_default();
            out.left.insert(format!("the team '{name}' is part of '{parent}', which is not declared"));
            return;
        };
        let entity = EntityRef::group(name);
        let texts = (group.display_name.as_deref(), group.description.as_deref());
        let Some(mut said) = self.said(&entity, &group.services, texts, out) else { return };
        if let Some((asked_by, words)) = channels {
            said.annotations.insert(format!("{PREFIX}{asked_by}"), words.join(", "));
        }
        // People who are declared already keep their document; the group names them.
        let members = self.members.iter().filter(|(person, of)| of == name && self.known.contains(person.as_str()));
        let spec = Spec {
            kind: Some(if group.parent.is_none() { "organization" } else { "team" }),
            parent: group.parent.as_deref(),
            profile: Profile::of(said.keeps(Part::DisplayName, texts.0), None),
            children: Some(Vec::new()),
            members: members.map(|(person, _)| person.as_str()).collect(),
            ..Spec::default()
        };
        let path = match group.parent {
            None => format!("users/{organisation}/organisation.yaml"),
            Some(_) => format!("users/{organisation}/teams/{name}.yaml"),
        };
        let about = said.keeps(Part::Description, texts.1);
        let document = Document::new("Group", name, about, said.annotations, spec);
        out.files.insert(path, (entity, document.text(&said.comments)));
    }

    fn write_person(&self, name: &str, person: &Person, out: &mut Documents) {
        let groups = self.groups_of(name);
        let Some(home) = groups.first() else {
            out.left.insert(format!(
                "'{name}' is in no organisation: write the document by hand, with 'memberOf' naming a home"
            ));
            return;
        };
        let entity = EntityRef::user(name);
        let texts = (person.display_name.as_deref(), None);
        let Some(said) = self.said(&entity, &person.services, texts, out) else { return };
        let path = format!("users/{home}/{name}.yaml");
        let spec = Spec {
            profile: Profile::of(said.keeps(Part::DisplayName, texts.0), person.email.as_deref()),
            member_of: Some(groups),
            ..Spec::default()
        };
        let document = Document::new("User", name, None, said.annotations, spec);
        out.files.insert(path, (entity, document.text(&said.comments)));
    }

    /// A repository as a component of its organisation. Its name may be another's in a second organisation: then the
    /// organisation stands before it, and an annotation names the repository.
    fn write_repository(&self, organisation: &str, name: &str, repository: &Repository, out: &mut Documents) {
        if !self.groups.contains_key(organisation) && !self.declared.contains_key(organisation) {
            out.left.insert(format!("the repository '{organisation}/{name}' is of nobody who is declared"));
            return;
        }
        let is_single = self.repositories.keys().filter(|(_, other)| other == name).count() == 1;
        let is_free = is_single && is_name(name) && !self.components.contains(&name.to_lowercase());
        let called = if is_free { name.to_owned() } else { format!("{organisation}-{name}") };
        if !is_name(&called) {
            out.left.insert(format!("the repository '{organisation}/{name}' has a name that no entity can have"));
            return;
        }
        let entity = EntityRef::new("component", "default", &called);
        let services = [repository.service.clone()].into();
        let texts = (None, repository.description.as_deref());
        let Some(mut said) = self.said(&entity, &services, texts, out) else { return };
        // Where it is follows from the annotation that names it, or from its organisation.
        said.annotations.remove(&format!("{PREFIX}services"));
        if !is_free {
            said.annotations.insert(format!("{PREFIX}{}", repository.named_by), format!("{organisation}/{name}"));
        }
        let spec = Spec {
            kind: Some("repository"),
            lifecycle: Some("production"),
            owner: Some(organisation),
            ..Spec::default()
        };
        let document =
            Document::new("Component", &called, said.keeps(Part::Description, texts.1), said.annotations, spec);
        let path = format!("users/{organisation}/repositories/{called}.yaml");
        out.files.insert(path, (entity, document.text(&said.comments)));
    }

    /// A channel is asked for by the group whose people, as far as they have a document, are those in it.
    fn channels_by_group(&self, left: &mut BTreeSet<String>) -> BTreeMap<String, Channels> {
        let mut people_of: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for person in self.people.keys() {
            self.groups_of(person).into_iter().for_each(|group| {
                people_of.entry(group).or_default().insert(person);
            });
        }
        let mut asked: BTreeMap<String, Channels> = BTreeMap::new();
        for ((organisation, name), channel) in &self.channels {
            let here =
                |person: &&str| self.people.get(*person).is_some_and(|it| it.services.contains(&channel.service));
            let listeners: BTreeSet<&str> = channel.people.iter().map(String::as_str).filter(here).collect();
            let groups = self.groups.iter().filter(|(group, _)| {
                let people: BTreeSet<&str> =
                    people_of.get(*group).into_iter().flatten().copied().filter(here).collect();
                self.organisation_of(group).as_ref() == Some(organisation) && !people.is_empty() && people == listeners
            });
            // The group of the channel's own name is meant before all, and a team before its organisation.
            let same_name = groups.clone().find(|(group, _)| *group == name);
            let Some((group, _)) = same_name.or_else(|| groups.min_by_key(|(_, it)| it.parent.is_none())) else {
                left.insert(format!(
                    "the channel '{organisation}/{name}' of '{}' has other people in it than any team: declare a team of \
                     them, and name the channel there",
                    channel.service
                ));
                continue;
            };
            let word = format!("{name}:{}", if channel.private { "private" } else { "public" });
            asked.entry(group.clone()).or_insert_with(|| (channel.asked_by, Vec::new())).1.push(word);
        }
        asked
    }

    /// What stands in an entity's annotations, and above them; `None` where it cannot be declared.
    fn said(
        &self,
        entity: &EntityRef,
        services: &BTreeSet<String>,
        (display_name, description): (Option<&str>, Option<&str>),
        out: &mut Documents,
    ) -> Option<Said> {
        static NONE: BTreeSet<Answer> = BTreeSet::new();
        let answers = self.amended.get(entity).unwrap_or(&NONE);
        let found = services.iter().cloned().collect::<Vec<_>>().join(", ");
        let mut said = Said {
            annotations: BTreeMap::new(),
            omitted: BTreeSet::new(),
            comments: vec![format!("Imported from {found}.")],
        };
        if let Some(placed) = self.placed(services) {
            said.annotations.insert(format!("{PREFIX}services"), placed);
        }
        let mut observed: BTreeSet<String> = BTreeSet::new();
        for answer in answers {
            match answer {
                Answer::Withdraw(why) => {
                    out.left.insert(format!("{entity}: {why}"));
                    return None;
                }
                Answer::Say(name, value) => {
                    said.annotations.insert(format!("{PREFIX}{name}"), value.clone());
                }
                Answer::Omit(part, what) => {
                    let (key, text) = match part {
                        Part::DisplayName => ("displayName", display_name),
                        Part::Description => ("description", description),
                    };
                    if said.omitted.insert(*part) {
                        let text = text.unwrap_or_default();
                        said.comments.push(format!("Services disagree. '{key}: {text}' would"));
                    }
                    said.comments.push(format!("  {what}."));
                }
                Answer::Additive(what) => {
                    said.annotations.insert(format!("{PREFIX}members"), "additive".to_owned());
                    said.comments.push(format!("Others are in it too; a plan would {what}."));
                }
                Answer::Observe(instance, what) => {
                    if observed.insert(format!("{instance}=observe")) {
                        said.comments.push(format!("Only looked at in {instance}, where a plan would {what}."));
                    }
                }
            }
        }
        if !observed.is_empty() {
            out.observed.insert(entity.clone());
            let words: Vec<String> = observed.into_iter().collect();
            said.annotations.insert(format!("{PREFIX}manage"), words.join(", "));
        }
        Some(said)
    }

    fn group(
        &mut self,
        instance: &Instance,
        name: &str,
        parent: Option<&String>,
        display_name: Option<&String>,
        description: Option<&String>,
    ) {
        if let Some(why) = self.unusable(instance, name, self.declared.contains_key(name)) {
            self.left.insert(why);
            return;
        }
        let group = self.groups.entry(name.to_owned()).or_insert_with(|| Group {
            parent: parent.cloned(),
            display_name: None,
            description: None,
            services: BTreeSet::new(),
        });
        if group.parent.as_ref() != parent {
            let of =
                |parent: Option<&String>| parent.map_or("an organisation".to_owned(), |it| format!("part of '{it}'"));
            let (here, there) = (of(parent), of(group.parent.as_ref()));
            self.left.insert(format!(
                "'{name}' is {here} in '{instance}', and another one of that name is {there}: a name is one group's"
            ));
            return;
        }
        group.display_name = group.display_name.take().or_else(|| display_name.cloned());
        group.description = group.description.take().or_else(|| description.cloned());
        group.services.insert(instance.as_str().to_owned());
    }

    fn person(&mut self, instance: &Instance, name: &str, display_name: Option<&String>, email: Option<&String>) {
        if let Some(why) = self.unusable(instance, name, self.known.contains(name)) {
            self.left.insert(why);
            return;
        }
        let person = self.people.entry(name.to_owned()).or_default();
        let (first, second) = (person.email.as_ref().map(|it| it.to_lowercase()), email.map(|it| it.to_lowercase()));
        if let (Some(first), Some(second)) = (&first, &second)
            && first != second
        {
            self.left.insert(format!(
                "'{name}' has the address {second} in '{instance}' and {first} elsewhere: perhaps these are two people"
            ));
            return;
        }
        person.display_name = person.display_name.take().or_else(|| display_name.cloned());
        person.email = person.email.take().or_else(|| email.cloned());
        person.services.insert(instance.as_str().to_owned());
    }

    /// Why a name cannot be written, if so.
    fn unusable(&self, instance: &Instance, name: &str, declared: bool) -> Option<String> {
        if declared {
            return Some(format!(
                "'{name}' is declared already, and not for '{instance}': add it to 'formulary.dev/services' if it is the same"
            ));
        }
        let why = "names in the mono-repo have 1 to 63 letters and digits, with '-', '_' and '.' inside";
        (!is_name(name)).then(|| format!("'{name}' of '{instance}' cannot be the name of an entity: {why}"))
    }

    /// The organisation at the top of a group that is found or declared. A circle has none.
    fn organisation_of(&self, name: &str) -> Option<String> {
        let mut at = name.to_owned();
        for _ in 0..=self.groups.len() + self.declared.len() {
            let parent = match self.groups.get(&at) {
                Some(group) => group.parent.clone(),
                None => self.declared.get(at.as_str())?.clone(),
            };
            match parent {
                None => return Some(at),
                Some(parent) => at = parent,
            }
        }
        None
    }

    /// Where a person belongs, the home organisation first. The organisation of a team is among them: who is in a team is
    /// in its organisation.
    fn groups_of(&self, person: &str) -> Vec<String> {
        let from = self.members.range((person.to_owned(), String::new())..);
        let direct: BTreeSet<&str> = from.take_while(|it| it.0 == person).map(|it| it.1.as_str()).collect();
        let mut organisations: BTreeSet<String> = BTreeSet::new();
        let mut teams: BTreeSet<String> = BTreeSet::new();
        for group in direct {
            let Some(organisation) = self.organisation_of(group) else { continue };
            if organisation != group {
                teams.insert(group.to_owned());
            }
            organisations.insert(organisation);
        }
        let only = || self.only_organisation().into_iter().collect();
        let organisations = if organisations.is_empty() { only() } else { organisations };
        organisations.into_iter().chain(teams).collect()
    }

    /// The organisation, if there is one and no second: everybody's home.
    fn only_organisation(&self) -> Option<String> {
        let found = self.groups.iter().filter(|it| it.1.parent.is_none()).map(|it| it.0.clone());
        let declared = self.declared.iter().filter(|it| it.1.is_none()).map(|it| it.0.clone());
        let all: BTreeSet<String> = found.chain(declared).collect();
        if all.len() == 1 { all.into_iter().next() } else { None }
    }

    /// The annotation that keeps something where it is, so that nothing new is made anywhere.
    fn placed(&self, services: &BTreeSet<String>) -> Option<String> {
        (*services != self.usual).then(|| services.iter().cloned().collect::<Vec<_>>().join(", "))
    }
}

/// The annotation by which a group asks for its channels, and its words.
type Channels = (&'static str, Vec<String>);

/// What a document says beside what it is about.
struct Said {
    /// By their whole names.
    annotations: BTreeMap<String, String>,
    omitted: BTreeSet<Part>,
    comments: Vec<String>,
}

impl Said {
    /// A part, unless it is left out.
    fn keeps<'t>(&self, part: Part, text: Option<&'t str>) -> Option<&'t str> {
        text.filter(|_| !self.omitted.contains(&part))
    }
}

fn observes(answers: &BTreeSet<Answer>, there: &Instance) -> bool {
    answers.iter().any(|it| matches!(it, Answer::Observe(instance, _) if instance == there))
}
