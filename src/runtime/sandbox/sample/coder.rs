//! Coder as it was: somebody who signs in by a password, and one whom nobody declares.

use serde_json::json;

use super::{Client, SampleError};

/// People of a new emulator who do not work here.
const STRANGERS: [&str; 4] = ["bob", "olga", "tom", "ulla"];

pub(super) async fn seed(client: &Client) -> Result<(), SampleError> {
    for name in STRANGERS {
        client.delete(&format!("/api/v2/users/{name}")).await?;
    }
    let account = json!({
        "username": "old-intern", "email": "old-intern@acme.example", "login_type": "password",
        "password": "a-Long-passw0rd-of-theirs", "user_status": "active",
        "organization_ids": ["00000000-0000-0000-0000-000000000000"],
    });
    client.post("/api/v2/users", account).await.map(drop)
}
