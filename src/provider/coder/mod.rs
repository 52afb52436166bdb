//! Coder: people, formulas as templates, workspaces; how they are read and written, and its emulator.
//!
//! Written to main of 2026-06-26 (2.34 and later). [`kinds`] says what there is, [`lower`] what the mono-repo means by it,
//! [`archive`] makes the archive of a template; [`reader`] and [`writer`] talk, [`log`] tells why a job failed; [`names`]
//! holds rules that the server checks late, and [`errors`] is the one table of what its answers mean.

mod api;
mod archive;
mod convert;
pub mod doctor;
pub mod emulator;
pub mod errors;
pub mod kinds;
mod log;
pub mod lower;
pub mod names;
pub mod options;
pub mod reader;
mod terraform;
mod wire;
pub mod writer;

#[cfg(test)]
mod tests;

use crate::engine::import::Described;
use crate::engine::model::{KindSpec, Live};
use crate::provider::contract::{Claim, Holds, LowerInput, Lowered, Provider, Reader, WORKSPACES, Writer};
use crate::provider::http::Connection;

/// The provider of Coder, as the list of providers holds it.
#[derive(Debug, Clone, Copy, Default)]
pub struct CoderProvider;

impl Provider for CoderProvider {
    fn service(&self) -> &'static str {
        "coder"
    }

    fn title(&self) -> &'static str {
        "Coder"
    }

    fn kinds(&self) -> &'static [KindSpec] {
        kinds::KINDS
    }

    fn offers(&self) -> &'static [&'static str] {
        &[WORKSPACES]
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

    /// Coder counts calls by path, 512 a minute on each: those that make accounts share one, and each of them is followed by
    /// a look on another (guide, section 1).
    fn requests_per_minute(&self) -> Option<u32> {
        Some(500)
    }

    fn claims(&self, options: &serde_json::Value) -> Vec<Claim> {
        let oidc = options::Options::read(options).is_ok_and(|it| it.sign_in == options::SignIn::Oidc);
        let standard = |name: &'static str, why: &str| Claim {
            name: name.to_owned(),
            holds: Holds::Standard(name),
            client: None,
            scope: None,
            why: why.to_owned(),
        };
        let wanted = [
            standard("email_verified", "Coder lets nobody in whose address is not verified"),
            standard("name", "Coder empties the name of whoever signs in without one"),
        ];
        if oidc { wanted.into() } else { Vec::new() }
    }

    fn lower(&self, input: &LowerInput<'_>) -> Lowered {
        lower::lower(input)
    }

    fn describe(&self, _options: &serde_json::Value, live: &Live) -> Option<Described> {
        (live.address.kind.as_str() == kinds::USER).then(|| Described::Person {
            name: live.address.leaf().to_owned(),
            display_name: live.text("initial_name").map(str::to_owned),
            email: live.text("initial_email").map(str::to_owned),
        })
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        Box::new(reader::CoderReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(writer::CoderWriter::new(connection))
    }
}
