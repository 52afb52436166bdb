//! Exchanges in which an emulator is known to answer otherwise than the recorded server, each with its reason.
//!
//! An entry whose exchanges agree is stale and fails the test, so this list cannot outlive its reasons.

/// Exchanges of one scenario that differ for one reason.
pub struct Exception {
    /// `<service>/<scenario>`.
    pub scenario: &'static str,
    /// Numbers of exchanges, from 1.
    pub exchanges: &'static [i64],
    pub reason: &'static str,
}

/// The known differences, by scenario.
pub const EXCEPTIONS: &[Exception] = &[];
