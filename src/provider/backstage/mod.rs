//! Backstage: the catalogue reads the mono-repo's files, and shows what they say.
//!
//! Written to release 1.55. There is no call that adds an entity: what is kept true is *which files the catalogue reads*
//! (locations), and what it has made of them (entities). [`kinds`] says what there is, [`lower`] what the mono-repo means by it;
//! [`reader`] and [`writer`] talk; `place` knows what a file of the mono-repo is called there, `waiting` how a refresh is waited
//! for, `told` what a processing error says, [`convert`] both forms of an entity, and [`errors`] what answers mean.

mod api;
pub mod convert;
pub mod doctor;
pub mod emulator;
pub mod errors;
pub mod kinds;
pub mod lower;
pub mod options;
pub mod place;
pub mod reader;
mod told;
mod waiting;
pub mod writer;

use crate::engine::import::Described;
use crate::engine::model::{KindSpec, Live};
use crate::engine::plan::price::Cost;
use crate::provider::contract::{Claim, Holds, LowerInput, Lowered, Provider, Reader, Writer};
use crate::provider::http::Connection;

/// The provider of Backstage, as the list of providers holds it.
#[derive(Debug, Clone, Copy, Default)]
pub struct BackstageProvider;

impl Provider for BackstageProvider {
    fn service(&self) -> &'static str {
        "backstage"
    }

    fn title(&self) -> &'static str {
        "Backstage"
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

    fn costs(&self) -> &'static [Cost] {
        writer::COSTS
    }

    fn rehearses(&self) -> bool {
        true
    }

    fn shows_documents(&self) -> bool {
        true
    }

    fn claims(&self, _options: &serde_json::Value) -> Vec<Claim> {
        vec![Claim {
            name: "email_verified".to_owned(),
            holds: Holds::Standard("email_verified"),
            client: None,
            scope: None,
            why: "Backstage lets nobody in whose address is not verified".to_owned(),
        }]
    }

    fn lower(&self, input: &LowerInput<'_>) -> Lowered {
        lower::lower(input)
    }

    /// What the catalogue shows was declared in a file already.
    fn describe(&self, _options: &serde_json::Value, _live: &Live) -> Option<Described> {
        None
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        Box::new(reader::BackstageReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(writer::BackstageWriter::new(connection))
    }
}
