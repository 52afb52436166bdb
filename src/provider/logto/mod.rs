//! Logto: what is kept true there, how it is read and written, and its emulator.
//!
//! | file | what |
//! |---|---|
//! | `kinds` | the kinds, described as data |
//! | `options` | the options in the config, and their schema |
//! | `names` | what Logto refuses, and what it takes and should not |
//! | `lower` | from the catalogue to what a Logto should hold; pure |
//! | `mark`, `convert`, `body` | between what Logto shows, live objects, and what it is sent; pure |
//! | `describe` | from live objects back to what the mono-repo would say of them; pure |
//! | `events` | what webhooks tell of, and whether a delivery is Logto's; pure |
//! | `api`, `errors`, `tokens` | the calls, what their answers mean, and how they are signed |
//! | `reader`, `writer`, `doctor` | the two halves, and probing |
//!
//! `README.md` beside this file is for the people who run it.

mod api;
mod body;
mod convert;
mod describe;
mod doctor;
mod errors;
pub mod events;
pub mod kinds;
mod lower;
mod mark;
mod names;
mod options;
mod reader;
mod tokens;
mod writer;

use crate::engine::import::Described;
use crate::engine::model::{KindSpec, Live};
use crate::provider::contract::{Claim, LowerInput, Lowered, Provider, Reader, Writer};
use crate::provider::http::Connection;

use self::reader::LogtoReader;
use self::writer::LogtoWriter;

/// The provider for Logto, release 1.42.
#[derive(Debug, Clone, Copy, Default)]
pub struct Logto;

impl Provider for Logto {
    fn service(&self) -> &'static str {
        "logto"
    }

    fn title(&self) -> &'static str {
        "Logto"
    }

    fn kinds(&self) -> &'static [KindSpec] {
        kinds::KINDS
    }

    /// People, and no numbers: there is no claim that could carry one.
    fn offers(&self) -> &'static [&'static str] {
        &["identity"]
    }

    fn config_example(&self) -> &'static str {
        include_str!("example.yaml")
    }

    fn options_schema(&self) -> &'static str {
        options::SCHEMA
    }

    fn credentials(&self) -> &'static [&'static [&'static str]] {
        &[&["client_id", "client_secret"]]
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
        Box::new(LogtoReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(LogtoWriter::new(connection))
    }
}
