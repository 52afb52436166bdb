//! What a file of the mono-repo is called in the catalogue: its address there, and back.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::engine::documents::index;
use crate::engine::model::EntityRef;

/// The address under which Backstage reads the root of the mono-repo at its branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Without a slash at the end.
    root: String,
    /// The same in the words that GitHub's reader uses for what a file leads to.
    twin: Option<String>,
}

impl Place {
    /// Reads an address.
    ///
    /// # Errors
    /// Why Backstage could not read files below it.
    pub fn new(address: &str) -> Result<Self, String> {
        let root = address.trim_end_matches('/').to_owned();
        let host = root.split_once("://").map(|(_, rest)| rest);
        if host
            .is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', '*']) || rest.contains(char::is_whitespace))
        {
            return Err(format!("'{address}' is not the address of a folder of files"));
        }
        for form in ["/src/branch/", "/-/blob/", "/blob/", "/tree/"] {
            let Some((_, branch)) = root.split_once(form) else { continue };
            if branch.contains('/') {
                return Err(format!(
                    "the branch '{branch}' has a slash in its name, and Backstage takes what comes after it for a folder; \
                     give a branch without one"
                ));
            }
            break;
        }
        // GitLab's '/-/blob/' stays what it is.
        let twin = match (root.contains("/-/"), root.contains("/blob/"), root.contains("/tree/")) {
            (false, true, _) => Some(root.replacen("/blob/", "/tree/", 1)),
            (false, false, true) => Some(root.replacen("/tree/", "/blob/", 1)),
            _ => None,
        };
        Ok(Self { root, twin })
    }

    /// The address of a file.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }

    /// The path of the file that has an address; `None` where it is none of the mono-repo's.
    pub fn path<'u>(&self, url: &'u str) -> Option<&'u str> {
        let below = |root: &str| url.strip_prefix(root)?.strip_prefix('/').filter(|path| !path.is_empty());
        below(&self.root).or_else(|| below(self.twin.as_deref()?))
    }

    /// The path of the file that has an address, or else the address.
    pub fn named(&self, url: &str) -> String {
        self.path(url).unwrap_or(url).to_owned()
    }

    /// A text in which addresses of the mono-repo's files are their paths.
    pub fn shorten(&self, text: &str) -> String {
        let roots = std::iter::once(&self.root).chain(&self.twin);
        roots.fold(text.to_owned(), |text, root| {
            text.replace(&format!("url:{root}/"), "").replace(&format!("{root}/"), "")
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.root)
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The entity whose refresh makes the catalogue read again what a location lists: the one in its index file. `None` for a
/// location that is the file itself.
pub fn lists(location: &str) -> Option<EntityRef> {
    let folder = location.strip_suffix(index::INDEX)?;
    let name = index::name_of(folder.trim_end_matches('/'));
    Some(EntityRef::new(index::LOCATION, crate::engine::model::entity::DEFAULT_NAMESPACE, &name))
}

/// The key of an entity.
pub fn key(reference: &EntityRef) -> String {
    format!("{}/{}/{}", reference.kind(), reference.namespace(), reference.name())
}

/// The entity of a key.
pub fn entity(key: &str) -> Option<EntityRef> {
    let mut parts = key.splitn(3, '/');
    Some(EntityRef::new(parts.next()?, parts.next()?, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_its_address_are_one() {
        let gitea = Place::new("https://git.acme.example/p/f/src/branch/main/").unwrap();
        let url = "https://git.acme.example/p/f/src/branch/main/users/acme/alice.yaml";
        assert_eq!(gitea.url("users/acme/alice.yaml"), url);
        assert_eq!(gitea.path(url), Some("users/acme/alice.yaml"));
        assert_eq!(
            gitea.named("https://git.acme.example/p/f/src/branch/main2/x"),
            "https://git.acme.example/p/f/src/branch/main2/x"
        );
        assert_eq!(gitea.shorten(&format!("YAML error at url:{url}, oh")), "YAML error at users/acme/alice.yaml, oh");
        // What GitHub's reader resolves from a file is a tree.
        let github = Place::new("https://github.com/acme/f/blob/main").unwrap();
        assert_eq!(github.path("https://github.com/acme/f/tree/main/users/a.yaml"), Some("users/a.yaml"));
        assert_eq!(github.url("users/a.yaml"), "https://github.com/acme/f/blob/main/users/a.yaml");
    }

    #[test]
    fn a_branch_that_backstage_cannot_read_is_refused() {
        for bad in
            ["https://git.acme.example/p/f/src/branch/feature/x", "https://github.com/a/f/blob/feature/x", "git", ""]
        {
            assert!(Place::new(bad).is_err(), "{bad}");
        }
        assert!(Place::new("http://files.acme.example").is_ok());
    }

    #[test]
    fn what_an_index_lists_is_read_again_by_its_own_entity() {
        assert_eq!(lists("users/acme/catalog-info.yaml").unwrap().as_str(), "location:default/users.acme");
        assert_eq!(lists("catalog-info.yaml").unwrap().as_str(), "location:default/catalog");
        assert_eq!(lists("formulas/lab/backstage-template.yaml"), None);
        let alice = EntityRef::user("alice");
        assert_eq!(entity(&key(&alice)), Some(alice));
    }
}
