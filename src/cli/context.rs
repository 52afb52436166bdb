//! What a command works with: the config, the platform, the mono-repo, the ledger.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;

use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Global, SourceArgs};
use super::shell::{Activity, Shell};
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::documents::{self, Loaded, Options};
use crate::engine::source::Snapshot;
use crate::provider;
use crate::runtime::config::{Config, LedgerPlace, ServiceType};
use crate::runtime::ledger::{LedgerError, SharedLedger, postgres, sqlite};
use crate::runtime::reconcile::cycle::{Wanted, compile};
use crate::runtime::reconcile::{Memory, Platform, World, read};
use crate::runtime::repo::{self, ReadOptions, RepoError, RepoErrorKind, Source};
use crate::runtime::sys::{Environment, Machine, SharedClock, SystemClock};
use crate::runtime::telemetry::Logging;

/// Everything a command works with.
pub struct Context {
    /// The config.
    pub config: Config,
    /// The platform that it describes.
    pub platform: Platform,
    /// The machine.
    pub environment: Arc<dyn Environment>,
    /// The clock.
    pub clock: SharedClock,
    /// Whether the config was named, and not just found.
    is_named: bool,
}

impl Context {
    /// Opens the config that the command line names, or the one that is found.
    ///
    /// # Errors
    /// Every problem of the config; or that there is none.
    pub fn open(global: &Global, shell: &Shell) -> Result<Self, CommandError> {
        let environment: Arc<dyn Environment> = Arc::new(Machine);
        let config = Config::load(global.config.as_deref(), &service_types(), &*environment)?;
        if !config.warnings.is_empty() {
            shell.say(&shell.diagnostics_text(&config.warnings, |_| None));
        }
        let clock: SharedClock = Arc::new(SystemClock);
        let platform = Platform::new(&config, provider::ALL, &environment, &clock);
        Ok(Self { config, platform, environment, clock, is_named: global.config.is_some() })
    }

    /// As [`Context::open`]; nothing when there is no config at all and the command line names none.
    ///
    /// # Errors
    /// Every problem of a config that is there.
    pub fn open_if_any(global: &Global, shell: &Shell) -> Result<Option<Self>, CommandError> {
        match Self::open(global, shell) {
            Err(error)
                if global.config.is_none()
                    && error.diagnostics.iter().any(|problem| problem.code == codes::NO_CONFIG) =>
            {
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// The moment.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Where the mono-repo is read from: the command line, or else the config.
    ///
    /// # Errors
    /// When neither says it.
    pub fn source(&self, args: &SourceArgs) -> Result<Source, CommandError> {
        if let Some(source) = explicit(args) {
            return Ok(source);
        }
        let repository = self.config.repository.as_ref().ok_or_else(|| {
            CommandError::new(Exit::Error, "no mono-repo is named")
                .hint("say --dir DIR or --repo URL, or add 'repository: {url: …}' to the config")
        })?;
        let rev = args.rev.clone().or_else(|| repository.branch.clone());
        Ok(Source::Git { url: repository.url.clone(), rev })
    }

    /// The files of the mono-repo.
    ///
    /// # Errors
    /// When it cannot be read; the exit tells a wrong request from a server that does not answer.
    pub async fn snapshot(&self, args: &SourceArgs) -> Result<Snapshot, CommandError> {
        let source = self.source(args)?;
        if let Source::Dir(folder) = &source
            && !self.is_named
            && self.config.lies_within(&folder.canonicalize().unwrap_or_else(|_| folder.clone()))
        {
            // A change that can edit the config could send our credentials anywhere.
            let config = self.config.path.display();
            return Err(CommandError::new(
                Exit::Error,
                format!("the config '{config}' lies in the folder that is planned"),
            )
            .hint(format!("say that you trust it: --config {config}; or keep it outside the mono-repo")));
        }
        let mut options = ReadOptions::new(self.state_folder().join("repositories"));
        let from_config = explicit(args).is_none();
        if let Some(repository) = self.config.repository.as_ref().filter(|_| from_config) {
            let basic = repository.credentials.basic(&*self.environment);
            options.basic = basic.map_err(|error| CommandError::of(Exit::Error, &error))?;
        }
        read_source(source, options).await
    }

    /// The documents of the mono-repo.
    pub fn load(&self, snapshot: &Snapshot) -> Loaded {
        let services = self.platform.members.keys().map(|instance| instance.as_str().to_owned()).collect();
        documents::load(snapshot, &Options { services: Some(services), ..Options::default() })
    }

    /// The ledger; made when there is none.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn ledger(&self) -> Result<SharedLedger, CommandError> {
        self.open_ledger(true).await?.ok_or_else(|| CommandError::new(Exit::Error, "the ledger cannot be made"))
    }

    /// The ledger, if there is one.
    ///
    /// # Errors
    /// When it is there and cannot be opened.
    pub async fn existing_ledger(&self) -> Result<Option<SharedLedger>, CommandError> {
        self.open_ledger(false).await
    }

    async fn open_ledger(&self, make: bool) -> Result<Option<SharedLedger>, CommandError> {
        let (name, now) = (&self.platform.name, self.now());
        let opened = match &self.config.ledger {
            LedgerPlace::Path(path) if make => {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder).map_err(|error| {
                        CommandError::of(Exit::Error, &error).hint(format!("make the folder '{}'", folder.display()))
                    })?;
                }
                sqlite::open(path, name, now).await.map(Some)
            }
            LedgerPlace::Path(path) => sqlite::open_existing(path, name, now).await,
            LedgerPlace::Url { url, credentials } => {
                let basic = credentials.basic(&*self.environment);
                let basic = basic.map_err(|error| CommandError::of(Exit::Error, &error))?;
                let mut options: sqlx::postgres::PgConnectOptions =
                    url.as_str().parse().map_err(|error: sqlx::Error| CommandError::of(Exit::Error, &error))?;
                if let Some((user, password)) = basic {
                    options = options.username(&user).password(password.expose_secret());
                }
                postgres::open(options, name, now).await.map(Some)
            }
        };
        opened.map_err(|error| ledger_error(&error))
    }

