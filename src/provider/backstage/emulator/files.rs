//! What Backstage reads from forges and web servers: handed in, because a sandbox reads nothing from other machines.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What came of reading an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// The file.
    Text(String),
    /// The server has no such file.
    NotFound,
    /// The server did not answer, or not as one that has files; in its words.
    Failed(String),
}

/// Where files are read.
pub trait Files: Send + Sync + std::fmt::Debug {
    /// The file at an address.
    fn read(&self, address: &str) -> Read;
}

/// Files that tests and the control address put there.
#[derive(Debug, Default)]
pub struct Shelf {
    files: Mutex<BTreeMap<String, Read>>,
}

impl Shelf {
    /// Puts a file at an address.
    pub fn put(&self, address: &str, text: &str) {
        self.set(address, Read::Text(text.to_owned()));
    }

    /// Takes a file away.
    pub fn remove(&self, address: &str) {
        self.set(address, Read::NotFound);
    }

    /// Replaces everything below a root, which ends in a `/`.
    pub fn replace(&self, root: &str, texts: &BTreeMap<String, String>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|address, _| !address.starts_with(root));
        files.extend(texts.iter().map(|(path, text)| (format!("{root}{path}"), Read::Text(text.clone()))));
    }

    /// Says what reading an address comes to.
    pub fn set(&self, address: &str, read: Read) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(address.to_owned(), read);
    }
}

impl Files for Shelf {
    fn read(&self, address: &str) -> Read {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.get(address).cloned().unwrap_or(Read::NotFound)
    }
}
