//! Kubernetes: the ConfigMap with Claude Code's enterprise configuration, and what hangs on it.
//!
//! Written to API servers from 1.22 on, seen on 1.37. [`kinds`] says what there is, [`lower`] what the mono-repo means by it;
//! [`reader`] and [`writer`] talk, `carrier` lets `kube` carry the calls; [`convert`] knows who holds which value, `intent`
//! what is sent and `body` how, and [`errors`] is the one table of what answers mean.

mod api;
mod body;
mod carrier;
pub mod convert;
pub mod doctor;
pub mod emulator;
pub mod errors;
mod intent;
pub mod kinds;
pub mod lower;
pub mod options;
pub mod reader;
pub mod writer;

use crate::engine::import::Described;
use crate::engine::model::{KindSpec, Live};
use crate::provider::contract::{Claim, LowerInput, Lowered, Provider, Reader, Writer};
use crate::provider::http::Connection;

/// The provider of Kubernetes, as the list of providers holds it.
#[derive(Debug, Clone, Copy, Default)]
pub struct KubernetesProvider;

impl Provider for KubernetesProvider {
    fn service(&self) -> &'static str {
        "kubernetes"
    }

    fn title(&self) -> &'static str {
        "Kubernetes"
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
        &[&["token"], &[]]
    }

    fn claims(&self, _options: &serde_json::Value) -> Vec<Claim> {
        Vec::new()
    }

    fn lower(&self, input: &LowerInput<'_>) -> Lowered {
        lower::lower(input)
    }

    fn rehearses(&self) -> bool {
        true
    }

    /// Nothing there is declared by a document of its own.
    fn describe(&self, _options: &serde_json::Value, _live: &Live) -> Option<Described> {
        None
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        Box::new(reader::KubernetesReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(writer::KubernetesWriter::new(connection))
    }
}
