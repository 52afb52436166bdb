//! Apply, plan again, expect nothing: on a service in memory, with every way in which a call can go wrong.

mod bench;
mod crash;
mod part;
mod rules;
