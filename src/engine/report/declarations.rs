//! Live objects as declarations: what a company that has accounts already begins its mono-repo with.
//!
//! Each provider says what of the mono-repo's nouns an object of its is ([`Described`]); what several services say of one
//! name becomes one document. Where they disagree, or where a document could not say what is there, nothing is
//! written and the reason is told: a person decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::engine::documents::Catalogue;
use crate::engine::model::entity::is_name;
use crate::engine::model::{EntityRef, Instance, Live};

/// What a live object would be declared as. Names are those of entities.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Described {
    /// An organisation.
    Organisation {
        /// Its name.
        name: String,
        /// What people call it.
        display_name: Option<String>,
        /// What it is.
        description: Option<String>,
    },
    /// A team of an organisation, or of another team.
    Team {
        /// Its name.
        name: String,
        /// What it is part of.
        parent: String,
        /// What people call it.
        display_name: Option<String>,
        /// What it is for.
        description: Option<String>,
    },
    /// A person.
    Person {
        /// The name of the account.
        name: String,
        /// The whole name.
        display_name: Option<String>,
        /// The address.
        email: Option<String>,
    },
    /// A person in an organisation or team.
    Member {
        /// The person.
        person: String,
        /// The organisation or team.
        group: String,
    },
}

impl Described {
    /// An account as a person; `whole_name` are the fields that hold the name, in order.
    pub fn person(live: &Live, whole_name: &[&str]) -> Self {
        let words: Vec<&str> = whole_name.iter().filter_map(|field| live.text(field)).collect();
        let display_name = (!words.is_empty()).then(|| words.join(" "));
        let email = live.text("email").map(str::to_owned);
        Self::Person { name: live.address.leaf().to_owned(), display_name, email }
    }
}

/// Documents for what nobody declared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declarations {
    /// The files, by path from the root of the mono-repo.
    pub files: BTreeMap<String, String>,
    /// What was left out, and why.
    pub left: Vec<String>,
}

/// Writes documents for what was found. `found` comes in the order in which installations are believed: the identity
/// provider first. `usual` are the installations that a person gets when nothing is said.
pub fn declarations(found: &[(Instance, Described)], declared: &Catalogue, usual: &BTreeSet<String>) -> Declarations {
    let mut draft = Draft { usual, ..Draft::new(declared) };
    for (instance, described) in found {
        draft.add(instance, described);
    }
    draft.finish()
}

struct Draft<'a> {
    usual: &'a BTreeSet<String>,
    /// Declared groups with what they are part of; organisations are part of nothing.
    declared: BTreeMap<&'a str, Option<&'a str>>,
    /// Declared people.
    known: BTreeSet<&'a str>,
    groups: BTreeMap<String, Group>,
    people: BTreeMap<String, Person>,
    members: BTreeSet<(String, String)>,
    left: BTreeSet<String>,
}

struct Group {
    parent: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
    services: BTreeSet<String>,
}

struct Person {
    display_name: Option<String>,
    email: Option<String>,
    services: BTreeSet<String>,
}

impl<'a> Draft<'a> {
    fn new(catalogue: &'a Catalogue) -> Self {
        static NONE: BTreeSet<String> = BTreeSet::new();
        let organisations = catalogue.organisations.keys().map(|it| (it.name(), None));
        let teams = catalogue.teams.iter().map(|(it, team)| (it.name(), Some(team.parent.value.name())));
        Self {
            usual: &NONE,
            declared: organisations.chain(teams).collect(),
            known: catalogue.people.keys().map(EntityRef::name).collect(),
            groups: BTreeMap::new(),
            people: BTreeMap::new(),
            members: BTreeSet::new(),
            left: BTreeSet::new(),
        }
    }

    fn add(&mut self, instance: &Instance, described: &Described) {
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
        }
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
        let person = self.people.entry(name.to_owned()).or_insert_with(|| Person {
            display_name: None,
            email: None,
            services: BTreeSet::new(),
        });
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

