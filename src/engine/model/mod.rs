//! The values that everything hangs on.

pub mod entity;
