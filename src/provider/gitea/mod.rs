//! Gitea: what is kept true there, how it is read and written, and its emulator.

pub mod emulator;
