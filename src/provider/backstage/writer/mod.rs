//! The writing half: a location is registered, or taken away; an entity is never written, but its location is asked to be read
//! again.
//!
//! One refresh of the entity that lists a location's files brings all of them up to date, so that steps of one location go
//! together in one call. What comes of it is followed.

mod location;

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::api::{Api, READ_ROUTES, refresh};
use super::kinds;
use super::options::Options;
use super::place;
use super::reader::door;
use super::waiting::Handle;
use crate::engine::model::{Address, Failure, FailureClass};
use crate::engine::plan::price::{Cost, cost};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed, Writer};
use crate::provider::http::{Connection, Door};

/// Entities of which one refresh is made to do for all, where they come from one location.
const TOGETHER: usize = 500;

/// What steps cost here. That a refresh is waited for is not known before.
pub const COSTS: &[Cost] = &[
    Cost { kinds: &[kinds::ENTITY], verbs: &[Verb::Adopt], together: 1, calls: 0 },
    Cost { kinds: &[kinds::ENTITY], verbs: &[Verb::Create, Verb::Update], together: TOGETHER, calls: 1 },
    Cost { kinds: &[kinds::LOCATION], verbs: &[Verb::Adopt], together: 1, calls: 0 },
    Cost { kinds: &[kinds::LOCATION], verbs: &[Verb::Create, Verb::Delete], together: 1, calls: 2 },
];

/// Changes one Backstage.
pub struct BackstageWriter {
    open: Result<Hand, Failure>,
}

/// What every step is performed with.
struct Hand {
    door: Door,
    api: Api,
    connection: Connection,
}

impl BackstageWriter {
    /// Writes through a connection. A door that cannot be opened is told at the first step.
    pub fn new(connection: Connection) -> Self {
        let open = connection.read_options::<Options>().and_then(|options| {
            let door = door(connection.clone())?;
            Ok(Hand { api: Api::new(door.read_only(READ_ROUTES), options), door, connection })
        });
        Self { open }
    }
}

#[async_trait]
impl Writer for BackstageWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        // Only the ledger forgets, and only it knows what is ours: the catalogue carries no mark.
        if matches!(step.verb, Verb::Forget | Verb::Adopt) {
            return Ok(Performed::Done(None));
        }
        let hand = self.open.as_ref().map_err(Clone::clone)?;
        match (step.address.kind.as_str(), step.verb) {
            (kinds::LOCATION, Verb::Create) => hand.register(step).await,
            (kinds::LOCATION, Verb::Update) => hand.put_right(step, inputs).await,
            (kinds::LOCATION, Verb::Delete) => hand.take_away(step).await,
            (kinds::ENTITY, Verb::Create | Verb::Update) => {
                let location = location_of(step)?;
                hand.read_again(&location.key, stands_for(location, inputs)).await?;
                Ok(hand.waits(step, inputs, &location.key))
            }
            _ => Err(not_offered(step)),
        }
    }

    fn together(&self, step: &Step) -> usize {
        cost(COSTS, step.address.kind.as_str(), step.verb).map_or(1, |cost| cost.together)
    }

    async fn perform_together(&self, steps: &[(&Step, &Inputs)]) -> Vec<Result<Performed, Failure>> {
        let mut read: BTreeMap<&Address, Result<(), Failure>> = BTreeMap::new();
        let mut performed = Vec::with_capacity(steps.len());
        for (step, inputs) in steps {
            let refreshed =
                step.address.kind.as_str() == kinds::ENTITY && matches!(step.verb, Verb::Create | Verb::Update);
            let (true, Ok(hand)) = (refreshed, &self.open) else {
                performed.push(self.perform(step, inputs).await);
                continue;
            };
            let location = match location_of(step) {
                Ok(location) => location,
                Err(failure) => {
                    performed.push(Err(failure));
                    continue;
                }
            };
            let answer = match read.get(location) {
                Some(answer) => answer.clone(),
                None => {
                    let answer = hand.read_again(&location.key, stands_for(location, inputs)).await;
                    read.insert(location, answer.clone());
                    answer
                }
            };
            performed.push(answer.map(|()| hand.waits(step, inputs, &location.key)));
        }
        performed
    }
}

impl Hand {
    /// Asks for everything that a location lists to be read again; `stands_for` is the entity that stands for the location.
    async fn read_again(&self, location: &str, stands_for: Option<&str>) -> Result<(), Failure> {
        if let Some(lists) = place::lists(location) {
            match self.door.send(&refresh(lists.as_str())).await {
                Ok(_) => return Ok(()),
                // Its index file was not read yet: the location itself leads to it.
                Err(failure) if failure.class == FailureClass::Gone => {}
                Err(failure) => return Err(failure),
            }
        }
        if let Some(stands_for) = stands_for {
            return self.door.send(&refresh(stands_for)).await.map(drop);
        }
        let said = format!("Backstage does not tell which entity stands for '{location}'");
        Err(Failure::new(FailureClass::Refused, format!("have '{location}' read again"), said)
            .help("it is read by itself within minutes; update Backstage, whose present releases tell"))
    }

    /// The wait for what a step sends.
    fn waits(&self, step: &Step, inputs: &Inputs, location: &str) -> Performed {
        let declared = step.origin.as_ref().map(ToString::to_string);
        Performed::Pending(Handle::new(self.connection.clock.now(), &inputs.fields, location, declared).to_string())
    }
}

/// The location that an entity comes from: what its step needs.
fn location_of(step: &Step) -> Result<&Address, Failure> {
    let location =
        step.uses.iter().find(|it| it.kind.as_str() == kinds::LOCATION && it.instance == step.address.instance);
    location.ok_or_else(|| failure(FailureClass::Refused, step, "no location lists it"))
}

/// The entity that stands for a location, as far as it is known.
fn stands_for<'i>(location: &Address, inputs: &'i Inputs) -> Option<&'i str> {
    inputs.related.0.get(location)?.outputs.get(kinds::STANDS_FOR)?.as_text()
}

fn not_offered(step: &Step) -> Failure {
    let said = format!("Backstage is never asked to {} a {}", step.verb, step.address.kind);
    failure(FailureClass::Refused, step, said).help("this is a defect of Formulary; please report it")
}

fn failure(class: FailureClass, step: &Step, said: impl Into<String>) -> Failure {
    Failure::new(class, format!("{} '{}'", step.verb, step.address), said)
}
