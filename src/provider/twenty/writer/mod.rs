//! The writing half: as many steps of one sort in one call as Twenty promises to take, because calls are few.
//!
//! A record is made by plain creation under an id that we chose: an upsert would take over whatever holds the address, and
//! bring back what sales threw away (guide, section 5). A change reads first, in one call for all of them, and stops for a
//! record that is not as the plan saw it. Nothing is ever destroyed, and nothing is done to all that a filter finds.

mod body;
mod change;
mod create;
mod send;

use std::collections::BTreeMap;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::api::{Api, DOCUMENTS, READ_ROUTES, Sort};
use super::convert::Shape;
use super::ids;
use super::kinds;
use super::options::Options;
use super::reader::{base, door};
use super::wire::{Object, Row};
use crate::engine::model::{Failure, FailureClass, Live};
use crate::engine::plan::price::{Cost, cost};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed, Writer};
use crate::provider::http::{Connection, Door};

/// Records a call: what the documentation promises (guide, section 7).
pub const TOGETHER: usize = 60;

const RECORDS: &[&str] = &[kinds::COMPANY, kinds::PERSON, kinds::OPPORTUNITY];

/// What steps cost here: one look at all of them, and one call that writes them.
pub const COSTS: &[Cost] = &[
    Cost { kinds: &[kinds::LOGIN], verbs: &[Verb::Adopt], together: 1, calls: 0 },
    Cost {
        kinds: RECORDS,
        verbs: &[Verb::Create, Verb::Update, Verb::Restore, Verb::Adopt],
        together: TOGETHER,
        calls: 2,
    },
    // There is no call that ends or throws away several that were named.
    Cost { kinds: &[kinds::OPPORTUNITY], verbs: &[Verb::Disable], together: 1, calls: 2 },
    Cost { kinds: RECORDS, verbs: &[Verb::Disable], together: 1, calls: 3 },
];

/// Changes one workspace of Twenty.
pub struct TwentyWriter {
    open: Result<Hand, Failure>,
}

/// What every step is performed with.
struct Hand {
    door: Door,
    api: Api,
    options: Options,
    connection: Connection,
    /// The data model, asked for when something is made.
    model: OnceCell<BTreeMap<String, Object>>,
}

/// A step and what it is performed with.
type Job<'a> = (&'a Step, &'a Inputs);

impl TwentyWriter {
    /// Writes through a connection. A door that cannot be opened is told at the first step.
    pub fn new(connection: Connection) -> Self {
        let open = connection.read_options::<Options>().and_then(|options| {
            let door = door(connection.clone())?;
            let api = Api::new(door.read_only(READ_ROUTES).asking(DOCUMENTS), options.clone());
            Ok(Hand { door, api, options, connection, model: OnceCell::new() })
        });
        Self { open }
    }
}

#[async_trait]
impl Writer for TwentyWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let results = self.perform_together(&[(step, inputs)]).await;
        results.into_iter().next().unwrap_or_else(|| Err(not_offered(step)))
    }

    fn together(&self, step: &Step) -> usize {
        cost(COSTS, step.address.kind.as_str(), step.verb).map_or(1, |cost| cost.together)
    }

    async fn perform_together(&self, steps: &[(&Step, &Inputs)]) -> Vec<Result<Performed, Failure>> {
        let hand = match &self.open {
            Ok(hand) => hand,
            Err(failure) => return vec![Err(failure.clone()); steps.len()],
        };
        let Some((first, _)) = steps.first() else { return Vec::new() };
        let Some(sort) = Sort::of(first.address.kind.as_str()) else { return refused(steps) };
        match (first.verb, sort.kind) {
            // Only the ledger forgets, and only it knows whose login is whose.
            (Verb::Forget, _) | (Verb::Adopt, kinds::LOGIN) => vec![Ok(Performed::Done(None)); steps.len()],
            (_, kinds::LOGIN) => refused(steps),
            (Verb::Create, _) => create::perform(hand, sort, steps).await,
            (Verb::Disable, kinds::COMPANY | kinds::PERSON) => change::put_away(hand, sort, steps).await,
            (Verb::Update | Verb::Restore | Verb::Adopt | Verb::Disable, _) => change::perform(hand, sort, steps).await,
            _ => refused(steps),
        }
    }
}

impl Hand {
    /// The id of a step's record: the one that it has, or the one that it is made with.
    fn id(&self, step: &Step) -> String {
        let known = step.external_id.clone().filter(|_| step.verb != Verb::Create);
        known.unwrap_or_else(|| {
            let Connection { platform, instance, .. } = &self.connection;
            ids::chosen(platform, instance, step.address.kind.as_str(), &step.address.key)
        })
    }

    /// A record under the name of its step.
    fn live(&self, sort: Sort, (step, inputs): Job<'_>, row: &Row) -> Live {
        let shape = Shape {
            instance: &self.connection.instance,
            options: &self.options,
            base: base(&self.connection),
            platform: &self.connection.platform,
            ledger: Some(&inputs.ledger),
        };
        Live { address: step.address.clone(), ..shape.live(sort, row) }
    }

    /// Whether records of a sort can carry a mark in this workspace.
    async fn marks(&self, sort: Sort) -> bool {
        let model = self.model.get_or_try_init(|| self.api.data_model()).await;
        let object = model.ok().and_then(|model| model.get(sort.singular));
        object.is_some_and(|object| object.field(&self.options.key_field).is_some())
    }

    fn done(&self, sort: Sort, job: Job<'_>, row: &Row) -> Performed {
        Performed::Done(Some(Box::new(self.live(sort, job, row))))
    }
}

fn refused(steps: &[(&Step, &Inputs)]) -> Vec<Result<Performed, Failure>> {
    steps.iter().map(|(step, _)| Err(not_offered(step))).collect()
}

fn not_offered(step: &Step) -> Failure {
    let said = format!("Twenty is never asked to {} a {}", step.verb, step.address.kind);
    Failure::new(FailureClass::Refused, format!("{} '{}'", step.verb, step.address), said)
        .help("this is a defect of Formulary; please report it")
}

fn failure(class: FailureClass, step: &Step, said: impl Into<String>) -> Failure {
    Failure::new(class, format!("{} '{}'", step.verb, step.address), said)
}
