//! Defects on demand, as data: what goes wrong, and which calls it befalls.
//!
//! A test names one call exactly ("the second POST of a user"); a property test lets one in ten fail, chosen by a seed,
//! so that the same seed fails the same calls again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// A defect and the calls that it befalls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which calls; all of them by default.
    #[serde(default)]
    pub when: When,
    /// What happens to them.
    pub then: Defect,
}

/// Which calls a fault befalls. All conditions must hold; the calls that match method and path are counted from 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// The method, in capitals; any when absent.
    pub method: Option<String>,
    /// The path without its query: `*` stands for anything within a segment, `**` for anything at all; any when absent.
    pub path: Option<String>,
    /// The first matching call that may fail, from 1.
    pub from: u64,
    /// From there on only every so-manieth matching call may fail.
    pub every: u64,
    /// How many calls fail at most; without end when absent.
    pub times: Option<u64>,
    /// Only a part of them, drawn by a seed.
    pub chance: Option<Chance>,
}

impl Default for When {
    fn default() -> Self {
        When { method: None, path: None, from: 1, every: 1, times: None, chance: None }
    }
}

/// A part of the calls, the same ones for the same seed.
///
/// The draw goes by method, path with its ids replaced, and how often that was called before. So it depends neither on
/// ids that differ from run to run nor on how concurrent calls of other operations interleave.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// Between 0 (never) and 1 (always).
    pub probability: f64,
    /// Where the draw begins.
    #[serde(default)]
    pub seed: u64,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Defect {
    /// The answer comes later. Adds up with other latencies and goes together with one other defect.
    Latency {
        /// The delay, or the least one.
        ms: u64,
        /// The greatest one, where it is drawn at random.
        #[serde(default)]
        up_to_ms: Option<u64>,
        /// Where the draw begins.
        #[serde(default)]
        seed: u64,
    },
    /// 429 with `Retry-After`; the call has no effect.
    RateLimited {
        /// Seconds to wait, as the header says.
        #[serde(default = "one")]
        retry_after: u64,
    },
    /// The service's own error body with this status.
    Status {
        /// The status, 500 by default.
        #[serde(default = "internal_error")]
        status: u16,
        /// A body instead of the service's own.
        #[serde(default)]
        body: Option<serde_json::Value>,
        /// Whether the call takes effect although it fails.
        #[serde(default)]
        applied: bool,
    },
    /// 403 as the service says it.
    MissingRights,
    /// No answer until the caller gives up, the fault is lifted, or the server stops; the call has no effect.
    Hang,
    /// The call takes effect; half of the answer's body arrives, then the connection is reset.
    ResetInBody,
    /// The call takes effect; the connection is reset before any answer.
    LostAnswer,
    /// The list in the answer is cut short, whatever the headers say of its length.
    TruncatedPage {
        /// How many items are left; half of them by default.
        #[serde(default)]
        keep: Option<usize>,
    },
    /// A row moved while the caller reads: a later page begins with the last row of the page before it, which is seen
    /// twice, and the row that belongs there is seen on no page. Totals stay as they are. The first page, and a page whose
    /// predecessor was not asked for, are answered truly.
    MovedRow,
    /// 200 without a body; the call has no effect.
    EmptyBody,
    /// 200 with `[]`; the call has no effect.
    EmptyList,
    /// 200 with `null`; the call has no effect.
    NullList,
    /// A page of HTML, as a proxy in front of the service would answer; the call has no effect.
    Html {
        /// The status, 200 by default.
        #[serde(default = "ok")]
        status: u16,
    },
    /// Every token handed out so far expires just before the call is looked at.
    ExpiredToken,
    /// A GET is answered as it was the last time; without an earlier answer it is answered truly.
    StaleRead,
}

/// The number of an armed fault.
pub type FaultId = u64;

/// An armed fault and what it did so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Armed {
    /// Its number, for lifting it.
    pub id: FaultId,
    /// Calls that matched method and path so far.
    pub matched: u64,
    /// Calls that it befell so far.
    pub used: u64,
    /// The fault itself.
    #[serde(flatten)]
    pub fault: Fault,
}

/// Why a fault was not armed.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum FaultError {
    /// A count that begins at 1 was 0.
    #[error("\"{field}\" counts from 1, got 0")]
    Zero {
        /// The field of `when`.
        field: &'static str,
    },
    /// A probability outside 0 to 1.
    #[error("\"probability\" lies between 0 and 1, got {0}")]
    Probability(f64),
    /// Not a status that an answer can have.
    #[error("\"status\" lies between 200 and 599, got {0}")]
    Status(u16),
    /// The greatest latency is below the least.
    #[error("\"up_to_ms\" ({up_to_ms}) is less than \"ms\" ({ms})")]
    Latency {
        /// The least latency.
        ms: u64,
        /// The greatest latency.
        up_to_ms: u64,
    },
}

