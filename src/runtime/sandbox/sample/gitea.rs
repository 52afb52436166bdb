//! Gitea as it was: an organisation, accounts that are bound to the identity provider, the mono-repo's repository.

use serde_json::{Value, json};

use super::keycloak::Subjects;
use super::{Client, ORGANISATION, SampleError};

/// The sign-in source that every new emulator has.
pub(super) const SOURCE_ID: i64 = 1;

pub(super) async fn seed(client: &Client, subjects: &Subjects) -> Result<(), SampleError> {
    for username in ["alice", "bobby"] {
        let Some(subject) = subjects.get(username) else { continue };
        let email = if username == "bobby" { "robert.okafor@acme.example" } else { "alice@acme.example" };
        let full_name = if username == "bobby" { "Bobby" } else { "Alice Chen" };
        let account = json!({
            "username": username, "email": email, "full_name": full_name, "source_id": SOURCE_ID,
            "login_name": subject, "must_change_password": false, "send_notify": false,
        });
        client.post("/api/v1/admin/users", account).await?;
    }
    client
        .post("/api/v1/orgs", json!({ "username": ORGANISATION, "full_name": "Acme", "visibility": "limited" }))
        .await?;
    let team = json!({
        "name": "ml-research", "description": "ML", "permission": "read", "includes_all_repositories": false,
        "units_map": { "repo.code": "read", "repo.issues": "read", "repo.pulls": "read" },
    });
    let (team, _) = client.post(&format!("/api/v1/orgs/{ORGANISATION}/teams"), team).await?;
    client.put(&format!("/api/v1/teams/{}/members/alice", team["id"]), Value::Null).await?;
    let repository = json!({
        "name": "platform-formulas", "private": true, "auto_init": true, "default_branch": "main",
        "description": "What the platform holds",
    });
    client.post(&format!("/api/v1/orgs/{ORGANISATION}/repos"), repository).await?;
    Ok(())
}
