//! Effects and time: config, Git, ledger, the loop.

pub mod config;
pub mod daemon;
pub mod ledger;
pub mod reconcile;
pub mod repo;
pub mod sandbox;
pub mod sys;
pub mod telemetry;
