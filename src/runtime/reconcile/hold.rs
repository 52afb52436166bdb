//! A lease that is held for as long as it takes.

use std::sync::Arc;

use chrono::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::runtime::ledger::{Fence, Lease, LeaseError, LedgerError, SharedLedger};
use crate::runtime::sys::SharedClock;

/// How long a lease lasts when it is not renewed: after a crash the next one waits at most this long.
const TTL_SECONDS: i64 = 60;

/// A lease that is renewed until it is given back. Dropping it without [`Hold::release`] leaves the lease to run out.
pub struct Hold {
    ledger: SharedLedger,
    lease: Lease,
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
        let renewal = tokio::spawn(renew(Arc::clone(ledger), lease.clone(), Arc::clone(clock), lost));
        Ok(Self { ledger: Arc::clone(ledger), lease, renewal })
    }

    /// The right to write that comes with it.
    pub fn fence(&self) -> &Fence {
        &self.lease.fence
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
async fn renew(ledger: SharedLedger, lease: Lease, clock: SharedClock, lost: CancellationToken) {
    let third = std::time::Duration::from_secs((TTL_SECONDS / 3).unsigned_abs());
    loop {
        tokio::time::sleep(third).await;
        if let Err(error) = ledger.renew_lease(&lease, Duration::seconds(TTL_SECONDS), clock.now()).await {
            tracing::error!(%error, lease = lease.fence.lease, "the lease could not be renewed; nothing more is begun");
            lost.cancel();
            return;
        }
    }
}
