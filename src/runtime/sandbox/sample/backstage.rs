//! Backstage as it reads the sample mono-repo: whatever is committed is at once where it looks.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Client, SampleError};

/// Where the mono-repo's files are read, as the config has it.
pub(super) const ROOT: &str = "https://git.acme.example/platform/platform-formulas/src/branch/main";

/// Replaces what is pushed.
pub(super) async fn push(client: &Client, files: &BTreeMap<String, String>) -> Result<(), SampleError> {
    let pushed = json!({ "root": format!("{ROOT}/"), "files": files });
    client.post("/__sandbox/hooks/files", pushed).await.map(drop)
}
