//! The provider held to the recordings and, over real HTTP, to its emulator.
//!
//! [`tour`] and [`converge`] also run against a real server: whoever has one sets `FORMULARY_GITEA_URL`,
//! `FORMULARY_GITEA_TOKEN` and `FORMULARY_GITEA_SOURCE_ID`. What they make has names that begin with `fml-`,
//! and they clean up after themselves.

mod converge;
mod reading;
mod recorded;
mod repositories;
mod tour;
mod world;
mod writing;
