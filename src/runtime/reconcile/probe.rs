//! Where a run could be killed. In production nobody listens; tests end the process here.

/// A point between two effects of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Boundary {
    /// Steps are about to be journalled.
    BeforeIntents,
    /// Steps are journalled, and no call is made yet.
    AfterIntents,
    /// A call came back, and nothing is written of it yet.
    Called,
    /// Results are about to be journalled.
    BeforeResults,
    /// Results are journalled.
    AfterResults,
}

/// Told at every boundary.
pub trait JournalProbe: Send + Sync {
    /// A boundary is reached.
    fn at(&self, boundary: Boundary);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProbe;

impl JournalProbe for NoProbe {
    fn at(&self, _: Boundary) {}
}

/// Ends the process without any clean-up at the n-th boundary, counted from 1, as a power cut would. Debug builds only.
#[cfg(debug_assertions)]
#[derive(Debug)]
pub struct KillAt {
    left: std::sync::atomic::AtomicU64,
}

#[cfg(debug_assertions)]
impl KillAt {
    /// The environment variable that names the boundary.
    pub const VARIABLE: &'static str = "FORMULARY_TEST_KILL_AT";

    /// Kills at boundary `n`.
    pub fn new(n: u64) -> Self {
        Self { left: n.into() }
    }
}

#[cfg(debug_assertions)]
impl JournalProbe for KillAt {
    fn at(&self, _: Boundary) {
        if self.left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }
}

/// The probe of a real process: none, but in debug builds [`KillAt`] where its variable names a boundary.
pub fn from_environment(environment: &dyn crate::runtime::sys::Environment) -> Box<dyn JournalProbe> {
    #[cfg(debug_assertions)]
    if let Some(n) = environment.variable(KillAt::VARIABLE).and_then(|text| text.to_str()?.parse().ok()) {
        return Box::new(KillAt::new(n));
    }
    let _ = environment;
    Box::new(NoProbe)
}
