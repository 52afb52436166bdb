//! Twenty CRM: companies, contacts and opportunities; how they are read and written, and its emulator.
//!
//! Written to release 2.19. [`kinds`] says what there is, [`lower`] what the mono-repo means by it; [`reader`] and
//! [`writer`] talk, `memory` holds what was read last, because calls are few here; [`names`] and [`ids`] hold rules of
//! values, and [`errors`] is the one table of what its answers mean.

mod api;
mod convert;
pub mod doctor;
pub mod emulator;
pub mod errors;
pub mod ids;
pub mod kinds;
pub mod lower;
mod memory;
pub mod names;
pub mod options;
pub mod reader;
mod wire;
pub mod writer;

#[cfg(test)]
mod tests;

use crate::engine::import::Described;
use crate::engine::model::{KindSpec, Live};
use crate::engine::plan::price::Cost;
use crate::provider::contract::{Claim, LowerInput, Lowered, Provider, Reader, Writer};
use crate::provider::http::Connection;

/// The provider of Twenty, as the list of providers holds it.
#[derive(Debug, Clone, Copy, Default)]
pub struct TwentyProvider;

impl Provider for TwentyProvider {
    fn service(&self) -> &'static str {
        "twenty"
    }

    fn title(&self) -> &'static str {
        "Twenty"
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

    /// Half of what the API takes from everybody together (guide, section 8).
    fn requests_per_minute(&self) -> Option<u32> {
        Some(50)
    }

    fn costs(&self) -> &'static [Cost] {
        writer::COSTS
    }

    fn claims(&self, _options: &serde_json::Value) -> Vec<Claim> {
        Vec::new()
    }

    fn lower(&self, input: &LowerInput<'_>) -> Lowered {
        lower::lower(input)
    }

    /// A CRM holds customers of all sorts: none of them is somebody of the platform for being there.
    fn describe(&self, _options: &serde_json::Value, _live: &Live) -> Option<Described> {
        None
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        Box::new(reader::TwentyReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(writer::TwentyWriter::new(connection))
    }
}
