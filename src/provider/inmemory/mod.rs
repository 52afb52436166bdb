//! A service that lives in the memory of its process: people, groups, memberships, numbers of
//! people for others, and nothing else.
//!
//! It keeps the whole contract, is stricter than any real service where that finds mistakes of ours (an unknown field,
//! a parent whose id was not handed in), and fails on demand. Loops, laws and demonstrations run on it.

mod halves;
mod kinds;
mod lower;
mod world;

use std::sync::Arc;

use crate::engine::import::Described;
use crate::engine::model::{Instance, KindSpec, Live, Value};
use crate::provider::contract::{Claim, LowerInput, Lowered, NUMBERS, Provider, Reader, Writer};
use crate::provider::http::Connection;
use crate::runtime::sys::SharedClock;

pub use kinds::KINDS;
pub use world::{Effect, Fault, World};

/// The service, over one world. Several installations can share a world: their addresses keep them apart.
#[derive(Debug, Clone, Default)]
pub struct InMemory {
    /// What is there.
    pub world: World,
}

impl InMemory {
    /// The reading half of an installation.
    pub fn reader_of(&self, instance: &Instance, clock: &SharedClock) -> Box<dyn Reader> {
        Box::new(halves::Half { instance: instance.clone(), world: self.world.clone(), clock: Arc::clone(clock) })
    }

    /// The writing half of an installation.
    pub fn writer_of(&self, instance: &Instance, clock: &SharedClock) -> Box<dyn Writer> {
        Box::new(halves::Half { instance: instance.clone(), world: self.world.clone(), clock: Arc::clone(clock) })
    }
}

impl Provider for InMemory {
    fn service(&self) -> &'static str {
        "inmemory"
    }

    fn title(&self) -> &'static str {
        "In-memory service"
    }

    fn kinds(&self) -> &'static [KindSpec] {
        KINDS
    }

    fn offers(&self) -> &'static [&'static str] {
        &["identity", NUMBERS]
    }

    fn config_example(&self) -> &'static str {
        "  inmemory:\n    url: http://127.0.0.1\n"
    }

    fn options_schema(&self) -> &'static str {
        r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": false}"#
    }

    fn claims(&self, _options: &serde_json::Value) -> Vec<Claim> {
        Vec::new()
    }

    fn lower(&self, input: &LowerInput<'_>) -> Lowered {
        lower::lower(input)
    }

    fn describe(&self, _options: &serde_json::Value, live: &Live) -> Option<Described> {
        let email = live.fields.get("email").and_then(Value::as_text).map(str::to_owned);
        (live.address.kind.as_str() == "user").then(|| Described::Person {
            name: live.address.leaf().to_owned(),
            display_name: None,
            email,
        })
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        self.reader_of(&connection.instance, &connection.clock)
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        self.writer_of(&connection.instance, &connection.clock)
    }
}
