//! Coder: people, formulas as templates, workspaces.

pub mod emulator;
