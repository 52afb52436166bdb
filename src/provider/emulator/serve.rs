//! Serves one emulator on loopback: its API, the control address beside it, and the faults between.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::faults::{Armed, Defect, Fault, FaultError, FaultId, Faults};
use super::inject::{Reads, inject};
use super::requests::Requests;
use super::wire::{Cut, Wires};
use super::{Credentials, Emulator, control};
use crate::runtime::sys::MovableClock;

/// The longest request body by default: the largest import that the services themselves take without complaint is far below.
pub const BODY_LIMIT: usize = 8 << 20;

/// How long a stop waits for calls that are still being answered.
const GRACE: Duration = Duration::from_secs(5);

/// How an emulator is served.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The port on 127.0.0.1; 0 takes any that is free.
    pub port: u16,
    /// The clock that the control address moves. It must be the one that the emulator was made with.
    pub clock: Arc<MovableClock>,
    /// The longest request body in bytes; a longer one is answered 413.
    pub body_limit: usize,
}

impl Default for ServeOptions {
    fn default() -> Self {
        ServeOptions { port: 0, clock: Arc::new(MovableClock::default()), body_limit: BODY_LIMIT }
    }
}

/// Why an emulator is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is taken or may not be used.
    #[error("cannot listen on \"{address}\" for the {service} emulator")]
    Listen {
        /// Whose emulator.
        service: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// Serves an emulator over HTTP/1.1 on 127.0.0.1. The server answers once this returns.
///
/// # Errors
///
/// [`ServeError::Listen`] where the port cannot be had.
pub async fn serve(emulator: Arc<dyn Emulator>, options: ServeOptions) -> Result<Served, ServeError> {
    let service = emulator.service();
    let asked = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let failed = |source| ServeError::Listen { service, address: asked, source };
    let listener = TcpListener::bind(asked).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;

    let host = Arc::new(Host::new(emulator, options));
    let app = router(&host).into_make_service_with_connect_info::<Cut>();
    let stopped = host.stop.clone().cancelled_owned();
    let task = tokio::spawn(async move {
        // Serving ends with the stop signal alone: a failed accept is retried by axum.
        let _ = axum::serve(Wires(listener), app).with_graceful_shutdown(stopped).await;
    });
    Ok(Served { address, base: format!("http://{address}"), host, task: Some(task) })
}

/// Serves an emulator on any free port with defaults, for tests.
///
/// # Panics
///
/// Where loopback has no free port.
pub async fn serve_for_test(emulator: Arc<dyn Emulator>) -> Served {
    serve(emulator, ServeOptions::default()).await.expect("loopback has a free port")
}

/// An emulator that is being served. Dropping it stops the server.
pub struct Served {
    address: SocketAddr,
    base: String,
    host: Arc<Host>,
    task: Option<JoinHandle<()>>,
}

impl Served {
    /// Where the API answers, without a trailing slash: `http://127.0.0.1:PORT`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Where the control address answers: `http://127.0.0.1:PORT/__sandbox`.
    pub fn control(&self) -> String {
        format!("{}{}", self.base, control::PREFIX)
    }

    /// The port that was given or found.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The service's type name.
    pub fn service(&self) -> &'static str {
        self.host.emulator.service()
    }

    /// The accounts that a new installation begins with.
    pub fn credentials(&self) -> Credentials {
        self.host.emulator.credentials()
    }

    /// Arms a fault. Faults that were armed earlier go first.
    ///
    /// # Errors
    ///
    /// [`FaultError`] where its numbers make no sense; nothing is armed then.
    pub fn arm(&self, fault: Fault) -> Result<FaultId, FaultError> {
        self.host.faults.add(fault)
    }

    /// Lifts one fault and lets go the calls that it holds; `None` where there is none of that number.
    pub fn lift(&self, id: FaultId) -> Option<Armed> {
        self.host.lift(id)
    }

    /// Lifts all faults and lets go the calls that they hold. Answers what was lifted.
    pub fn lift_all(&self) -> Vec<Armed> {
        self.host.lift_all()
    }

    /// The armed faults with what they did so far.
    pub fn faults(&self) -> Vec<Armed> {
        self.host.faults.list()
    }

    /// What was called since the last reset.
    pub fn requests(&self) -> &Requests {
        &self.host.requests
    }

    /// The clock that the emulator goes by.
    pub fn clock(&self) -> &Arc<MovableClock> {
        &self.host.clock
    }

    /// A new installation: the emulator's state, the faults and the recorded calls are forgotten. The clock stays.
    pub fn reset(&self) {
        self.host.reset();
    }

    /// Stops the server: calls that are being answered are finished, those that a fault holds are let go.
    pub async fn stop(mut self) {
        self.host.stop.cancel();
        if let Some(mut task) = self.task.take()
            && tokio::time::timeout(GRACE, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.host.stop.cancel();
    }
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Served").field("service", &self.service()).field("base", &self.base).finish_non_exhaustive()
    }
}

/// What an emulator runs in.
pub(super) struct Host {
    pub(super) emulator: Arc<dyn Emulator>,
    pub(super) clock: Arc<MovableClock>,
    pub(super) faults: Faults,
    pub(super) requests: Requests,
    pub(super) reads: Reads,
    pub(super) stop: CancellationToken,
    pub(super) body_limit: usize,
}

impl Host {
    fn new(emulator: Arc<dyn Emulator>, options: ServeOptions) -> Self {
        Host {
            emulator,
            clock: options.clock,
            faults: Faults::default(),
            requests: Requests::default(),
            reads: Reads::default(),
            stop: CancellationToken::new(),
            body_limit: options.body_limit,
        }
    }

    /// A new installation without faults.
    pub(super) fn reset(&self) {
        self.lift_all();
        self.emulator.reset();
        self.requests.reset();
        self.reads.reset();
    }

    /// Lifts one fault, and restores the tokens where it had expired them.
    pub(super) fn lift(&self, id: FaultId) -> Option<Armed> {
        let lifted = self.faults.remove(id)?;
        self.restore_after(std::slice::from_ref(&lifted));
        Some(lifted)
    }

    /// Lifts all faults, and restores the tokens where one of them had expired them.
    pub(super) fn lift_all(&self) -> Vec<Armed> {
        let lifted = self.faults.clear();
        self.restore_after(&lifted);
        lifted
    }

    fn restore_after(&self, lifted: &[Armed]) {
        if lifted.iter().any(|armed| armed.used > 0 && armed.fault.then == Defect::ExpiredToken) {
            self.emulator.restore_tokens();
        }
    }
}

/// The emulator's API behind the faults, with the control address beside it.
fn router(host: &Arc<Host>) -> Router {
    let api = host
        .emulator
        .clone()
        .router()
        .layer(DefaultBodyLimit::disable()) // The layer below has counted already.
        .layer(middleware::from_fn_with_state(host.clone(), inject));
    control::router(host.clone()).fallback_service(api)
}
