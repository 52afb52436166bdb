//! The credentials of a sandbox as a file, for `curl` and for the recordings' own `replay.py`.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::{Sandbox, SandboxError};

impl Sandbox {
    /// Where each service answers and who may call it:
    /// `{"gitea": {"base": "http://127.0.0.1:…", "as": {"admin token": {"Authorization": "token …"}}}}`.
    ///
    /// The names under `as` are those of the recordings; `replay.py --as` takes one service's `as` as a file of its own.
    pub fn credentials(&self) -> Value {
        let services = self.services().iter();
        services
            .map(|(name, served)| ((*name).to_owned(), json!({ "base": served.base(), "as": served.credentials() })))
            .collect()
    }

    /// Writes [`credentials`](Self::credentials) to a file that its owner alone may read. An older file is replaced whole.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Credentials`] where the file cannot be written.
    pub fn write_credentials(&self, path: &Path) -> Result<(), SandboxError> {
        let write = || {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            // A temporary file is born with mode 600, and renaming it never shows half a file.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            writeln!(file, "{:#}", self.credentials())?;
            file.persist(path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|source| SandboxError::Credentials { path: path.to_owned(), source })
    }
}
