//! A Git repository, here or on a server: its commits as snapshots, and what changed between two of them.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use git2::{DiffOptions, Oid, Repository};
use url::Url;

use crate::engine::source::{Revision, Snapshot};

use super::ReadOptions;
use super::clone;
use super::error::RepoError;
use super::http::is_loopback;
use super::refs::References;
use super::selection::Selection;
use super::{ssh, tree};

/// A repository whose commits can be read.
///
/// One on this machine is read where it is, without its working copy; one on a server is fetched into a bare clone first.
/// Nothing of it is executed: no hook, no filter, no attribute.
pub struct GitRepository {
    repository: Repository,
    references: References,
    /// The address for messages.
    shown: String,
}

impl GitRepository {
    /// Opens the repository at `url`, and fetches it when it is on a server.
    ///
    /// `wanted` are the revisions that will be asked for. Where all are whole commit ids that are in the clone already,
    /// no server is asked: a commit never changes.
    ///
    /// # Errors
    /// [`RepoError`]: a wrong address, no repository there, an empty one, a refused sign-in, a server that does not answer.
    pub fn open(url: &str, wanted: &[&str], options: &ReadOptions) -> Result<Self, RepoError> {
        let place = Place::parse(url)?;
        let shown = place.to_string();
        let (repository, references) = match &place {
            Place::Local(path) => open_local(path, &shown)?,
            Place::Remote(remote) if !options.fetch => {
                let repository = clone::cached(remote, options).ok_or_else(|| RepoError::Unreachable {
                    url: shown.clone(),
                    reason: "it was never fetched to this machine, and offline it is not".to_owned(),
                })?;
                let git = |source| RepoError::Git { what: "read the clone", source };
                let references = References::of_local(&repository).map_err(git)?;
                (repository, references)
            }
            Place::Remote(remote) => {
                let ids: Option<Vec<Oid>> = wanted.iter().map(|it| whole_id(it)).collect();
                let pinned = ids.filter(|it| !it.is_empty()).and_then(|ids| {
                    let has_all = |it: &Repository| ids.iter().all(|id| it.find_commit(*id).is_ok());
                    clone::cached(remote, options).filter(has_all)
                });
                match pinned {
                    Some(repository) => (repository, References::default()),
                    None => {
                        let cloned = clone::fetch(remote, &shown, options)?;
                        if cloned.references.is_empty() {
                            return Err(RepoError::Empty { url: shown });
                        }
                        (cloned.repository, cloned.references)
                    }
                }
            }
        };
        Ok(Self { repository, references, shown })
    }

    /// The repository that a folder lies in, and the folder's path within it (empty for its root).
    ///
    /// # Errors
    /// When the folder lies in none, or in an empty one.
    pub fn around(folder: &Path) -> Result<(Self, String), RepoError> {
        let shown = folder.display().to_string();
        let none = |source| RepoError::NoRepository { url: shown.clone(), source };
        let found = Repository::discover(folder).map_err(|source| none(Some(source)))?;
        let io = |source| RepoError::Io { path: folder.to_owned(), source };
        let root = found.workdir().ok_or_else(|| none(None))?.canonicalize().map_err(io)?;
        let inner = folder.canonicalize().map_err(io)?;
        let within = inner.strip_prefix(&root).ok().and_then(Path::to_str).ok_or_else(|| none(None))?.to_owned();
        let (repository, references) = open_local(&root, &shown)?;
        Ok((Self { repository, references, shown }, within))
    }

    /// The commit that a branch, tag or commit id names; the default branch when nothing is named.
    ///
    /// # Errors
    /// [`RepoError::NoRevision`] with the names that are near, or [`RepoError::Ambiguous`].
    pub fn resolve(&self, revision: Option<&str>) -> Result<Revision, RepoError> {
        let (id, name) = self.references.find(&self.repository, &self.shown, revision)?;
        let id = id.to_string();
        let short = &id[..7];
        let label = if name.is_empty() { short.to_owned() } else { format!("{name} ({short})") };
        Ok(Revision { id, label })
    }

    /// The files of a commit.
    ///
    /// # Errors
    /// When the commit itself cannot be read. A file that cannot be read is an entry that says so.
    pub fn snapshot(&self, revision: &Revision, selection: &Selection) -> Result<Snapshot, RepoError> {
        self.snapshot_within(revision, "", selection)
    }

    /// The files of one folder of a commit, by their paths from there; none where the commit has no such folder.
    ///
    /// # Errors
    /// As [`GitRepository::snapshot`].
    pub fn snapshot_within(
        &self,
        revision: &Revision,
        folder: &str,
        selection: &Selection,
    ) -> Result<Snapshot, RepoError> {
        let id = self.id_of(revision)?;
        let files = tree::read(&self.repository, id, folder, selection, &self.shown)?;
        Ok(Snapshot { revision: revision.clone(), files })
    }

