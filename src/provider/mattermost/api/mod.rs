//! What is asked of Mattermost: routes, wire types, single reads and whole lists. Only reads are here; the writing half
//! has its own calls.

mod list;
mod read;
pub mod routes;
pub mod wire;

pub use list::Listing;
pub(super) use read::masked;
pub use read::{Api, decode};
