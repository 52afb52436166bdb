//! Keycloak: what is kept true there, how it is read and written, and its emulator.
//!
//! | file | what |
//! |---|---|
//! | `kinds` | the kinds, described as data |
//! | `options` | the options in the config, and their schema |
//! | `names` | what Keycloak refuses |
//! | `lower` | from the catalogue to what a realm should hold; pure |
//! | `convert` | between what Keycloak shows and live objects; pure |
//! | `describe` | from live objects back to what the mono-repo would say of them; pure |
//! | `api`, `errors`, `tokens` | the calls, what their answers mean, and how they are signed |
//! | `reader`, `writer`, `doctor` | the two halves, and probing |
//!
//! `README.md` beside this file is for the people who run it.

mod api;
mod convert;
mod describe;
mod doctor;
pub mod emulator;
mod errors;
pub mod kinds;
mod lower;
mod names;
mod options;
mod reader;
#[cfg(test)]
mod tests;
mod tokens;
mod writer;

use crate::engine::import::Described;
use crate::engine::model::{KindSpec, Live};
use crate::provider::contract::{Claim, LowerInput, Lowered, NUMBERS, Provider, Reader, Writer};
use crate::provider::http::Connection;

use self::reader::KeycloakReader;
use self::writer::KeycloakWriter;

/// The provider for Keycloak, releases 26.x.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keycloak;

impl Provider for Keycloak {
    fn service(&self) -> &'static str {
        "keycloak"
    }

    fn title(&self) -> &'static str {
        "Keycloak"
    }

    fn kinds(&self) -> &'static [KindSpec] {
        kinds::KINDS
    }

    fn offers(&self) -> &'static [&'static str] {
        &["identity", NUMBERS]
    }

    fn config_example(&self) -> &'static str {
        include_str!("example.yaml")
    }

    fn options_schema(&self) -> &'static str {
        options::SCHEMA
    }

    fn claims(&self, _options: &serde_json::Value) -> Vec<Claim> {
        Vec::new()
    }

    fn lower(&self, input: &LowerInput<'_>) -> Lowered {
        lower::lower(input)
    }

    fn describe(&self, _options: &serde_json::Value, live: &Live) -> Option<Described> {
        describe::describe(live)
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        Box::new(KeycloakReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(KeycloakWriter::new(connection))
    }
}
