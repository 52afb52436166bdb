//! A set of emulators that runs together: what `formulary sandbox` and the demo start, and what the tests of the whole
//! run against.
//!
//! Everything listens on 127.0.0.1 and forgets all when it stops. The emulators share one clock.

mod credentials;
pub mod sample;
mod services;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::provider::emulator::serve::{BODY_LIMIT, ServeError, ServeOptions, Served, serve};
use crate::runtime::sys::MovableClock;

pub use services::{SERVICES, SandboxService};

/// How a sandbox is started.
#[derive(Debug, Clone, Default)]
pub struct SandboxOptions {
    /// The services to start, by type name; all of [`SERVICES`] when empty.
    pub only: Vec<String>,
    /// The first port: the services take this one and those that follow, each always the same one by its place in
    /// [`SERVICES`]. Without it each takes any port that is free.
    pub port_base: Option<u16>,
    /// Leaves every service as a new installation, with the accounts that the recordings begin with, instead of seeding it.
    pub fresh: bool,
    /// The clock that all emulators go by.
    pub clock: Arc<MovableClock>,
}

/// Emulators that are running. Dropping it stops them.
#[derive(Debug)]
pub struct Sandbox {
    services: BTreeMap<&'static str, Served>,
    clock: Arc<MovableClock>,
}

/// Why a sandbox did not start, or could not hand out its credentials.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// No emulator of that name exists.
    #[error("there is no emulator of \"{name}\"; known: {}", known.join(", "))]
    UnknownService {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: Vec<&'static str>,
    },
    /// The ports above the first one do not exist.
    #[error("port base {port_base} leaves no port for the {service} emulator")]
    PortBase {
        /// What was asked for.
        port_base: u16,
        /// Who is left without a port.
        service: &'static str,
    },
    /// An emulator is not served.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// Filling the services failed.
    #[error("cannot fill the sandbox")]
    Seed(#[source] Box<dyn Error + Send + Sync>),
    /// The file with credentials cannot be written.
    #[error("cannot write the sandbox's credentials to \"{}\"", path.display())]
    Credentials {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Sandbox {
    /// Starts the emulators and fills them by `seed`, unless they shall be fresh. All answer once this returns.
    ///
    /// `seed` is handed the running sandbox and fills it through the services' own APIs.
    ///
    /// # Errors
    ///
    /// [`SandboxError`]; what had started by then is stopped again.
    pub async fn start<S>(options: SandboxOptions, seed: S) -> Result<Sandbox, SandboxError>
    where
        S: AsyncFnOnce(&Sandbox) -> Result<(), Box<dyn Error + Send + Sync>>,
    {
        Self::start_of(SERVICES, options, seed).await
    }

    /// [`start`](Self::start) with new installations.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub async fn start_fresh(options: SandboxOptions) -> Result<Sandbox, SandboxError> {
        Self::start(SandboxOptions { fresh: true, ..options }, async |_: &Sandbox| Ok(())).await
    }

    async fn start_of<S>(known: &[SandboxService], options: SandboxOptions, seed: S) -> Result<Sandbox, SandboxError>
    where
        S: AsyncFnOnce(&Sandbox) -> Result<(), Box<dyn Error + Send + Sync>>,
    {
        if let Some(name) = options.only.iter().find(|name| known.iter().all(|service| service.name != name.as_str())) {
            let known = known.iter().map(|service| service.name).collect();
            return Err(SandboxError::UnknownService { name: name.clone(), known });
        }
        let mut sandbox = Sandbox { services: BTreeMap::new(), clock: options.clock.clone() };
        for (port, service) in (0_u16..).zip(known) {
            if !options.only.is_empty() && !options.only.iter().any(|name| name == service.name) {
                continue;
            }
            let port = match options.port_base {
                None => 0,
                Some(port_base) => {
                    port_base.checked_add(port).ok_or(SandboxError::PortBase { port_base, service: service.name })?
                }
            };
            let emulator = (service.make)(options.clock.clone());
            let serving = ServeOptions { port, clock: options.clock.clone(), body_limit: BODY_LIMIT };
            sandbox.services.insert(service.name, serve(emulator, serving).await?);
        }
        if !options.fresh {
            seed(&sandbox).await.map_err(SandboxError::Seed)?;
        }
        Ok(sandbox)
    }

    /// A running service by its type name: its base URL, control URL, credentials, faults and requests.
    pub fn service(&self, name: &str) -> Option<&Served> {
        self.services.get(name)
    }

    /// The running services by type name.
    pub fn services(&self) -> &BTreeMap<&'static str, Served> {
        &self.services
    }

    /// The clock that all emulators go by.
    pub fn clock(&self) -> &Arc<MovableClock> {
        &self.clock
    }

    /// Makes every service a new installation again, as [`SandboxOptions::fresh`] leaves it.
    pub fn reset(&self) {
        for served in self.services.values() {
            served.reset();
        }
    }

    /// Stops all services: calls that are being answered are finished.
    pub async fn stop(self) {
        futures::future::join_all(self.services.into_values().map(Served::stop)).await;
    }
}