    fn finish(mut self) -> Declarations {
        self.drop_without_parent();
        let mut files = BTreeMap::new();
        for (name, group) in &self.groups {
            let Some(organisation) = self.organisation_of(name) else { continue };
            let path = match group.parent {
                None => format!("users/{organisation}/organisation.yaml"),
                Some(_) => format!("users/{organisation}/teams/{name}.yaml"),
            };
            // People who are declared already keep their document; the group names them.
            let members = self.members.iter().filter(|(person, of)| of == name && self.known.contains(person.as_str()));
            let members: Vec<&str> = members.map(|(person, _)| person.as_str()).collect();
            files.insert(
                path,
                document(&entity(
                    "Group",
                    name,
                    group.description.as_deref(),
                    self.placed(&group.services),
                    Spec {
                        kind: Some(if group.parent.is_none() { "organization" } else { "team" }),
                        parent: group.parent.as_deref(),
                        profile: Profile::of(group.display_name.as_deref(), None),
                        children: Some(Vec::new()),
                        members,
                        member_of: None,
                    },
                )),
            );
        }
        let mut left = std::mem::take(&mut self.left);
        for (name, person) in &self.people {
            let groups = self.groups_of(name);
            let Some(home) = groups.first() else {
                left.insert(format!(
                    "'{name}' is in no organisation: write the document by hand, with 'memberOf' naming a home"
                ));
                continue;
            };
            files.insert(
                format!("users/{home}/{name}.yaml"),
                document(&entity(
                    "User",
                    name,
                    None,
                    self.placed(&person.services),
                    Spec {
                        kind: None,
                        parent: None,
                        profile: Profile::of(person.display_name.as_deref(), person.email.as_deref()),
                        children: None,
                        members: Vec::new(),
                        member_of: Some(groups),
                    },
                )),
            );
        }
        Declarations { files, left: left.into_iter().collect() }
    }

    /// A team whose parent is not to be had cannot be written, nor what is part of it.
    fn drop_without_parent(&mut self) {
        loop {
            let orphans: Vec<String> =
                self.groups.keys().filter(|name| self.organisation_of(name).is_none()).cloned().collect();
            if orphans.is_empty() {
                return;
            }
            for name in orphans {
                if let Some(Group { parent: Some(parent), .. }) = self.groups.remove(&name) {
                    self.left.insert(format!("the team '{name}' is part of '{parent}', which is not declared"));
                }
            }
        }
    }

    /// The organisation at the top of a group that is found or declared. A circle has none.
    fn organisation_of(&self, name: &str) -> Option<String> {
        let mut at = name.to_owned();
        for _ in 0..=self.groups.len() + self.declared.len() {
            let parent = match self.groups.get(&at) {
                Some(group) => group.parent.clone(),
                None => self.declared.get(at.as_str())?.map(str::to_owned),
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
        let direct: BTreeSet<&str> = self.members.iter().filter(|it| it.0 == person).map(|it| it.1.as_str()).collect();
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
        let declared = self.declared.iter().filter(|it| it.1.is_none()).map(|it| (*it.0).to_owned());
        let all: BTreeSet<String> = found.chain(declared).collect();
        if all.len() == 1 { all.into_iter().next() } else { None }
    }

    /// The annotation that keeps something where it is, so that nothing new is made anywhere.
    fn placed(&self, services: &BTreeSet<String>) -> Option<String> {
        (services != self.usual).then(|| services.iter().cloned().collect::<Vec<_>>().join(", "))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: Spec<'a>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<Profile<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    children: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    members: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    member_of: Option<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Profile<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

impl<'a> Profile<'a> {
    fn of(display_name: Option<&'a str>, email: Option<&'a str>) -> Option<Self> {
        (display_name.is_some() || email.is_some()).then_some(Self { display_name, email })
    }
}

fn entity<'a>(
    kind: &'static str,
    name: &'a str,
    description: Option<&'a str>,
    services: Option<String>,
    spec: Spec<'a>,
) -> Document<'a> {
    let annotations = services.map(|services| ("formulary.dev/services", services)).into_iter().collect();
    Document { api_version: "backstage.io/v1alpha1", kind, metadata: Metadata { name, description, annotations }, spec }
}

fn document(document: &Document<'_>) -> String {
    // Plain texts and lists of them can always be written.
    serde_yaml::to_string(document).unwrap_or_default()
}

#[cfg(test)]
mod tests;
