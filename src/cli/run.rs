//! `formulary run`: the daemon. Everything it has to say goes to the log, to reports, and over HTTP.

use std::net::SocketAddr;

use clap::{Args, ValueEnum};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::context::{Context, explicit};
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Global, SourceArgs};
use super::shell::Shell;
use crate::runtime::config::listen;
use crate::runtime::daemon::{Daemon, Options, bind};
use crate::runtime::telemetry;

/// Options of `run`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary run                            the config's mono-repo, asked once a minute\n  formulary run --dir .                    a folder, as it changes\n  formulary run --listen 127.0.0.1:9500    curl http://127.0.0.1:9500/readyz\n  formulary run --log-format json          for a log collector\n\nInstances in mode 'report' are not written to. What waits for approval stays; 'formulary approve' releases it, and the\nnext cycle does it. Reports lie beside the ledger: reports/latest.txt and latest.json.\n\nSignals:\n  TERM, INT   finish the calls under way, begin no more, exit 0; a second one ends at once, exit 9\n  HUP         read the config again; a wrong one changes nothing"
)]
pub struct RunArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Where health and metrics are served, open to whoever reaches it; 'none' serves nothing. Default: the config's
    /// 'serve.listen', or 127.0.0.1:9464.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The form of log lines.
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub(super) log_format: LogFormat,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl From<LogFormat> for telemetry::LogFormat {
    fn from(format: LogFormat) -> Self {
        match format {
            LogFormat::Text => Self::Text,
            LogFormat::Json => Self::Json,
        }
    }
}

pub(super) async fn run(args: &RunArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let context = Context::open(global, shell)?;
    if args.source.rev.is_some() && args.source.repo.is_none() {
        return Err(CommandError::new(Exit::Error, "--rev goes with --repo here")
            .hint("the config's 'repository.branch' names what is kept true"));
    }
    context.source(&args.source)?;
    let address = match &args.listen {
        None => context.config.listen,
        Some(text) => listen(text).map_err(|help| {
            CommandError::new(Exit::Error, format!("'{text}' is no address to listen on")).hint(help)
        })?,
    };
    // Signals are listened to before anything is begun: the first one must not kill.
    let mut signals = Signals::new()?;
    let ledger = context.ledger().await?;
    let listener = match address {
        Some(address) => Some(listen_on(address).await?),
        None => None,
    };
    tracing::info!(
        platform = context.platform.name,
        config = %context.config.path.display(),
        ledger = %ledger.identity().id,
        reports = %context.config.reports().display(),
        "the daemon begins"
    );
    let options = Options { config: global.config.clone(), source: explicit(&args.source) };
    let daemon = Daemon::new(context.into_site(), ledger, options);
    let (stop, reload) = (CancellationToken::new(), Notify::new());
    let work = daemon.run(listener, &reload, &stop);
    tokio::pin!(work);
    loop {
        tokio::select! {
            () = &mut work => {
                tracing::info!("the daemon ends");
                return Ok(Exit::Done);
            }
            () = stopped(&mut signals.terminate, &mut signals.interrupt) => {
                if stop.is_cancelled() {
                    tracing::warn!("stopped at once; the next run settles what is left open");
                    return Ok(Exit::Cancelled);
                }
                tracing::info!("stopping: calls under way are finished; a second signal ends at once");
                stop.cancel();
            }
            _ = signals.hangup.recv() => reload.notify_one(),
        }
    }
}

async fn listen_on(address: SocketAddr) -> Result<TcpListener, CommandError> {
    let failed = |error: &std::io::Error| {
        CommandError::new(Exit::Error, format!("cannot listen on {address}: {error}"))
            .hint("choose another address with --listen or 'serve.listen', or 'none'")
    };
    let listener = bind(address).await.map_err(|error| failed(&error))?;
    let bound = listener.local_addr().map_err(|error| failed(&error))?;
    tracing::info!("health and metrics: http://{bound}/readyz, /healthz, /metrics");
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "health and metrics are open to the network");
    }
    Ok(listener)
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

/// Waits for a polite kill or Ctrl-C.
async fn stopped(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
