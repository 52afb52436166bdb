//! The provider held to the recordings and to its emulator.

mod recorded;