    /// The last commit that two histories have in common; `None` when there is none.
    ///
    /// # Errors
    /// When one of the commits is not in the repository.
    pub fn common(&self, one: &Revision, other: &Revision) -> Result<Option<Revision>, RepoError> {
        match self.repository.merge_base(self.id_of(one)?, self.id_of(other)?) {
            Ok(id) => self.resolve(Some(&id.to_string())).map(Some),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(source) => Err(RepoError::Git { what: "find what two commits have in common", source }),
        }
    }

    /// The paths whose entry differs between two commits, removed and added ones included. A moved file is two paths.
    ///
    /// # Errors
    /// When one of the commits is not in the repository.
    pub fn changed_paths(&self, from: &Revision, to: &Revision) -> Result<BTreeSet<String>, RepoError> {
        let git = |what: &'static str| move |source| RepoError::Git { what, source };
        let tree_of = |revision: &Revision| {
            let id = self.id_of(revision)?;
            self.repository.find_commit(id).and_then(|it| it.tree()).map_err(git("read the commit"))
        };
        let (from, to) = (tree_of(from)?, tree_of(to)?);
        let mut options = DiffOptions::new();
        // A file that became a link is a change of one path, not nothing.
        options.include_typechange(true).skip_binary_check(true);
        let diff = self
            .repository
            .diff_tree_to_tree(Some(&from), Some(&to), Some(&mut options))
            .map_err(git("compare the commits"))?;
        let mut paths = BTreeSet::new();
        for delta in diff.deltas() {
            for file in [delta.old_file(), delta.new_file()] {
                paths.extend(file.path_bytes().map(|it| String::from_utf8_lossy(it).into_owned()));
            }
        }
        Ok(paths)
    }

    fn id_of(&self, revision: &Revision) -> Result<Oid, RepoError> {
        whole_id(&revision.id).ok_or_else(|| RepoError::NoRevision {
            url: self.shown.clone(),
            revision: revision.id.clone(),
            near: Vec::new(),
        })
    }
}

impl fmt::Debug for GitRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitRepository").field("url", &self.shown).finish_non_exhaustive()
    }
}

/// An address, sorted by how it is read.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    Local(PathBuf),
    Remote(Url),
}

impl Place {
    fn parse(text: &str) -> Result<Self, RepoError> {
        if !text.contains("://") {
            return match text {
                "" => Err(address("", "it is empty")),
                // How ssh addresses are mostly written.
                _ if ssh::is_short(text) => match ssh::from_scp(text) {
                    Some(url) => Self::ssh(url),
                    None => Err(address("…", "it is no well-formed address")),
                },
                _ => Ok(Self::Local(PathBuf::from(text))),
            };
        }
        // The text may hold a password, so that it is shown only after it was taken apart.
        let url = Url::parse(text).map_err(|_| address("…", "it is no well-formed URL"))?;
        let shown = shown(&url);
        // With ssh the user is part of the address and no secret.
        let has_user = !url.username().is_empty() && url.scheme() != "ssh";
        if has_user || url.password().is_some() {
            return Err(address(&shown, "it holds credentials; name them by reference in the config"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(address(&shown, "it holds a query or a fragment"));
        }
        match url.scheme() {
            "file" => match url.to_file_path() {
                Ok(path) => Ok(Self::Local(path)),
                Err(()) => Err(address(&shown, "a file:// address has three slashes and an absolute path")),
            },
            "https" => Ok(Self::Remote(url)),
            "http" if is_loopback(&url) => Ok(Self::Remote(url)),
            // What is declared decides who gets in: it may not be changed on its way.
            "http" => Err(address(&shown, "http is for this machine only; use https")),
            "ssh" => Self::ssh(url),
            _ => Err(address(&shown, "only https://, ssh://, file:// and paths are supported")),
        }
    }

    fn ssh(url: Url) -> Result<Self, RepoError> {
        match ssh::refused(&url) {
            Some(why) => Err(address(&shown(&url), why)),
            None => Ok(Self::Remote(url)),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Remote(url) => f.write_str(&shown(url)),
        }
    }
}

fn open_local(path: &Path, shown: &str) -> Result<(Repository, References), RepoError> {
    if !path.exists() {
        return Err(RepoError::NoRepository { url: shown.to_owned(), source: None });
    }
    let missing = |source: git2::Error| match source.code() {
        // Git trusts no repository of another user; that is another problem than none being there.
        git2::ErrorCode::Owner => RepoError::Git { what: "open the repository", source },
        _ => RepoError::NoRepository { url: shown.to_owned(), source: Some(source) },
    };
    let repository = Repository::open(path).map_err(missing)?;
    let references = References::of_local(&repository).map_err(missing)?;
    if references.is_empty() {
        return Err(RepoError::Empty { url: shown.to_owned() });
    }
    Ok((repository, references))
}

fn whole_id(text: &str) -> Option<Oid> {
    (text.len() == 40).then(|| Oid::from_str(text).ok())?
}

/// An address as it may be shown: without user, password, query and fragment.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Both fail only where an address can hold neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

fn address(url: &str, reason: &'static str) -> RepoError {
    RepoError::Address { url: url.to_owned(), reason }
}
