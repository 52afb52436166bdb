//! What a command works with: the config, the platform, the mono-repo, the ledger.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Global, SourceArgs};
use super::shell::{Activity, Shell};
use crate::engine::diag::{Diagnostic, codes};
use crate::engine::documents::{self, Loaded, Options};
use crate::engine::plan::Approved;
use crate::engine::source::Snapshot;
use crate::runtime::config::Repository;
use crate::runtime::ledger::{LedgerError, SharedLedger};
use crate::runtime::reconcile::cycle::{Wanted, compile};
use crate::runtime::reconcile::{CycleError, OpenError, Site, World, usable_approvals};
use crate::runtime::repo::{self, Pair, ReadOptions, RepoError, RepoErrorKind, Source};
use crate::runtime::sys::{Machine, SystemClock};
use crate::runtime::telemetry::{LogFormat, Logging};

/// Everything a command works with: the platform, and what the command line says about it.
pub struct Context {
    site: Site,
    /// Whether the config was named, and not just found.
    is_named: bool,
}

impl Deref for Context {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Context {
    /// Opens the config that the command line names, or the one that is found.
    ///
    /// # Errors
    /// Every problem of the config; or that there is none.
    pub fn open(global: &Global, shell: &Shell) -> Result<Self, CommandError> {
        let site = Site::open(global.config.as_deref(), Arc::new(Machine), Arc::new(SystemClock))?;
        if !site.config.warnings.is_empty() {
            shell.say(&shell.diagnostics_text(&site.config.warnings, |_| None));
        }
        Ok(Self { site, is_named: global.config.is_some() })
    }

    /// The platform alone.
    pub fn into_site(self) -> Site {
        self.site
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

    /// Where the mono-repo is read from: the command line, or else the config.
    ///
    /// # Errors
    /// When neither says it; or when a config that nobody named lies in the folder itself.
    pub fn source(&self, args: &SourceArgs) -> Result<Source, CommandError> {
        if let Some(source) = explicit(args) {
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
            return Ok(source);
        }
        match self.mono_repo() {
            Some(Source::Git { url, rev }) => Ok(Source::Git { url, rev: args.rev.clone().or(rev) }),
            Some(folder) => Ok(folder),
            None => Err(CommandError::new(Exit::Error, "no mono-repo is named")
                .hint("say --dir DIR or --repo URL, or add 'repository: {url: …}' to the config")),
        }
    }

    /// The files of the mono-repo.
    ///
    /// # Errors
    /// When it cannot be read; the exit tells a wrong request from a server that does not answer.
    pub async fn snapshot(&self, args: &SourceArgs) -> Result<Snapshot, CommandError> {
        let source = self.source(args)?;
        Ok(self.site.snapshot(source, self.sign_in(args)).await?)
    }

    /// The files of a revision and of what it is compared with. `fetch` says whether a server may be asked.
    ///
    /// # Errors
    /// As [`Context::snapshot`].
    pub async fn snapshots(&self, args: &SourceArgs, base: &str, fetch: bool) -> Result<Pair, CommandError> {
        let source = self.source(args)?;
        Ok(self.site.snapshots(source, base.to_owned(), self.sign_in(args), fetch).await?)
    }

    /// The files of the mono-repo as far as they are on this machine.
    ///
    /// # Errors
    /// As [`Context::snapshot`].
    pub async fn snapshot_here(&self, args: &SourceArgs) -> Result<Snapshot, CommandError> {
        Ok(self.site.snapshot_here(self.source(args)?).await?)
    }

    /// The repository whose credentials may be sent: that of the config, when it is the one that is read.
    fn sign_in(&self, args: &SourceArgs) -> Option<&Repository> {
        self.config.repository.as_ref().filter(|_| explicit(args).is_none())
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
        let world = self.site.world(&snapshot, ledger, activity).await?;
        Ok((world, snapshot))
    }

    /// Approvals that can still be used.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn approvals(&self, ledger: &SharedLedger) -> Result<Vec<Approved>, CommandError> {
        Ok(usable_approvals(&**ledger, self.now()).await?)
    }

