//! The writing half: one step, the calls it takes, and what is there afterwards.
//!
//! Every change reads first. It stops when the object is another one than was meant (its id), or changed since the plan
//! was made; it makes no call when everything is as wanted already, so that a step may be performed twice. What was sent
//! is not believed: some of it the server stores only later, or never, and says 200; so the object is read again.

mod channel;
mod locks;
mod member;
mod team;
mod user;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::Value as Json;

use self::locks::Locks;
use super::api::Api;
use super::api::routes::READ_ROUTES;
use super::kinds;
use super::options::Options;
use super::reader::door;
use crate::engine::model::{Address, Compare, Failure, FailureClass, Fields, Live};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed, Writer};
use crate::provider::http::{Answer, Call, Connection, Door, Repeat};

/// Changes one installation of Mattermost.
pub struct MattermostWriter {
    open: Result<Hand, Failure>,
    locks: Locks,
}

/// What every step is performed with.
struct Hand {
    door: Door,
    api: Api,
    options: Options,
}

impl MattermostWriter {
    /// Writes through a connection. A door that cannot be opened is told at the first step.
    pub fn new(connection: Connection) -> Self {
        let open = connection.read_options::<Options>().and_then(|options| {
            let door = door(connection)?;
            Ok(Hand { api: Api::new(door.read_only(READ_ROUTES)), door, options })
        });
        Self { open, locks: Locks::default() }
    }
}

#[async_trait]
impl Writer for MattermostWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        if step.verb == Verb::Forget {
            // Only the ledger forgets.
            return Ok(Performed::Done(None));
        }
        let hand = self.open.as_ref().map_err(Clone::clone)?;
        let _held = self.locks.hold(step).await;
        match step.address.kind.as_str() {
            kinds::TEAM => team::perform(hand, step, inputs).await,
            kinds::USER => user::perform(hand, step, inputs).await,
            kinds::TEAM_MEMBER => member::of_team(hand, step, inputs).await,
            kinds::CHANNEL => channel::perform(hand, step, inputs).await,
            kinds::CHANNEL_MEMBER => member::of_channel(hand, step, inputs).await,
            _ => Err(not_offered(step)),
        }
    }
}

impl Hand {
    async fn send(&self, call: Call) -> Result<Answer, Failure> {
        self.door.send(&call).await
    }

    async fn post(&self, route: &'static str, segments: &[&str], body: Json, doing: &str) -> Result<Answer, Failure> {
        self.send(Call::new(Method::POST, route, segments, doing).json(body)).await
    }

    /// A `POST` that may be made twice.
    async fn post_again(&self, route: &'static str, segments: &[&str], doing: &str) -> Result<Answer, Failure> {
        self.send(Call::new(Method::POST, route, segments, doing).repeat(Repeat::Safe)).await
    }

    async fn put(&self, route: &'static str, segments: &[&str], body: Json, doing: &str) -> Result<Answer, Failure> {
        self.send(Call::new(Method::PUT, route, segments, doing).json(body)).await
    }

    /// Removes; what is gone already is as it should be.
    async fn delete(&self, route: &'static str, segments: &[&str], doing: &str) -> Result<(), Failure> {
        match self.send(Call::new(Method::DELETE, route, segments, doing)).await {
            Err(failure) if failure.class != FailureClass::Gone => Err(failure),
            _ => Ok(()),
        }
    }

    /// The id of a team, from what a step uses or by its name.
    async fn team_id(&self, step: &Step, inputs: &Inputs, key: &str) -> Result<Option<String>, Failure> {
        let address = Address::new(&step.address.instance, kinds::TEAM, key);
        match inputs.related.id(&address) {
            Some(id) => Ok(Some(id.to_owned())),
            None => Ok(self.api.team_named(key).await?.map(|team| team.id)),
        }
    }

    /// The id of a channel, from what a step uses or by its name.
    async fn channel_id(&self, step: &Step, inputs: &Inputs, key: &str) -> Result<Option<String>, Failure> {
        let address = Address::new(&step.address.instance, kinds::CHANNEL, key);
        if let Some(id) = inputs.related.id(&address) {
            return Ok(Some(id.to_owned()));
        }
        let (team, name) = key.rsplit_once('/').unwrap_or((key, ""));
        let Some(team) = self.team_id(step, inputs, team).await? else { return Ok(None) };
        Ok(self.api.channel_named(&team, name).await?.map(|channel| channel.id))
    }

    /// The id of an account, from what a step uses or by its name.
    async fn user_id(&self, step: &Step, inputs: &Inputs, name: &str) -> Result<Option<String>, Failure> {
        let address = Address::new(&step.address.instance, kinds::USER, name);
        match inputs.related.id(&address) {
            Some(id) => Ok(Some(id.to_owned())),
            None => Ok(self.api.user_named(name).await?.map(|user| user.id)),
        }
    }
}

/// What is being done, for messages: "update 'mattermost:user/alice'".
fn doing(step: &Step) -> String {
    format!("{} '{}'", step.verb, step.address)
}

/// A verb that means nothing for the kind.
fn not_offered(step: &Step) -> Failure {
    Failure::new(FailureClass::Refused, doing(step), "Mattermost offers nothing of that kind")
        .help("this is a defect of Formulary; please report it")
}

fn gone(step: &Step, what: &str) -> Failure {
    Failure::new(FailureClass::Gone, doing(step), format!("{what} is not there")).help("plan again")
}

/// What is there after a step.
fn done(live: Live) -> Performed {
    Performed::Done(Some(Box::new(live)))
}

/// Whether everything that is to be sent is there already.
fn is_there(live: &Live, fields: &Fields) -> bool {
    fields.iter().all(|(name, value)| live.fields.get(name) == Some(value))
}

/// Refuses when the object is another than the plan meant, or changed since it was read.
fn unchanged(step: &Step, live: &Live, fields: &Fields) -> Result<(), Failure> {
    if let (Some(meant), Some(found)) = (&step.external_id, &live.external_id)
        && meant != found
    {
        let said = format!("the name now means another object: {found}, where {meant} was meant");
        return Err(Failure::new(FailureClass::Conflict, doing(step), said).help("plan again"));
    }
    let compared = |name: &str| {
        kinds::KINDS.iter().find(|kind| kind.name == step.address.kind.as_str()).and_then(|kind| kind.field(name))
    };
    let moved = step.before.iter().find(|(name, before)| {
        let is_ours = compared(name).is_some_and(|field| field.compare != Compare::ServerOwned);
        is_ours && fields.contains_key(name) && live.fields.get(name).is_some_and(|now| now != *before)
    });
    match moved {
        None => Ok(()),
        Some((field, _)) => Err(Failure::new(
            FailureClass::Conflict,
            doing(step),
            format!("'{field}' was changed by somebody else since the plan was made"),
        )
        .help("plan again, and see what changed")),
    }
}
