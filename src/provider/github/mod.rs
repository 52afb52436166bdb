//! GitHub: where our App is installed, and its emulator.

pub mod emulator;
