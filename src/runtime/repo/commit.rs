//! One commit of named files, made where a person works: in their checkout, under their name.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Repository, Signature};

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// The folder lies in no working copy.
    #[error("'{}' lies in no working copy of a Git repository: run 'git init' there first", .0.display())]
    NoRepository(PathBuf),
    /// Git knows nobody to name as the author.
    #[error("Git knows no author: run 'git config user.name' and 'git config user.email' with what is to stand there")]
    NoAuthor(#[source] git2::Error),
    /// Something is staged already, and would go into the same commit.
    #[error("other changes are staged already, '{0}' among them: commit or unstage them first")]
    Staged(String),
    /// What Git says.
    #[error("the commit failed")]
    Git(#[from] git2::Error),
}

/// A folder of a working copy in which a commit can be made now: there is an author, and nothing is staged.
pub struct Checkout {
    repository: Repository,
    /// The folder's path from the root of the working copy.
    within: PathBuf,
}

impl Checkout {
    /// The working copy around a folder.
    ///
    /// # Errors
    /// When there is none, or no author, or something is staged already.
    pub fn around(folder: &Path) -> Result<Self, CommitError> {
        let nowhere = || CommitError::NoRepository(folder.to_owned());
        let repository = Repository::discover(folder).map_err(|_| nowhere())?;
        let absolute = |path: &Path| path.canonicalize().map_err(|_| nowhere());
        let root = absolute(repository.workdir().ok_or_else(nowhere)?)?;
        let within = absolute(folder)?.strip_prefix(root).map_err(|_| nowhere())?.to_owned();
        let checkout = Self { repository, within };
        checkout.ready()?;
        Ok(checkout)
    }

    /// Commits these files, by their paths in the folder, to the branch that is checked out. Nothing else goes into the
    /// commit, no hook is run, and it is not pushed. Gives the commit's id.
    ///
    /// # Errors
    /// When something was staged since, or a file is not there; the files stay as they are.
    pub fn commit<'p>(&self, paths: impl IntoIterator<Item = &'p str>, message: &str) -> Result<String, CommitError> {
        let (author, parent) = self.ready()?;
        let mut index = self.repository.index()?;
        for path in paths {
            index.add_path(&self.within.join(path))?;
        }
        index.write()?;
        let tree = self.repository.find_tree(index.write_tree()?)?;
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        Ok(self.repository.commit(Some("HEAD"), &author, &author, message, &tree, &parents)?.to_string())
    }

    /// The author, and the commit that comes before; none where the branch has none yet.
    fn ready(&self) -> Result<(Signature<'static>, Option<git2::Commit<'_>>), CommitError> {
        let author = self.repository.signature().map_err(CommitError::NoAuthor)?;
        let parent = match self.repository.head() {
            Ok(head) => Some(head.peel_to_commit()?),
            Err(error) if error.code() == ErrorCode::UnbornBranch => None,
            Err(error) => return Err(error.into()),
        };
        let before = parent.as_ref().map(git2::Commit::tree).transpose()?;
        let staged = self.repository.diff_tree_to_index(before.as_ref(), None, None)?;
        match staged.deltas().find_map(|it| it.new_file().path().map(Path::to_owned)) {
            Some(path) => Err(CommitError::Staged(path.display().to_string())),
            None => Ok((author, parent)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository(author: &str) -> (tempfile::TempDir, Repository) {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init(folder.path()).unwrap();
        let mut config = repository.config().unwrap();
        config.set_str("user.name", author).unwrap();
        config.set_str("user.email", "ann@acme.test").unwrap();
        std::fs::create_dir_all(folder.path().join("mono/users")).unwrap();
        for name in ["mono/users/a.yaml", "mono/users/b.yaml", "other"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        (folder, repository)
    }

    #[test]
    fn only_what_is_named_is_committed_also_as_the_first_commit() {
        let (folder, repository) = repository("Ann");
        let checkout = Checkout::around(&folder.path().join("mono")).unwrap();
        let first = checkout.commit(["users/a.yaml"], "one").unwrap();
        let second = checkout.commit(["users/b.yaml"], "two").unwrap();
        let commit = repository.find_commit(second.parse().unwrap()).unwrap();
        assert_eq!(commit.parent_id(0).unwrap().to_string(), first);
        assert_eq!((commit.message(), commit.author().name()), (Ok("two"), Ok("Ann")));
        let tree = commit.tree().unwrap();
        assert!(tree.get_path(Path::new("mono/users/b.yaml")).is_ok() && tree.get_name("other").is_none());
    }

    #[test]
    fn what_somebody_staged_is_not_swept_in() {
        let (folder, repository) = repository("Ann");
        let checkout = Checkout::around(&folder.path().join("mono")).unwrap();
        let mut index = repository.index().unwrap();
        index.add_path(Path::new("other")).unwrap();
        index.write().unwrap();
        let refused = checkout.commit(["users/a.yaml"], "one");
        assert!(matches!(refused, Err(CommitError::Staged(path)) if path == "other"));
        let refused = Checkout::around(folder.path());
        assert!(matches!(refused, Err(CommitError::Staged(path)) if path == "other"));
        assert!(repository.head().is_err());
    }

    #[test]
    fn a_commit_has_an_author_or_is_none() {
        let (folder, _repository) = repository("");
        assert!(matches!(Checkout::around(folder.path()), Err(CommitError::NoAuthor(_))));
    }

    #[test]
    fn a_folder_without_a_repository_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Checkout::around(folder.path()), Err(CommitError::NoRepository(_))));
    }
}
