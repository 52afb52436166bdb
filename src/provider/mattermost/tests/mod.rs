//! The provider held to the recordings and, over real HTTP, to its emulator. What a whole turn does is in the tour.

mod reading;
mod recorded;
mod traps;
mod world;