impl Fault {
    /// A fault that befalls every call, until it is narrowed down.
    pub fn new(then: Defect) -> Self {
        Fault { when: When::default(), then }
    }

    /// Only calls of this method and path (a glob as in [`When::path`]).
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.when.method = Some(method.to_owned());
        self.when.path = Some(path.to_owned());
        self
    }

    /// Only the n-th matching call, from 1.
    pub fn nth(self, n: u64) -> Self {
        self.from(n).times(1)
    }

    /// Not before the n-th matching call, from 1.
    pub fn from(mut self, n: u64) -> Self {
        self.when.from = n;
        self
    }

    /// At most so many calls.
    pub fn times(mut self, n: u64) -> Self {
        self.when.times = Some(n);
        self
    }

    /// Only every k-th matching call.
    pub fn every(mut self, k: u64) -> Self {
        self.when.every = k;
        self
    }

    /// Only a part of the matching calls, drawn by `seed`.
    pub fn chance(mut self, probability: f64, seed: u64) -> Self {
        self.when.chance = Some(Chance { probability, seed });
        self
    }

    fn check(&self) -> Result<(), FaultError> {
        let When { from, every, chance, .. } = &self.when;
        if *from == 0 {
            return Err(FaultError::Zero { field: "from" });
        }
        if *every == 0 {
            return Err(FaultError::Zero { field: "every" });
        }
        if let Some(Chance { probability, .. }) = chance
            && !(0.0..=1.0).contains(probability)
        {
            return Err(FaultError::Probability(*probability));
        }
        match self.then {
            Defect::Status { status, .. } | Defect::Html { status } if !(200..600).contains(&status) => {
                Err(FaultError::Status(status))
            }
            Defect::Latency { ms, up_to_ms: Some(up_to_ms), .. } if up_to_ms < ms => {
                Err(FaultError::Latency { ms, up_to_ms })
            }
            _ => Ok(()),
        }
    }
}

impl Defect {
    /// The name that the control address and the list of requests call it by.
    pub fn name(&self) -> &'static str {
        match self {
            Defect::Latency { .. } => "latency",
            Defect::RateLimited { .. } => "rate-limited",
            Defect::Status { .. } => "status",
            Defect::MissingRights => "missing-rights",
            Defect::Hang => "hang",
            Defect::ResetInBody => "reset-in-body",
            Defect::LostAnswer => "lost-answer",
            Defect::TruncatedPage { .. } => "truncated-page",
            Defect::MovedRow => "moved-row",
            Defect::EmptyBody => "empty-body",
            Defect::EmptyList => "empty-list",
            Defect::NullList => "null-list",
            Defect::Html { .. } => "html",
            Defect::ExpiredToken => "expired-token",
            Defect::StaleRead => "stale-read",
        }
    }
}

/// The armed faults of one emulator.
#[derive(Debug, Default)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last: FaultId,
    armed: BTreeMap<FaultId, Entry>,
}

#[derive(Debug)]
struct Entry {
    fault: Fault,
    matched: u64,
    used: u64,
    /// How often each operation was called while [`Chance`] had to decide.
    calls: BTreeMap<String, u64>,
    lifted: CancellationToken,
}

/// What befalls one call.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// The latencies that add up.
    pub(super) delay: Duration,
    /// The names of all faults that fired.
    pub(super) names: Vec<&'static str>,
    /// The one defect beside latency, the earliest armed of those that fired.
    pub(super) defect: Option<Defect>,
    /// Ends when one of the faults that fired is lifted.
    pub(super) lifted: Option<CancellationToken>,
}

impl Faults {
    /// Arms a fault. Faults that were armed earlier go first.
    ///
    /// # Errors
    ///
    /// [`FaultError`] where its numbers make no sense; nothing is armed then.
    pub fn add(&self, fault: Fault) -> Result<FaultId, FaultError> {
        fault.check()?;
        let mut state = self.state();
        state.last += 1;
        let id = state.last;
        let lifted = CancellationToken::new();
        state.armed.insert(id, Entry { fault, matched: 0, used: 0, calls: BTreeMap::new(), lifted });
        Ok(id)
    }

    /// The armed faults with their counts, in the order they were armed. One that is used up stays until it is lifted.
    pub fn list(&self) -> Vec<Armed> {
        let state = self.state();
        state.armed.iter().map(|(&id, entry)| entry.show(id)).collect()
    }

