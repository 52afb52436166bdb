//! The real binary, as people run it: what it prints and how it exits, against a sandbox in this process.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]
#![allow(missing_docs, reason = "nobody calls a test")]

mod bench;
mod daemon;
mod transcripts;
