//! Gitea: what is kept true there, how it is read and written, and its emulator.
//!
//! Written to release 1.27. [`kinds`] says what there is, [`lower`] what the mono-repo means by it, [`reader`] and
//! [`writer`] talk; the rules of names and rights that Gitea does not check itself are [`names`], [`units`] and
//! [`events`], and [`errors`] is the one table of what its answers mean.

pub mod api;
pub mod convert;
pub mod describe;
pub mod doctor;
pub mod emulator;
pub mod errors;
pub mod events;
pub mod kinds;
pub mod lower;
pub mod names;
pub mod options;
pub mod reader;
pub mod units;
pub mod writer;

#[cfg(test)]
mod tests;

use crate::engine::import::Described;
use crate::engine::model::{Address, KindSpec, Live};
use crate::provider::contract::{Claim, Holds, LowerInput, Lowered, Provider, Reader, Writer};
use crate::provider::http::Connection;

/// The provider of Gitea, as the list of providers holds it.
#[derive(Debug, Clone, Copy, Default)]
pub struct GiteaProvider;

impl Provider for GiteaProvider {
    fn service(&self) -> &'static str {
        "gitea"
    }

    fn title(&self) -> &'static str {
        "Gitea"
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

    /// An account that is bound by its `sub` signs in with no other claim (guide, section 3.2). A full name is wanted
    /// only where the source is to write it.
    fn claims(&self, options: &serde_json::Value) -> Vec<Claim> {
        let full_name = options::Options::read(options).map(|options| options.full_name);
        match full_name {
            Ok(options::FullName::SignIn) => vec![Claim {
                name: "name".to_owned(),
                holds: Holds::Standard("name"),
                client: None,
                scope: None,
                why: "Gitea's sign-in source writes the full name at each sign-in".to_owned(),
            }],
            _ => Vec::new(),
        }
    }

    fn lower(&self, input: &LowerInput<'_>) -> Lowered {
        lower::lower(input)
    }

    fn describe(&self, options: &serde_json::Value, live: &Live) -> Option<Described> {
        describe::describe(&options::Options::read(options).ok()?, live)
    }

    fn says(&self, live: &Live, field: &str) -> Option<(&'static str, String)> {
        describe::says(live, field)
    }

    fn without(&self, options: &serde_json::Value, address: &Address) -> Option<(&'static str, String)> {
        let options = options::Options::read(options).ok()?;
        let is_team = address.kind.as_str() == kinds::TEAM;
        let everybody = options.members_team().is_some_and(|team| names::fold(team) == address.leaf());
        (is_team && everybody).then(|| ("gitea-members-team", "none".to_owned()))
    }

    fn reader(&self, connection: Connection) -> Box<dyn Reader> {
        Box::new(reader::GiteaReader::new(connection))
    }

    fn writer(&self, connection: Connection) -> Box<dyn Writer> {
        Box::new(writer::GiteaWriter::new(connection))
    }
}
