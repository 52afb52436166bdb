//! What was read last, for as long as the process lives.
//!
//! A full reading of many contacts takes most of a minute's calls. So a list of more than one page is read whole now and
//! then, and in between only what changed since the newest change that was seen, by the server's clock and a little more.
//! What was destroyed in between leaves no trace there (guide, appendix C): such a list says when it was whole last, and
//! proves no absence.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Duration, SecondsFormat, Utc};

use super::wire::Row;

/// How far behind the newest change one looks again: rows are written by transactions that end in another order.
const BEHIND: Duration = Duration::minutes(5);

/// A list as it was read last.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The records by id.
    pub rows: Arc<BTreeMap<String, Row>>,
    /// When it was read whole.
    pub whole_at: DateTime<Utc>,
}

/// By the installation's address and the plural of the object.
type Lists = BTreeMap<(String, &'static str), Remembered>;

static LISTS: LazyLock<Mutex<Lists>> = LazyLock::new(Mutex::default);

/// What is remembered of a list.
pub fn recall(place: &str, plural: &'static str) -> Option<Remembered> {
    LISTS.lock().unwrap_or_else(PoisonError::into_inner).get(&(place.to_owned(), plural)).cloned()
}

/// Remembers a list.
pub fn keep(place: &str, plural: &'static str, remembered: Remembered) {
    LISTS.lock().unwrap_or_else(PoisonError::into_inner).insert((place.to_owned(), plural), remembered);
}

/// Forgets a list: the next reading is a whole one.
pub fn forget(place: &str, plural: &'static str) {
    LISTS.lock().unwrap_or_else(PoisonError::into_inner).remove(&(place.to_owned(), plural));
}

impl Remembered {
    /// From which moment on to ask for changes; `None` where nothing tells.
    pub fn watermark(&self) -> Option<String> {
        let newest = self.rows.values().filter_map(|row| row.text("updatedAt")?.parse::<DateTime<Utc>>().ok()).max()?;
        Some((newest - BEHIND).to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    /// The same list with what changed since.
    #[must_use]
    pub fn with(self, changed: BTreeMap<String, Row>) -> Self {
        if changed.iter().all(|(id, row)| self.rows.get(id) == Some(row)) {
            return self;
        }
        let mut rows = (*self.rows).clone();
        rows.extend(changed);
        Self { rows: Arc::new(rows), ..self }
    }
}
