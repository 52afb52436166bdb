//! From the bytes of a revision to trees in which every value knows its place.

pub mod snapshot;
mod spans;

pub use snapshot::{FileEntry, Revision, Snapshot};
pub use spans::SpanTable;
