//! What people read of a lowered catalogue.
