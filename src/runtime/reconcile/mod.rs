//! The loop's parts: a platform put together from its config, one reading of everything, one plan, one apply.

mod call;
pub mod causes;
pub mod compiled;
pub mod cycle;
mod execution;
pub mod executor;
mod following;
mod graph;
pub mod hold;
pub mod importing;
pub mod inputs;
pub mod once;
pub mod outcome;
pub mod platform;
pub mod probe;
mod record;
pub mod recovery;
pub mod rehearsal;
mod settle;
mod sign_in;
pub mod site;
pub mod survey;
#[cfg(test)]
mod tests;
pub mod turn;
pub mod world;

pub use call::Hands;
pub use compiled::{Compiled, Taken};
pub use cycle::{Memory, Progress, Quiet, read};
pub use executor::{Apply, ApplyError, StepProgress, apply};
pub use following::Patience;
pub use hold::{Hold, Tenure};
pub use inputs::{MachineSecrets, StepSecrets};
pub use once::{Cycle, CycleError, Cycled, Onlooker};
pub use outcome::{Counts, Difference, EndedEarly, Held, Outcome, StepOutcome, StepReport};
pub use platform::{Member, Platform, probe};
pub use probe::{Boundary, JournalProbe, NoProbe};
pub use recovery::{Found, Recovered, recover};
pub use site::{OpenError, Site, service_types, usable_approvals};
pub use turn::Turn;
pub use world::{PlannedWorld, World};
