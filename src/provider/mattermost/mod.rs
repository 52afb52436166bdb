//! Mattermost: its emulator.

pub mod emulator;
