//! Mattermost as it was: a team with a channel, somebody who signs in by a password, and one whom nobody declares.

use serde_json::{Value, json};

use super::{Client, ORGANISATION, SampleError};

/// People who have an account already, each with a password: nobody else ever signed in.
const PEOPLE: [&str; 2] = ["carol", "old-intern"];

pub(super) async fn seed(client: &Client) -> Result<(), SampleError> {
    let team = json!({ "name": ORGANISATION, "display_name": "Acme", "type": "I" });
    let (team, _) = client.post("/api/v4/teams", team).await?;
    let town = json!({ "team_id": team["id"], "name": "ml-research", "display_name": "ML", "type": "P" });
    client.post("/api/v4/channels", town).await?;
    for username in PEOPLE {
        let account = json!({
            "username": username, "email": format!("{username}@acme.example"), "password": "a-Long-passw0rd-of-theirs",
            "email_verified": true,
        });
        let (account, _) = client.post("/api/v4/users?skip_email=true", account).await?;
        let member = json!({ "team_id": team["id"], "user_id": account["id"] });
        client.post(&format!("/api/v4/teams/{}/members", text(&team["id"])), member).await?;
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
