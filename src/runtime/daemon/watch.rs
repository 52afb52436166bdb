//! A folder that is watched, for those who work in one: a burst of changes is one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// How long it must be quiet: an editor writes a file in several steps, `git checkout` many files.
const QUIET: Duration = Duration::from_millis(300);

/// How long a burst is waited out at most.
const MOST: Duration = Duration::from_secs(5);

/// A folder that is watched until this is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    changed: Arc<Notify>,
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Watches a folder with everything below it; without one, nothing ever happens. Where the system cannot watch,
    /// polling has to do.
    pub(super) fn of(folder: Option<&Path>) -> Self {
        let changed = Arc::new(Notify::new());
        let told = Arc::clone(&changed);
        let watcher = folder.and_then(|folder| {
            let began = notify::recommended_watcher(move |event: notify::Result<Event>| {
                // Our own reading is an event as well.
                if !event.is_ok_and(|event| event.kind.is_access()) {
                    told.notify_one();
                }
            })
            .and_then(|mut watcher| watcher.watch(folder, RecursiveMode::Recursive).map(|()| watcher));
            began
                .inspect_err(|error| tracing::warn!(folder = %folder.display(), %error, "the folder cannot be watched; it is polled"))
                .ok()
        });
        Self { changed, _watcher: watcher }
    }

    /// Waits until something changed and it is quiet again.
    pub(super) async fn settled(&self) {
        settled(&self.changed).await;
    }
}

async fn settled(changed: &Notify) {
    changed.notified().await;
    let latest = Instant::now() + MOST;
    loop {
        let quiet = (Instant::now() + QUIET).min(latest);
        tokio::select! {
            biased;
            () = changed.notified(), if Instant::now() < latest => {}
            () = sleep_until(quiet) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_one_change() {
        let changed = Arc::new(Notify::new());
        let began = Instant::now();
        let editor = Arc::clone(&changed);
        tokio::spawn(async move {
            for _ in 0..10 {
                editor.notify_one();
                tokio::time::sleep(QUIET / 2).await;
            }
        });
        settled(&changed).await;
        assert!(began.elapsed() >= QUIET * 5, "it was told in the middle of the burst");
        let more = tokio::time::timeout(MOST, settled(&changed)).await;
        assert!(more.is_err(), "one burst was told twice");
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_without_end_is_told_all_the_same() {
        let changed = Arc::new(Notify::new());
        let editor = Arc::clone(&changed);
        let endless = tokio::spawn(async move {
            loop {
                editor.notify_one();
                tokio::time::sleep(QUIET / 2).await;
            }
        });
        tokio::time::timeout(MOST * 2, settled(&changed)).await.expect("it is told");
        endless.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_folder_nothing_happens() {
        assert!(tokio::time::timeout(MOST, Watch::of(None).settled()).await.is_err());
    }
}
