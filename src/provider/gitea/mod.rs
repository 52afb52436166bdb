//! Gitea: what is kept true there, how it is read and written, and its emulator.

pub mod api;
pub mod convert;
pub mod doctor;
pub mod emulator;
pub mod errors;
pub mod events;
pub mod kinds;
pub mod names;
pub mod options;
pub mod reader;
pub mod units;
pub mod writer;
