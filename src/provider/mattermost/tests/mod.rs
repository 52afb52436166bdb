//! The provider held to the recordings. What a whole turn does, on the emulator and on a real server, is in the tour.

mod bodies;
mod masks;
mod recorded;
