//! What the loop would do without one of its guards. A guard is taken out of what a cycle knows, between reading and
//! planning, so that no build of the program can be without it.

use std::collections::BTreeMap;

use formulary::engine::documents::Quarantine;
use formulary::engine::model::{Completeness, Fields, ObjectState, Origin, Owner, Recorded};
use formulary::runtime::reconcile::World;

/// A guard that is taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// A list that was not read whole counts as whole.
    Absence,
    /// Whatever is there counts as ours.
    Ownership,
    /// What cannot be read counts as declared no more.
    Quarantine,
}

impl Sabotage {
    pub fn take_out(self, world: &mut World) {
        match self {
            Self::Absence => {
                for completeness in world.observed.scopes.values_mut() {
                    *completeness = Completeness::Complete("nobody asked".to_owned());
                }
            }
            Self::Quarantine => world.quarantine = Quarantine::default(),
            Self::Ownership => {
                let Some(recorded) = &mut world.recorded else { return };
                for live in world.observed.live.values() {
                    if world.own_accounts.contains(&live.address)
                        || recorded.iter().any(|it| it.address == live.address)
                    {
                        continue;
                    }
                    recorded.push(Recorded {
                        address: live.address.clone(),
                        external_id: live.external_id.clone(),
                        owner: Owner("user:default/nobody".to_owned()),
                        file: String::new(),
                        last_applied: Fields::new(),
                        digests: BTreeMap::new(),
                        outputs: live.outputs.clone(),
                        origin: Origin::Created,
                        state: ObjectState::Active,
                    });
                }
            }
        }
    }
}
