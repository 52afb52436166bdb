//! The sample mono-repo in a Git repository of its own. It is part of the binary, so that the demo needs no checkout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{Repository, Signature};
use include_dir::{Dir, include_dir};

use crate::engine::documents;
use crate::engine::source::{FileEntry, Snapshot};
use crate::runtime::repo;

static USERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/users");
static FORMULAS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/formulas");
static ENTERPRISE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/enterprise");

/// The sample mono-repo, committed on `main`.
pub struct MonoRepo {
    folder: PathBuf,
    repository: Repository,
}

impl MonoRepo {
    /// Makes it in a folder that is empty or not there yet.
    ///
    /// # Errors
    /// When the folder or the repository cannot be written.
    pub fn create(folder: &Path) -> Result<Self, git2::Error> {
        let mut options = git2::RepositoryInitOptions::new();
        let repository = Repository::init_opts(folder, options.initial_head("main"))?;
        for (name, files) in [("users", &USERS), ("formulas", &FORMULAS), ("enterprise", &ENTERPRISE)] {
            let below = folder.join(name);
            std::fs::create_dir_all(&below).and_then(|()| files.extract(&below)).map_err(|error| told(&error))?;
        }
        let made = Self { folder: folder.to_owned(), repository };
        made.commit("The platform of acme-corp")?;
        Ok(made)
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file; the next commit takes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &str, text: &str) -> Result<(), git2::Error> {
        let path = self.folder.join(path);
        let parent = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, text)).map_err(|error| told(&error))
    }

    /// Removes a file; the next commit takes it.
    ///
    /// # Errors
    /// When it is not there.
    pub fn remove(&self, path: &str) -> Result<(), git2::Error> {
        std::fs::remove_file(self.folder.join(path)).map_err(|error| told(&error))
    }

    /// Its files that are text, as they are in the folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn files(&self) -> Result<BTreeMap<String, String>, git2::Error> {
        let text = |(path, file): (String, FileEntry)| {
            let text = std::str::from_utf8(file.bytes()?).ok()?.to_owned();
            Some((path, text))
        };
        Ok(self.snapshot()?.files.into_iter().filter_map(text).collect())
    }

    fn snapshot(&self) -> Result<Snapshot, git2::Error> {
        let source = repo::Source::Dir(self.folder.clone());
        // No clone is kept: the folder is read itself.
        repo::read(&source, &repo::ReadOptions::new(&self.folder)).map_err(|error| told(&error))
    }

    /// Writes the index files by which Backstage reads the folders of people.
    fn index(&self) -> Result<(), git2::Error> {
        let files = documents::load(&self.snapshot()?, &documents::Options::default()).catalogue.files;
        files.indices().map_err(|error| told(&error))?.iter().try_for_each(|(path, text)| self.write(path, text))
    }

    /// Commits everything as it is in the folder, its index files made anew.
    ///
    /// # Errors
    /// When the repository cannot be written.
    pub fn commit(&self, message: &str) -> Result<(), git2::Error> {
        self.index()?;
        let mut index = self.repository.index()?;
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None)?;
        index.update_all(["*"], None)?;
        index.write()?;
        let tree = self.repository.find_tree(index.write_tree()?)?;
        let author = Signature::now("Dana Lindqvist", "dana@acme.example")?;
        let parent = self.repository.head().and_then(|head| head.peel_to_commit()).ok();
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        self.repository.commit(Some("HEAD"), &author, &author, message, &tree, &parents)?;
        Ok(())
    }
}

/// The sample's files that are text, as they are in the binary.
pub(super) fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![("users", &USERS), ("formulas", &FORMULAS), ("enterprise", &ENTERPRISE)];
    while let Some((below, folder)) = open.pop() {
        for file in folder.files() {
            if let Some(text) = file.contents_utf8() {
                files.insert(format!("{below}/{}", file.path().display()), text.to_owned());
            }
        }
        open.extend(folder.dirs().map(|it| (below, it)));
    }
    files
}

fn told(error: &dyn std::error::Error) -> git2::Error {
    git2::Error::from_str(&error.to_string())
}
