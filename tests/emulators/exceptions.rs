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
pub const EXCEPTIONS: &[Exception] = &[
    Exception { scenario: "gitea/auth", exchanges: &[28], reason: TOKEN_END },
    Exception { scenario: "gitea/git-http", exchanges: &[5, 6, 7, 8], reason: TOKEN_END },
    Exception { scenario: "gitea/token-scopes", exchanges: &[14], reason: TOKEN_END },
];

const TOKEN_END: &str = "token_last_eight is the end of a token that each server makes up";
