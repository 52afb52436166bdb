//! What a step is performed with: outputs of others resolved, secrets read for this one call.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use super::outcome::Held;
use super::record::is_storable;
use crate::engine::model::{Failure, FailureClass, Fields, KindSpec, Term, Value};
use crate::engine::plan::Step;
use crate::provider::contract::{Inputs, Payloads, Related};
use crate::runtime::ledger::{Identity, Payload};
use crate::runtime::sys::{Environment, SecretRef};

/// Reads the secrets that steps send.
#[async_trait]
pub trait StepSecrets: Send + Sync {
    /// The secret behind a reference (`env:…`, `file:…`, `exec:…`).
    ///
    /// # Errors
    /// When it cannot be had. The failure never holds the secret.
    async fn secret(&self, reference: &str) -> Result<SecretString, Failure>;
}

/// Reads secrets from the machine.
#[derive(Debug, Clone)]
pub struct MachineSecrets {
    /// The machine.
    pub environment: Arc<dyn Environment>,
    /// The folder that relative paths start from: that of the config.
    pub folder: PathBuf,
}

#[async_trait]
impl StepSecrets for MachineSecrets {
    async fn secret(&self, reference: &str) -> Result<SecretString, Failure> {
        let doing = || format!("resolve '{reference}'");
        let failed = |said: String| Failure::new(FailureClass::MissingRights, doing(), said);
        let parsed = SecretRef::parse(reference).map_err(|error| {
            // The text may be the secret itself.
            Failure::new(FailureClass::MissingRights, "resolve a secret", error.to_string())
        })?;
        let parsed = parsed.relative_to(&self.folder);
        let environment = Arc::clone(&self.environment);
        // A command may run for a while, and files may hang on a network.
        match tokio::task::spawn_blocking(move || parsed.resolve(&*environment)).await {
            Ok(Ok(secret)) => Ok(secret),
            Ok(Err(error)) => Err(failed(error.to_string()).help(error.hint())),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

/// A step with everything that performing and journalling it takes.
pub(super) struct Ready {
    pub(super) payload: Payload,
    pub(super) inputs: Inputs,
}

/// Resolves a step's terms.
pub(super) async fn resolve(
    step: &Step,
    spec: Option<&KindSpec>,
    known: &Related,
    secrets: &dyn StepSecrets,
    identity: &Identity,
    payloads: &Arc<Payloads>,
) -> Result<Ready, Held> {
    let mut fields = Fields::new();
    let mut resolved = BTreeMap::new();
    let mut digests = BTreeMap::new();
    let mut stored = step.clone();
    for (name, term) in &step.after {
        match term {
            Term::Known(value) => drop(fields.insert(name.clone(), value.clone())),
            Term::Output(output) => {
                let facts = known.0.get(&output.address);
                let value = facts.and_then(|facts| facts.outputs.get(&output.output));
                let value = value.ok_or_else(|| Held::Unresolved { output: output.clone() })?;
                fields.insert(name.clone(), value.clone());
            }
            Term::Secret(reference) => {
                let secret = secrets.secret(reference).await.map_err(|failure| Held::NoSecret { failure })?;
                digests.insert(name.to_string(), identity.digest(&secret));
                resolved.insert(name.to_string(), secret);
            }
        }
    }
    let mut sent = fields.clone();
    for name in fields.keys().filter(|name| !is_storable(spec, name)) {
        if let Some(value) = sent.remove(name) {
            digests.insert(name.to_string(), identity.digest(&SecretString::from(text_of(&value))));
        }
        stored.after.remove(name);
    }
    let used = step.uses.iter().filter_map(|used| Some((used.clone(), known.0.get(used)?.clone())));
    let related = Related(used.collect());
    let inputs =
        Inputs { fields, secrets: resolved, related, ledger: identity.id.clone(), payloads: Arc::clone(payloads) };
    Ok(Ready { payload: Payload { step: stored, sent, digests }, inputs })
}

/// The text whose digest stands for a value: a text as it is, anything else as JSON.
fn text_of(value: &Value) -> String {
    value.as_text().map_or_else(|| value.to_string(), str::to_owned)
}
