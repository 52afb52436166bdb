//! How far we go with something: `formulary.dev/manage`, everywhere and in single services.
//!
//! `observe` holds everywhere, `gitea=observe` in one service, and `create-only, gitea=observe` says both. Where nothing is
//! said we go all the way.

use std::collections::BTreeMap;

use crate::engine::model::{Extent, Instance};

/// Why the text of `formulary.dev/manage` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManageError {
    /// No extent of that name.
    #[error("'{0}' is none of full, create-only, observe and release")]
    Extent(String),
    /// A service that is named twice, or two words for all of them.
    #[error("'{0}' says something that was said before")]
    Twice(String),
}

/// How far we go with an entity in each service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manage {
    elsewhere: Extent,
    there: BTreeMap<String, Extent>,
}

impl Manage {
    /// Reads the text of the annotation.
    ///
    /// # Errors
    /// When a word of it means nothing, or something is said twice.
    pub fn parse(text: &str) -> Result<Self, ManageError> {
        let mut said: BTreeMap<Option<String>, Extent> = BTreeMap::new();
        for word in text.split(',').map(str::trim) {
            let (service, extent) = match word.split_once('=') {
                Some((service, extent)) => (Some(service.trim().to_owned()), extent.trim()),
                None => (None, word),
            };
            let extent = Extent::parse(extent).ok_or_else(|| ManageError::Extent(extent.to_owned()))?;
            if said.insert(service, extent).is_some() {
                return Err(ManageError::Twice(word.to_owned()));
            }
        }
        let elsewhere = said.remove(&None).unwrap_or_default();
        Ok(Self {
            elsewhere,
            there: said.into_iter().filter_map(|(service, extent)| Some((service?, extent))).collect(),
        })
    }

    /// How far we go in an installation.
    pub fn at(&self, instance: &Instance) -> Extent {
        self.there.get(instance.as_str()).copied().unwrap_or(self.elsewhere)
    }

    /// The same with other names of services. Where two become one, it goes no farther than either.
    #[must_use]
    pub fn renamed(self, name: impl Fn(&str) -> String) -> Self {
        let mut there = BTreeMap::new();
        for (service, extent) in self.there {
            let narrowest = there.entry(name(&service)).or_insert(extent);
            *narrowest = extent.max(*narrowest);
        }
        Self { there, ..self }
    }

    /// The services that are named in it.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.there.keys()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_holds_everywhere_and_a_service_can_have_its_own() {
        let at = |text: &str, service: &str| Manage::parse(text).ok().map(|it| it.at(&Instance::new(service)));
        assert_eq!(at("observe", "gitea"), Some(Extent::Observe));
        assert_eq!(at("gitea=observe", "gitea"), Some(Extent::Observe));
        assert_eq!(at("gitea=observe", "coder"), Some(Extent::Full));
        assert_eq!(at("create-only, gitea = observe", "coder"), Some(Extent::CreateOnly));
        for wrong in ["", "watch", "gitea=watch", "observe, full", "gitea=full, gitea=observe", "gitea observe"] {
            assert!(Manage::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_service_under_two_names_goes_no_farther_than_either() {
        for text in ["forge=observe, gitea=full", "forge=full, gitea=observe"] {
            let manage = Manage::parse(text).expect(text).renamed(|name| name.replace("forge", "gitea"));
            assert_eq!(manage.at(&Instance::new("gitea")), Extent::Observe, "{text}");
        }
    }
}
