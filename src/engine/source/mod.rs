//! From the bytes of a revision to trees in which every value knows its place.

pub mod snapshot;

pub use snapshot::{FileEntry, Revision, Snapshot};
