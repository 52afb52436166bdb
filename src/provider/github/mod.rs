//! GitHub: where our App is installed and what it was given; how an App signs, for whoever fetches from there; its emulator.
//!
//! Written to the API of 2022-11-28, from its documentation: nobody could run it. [`kinds`] says what there is, [`lower`]
//! what the mono-repo means by it; [`reader`] looks, and [`writer`] takes note; [`signature`] signs, `link` leads people to
//! where they install the App, and [`errors`] is the one table of what its answers mean.

mod api;
mod convert;
pub mod doctor;
pub mod emulator;
pub mod errors;
pub mod kinds;
mod link;
pub mod lower;
pub mod options;
pub mod reader;
pub mod signature;
pub mod source;
pub mod writer;

#[cfg(test)]
mod tests;

use crate::engine::import::Described;
use crate::engine::model::{KindSpec, Live};
use crate::engine::plan::price::Cost;
use crate::provider::contract::{Claim, LowerInput, Lowered, Provider, Reader, Writer};
use crate::provider::http::Connection;

/// The provider of GitHub, as the list of providers holds it.
#[derive(Debug, Clone, Copy, Default)]
pub struct GitHubProvider;

impl Provider for GitHubProvider {
    fn service(&self) -> &'static str {
        "github"
    }

    fn title(&self) -> &'static str {
        "GitHub"
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
        &[&["app_id", "private_key"], &["client_id", "private_key"]]
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

    /// Who is at GitHub is no business of ours.
    fn describe(&self, _options: &serde_json::Value, _live: &Live) -> Option<Described> {
        None
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        Box::new(reader::GitHubReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(writer::GitHubWriter::new(connection))
    }
}
