//! Scopes of access tokens: what they are called, how they add up, what a route asks of them.

use std::collections::BTreeMap;

/// A group of routes that a scope opens. The order is that in which Gitea spells scopes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    ActivityPub,
    Admin,
    Misc,
    Notification,
    Organization,
    Package,
    Issue,
    Repository,
    User,
}

const CATEGORIES: [(Category, &str); 9] = [
    (Category::ActivityPub, "activitypub"),
    (Category::Admin, "admin"),
    (Category::Misc, "misc"),
    (Category::Notification, "notification"),
    (Category::Organization, "organization"),
    (Category::Package, "package"),
    (Category::Issue, "issue"),
    (Category::Repository, "repository"),
    (Category::User, "user"),
];

impl Category {
    pub(super) fn name(self) -> &'static str {
        CATEGORIES.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| name)
    }
}

/// What a token may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) public_only: bool,
    /// Category to whether writing is included.
    granted: BTreeMap<Category, bool>,
}

impl Scope {
    /// The sum of `words`; the first that is no scope is handed back.
    pub(super) fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut scope = Self::default();
        for word in words {
            match word {
                "" => {}
                "public-only" => scope.public_only = true,
                "all" => scope.granted = CATEGORIES.iter().map(|(category, _)| (*category, true)).collect(),
                _ => {
                    let (category, writes) = parse_word(word).ok_or_else(|| word.to_owned())?;
                    let known = scope.granted.entry(category).or_insert(writes);
                    *known |= writes;
                }
            }
        }
        Ok(scope)
    }

    /// Whether nothing is granted: Gitea refuses to mint such a token.
    pub(super) fn grants_nothing(&self) -> bool {
        self.granted.is_empty()
    }

    /// Whether the scope opens every one of `categories`.
    pub(super) fn allows(&self, categories: &[Category], write: bool) -> bool {
        categories.iter().all(|category| self.granted.get(category).is_some_and(|writes| *writes || !write))
    }

    /// The scope in Gitea's own order and with implied words left out.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.public_only {
            words.push("public-only".to_owned());
        }
        if self.granted.len() == CATEGORIES.len() && self.granted.values().all(|writes| *writes) {
            words.push("all".to_owned());
        } else {
            words.extend(self.granted.iter().map(|(category, writes)| spell(*category, *writes)));
        }
        words
    }
}

/// `read:user`, `write:admin`.
pub(super) fn spell(category: Category, write: bool) -> String {
    format!("{}:{}", if write { "write" } else { "read" }, category.name())
}

fn parse_word(word: &str) -> Option<(Category, bool)> {
    let (level, name) = word.split_once(':')?;
    let writes = match level {
        "read" => false,
        "write" => true,
        _ => return None,
    };
    CATEGORIES.iter().find(|(_, known)| *known == name).map(|(category, _)| (*category, writes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(given: &[&str]) -> String {
        Scope::parse(given.iter().copied()).expect("known scopes").words().join(",")
    }

    #[test]
    fn words_come_in_the_servers_order_and_writing_implies_reading() {
        assert_eq!(words(&["read:user", "write:repository"]), "write:repository,read:user");
        assert_eq!(words(&["read:user", "write:user"]), "write:user");
        assert_eq!(words(&["write:repository", "public-only"]), "public-only,write:repository");
        assert_eq!(words(&["all", "read:user"]), "all");
        assert_eq!(Scope::parse(["read:everything"]), Err("read:everything".to_owned()));
    }

    #[test]
    fn a_route_that_asks_for_two_categories_needs_both() {
        let scope = Scope::parse(["read:user", "write:organization"]).expect("known scopes");
        assert!(scope.allows(&[Category::User, Category::Organization], false));
        assert!(!scope.allows(&[Category::User, Category::Organization], true));
    }
}
