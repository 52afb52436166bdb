//! What is asked of Gitea: routes, wire types, single reads and whole lists. Only reads are here; the writing half has
//! its own calls.

mod list;
mod read;
pub mod routes;
mod source;
pub mod wire;

pub use list::{Listing, Paged};
pub use read::{Api, decode};
pub use source::{SourceProof, probe_call as source_probe_call};
