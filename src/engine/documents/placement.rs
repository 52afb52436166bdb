//! Which services an entity is placed in: `formulary.dev/services`, nearest first.
//!
//! * A group gets what its own annotation says, or what the group above it gets, or the default of the config.
//! * A person gets what any of their organisations and teams gets.
//! * `a, b` says exactly which, `none` says none at all, and `+a, -b` adjusts what is inherited. On a person that
//!   is final: a team does not bring back what the person's own document takes away.
//!
//! A team that is not in a service (`-b`) takes nothing from its members; it only brings nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::engine::diag::Span;
use crate::engine::model::entity::EntityRef;

use super::catalogue::{Catalogue, Entity, Placement};

/// Services, each with the annotation that gives it; `None` where it is the default of the config.
pub type PlacedServices = BTreeMap<String, Option<Span>>;

/// Why the text of `formulary.dev/services` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// Nothing is listed.
    #[error("no service is listed")]
    Empty,
    /// A list that is exact in one place and relative in another.
    #[error("'{0}' mixes an exact list with '+' and '-'")]
    Mixed(String),
    /// `none` beside other words.
    #[error("'none' stands beside other services")]
    NoneBeside,
    /// A word that cannot be the name of a service.
    #[error("'{0}' is not the name of a service")]
    Name(String),
    /// The same service added and taken away.
    #[error("'{0}' is both added and taken away")]
    Contradiction(String),
}

impl Catalogue {
    /// The services of an organisation, a team or a person; of anything else, the default.
    pub fn services_of(&self, reference: &EntityRef, default: &BTreeSet<String>) -> PlacedServices {
        if let Some(person) = self.people.get(reference) {
            let mut services = PlacedServices::new();
            let home = std::iter::once(&person.home);
            for group in home.chain(person.organisations.keys()).chain(person.teams.keys()) {
                for (service, span) in self.services_of_group(group, default) {
                    services.entry(service).or_insert(span);
                }
            }
            return apply(&person.entity, services);
        }
        self.services_of_group(reference, default)
    }

    fn services_of_group(&self, reference: &EntityRef, default: &BTreeSet<String>) -> PlacedServices {
        let mut services: PlacedServices = default.iter().map(|service| (service.clone(), None)).collect();
        if let Some(organisation) = self.organisations.get(reference) {
            return apply(&organisation.entity, services);
        }
        let Some(team) = self.teams.get(reference) else {
            return services;
        };
        if let Some(organisation) = self.organisations.get(&team.organisation) {
            services = apply(&organisation.entity, services);
        }
        self.path_of(team).into_iter().fold(services, |services, team| apply(&team.entity, services))
    }
}

impl Placement {
    /// Reads the text of the annotation.
    pub fn parse(text: &str) -> Result<Self, PlacementError> {
        let words: Vec<&str> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Err(PlacementError::Empty);
        }
        if words.contains(&"none") {
            return if words.len() == 1 { Ok(Self::Exactly(BTreeSet::new())) } else { Err(PlacementError::NoneBeside) };
        }
        let (mut exactly, mut add, mut remove) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for word in words {
            let (set, name) = match (word.strip_prefix('+'), word.strip_prefix('-')) {
                (Some(name), _) => (&mut add, name.trim()),
                (_, Some(name)) => (&mut remove, name.trim()),
                _ => (&mut exactly, word),
            };
            if !is_service_name(name) {
                return Err(PlacementError::Name(word.to_owned()));
            }
            set.insert(name.to_owned());
        }
        if exactly.is_empty() {
            return match add.intersection(&remove).next() {
                Some(both) => Err(PlacementError::Contradiction(both.clone())),
                None => Ok(Self::Adjusted { add, remove }),
            };
        }
        if add.is_empty() && remove.is_empty() {
            Ok(Self::Exactly(exactly))
        } else {
            Err(PlacementError::Mixed(text.to_owned()))
        }
    }

    /// The same with other names of services.
    #[must_use]
    pub fn renamed(self, name: impl Fn(&str) -> String) -> Self {
        let all = |names: BTreeSet<String>| names.iter().map(|it| name(it)).collect();
        match self {
            Self::Exactly(names) => Self::Exactly(all(names)),
            Self::Adjusted { add, remove } => Self::Adjusted { add: all(add), remove: all(remove) },
        }
    }

    /// Every service that is named in it.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        let (first, second) = match self {
            Self::Exactly(names) => (names, None),
            Self::Adjusted { add, remove } => (add, Some(remove)),
        };
        first.iter().chain(second.into_iter().flatten())
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = match self {
            Self::Exactly(names) if names.is_empty() => vec!["none".to_owned()],
            Self::Exactly(names) => names.iter().cloned().collect(),
            Self::Adjusted { add, remove } => {
                add.iter().map(|name| format!("+{name}")).chain(remove.iter().map(|name| format!("-{name}"))).collect()
            }
        };
        f.write_str(&words.join(", "))
    }
}

/// What is left of inherited services after an entity's own annotation.
fn apply(entity: &Entity, inherited: PlacedServices) -> PlacedServices {
    let Some(placement) = &entity.placement else {
        return inherited;
    };
    let here = |name: &String| (name.clone(), Some(placement.span.clone()));
    match &placement.value {
        Placement::Exactly(names) => names.iter().map(here).collect(),
        Placement::Adjusted { add, remove } => {
            let mut services = inherited;
            services.retain(|service, _| !remove.contains(service));
            for name in add {
                services.entry(name.clone()).or_insert_with(|| Some(placement.span.clone()));
            }
            services
        }
    }
}

/// The names that the config may give to an instance: lower-case letters, digits and `-`, a letter first.
fn is_service_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
