//! What a repository can be asked for by name, and from a name to a commit.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Oid, Repository};

use crate::engine::diag::nearest;

use super::error::RepoError;

/// The branches, tags and other references of a repository at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct References {
    names: BTreeMap<String, Oid>,
    default: Option<String>,
}

/// The least digits of a commit id that are taken for one; fewer are more likely a name.
const SHORT_ID: usize = 7;

/// How many names are offered when one does not exist.
const OFFERED: usize = 3;

impl References {
    /// What a remote listed. `default` is the full name of the branch that its `HEAD` is.
    pub(super) fn of_remote(names: BTreeMap<String, Oid>, default: Option<String>) -> Self {
        // Of a tag that is an object of its own, the commit behind it is listed as well (`^{}`) and is found through it.
        let mut names = names;
        names.retain(|name, _| !name.ends_with("^{}"));
        let default = default.filter(|it| names.contains_key(it)).or_else(|| {
            let head = names.get("HEAD")?;
            let same = |(_, id): &(&String, &Oid)| *id == head;
            let branches = || names.iter().filter(|(name, _)| name.starts_with("refs/heads/"));
            let usual = ["refs/heads/main", "refs/heads/master"];
            branches()
                .filter(same)
                .find(|(name, _)| usual.contains(&name.as_str()))
                .or_else(|| branches().find(same))
                .map(|(name, _)| name.clone())
        });
        Self { names, default }
    }

    /// What a repository on this machine has.
    pub(super) fn of_local(repository: &Repository) -> Result<Self, git2::Error> {
        let mut names = BTreeMap::new();
        for reference in repository.references()? {
            let reference = reference?;
            if let (Ok(name), Some(id)) = (reference.name(), resolved(&reference)) {
                names.insert(name.to_owned(), id);
            }
        }
        let mut default = None;
        if let Ok(head) = repository.head() {
            names.extend(head.target().map(|id| ("HEAD".to_owned(), id)));
            default = head.is_branch().then(|| head.name().ok().map(str::to_owned)).flatten();
        }
        Ok(Self { names, default })
    }

    /// Whether there is no commit at all.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The commit that `revision` names, and what a person calls it.
    ///
    /// A branch comes before a tag of the same name, and both before a commit id. A name may be followed by Git's
    /// `~2` and `^`.
    pub(super) fn find(
        &self,
        repository: &Repository,
        url: &str,
        revision: Option<&str>,
    ) -> Result<(Oid, String), RepoError> {
        let missing = |revision: &str| RepoError::NoRevision {
            url: url.to_owned(),
            revision: revision.to_owned(),
            near: self.near(revision),
        };
        let git = |what: &'static str| move |source| RepoError::Git { what, source };
        let Some(revision) = revision else {
            let head = self.default.as_deref().unwrap_or("HEAD");
            let id = self.names.get(head).ok_or_else(|| missing("HEAD"))?;
            return Ok((*id, short_name(head).to_owned()));
        };
        let end = revision.find(['~', '^']).unwrap_or(revision.len());
        let (name, steps) = revision.split_at(end);
        let found = self.by_name(name);
        let id = match found {
            Some(id) => id,
            None => by_prefix(repository, url, name)?.ok_or_else(|| missing(revision))?,
        };
        if !steps.chars().all(|c| "~^".contains(c) || c.is_ascii_digit()) {
            return Err(missing(revision));
        }
        let commit = repository.revparse_single(&format!("{id}{steps}")).and_then(|it| it.peel_to_commit());
        match commit {
            Ok(commit) => Ok((commit.id(), found.map_or(String::new(), |_| revision.to_owned()))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Err(missing(revision)),
            Err(error) => Err(git("find the commit")(error)),
        }
    }

    fn by_name(&self, name: &str) -> Option<Oid> {
        if name == "HEAD" || name.starts_with("refs/") {
            return self.names.get(name).copied();
        }
        ["refs/heads/", "refs/tags/", "refs/remotes/", "refs/remotes/origin/"]
            .iter()
            .find_map(|folder| self.names.get(&format!("{folder}{name}")))
            .copied()
    }

    /// The names closest to one that does not exist; where none is close, some that exist.
    fn near(&self, wanted: &str) -> Vec<String> {
        let mut names: BTreeSet<&str> = self
            .names
            .keys()
            .map(|name| short_name(name))
            .filter(|name| !["HEAD", "origin/HEAD"].contains(name))
            .collect();
        let mut offered = Vec::new();
        while let Some(name) = nearest(wanted, names.iter().copied()) {
            offered.push(name);
            names.remove(name);
        }
        if offered.is_empty() {
            // Nothing is close; the default branch is the likeliest of all.
            let default = self.default.as_deref().map(short_name);
            offered.extend(default.filter(|name| names.remove(name)));
            offered.extend(names);
        }
        offered.truncate(OFFERED);
        offered.into_iter().map(str::to_owned).collect()
    }
}

/// A commit by its id or the beginning of it.
fn by_prefix(repository: &Repository, url: &str, digits: &str) -> Result<Option<Oid>, RepoError> {
    if digits.len() < SHORT_ID || digits.len() > 40 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return Ok(None);
    }
    match repository.find_commit_by_prefix(digits) {
        Ok(commit) => Ok(Some(commit.id())),
        Err(error) if error.code() == git2::ErrorCode::Ambiguous => {
            Err(RepoError::Ambiguous { url: url.to_owned(), revision: digits.to_owned() })
        }
        Err(_) => Ok(None),
    }
}

fn resolved(reference: &git2::Reference<'_>) -> Option<Oid> {
    reference.resolve().ok()?.target()
}

fn short_name(name: &str) -> &str {
    ["refs/heads/", "refs/tags/", "refs/remotes/"].iter().find_map(|folder| name.strip_prefix(folder)).unwrap_or(name)
}
