//! The provider held to the recordings and, over real HTTP, to its emulator.
//!
//! The tour of [`tour`] also runs against a real server: whoever has one sets `FORMULARY_GITEA_URL`,
//! `FORMULARY_GITEA_TOKEN` and `FORMULARY_GITEA_SOURCE_ID`. What it makes has names that begin with `fml-`, and it
//! cleans up after itself.

mod converge;
mod reading;
mod recorded;
mod repositories;
mod tour;
mod world;
mod writing;
