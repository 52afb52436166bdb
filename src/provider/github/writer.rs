//! The writing half, which writes nothing: what people set up is taken note of.

use async_trait::async_trait;

use super::kinds;
use super::reader::GitHubReader;
use crate::engine::model::{Failure, FailureClass};
use crate::engine::plan::price::Cost;
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Look, Performed, Reader, Writer};
use crate::provider::http::Connection;

/// Taking note costs one look.
pub const COSTS: &[Cost] =
    &[Cost { kinds: &[kinds::INSTALLATION, kinds::WEBHOOK], verbs: &[Verb::Adopt], together: 1, calls: 1 }];

/// Takes note of what is at GitHub.
pub struct GitHubWriter {
    reader: GitHubReader,
}

impl GitHubWriter {
    /// Looks through a connection.
    pub fn new(connection: Connection) -> Self {
        Self { reader: GitHubReader::new(connection) }
    }
}

#[async_trait]
impl Writer for GitHubWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        match step.verb {
            // Only the ledger forgets.
            Verb::Forget => Ok(Performed::Done(None)),
            Verb::Adopt => match self.reader.look(&step.address, None, &inputs.related).await? {
                Look::Present(live) => Ok(Performed::Done(Some(live))),
                Look::Absent => {
                    Err(Failure::new(FailureClass::Gone, format!("take note of '{}'", step.address), "it is gone"))
                }
            },
            _ => {
                let doing = format!("{} '{}'", step.verb, step.address);
                Err(Failure::new(FailureClass::Refused, doing, "nothing at GitHub is changed by us")
                    .help("this is a defect of Formulary; please report it"))
            }
        }
    }
}
