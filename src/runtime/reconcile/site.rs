//! A platform as this process works on it: the config, the services behind it, the machine. Opens what they name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;

use super::cycle::{Memory, Progress, Side, offline, read, read_both};
use super::inputs::MachineSecrets;
use super::platform::Platform;
use super::sign_in::SignIn;
use super::world::World;
use crate::engine::diag::Diagnostic;
use crate::engine::documents::{self, Loaded};
use crate::engine::model::Failure;
use crate::engine::plan::Approved;
use crate::engine::source::Snapshot;
use crate::provider;
use crate::runtime::config::{Config, Credentials, LedgerPlace, Repository, ServiceType, SshFiles};
use crate::runtime::ledger::{Ledger, LedgerError, SharedLedger, postgres, sqlite};
use crate::runtime::repo::{self, Pair, ReadOptions, RepoError, Source, Ssh};
use crate::runtime::sys::{Environment, SecretError, SharedClock};

/// A platform as this process works on it.
pub struct Site {
    /// The config.
    pub config: Config,
    /// The platform that it describes.
    pub platform: Platform,
    /// The machine.
    pub environment: Arc<dyn Environment>,
    /// The clock.
    pub clock: SharedClock,
    /// How the mono-repo is signed in to, where that is as an App.
    sign_in: SignIn,
}

