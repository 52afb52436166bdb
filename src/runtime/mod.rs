//! Effects and time: config, Git, ledger, the loop.

pub mod sys;
