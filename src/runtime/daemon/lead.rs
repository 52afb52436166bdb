//! The loop: who leads, what is due, and how it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::health::Health;
use super::metrics::Metrics;
use super::pace::{Due, Pace, Trigger, backoff, jittered};
use super::reports::Reports;
use super::serve::{Served, serve};
use super::wanted::{Trouble, Wanted};
use super::watch::Watch;
use crate::provider::http::CallMeter;
use crate::runtime::config::POLL;
use crate::runtime::ledger::{LeaseError, SharedLedger};
use crate::runtime::reconcile::{Hold, Site};
use crate::runtime::repo::Source;

/// The lease of the daemon that leads. That of a single cycle is another: `formulary apply` may take a turn between two.
const LEASE: &str = "daemon";

/// How often one that does not lead asks for the lease.
const ASK: Duration = Duration::from_secs(10);

/// What the command line says.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The config that is named, for reading it again.
    pub config: Option<PathBuf>,
    /// The mono-repo, where it is not the config's.
    pub source: Option<Source>,
}

/// A daemon.
pub struct Daemon {
    pub(super) site: Site,
    pub(super) ledger: SharedLedger,
    pub(super) holder: String,
    pub(super) wanted: Wanted,
    pub(super) health: Arc<Health>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) reports: Reports,
    pub(super) cycles: u64,
    options: Options,
}

/// Why the loop woke up.
enum Woken {
    Due(Due),
    Files,
    Reload,
    Stopped,
}

impl Daemon {
    /// A daemon for a platform.
    pub fn new(site: Site, ledger: SharedLedger, options: Options) -> Self {
        let metrics = Arc::new(Metrics::new());
        let mut daemon = Self {
            holder: format!("formulary run, process {}", std::process::id()),
            ledger,
            wanted: Wanted::default(),
            health: Arc::new(Health::new(POLL)),
            reports: Reports::new(site.config.reports()),
            cycles: 0,
            options,
            site,
            metrics,
        };
        daemon.settle_in();
        daemon
    }

    /// Takes up what the config says.
    fn settle_in(&mut self) {
        let meter: Arc<dyn CallMeter> = Arc::clone(&self.metrics) as _;
        self.site.platform.meter(&meter);
        self.health.polls(self.poll());
    }

    /// Works until it is stopped. `reload` asks for the config to be read again.
    pub async fn run(mut self, listener: Option<TcpListener>, reload: &Notify, stop: &CancellationToken) {
        let serving = CancellationToken::new();
        let server = listener.map(|listener| {
            let served = Served { health: Arc::clone(&self.health), metrics: Arc::clone(&self.metrics) };
            tokio::spawn(serve(listener, served, serving.clone()))
        });
        self.take_turns(reload, stop).await;
        serving.cancel();
        if let Some(server) = server {
            // Whatever became of the server, the work is done.
            let _ = server.await;
        }
    }

    /// Leads whenever nobody else does.
    async fn take_turns(&mut self, reload: &Notify, stop: &CancellationToken) {
        let mut failures = 0;
        while !stop.is_cancelled() {
            self.health.beat();
            // Ends with the daemon, or when the lease is lost.
            let term = stop.child_token();
            let held = Hold::take(&self.ledger, &self.site.clock, LEASE, &self.holder, term.clone()).await;
            let wait = match held {
                Ok(hold) => {
                    self.leads(None);
                    failures = 0;
                    self.lead(reload, &term).await;
                    if let Err(error) = hold.release().await {
                        tracing::warn!(%error, "the lease could not be given back; it runs out by itself");
                    }
                    continue;
                }
                Err(LeaseError::Held { holder, until }) => {
                    tracing::info!(%holder, %until, "another daemon leads");
                    self.leads(Some(holder));
                    ASK
                }
                Err(LeaseError::Ledger(error)) => {
                    tracing::warn!(%error, help = error.hint(), "the ledger cannot be used");
                    self.metrics.leads(false);
                    self.health.ledger(false);
                    failures += 1;
                    backoff(failures).min(self.site.config.schedule.every)
                }
            };
            tokio::select! {
                () = tokio::time::sleep(jittered(wait, random())) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    fn leads(&self, other: Option<String>) {
        self.metrics.leads(other.is_none());
        self.health.ledger(true);
        self.health.led_by(other);
    }

    /// Does what is due, until the term ends.
    async fn lead(&mut self, reload: &Notify, term: &CancellationToken) {
        let mut pace = Pace::new(Instant::now());
        let mut watch = self.watch();
        let mut woken = Woken::Due(Due::Cycle(Trigger::Start));
        loop {
            self.health.beat();
            let asked = match woken {
                Woken::Stopped => return,
                Woken::Due(Due::Cycle(trigger)) => Some(trigger),
                Woken::Due(Due::Poll) | Woken::Files => None,
                Woken::Reload => {
                    self.reload();
                    watch = self.watch();
                    Some(Trigger::Config)
                }
            };
            let moved = tokio::select! {
                moved = self.ask() => moved,
                () = term.cancelled() => return,
            };
            pace.polled(Instant::now(), self.poll(), random());
            if let Some(trigger) = asked.or(moved.then_some(Trigger::Moved)) {
                let Some(went) = self.cycle(trigger, term).await else { return };
                pace.cycled(went, &self.site.config.schedule, Instant::now(), self.site.now(), random());
            }
            let (at, due) = pace.next(Instant::now(), self.site.now());
            woken = tokio::select! {
                biased;
                () = term.cancelled() => Woken::Stopped,
                () = reload.notified() => Woken::Reload,
                () = watch.settled() => Woken::Files,
                () = sleep_until(at) => Woken::Due(due),
            };
        }
    }

    /// Asks the mono-repo whether it moved.
    async fn ask(&mut self) -> bool {
        let moved = self.wanted.ask(&self.site, self.options.source.as_ref()).await;
        let trouble = self.wanted.trouble();
        self.metrics.mono_repo(trouble.is_none());
        self.health.mono_repo(trouble.map(Trouble::word));
        moved
    }

    fn poll(&self) -> Duration {
        self.site.config.repository.as_ref().map_or(POLL, |repository| repository.poll)
    }

    /// Watches the folder, where the mono-repo is one.
    fn watch(&self) -> Watch {
        Watch::of(match &self.options.source {
            Some(Source::Dir(folder)) => Some(folder),
            _ => None,
        })
    }

    /// Reads the config again. One that is wrong changes nothing; where the ledger is and what is listened on stay until
    /// a restart.
    fn reload(&mut self) {
        let (named, now) = (self.options.config.as_deref(), &self.site);
        let site = match Site::open(named, Arc::clone(&now.environment), Arc::clone(&now.clock)) {
            Ok(site) => site,
            Err(problems) => {
                for problem in problems {
                    tracing::error!(%problem, "the config is wrong; what was read before stands");
                }
                return;
            }
        };
        if site.config.ledger != now.config.ledger || site.config.platform != now.config.platform {
            tracing::error!(
                "the config names another platform or ledger, which takes a restart; what was read before stands"
            );
            return;
        }
        if site.config.listen != now.config.listen {
            tracing::warn!("another address to listen on takes a restart");
        }
        tracing::info!(config = %site.config.path.display(), "the config was read again");
        self.site = site;
        self.settle_in();
    }
}

/// A number in `0..1`.
fn random() -> f64 {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    f64::from((high >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
}
