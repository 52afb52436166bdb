//! Twenty CRM: so far its emulator. The provider stands beside it once it is written.

pub mod emulator;
