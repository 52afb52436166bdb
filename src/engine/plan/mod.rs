//! What would be done: an immutable, ordered list of steps with everything a reviewer and an executor need.
//!
//! A plan is data throughout: stored, compared, shown, digested, replayed. It leaves the executor nothing to decide.

pub mod step;

pub use step::{Consequence, Step, StepId, Verb, Wait};
