//! Apply, plan again, expect nothing: on a service in memory, with every way in which a call can go wrong.

mod bench;
// Kills are built into debug builds alone (`probe.rs`).
#[cfg(debug_assertions)]
mod crash;
mod following;
mod part;
mod rules;
