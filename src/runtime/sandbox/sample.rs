//! The sample platform in a sandbox.

use std::error::Error;
use std::path::Path;

use super::Sandbox;

/// Fills a sandbox.
///
/// # Errors
/// When a service refuses.
pub async fn seed(_sandbox: &Sandbox) -> Result<(), Box<dyn Error + Send + Sync>> {
    Ok(())
}

/// Writes a config.
///
/// # Errors
/// When it cannot be written.
pub fn write_config(_sandbox: &Sandbox, _path: &Path, _repository: Option<&Path>) -> std::io::Result<()> {
    Ok(())
}
