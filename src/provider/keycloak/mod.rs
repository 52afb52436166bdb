//! Keycloak: what is kept true there, how it is read and written, and its emulator.

mod api;
mod convert;
mod doctor;
pub mod emulator;
mod errors;
mod kinds;
mod names;
mod options;
mod reader;
#[cfg(test)]
mod tests;
mod tokens;
mod writer;