/// Why something that the config names cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The folder for it cannot be made.
    #[error("cannot make the folder '{}'", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The address of a database.
    #[error("the address of the ledger is not one that the database understands")]
    Address(#[source] sqlx::Error),
    /// A secret that opening it takes.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The mono-repo.
    #[error(transparent)]
    Source(#[from] RepoError),
    /// A token to read the mono-repo with.
    #[error(transparent)]
    Token(#[from] Failure),
    /// The reading of the mono-repo ended in a defect of ours.
    #[error("the reading of the mono-repo broke off")]
    BrokeOff(#[from] tokio::task::JoinError),
}

impl Site {
    /// Reads the config: the one that is named, or the one that is found.
    ///
    /// # Errors
    /// Every problem of the config; or that there is none.
    pub fn open(
        named: Option<&Path>,
        environment: Arc<dyn Environment>,
        clock: SharedClock,
    ) -> Result<Self, Vec<Diagnostic>> {
        let config = Config::load(named, &service_types(), &*environment)?;
        let platform = Platform::new(&config, provider::ALL, &environment, &clock);
        Ok(Self { config, platform, environment, clock, sign_in: SignIn::default() })
    }

    /// The moment.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Who takes the lease, for whoever finds it held: what it does, which process on which machine, and since when.
    pub fn holder(&self, doing: &str) -> String {
        let told = self.environment.read_file(Path::new("/proc/sys/kernel/hostname"), 1024).ok();
        let told = told.and_then(|name| String::from_utf8(name).ok());
        let told = told.or_else(|| self.environment.variable("HOSTNAME")?.into_string().ok());
        let host = told.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or("this machine");
        let since = self.now().format("%F %T UTC");
        format!("{doing}, process {} on {host}, since {since}", std::process::id())
    }

    /// The mono-repo of the config, if it names one.
    pub fn mono_repo(&self) -> Option<Source> {
        let repository = self.config.repository.as_ref()?;
        Some(Source::Git { url: repository.url.clone(), rev: repository.branch.clone() })
    }

    /// The files of the mono-repo. `sign_in` is the repository of the config whose credentials may be sent, where the
    /// source is that one.
    ///
    /// # Errors
    /// When it cannot be read, or the credentials cannot be had.
    pub async fn snapshot(&self, source: Source, sign_in: Option<&Repository>) -> Result<Snapshot, OpenError> {
        self.read(sign_in, true, move |options| repo::read(&source, options)).await
    }

    /// The files of two revisions of the mono-repo, as [`Site::snapshot`] reads one. `fetch` says whether a server may
    /// be asked; else a clone is taken as it is.
    ///
    /// # Errors
    /// As [`Site::snapshot`].
    pub async fn snapshots(
        &self,
        source: Source,
        base: String,
        sign_in: Option<&Repository>,
        fetch: bool,
    ) -> Result<Pair, OpenError> {
        self.read(sign_in, fetch, move |options| repo::read_pair(&source, &base, options)).await
    }

    /// The files of the mono-repo as far as they are on this machine: no server is asked.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn snapshot_here(&self, source: Source) -> Result<Snapshot, OpenError> {
        self.read(None, false, move |options| repo::read(&source, options)).await
    }

    /// As [`Site::snapshot`], but nothing when the revision is still `known` (by its id).
    ///
    /// # Errors
    /// As [`Site::snapshot`].
    pub async fn moved(
        &self,
        source: Source,
        sign_in: Option<&Repository>,
        known: Option<String>,
    ) -> Result<Option<Snapshot>, OpenError> {
        self.read(sign_in, true, move |options| repo::read_moved(&source, options, known.as_deref())).await
    }

    /// Reads off the async threads: Git blocks, and so may the command behind a secret.
    async fn read<T: Send + 'static>(
        &self,
        sign_in: Option<&Repository>,
        fetch: bool,
        read: impl FnOnce(&ReadOptions) -> Result<T, RepoError> + Send + 'static,
    ) -> Result<T, OpenError> {
        let mut options = ReadOptions { fetch, ..ReadOptions::new(self.config.clones()) };
        let credentials = sign_in.filter(|_| fetch).map(|repository| repository.credentials.clone());
        if let Some(repository) = sign_in {
            let SshFiles { key, known_hosts } = repository.ssh.clone();
            options.ssh = Ssh { key, known_hosts, ..Ssh::default() };
        }
        if let Some(repository) = sign_in.filter(|it| fetch && it.credentials.private_key.is_some()) {
            options.basic = Some(self.sign_in.as_app(self, repository).await?);
        }
        let environment = Arc::clone(&self.environment);
        let read = tokio::task::spawn_blocking(move || {
            if let Some(credentials) = credentials.filter(|_| options.basic.is_none()) {
                options.basic = credentials.basic(&*environment)?;
            }
            Ok(read(&options)?)
        });
        read.await?
    }

    /// The documents of the mono-repo.
    pub fn load(&self, snapshot: &Snapshot) -> Loaded {
        documents::load(snapshot, &self.platform.reading())
    }

    /// The same in a thread of its own: it may take a second, in which everything else goes on.
    async fn load_beside(&self, snapshot: &Snapshot) -> Loaded {
        let (snapshot, options) = (snapshot.clone(), self.platform.reading());
        let loaded = tokio::task::spawn_blocking(move || documents::load(&snapshot, &options)).await;
        loaded.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    /// The ledger; made when there is none.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn ledger(&self) -> Result<SharedLedger, OpenError> {
        let (name, now) = (&self.platform.name, self.now());
        match &self.config.ledger {
            LedgerPlace::Path(path) => {
                if let Some(folder) = path.parent() {
                    let failed = |source| OpenError::Folder { folder: folder.to_owned(), source };
                    std::fs::create_dir_all(folder).map_err(failed)?;
                }
                Ok(sqlite::open(path, name, now).await?)
            }
            LedgerPlace::Url { url, credentials } => {
                let options = self.database(url, credentials)?;
                Ok(postgres::open(options, name, now).await?)
            }
        }
    }

    /// The ledger, if there is one.
    ///
    /// # Errors
    /// When it is there and cannot be opened.
    pub async fn existing_ledger(&self) -> Result<Option<SharedLedger>, OpenError> {
        let (name, now) = (&self.platform.name, self.now());
        match &self.config.ledger {
            LedgerPlace::Path(path) => Ok(sqlite::open_existing(path, name, now).await?),
            LedgerPlace::Url { url, credentials } => {
                let options = self.database(url, credentials)?;
                Ok(postgres::open_existing(options, name, now).await?)
            }
        }
    }

    fn database(&self, url: &url::Url, credentials: &Credentials) -> Result<PgConnectOptions, OpenError> {
        let options: PgConnectOptions = url.as_str().parse().map_err(OpenError::Address)?;
        Ok(match credentials.basic(&*self.environment)? {
            Some((user, password)) => options.username(&user).password(password.expose_secret()),
            None => options,
        })
    }

    /// One reading of everything. Services that cannot be read are in the world, as such.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn world(
        &self,
        snapshot: &Snapshot,
        ledger: Option<&SharedLedger>,
        progress: &dyn Progress,
    ) -> Result<World, LedgerError> {
        let (loaded, memory) = tokio::join!(self.load_beside(snapshot), self.memory(ledger));
        Ok(read(&self.platform, &snapshot.revision.id, loaded, memory?, self.now(), progress).await)
    }

    /// The worlds of two revisions, over one reading of everything: base and head.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn worlds(
        &self,
        (base, head): (&Snapshot, &Snapshot),
        ledger: Option<&SharedLedger>,
        progress: &dyn Progress,
    ) -> Result<(World, World), LedgerError> {
        let (base, head, memory) = tokio::join!(self.side(base), self.side(head), self.memory(ledger));
        Ok(read_both(&self.platform, (base, head), memory?, self.now(), progress).await)
    }

    /// A world that nobody looked at: what `base` wants, or else what the ledger remembers, is taken for what is there.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn offline(
        &self,
        base: Option<&Snapshot>,
        head: &Snapshot,
        ledger: Option<&SharedLedger>,
    ) -> Result<World, LedgerError> {
        let memory = self.memory(ledger).await?;
        let base = base.map(|base| self.load(base));
        Ok(offline(&self.platform, self.side(head).await, base.as_ref(), memory, self.now()))
    }

    async fn side(&self, snapshot: &Snapshot) -> Side {
        Side { revision: snapshot.revision.id.clone(), loaded: self.load_beside(snapshot).await }
    }

    /// What is remembered; nothing without a ledger.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn memory(&self, ledger: Option<&SharedLedger>) -> Result<Memory, LedgerError> {
        match ledger {
            Some(ledger) => Memory::of(&**ledger, &self.platform, self.now()).await,
            None => Ok(Memory::default()),
        }
    }

    /// Where steps have their secrets from.
    pub fn secrets(&self) -> MachineSecrets {
        let folder = self.config.path.parent().unwrap_or(Path::new(".")).to_path_buf();
        MachineSecrets { environment: Arc::clone(&self.environment), folder }
    }
}

/// What the config must know of each type of service.
pub fn service_types() -> Vec<ServiceType> {
    provider::ALL.iter().map(|provider| ServiceType::of(*provider)).collect()
}

/// Approvals that can still be used.
///
/// # Errors
/// When the ledger cannot be read.
pub async fn usable_approvals(ledger: &dyn Ledger, now: DateTime<Utc>) -> Result<Vec<Approved>, LedgerError> {
    let usable = ledger.approvals(now).await?.into_iter().map(|approval| Approved {
        id: approval.id,
        steps: approval.given.steps.iter().filter(|step| approval.covers(step)).cloned().collect(),
        expires: approval.given.expires,
    });
    Ok(usable.collect())
}
