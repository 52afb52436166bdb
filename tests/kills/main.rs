//! The real binary, killed anywhere, running twice at once, on a full disk and on a read-only ledger: it comes to the
//! same end as an undisturbed one, nothing twice and nothing lost.
//!
//! A sample runs with the other tests. The full number, and one trial again:
//!
//! ```text
//! FORMULARY_SEEDS=1000 cargo test --profile trials --test kills -- --nocapture at_random_instants
//! FORMULARY_SEED=4711 cargo test --test kills -- --nocapture at_random_instants
//! ```
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]
#![allow(clippy::print_stderr, reason = "a long run tells how far it is")]
#![allow(missing_docs, reason = "nobody calls a test")]

#[path = "../command_line/bench.rs"]
#[allow(dead_code, reason = "the command line's tests use the rest")]
mod bench;
mod boundaries;
mod disk;
mod instants;
mod lease;
#[path = "../worlds/random.rs"]
#[allow(dead_code, reason = "the worlds use the rest")]
mod random;
