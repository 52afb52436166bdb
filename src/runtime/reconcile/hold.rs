//! A lease that is held for as long as it takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Duration, Utc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::runtime::ledger::{Fence, Lease, LeaseError, LedgerError, SharedLedger};
use crate::runtime::sys::SharedClock;

/// How long a lease lasts when it is not renewed: after a crash the next one waits at most this long.
const TTL_SECONDS: i64 = 60;

/// Until when a lease is surely ours, as far as we renewed it. A process that was paused for longer (a suspended machine)
/// may find at any line that somebody else leads: it begins nothing more and sends nothing more.
#[derive(Clone)]
pub struct Tenure {
    until: Arc<AtomicI64>,
    clock: SharedClock,
}

impl Tenure {
    /// Ours until then, by this clock.
    pub fn until(moment: DateTime<Utc>, clock: &SharedClock) -> Self {
        Self { until: Arc::new(AtomicI64::new(moment.timestamp_millis())), clock: Arc::clone(clock) }
    }

    /// Whether it has passed.
    pub fn has_passed(&self) -> bool {
        self.clock.now().timestamp_millis() >= self.until.load(Ordering::SeqCst)
    }

    fn renewed(&self, until: DateTime<Utc>) {
        self.until.store(until.timestamp_millis(), Ordering::SeqCst);
    }
}

/// A lease that is renewed until it is given back. Dropping it without [`Hold::release`] leaves the lease to run out.
pub struct Hold {
    ledger: SharedLedger,
    lease: Lease,
    tenure: Tenure,
    renewal: JoinHandle<()>,
}

impl Hold {
    /// Takes the lease, or says who holds it. `lost` is cancelled when it cannot be renewed.
    ///
    /// # Errors
    /// When somebody else holds it, or the ledger cannot be written.
    pub async fn take(
        ledger: &SharedLedger,
        clock: &SharedClock,
        name: &str,
        holder: &str,
        lost: CancellationToken,
    ) -> Result<Self, LeaseError> {
        let lease = ledger.acquire_lease(name, holder, Duration::seconds(TTL_SECONDS), clock.now()).await?;
        let tenure = Tenure::until(lease.until, clock);
        let renewing = renew(Arc::clone(ledger), lease.clone(), tenure.clone(), Arc::clone(clock), lost);
        Ok(Self { ledger: Arc::clone(ledger), lease, tenure, renewal: tokio::spawn(renewing) })
    }

    /// The right to write that comes with it.
    pub fn fence(&self) -> &Fence {
        &self.lease.fence
    }

    /// How long that right is surely ours.
    pub fn tenure(&self) -> &Tenure {
        &self.tenure
    }

    /// Gives it back.
    ///
    /// # Errors
    /// When the ledger fails; the lease then runs out by itself.
    pub async fn release(self) -> Result<(), LedgerError> {
        self.ledger.release_lease(&self.lease).await
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Renews the lease until it ends; when it is lost, nothing more may be begun.
async fn renew(ledger: SharedLedger, lease: Lease, tenure: Tenure, clock: SharedClock, lost: CancellationToken) {
    let third = std::time::Duration::from_secs((TTL_SECONDS / 3).unsigned_abs());
    loop {
        tokio::time::sleep(third).await;
        match ledger.renew_lease(&lease, Duration::seconds(TTL_SECONDS), clock.now()).await {
            Ok(renewed) => tenure.renewed(renewed.until),
            Err(error) => {
                tracing::error!(
                    %error, lease = lease.fence.lease, "the lease could not be renewed; nothing more is begun"
                );
                lost.cancel();
                return;
            }
        }
    }
}
