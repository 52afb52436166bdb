//! The loop's parts: a platform put together from its config, one reading of everything, one plan, one apply.

pub mod cycle;
pub mod platform;
pub mod world;

pub use cycle::{Memory, Progress, Quiet, read};
pub use platform::{Member, Platform};
pub use world::{PlannedWorld, World};
