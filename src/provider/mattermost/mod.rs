//! Mattermost: what is kept true there, how it is read and written, and its emulator.
//!
//! Written to release 11.6, Team Edition included. [`kinds`] says what there is, [`lower`] what the mono-repo means by
//! it, [`reader`] and [`writer`] talk; [`names`] holds rules that the server checks late or answers oddly, [`limits`]
//! counts who still has room before any call is made, and [`errors`] is the one table of what its answers mean.

pub mod api;
pub mod convert;
pub mod describe;
pub mod doctor;
pub mod emulator;
pub mod errors;
pub mod kinds;
pub mod limits;
pub mod lower;
pub mod names;
pub mod options;
pub mod reader;
pub mod writer;

#[cfg(test)]
mod tests;

use crate::engine::import::Described;
use crate::engine::model::{KindSpec, Live};
use crate::provider::contract::{Claim, LowerInput, Lowered, Provider, Reader, Writer};
use crate::provider::http::Connection;

/// The provider of Mattermost, as the list of providers holds it.
#[derive(Debug, Clone, Copy, Default)]
pub struct MattermostProvider;

impl Provider for MattermostProvider {
    fn service(&self) -> &'static str {
        "mattermost"
    }

    fn title(&self) -> &'static str {
        "Mattermost"
    }

    fn kinds(&self) -> &'static [KindSpec] {
        kinds::KINDS
    }

    fn offers(&self) -> &'static [&'static str] {
        &[]
    }

    fn config_example(&self) -> &'static str {
        include_str!("example.yaml")
    }

    fn options_schema(&self) -> &'static str {
        options::SCHEMA
    }

    fn credentials(&self) -> &'static [&'static [&'static str]] {
        &[&["token"]]
    }

    fn claims(&self, options: &serde_json::Value) -> Vec<Claim> {
        options::Options::read(options).map(|options| options.claims()).unwrap_or_default()
    }

    fn lower(&self, input: &LowerInput<'_>) -> Lowered {
        lower::lower(input)
    }

    fn describe(&self, _options: &serde_json::Value, live: &Live) -> Option<Described> {
        describe::describe(live)
    }

    fn says(&self, live: &Live, field: &str) -> Option<(&'static str, String)> {
        describe::says(live, field)
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        Box::new(reader::MattermostReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(writer::MattermostWriter::new(connection))
    }
}