    /// One reading of everything.
    ///
    /// # Errors
    /// When the mono-repo or the ledger cannot be read. Services that cannot be read are in the world.
    pub async fn world(
        &self,
        args: &SourceArgs,
        ledger: Option<&SharedLedger>,
        activity: &Activity,
    ) -> Result<(World, Snapshot), CommandError> {
        activity.now("reading the mono-repo");
        let snapshot = self.snapshot(args).await?;
        let loaded = self.load(&snapshot);
        let memory = self.memory(ledger).await?;
        let world = read(&self.platform, &snapshot.revision.id, loaded, memory, self.now(), activity).await;
        Ok((world, snapshot))
    }

    /// What would be wanted, by what is remembered of the services: no service is called.
    ///
    /// # Errors
    /// When the ledger is there and cannot be read.
    pub async fn compile(&self, loaded: &Loaded) -> Result<Wanted, CommandError> {
        let memory = self.memory(self.existing_ledger().await?.as_ref()).await?;
        let capabilities = |instance: &_| memory.capabilities.get(instance).cloned().unwrap_or_default();
        Ok(compile(&self.platform, loaded, &memory.allotments, &capabilities))
    }

    async fn memory(&self, ledger: Option<&SharedLedger>) -> Result<Memory, CommandError> {
        match ledger {
            Some(ledger) => {
                Memory::of(&**ledger, &self.platform, self.now()).await.map_err(|error| ledger_error(&error))
            }
            None => Ok(Memory::default()),
        }
    }

    /// Where clones and the like are kept: beside the ledger.
    fn state_folder(&self) -> PathBuf {
        match &self.config.ledger {
            LedgerPlace::Path(path) => path.parent().unwrap_or(Path::new(".")).to_path_buf(),
            LedgerPlace::Url { .. } => self.config.path.parent().unwrap_or(Path::new(".")).join(".formulary"),
        }
    }
}

/// What the config must know of each type of service.
pub fn service_types() -> Vec<ServiceType> {
    provider::ALL.iter().map(|provider| ServiceType::of(*provider)).collect()
}

/// The source that the command line names, if it does.
pub fn explicit(args: &SourceArgs) -> Option<Source> {
    if let Some(dir) = &args.dir {
        return Some(Source::Dir(dir.clone()));
    }
    args.repo.as_ref().map(|url| Source::Git { url: url.clone(), rev: args.rev.clone() })
}

/// Reads a source off the async threads: Git blocks.
///
/// # Errors
/// When it cannot be read.
pub async fn read_source(source: Source, options: ReadOptions) -> Result<Snapshot, CommandError> {
    let read = tokio::task::spawn_blocking(move || repo::read(&source, &options)).await;
    let read = read.map_err(|error| CommandError::of(Exit::Error, &error))?;
    read.map_err(|error| repo_error(&error))
}

fn repo_error(error: &RepoError) -> CommandError {
    let exit = if error.kind() == RepoErrorKind::Unreachable { Exit::Unreachable } else { Exit::Error };
    let mut told = CommandError::of(exit, error);
    let hint = error.hint();
    told.hint = (!hint.is_empty()).then_some(hint);
    told
}

/// An error of the ledger with what to do.
pub fn ledger_error(error: &LedgerError) -> CommandError {
    let told = CommandError::of(Exit::Error, error);
    match error.hint() {
        "" => told,
        hint => told.hint(hint),
    }
}

/// The text of a file of the mono-repo, for snippets.
pub fn text_of(snapshot: &Snapshot) -> BTreeMap<&str, &str> {
    let texts = snapshot.files.keys().filter_map(|path| Some((path.as_str(), snapshot.text(path)?)));
    texts.collect()
}

/// Problems of the mono-repo on the standard error, with their lines.
pub fn tell_problems(shell: &Shell, problems: &[Diagnostic], snapshot: &Snapshot) {
    if !problems.is_empty() {
        let texts = text_of(snapshot);
        shell.say(&shell.diagnostics_text(problems, |file| texts.get(file).copied()));
    }
}

/// What the state of a world means for the exit.
pub fn exits(world: &World) -> Vec<Exit> {
    let mut exits = Vec::new();
    if world.diagnostics.iter().any(Diagnostic::is_error) {
        exits.push(Exit::Invalid);
    }
    let unread = world.observed.scopes.values();
    let incomplete = unread.into_iter().any(|it| matches!(it, crate::engine::model::Completeness::Incomplete(_)));
    if incomplete || world.is_incomplete() {
        exits.push(Exit::Unreachable);
    }
    exits
}

/// Starts logging as the command line asks: warnings by default, more with each `-v` beyond the first.
pub fn start_logging(global: &Global) {
    let verbosity = if global.quiet { -1 } else { i8::try_from(global.verbose).unwrap_or(3).saturating_sub(1).max(0) };
    let no_colour = global.color == super::options::ColorChoice::Never;
    // A second start in one process is no harm: the first one stands.
    let _ = Logging::new(verbosity, no_colour).start();
}
