//! The identity provider as it was: a realm with our client, some of the people, and one whom nobody declares.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{CLIENT_ID, CLIENT_SECRET, Client, REALM, SampleError};

/// Subjects of the people who are there, by username.
pub(super) type Subjects = BTreeMap<String, String>;

/// What our client may do: the least that keeps people, groups, organisations and clients true, and `manage-realm` for
/// attributes, scopes and roles.
const RIGHTS: [&str; 6] =
    ["manage-users", "manage-organizations", "manage-clients", "view-realm", "view-events", "manage-realm"];

/// People who have an account already: username, first name, last name, address.
const PEOPLE: [(&str, &str, &str, &str); 5] = [
    ("alice", "Alice", "Chen", "alice@acme.example"),
    ("bobby", "Robert", "Okafor", "robert.okafor@acme.example"),
    ("carol", "Carol", "", "carol@acme.example"),
    ("platform-bot", "Platform", "Bot", "platform-bot@acme.example"),
    // Nobody declares this one.
    ("old-intern", "Ola", "Dintern", "old-intern@acme.example"),
];

pub(super) async fn seed(client: &Client) -> Result<Subjects, SampleError> {
    let realm = format!("/admin/realms/{REALM}");
    client.post("/admin/realms", json!({ "realm": REALM, "enabled": true, "organizationsEnabled": true })).await?;
    our_client(client, &realm).await?;
    let mut subjects = Subjects::new();
    for (username, first, last, email) in PEOPLE {
        let user = json!({
            "username": username, "email": email, "firstName": first, "lastName": last,
            "enabled": true, "emailVerified": true,
        });
        let (_, id) = client.post(&format!("{realm}/users"), user).await?;
        subjects.insert(username.to_owned(), id);
    }
    let (_, group) = client.post(&format!("{realm}/groups"), json!({ "name": "acme-corp" })).await?;
    client.put(&format!("{realm}/users/{}/groups/{group}", subjects["alice"]), Value::Null).await?;
    Ok(subjects)
}

/// A client in the realm itself, whose service account has the rights.
async fn our_client(client: &Client, realm: &str) -> Result<(), SampleError> {
    let ours = json!({
        "clientId": CLIENT_ID, "secret": CLIENT_SECRET, "serviceAccountsEnabled": true, "standardFlowEnabled": false,
        "publicClient": false,
    });
    let (_, id) = client.post(&format!("{realm}/clients"), ours).await?;
    let account = client.get(&format!("{realm}/clients/{id}/service-account-user")).await?;
    let account = account["id"].as_str().unwrap_or_default().to_owned();
    let management = client.get(&format!("{realm}/clients?clientId=realm-management")).await?;
    let management = management[0]["id"].as_str().unwrap_or_default().to_owned();
    let mut roles = Vec::new();
    for right in RIGHTS {
        let role = client.get(&format!("{realm}/clients/{management}/roles/{right}")).await?;
        roles.push(json!({ "id": role["id"], "name": role["name"] }));
    }
    client.post(&format!("{realm}/users/{account}/role-mappings/clients/{management}"), Value::Array(roles)).await?;
    Ok(())
}
