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
        let id = self.id_of(revision)?;
        Ok(Snapshot { revision: revision.clone(), files: tree::read(&self.repository, id, selection, &self.shown)? })
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
            // `git@host:path` is how ssh addresses are mostly written.
            let scp = text.split_once(':').is_some_and(|(host, _)| host.contains('@'));
            return match text {
                "" => Err(address("", "it is empty")),
                _ if scp && !Path::new(text).exists() => match ssh::from_scp(text) {
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