    /// Approvals that can still be used; none without a ledger.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn approvals_of(&self, ledger: Option<&SharedLedger>) -> Result<Vec<Approved>, CommandError> {
        match ledger {
            Some(ledger) => self.approvals(ledger).await,
            None => Ok(Vec::new()),
        }
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
}

/// The source that the command line names, if it does.
pub fn explicit(args: &SourceArgs) -> Option<Source> {
    if let Some(dir) = &args.dir {
        return Some(Source::Dir(dir.clone()));
    }
    args.repo.as_ref().map(|url| Source::Git { url: url.clone(), rev: args.rev.clone() })
}

/// The documents of the mono-repo, for commands that need no service and no config: those of the folder that one stands in,
/// where nothing is named.
///
/// # Errors
/// Problems of a config that is there; and when the mono-repo cannot be read.
pub async fn documents_of(
    source: &SourceArgs,
    global: &Global,
    shell: &Shell,
) -> Result<(Option<Context>, Snapshot, Loaded), CommandError> {
    let context = Context::open_if_any(global, shell)?;
    let snapshot = match &context {
        Some(context) if explicit(source).is_some() || context.config.repository.is_some() => {
            context.snapshot(source).await?
        }
        _ => {
            let source = explicit(source).unwrap_or(Source::Dir(".".into()));
            let cache = std::env::temp_dir().join("formulary-repositories");
            read_source(source, ReadOptions::new(cache)).await?
        }
    };
    let loaded = match &context {
        Some(context) => context.load(&snapshot),
        None => documents::load(&snapshot, &Options::default()),
    };
    Ok((context, snapshot, loaded))
}

/// Reads a source without a config.
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

impl From<LedgerError> for CommandError {
    fn from(error: LedgerError) -> Self {
        ledger_error(&error)
    }
}

impl From<OpenError> for CommandError {
    fn from(error: OpenError) -> Self {
        match &error {
            OpenError::Ledger(error) => ledger_error(error),
            OpenError::Source(error) => repo_error(error),
            OpenError::Secret(secret) => Self::of(Exit::Error, &error).hint(secret.hint()),
            OpenError::Folder { folder, .. } => {
                Self::of(Exit::Error, &error).hint(format!("make the folder '{}'", folder.display()))
            }
            OpenError::Token(failure) => Self::of(Exit::Error, &error).hint(&failure.help),
            OpenError::Address(_) | OpenError::BrokeOff(_) => Self::of(Exit::Error, &error),
        }
    }
}

impl From<CycleError> for CommandError {
    fn from(error: CycleError) -> Self {
        match &error {
            CycleError::Ledger(error) => ledger_error(error),
            CycleError::Lease(_) => Self::of(Exit::Error, &error).hint(
                "try again when it is done, or wait for it with --wait 5m; one that crashed is over within a minute",
            ),
            CycleError::Stopped => Self::of(Exit::Cancelled, &error),
            CycleError::Refused(_) => Self::of(Exit::Error, &error),
        }
    }
}

/// The text of a file of the mono-repo, for snippets.
pub fn text_of(snapshot: &Snapshot) -> BTreeMap<&str, &str> {
    let texts = snapshot.files.keys().filter_map(|path| Some((path.as_str(), snapshot.text(path)?)));
    texts.collect()
}

/// Problems of the mono-repo on the standard error, with their lines; with `-q` the errors alone, because the exit code
/// says no more than that there are some.
pub fn tell_problems(shell: &Shell, problems: &[Diagnostic], snapshot: &Snapshot) {
    let told: Vec<Diagnostic> = problems.iter().filter(|it| it.is_error() || !shell.is_quiet()).cloned().collect();
    if !told.is_empty() {
        let texts = text_of(snapshot);
        shell.err(&shell.diagnostics_text(&told, |file| texts.get(file).copied()));
    }
}

/// Says that a change does not stand on the base that it is compared with.
pub fn tell_branching(shell: &Shell, pair: &Pair) {
    if let Some(left_at) = &pair.left_at {
        let id = left_at.id.get(..12).unwrap_or(&left_at.id);
        shell.say(&format!(
            "The base went on since the change left it: what came to it looks as if the change took it away. Compare with \
             where it left: --base {id}; or bring the change up to date."
        ));
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
    start(global, verbosity, LogFormat::Text);
}

/// Starts logging for the daemon, whose log is all that it says: one line a cycle by default, only warnings with `-q`.
pub fn start_daemon_logging(global: &Global, format: LogFormat) {
    let verbosity = if global.quiet { 0 } else { i8::try_from(global.verbose).unwrap_or(3).saturating_add(1) };
    start(global, verbosity, format);
}

fn start(global: &Global, verbosity: i8, format: LogFormat) {
    let no_colour = global.color == super::options::ColorChoice::Never;
    // A second start in one process is no harm: the first one stands.
    let _ = Logging { format, ..Logging::new(verbosity, no_colour) }.start();
}