    /// Lifts one fault and lets go whom it holds; `None` where there is none of that number.
    pub(super) fn remove(&self, id: FaultId) -> Option<Armed> {
        let entry = self.state().armed.remove(&id)?;
        entry.lifted.cancel();
        Some(entry.show(id))
    }

    /// Lifts all faults and lets go whom they hold. Answers what was lifted.
    pub(super) fn clear(&self) -> Vec<Armed> {
        let armed = std::mem::take(&mut self.state().armed);
        for entry in armed.values() {
            entry.lifted.cancel();
        }
        armed.iter().map(|(&id, entry)| entry.show(id)).collect()
    }

    /// Decides what befalls a call and counts it.
    pub(super) fn judge(&self, method: &str, path: &str) -> Verdict {
        let mut verdict = Verdict::default();
        for entry in self.state().armed.values_mut() {
            if !entry.matches(method, path) {
                continue;
            }
            if verdict.defect.is_some() && !matches!(entry.fault.then, Defect::Latency { .. }) {
                continue; // One defect a call; this one has its turn with a later call.
            }
            if !entry.fires(method, path) {
                continue;
            }
            verdict.names.push(entry.fault.then.name());
            verdict.lifted = Some(entry.lifted.clone());
            match &entry.fault.then {
                Defect::Latency { ms, up_to_ms, seed } => {
                    let spread = up_to_ms.unwrap_or(*ms).saturating_sub(*ms).saturating_add(1);
                    verdict.delay += Duration::from_millis(ms + draw(*seed, "latency", entry.used) % spread);
                }
                defect => verdict.defect = Some(defect.clone()),
            }
        }
        verdict
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Whether method and path are meant; counts those that are.
    fn matches(&mut self, method: &str, path: &str) -> bool {
        let When { method: wanted, path: pattern, .. } = &self.fault.when;
        let meant = wanted.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && pattern.as_ref().is_none_or(|pattern| glob(pattern.as_bytes(), path.as_bytes()));
        self.matched += u64::from(meant);
        meant
    }

    /// Whether a call that matches fails; counts those that do.
    fn fires(&mut self, method: &str, path: &str) -> bool {
        let When { from, every, times, chance, .. } = &self.fault.when;
        if self.matched < *from
            || !(self.matched - from).is_multiple_of(*every)
            || times.is_some_and(|times| self.used >= times)
        {
            return false;
        }
        if let Some(Chance { probability, seed }) = chance {
            let operation = format!("{method} {}", without_ids(path));
            let calls = self.calls.entry(operation.clone()).or_default();
            *calls += 1;
            if fraction(draw(*seed, &operation, *calls)) >= *probability {
                return false;
            }
        }
        self.used += 1;
        true
    }

    fn show(&self, id: FaultId) -> Armed {
        Armed { id, matched: self.matched, used: self.used, fault: self.fault.clone() }
    }
}

/// Whether a path matches a pattern: `*` anything within a segment, `**` anything.
fn glob(pattern: &[u8], path: &[u8]) -> bool {
    match pattern {
        [] => path.is_empty(),
        [b'*', b'*', rest @ ..] => (0..=path.len()).any(|n| glob(rest, &path[n..])),
        [b'*', rest @ ..] => {
            let segment = path.iter().take_while(|&&byte| byte != b'/').count();
            (0..=segment).any(|n| glob(rest, &path[n..]))
        }
        [byte, rest @ ..] => path.first() == Some(byte) && glob(rest, &path[1..]),
    }
}

/// The path with every segment that is a number or an UUID replaced, so that a draw does not depend on ids.
fn without_ids(path: &str) -> String {
    let is_id = |segment: &str| {
        !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
            || uuid::Uuid::try_parse(segment).is_ok()
    };
    path.split('/').map(|segment| if is_id(segment) { "*" } else { segment }).collect::<Vec<_>>().join("/")
}

/// A number that follows from seed, text and count alone: FNV-1a over the text, then the finish of SplitMix64.
fn draw(seed: u64, text: &str, count: u64) -> u64 {
    let mut state = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64 ^ seed, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    state = state.wrapping_add(count.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// A number as a fraction of its range, from 0 to just below 1.
fn fraction(number: u64) -> f64 {
    // 53 bits are what a double holds exactly.
    (number >> 11) as f64 / (1_u64 << 53) as f64
}

fn one() -> u64 {
    1
}

fn ok() -> u16 {
    200
}

fn internal_error() -> u16 {
    500
}
