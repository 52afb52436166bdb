//! The sample platform in a sandbox: what *acme-corp* had before Formulary came, and the config and mono-repo that bring
//! it in.
//!
//! Services are filled through their own APIs with an administrator's credentials, so that every rule of theirs holds:
//! an account or two that is to be taken over, one that nobody declares, and our own account with exactly its rights.

mod backstage;
mod client;
mod coder;
mod config;
mod gitea;
mod keycloak;
mod mattermost;
mod mono_repo;
mod twenty;

use std::collections::BTreeMap;
use std::error::Error;

use super::Sandbox;

pub use client::{Client, SampleError};
pub use config::write_config;
pub use mono_repo::MonoRepo;

/// The realm of the sample platform.
pub const REALM: &str = "acme";
/// Our client in that realm.
pub const CLIENT_ID: &str = "formulary";
/// Its secret: the sandbox is open to whoever can reach it, and dies with its process.
pub const CLIENT_SECRET: &str = "sandbox-client-secret";
/// The organisation that owns the mono-repo.
pub const ORGANISATION: &str = "acme-corp";

/// Fills a running sandbox with the sample platform's state.
///
/// # Errors
/// When a service refuses what it is asked.
pub async fn seed(sandbox: &Sandbox) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut subjects = keycloak::Subjects::default();
    if let Some(served) = sandbox.service("keycloak") {
        subjects = keycloak::seed(&Client::administrator(served)?).await?;
    }
    if let Some(served) = sandbox.service("gitea") {
        gitea::seed(&Client::administrator(served)?, &subjects).await?;
    }
    if let Some(served) = sandbox.service("mattermost") {
        mattermost::seed(&Client::administrator(served)?).await?;
    }
    if let Some(served) = sandbox.service("coder") {
        coder::seed(&Client::administrator(served)?).await?;
    }
    if let Some(served) = sandbox.service("twenty") {
        twenty::seed(&Client::administrator(served)?).await?;
    }
    push(sandbox, &mono_repo::files()).await?;
    Ok(())
}

/// Pushes the mono-repo to where Backstage reads it, if there is one.
///
/// # Errors
/// When the emulator does not answer.
pub async fn push(sandbox: &Sandbox, files: &BTreeMap<String, String>) -> Result<(), SampleError> {
    match sandbox.service("backstage") {
        Some(served) => backstage::push(&Client::administrator(served)?, files).await,
        None => Ok(()),
    }
}
