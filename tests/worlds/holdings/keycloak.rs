//! Keycloak: people, the tree of groups, who is in which.

use futures::FutureExt;
use serde_json::{Value, json};

use super::{Account, Holdings, Pinned, Service, items, text};
use crate::desk::{Desk, Refused};
use crate::story::Hand;

const REALM: &str = "/admin/realms/world";
const RIGHTS: [&str; 5] = ["manage-users", "manage-organizations", "manage-clients", "view-realm", "manage-realm"];
const SECRET: &str = "the-secret-of-the-world";

pub(super) const SERVICE: Service = Service {
    name: "keycloak",
    found: |desk| found(desk).boxed(),
    config: "credentials: { client_id: formulary, client_secret: \"env:SECRET_KEYCLOAK\" }
    options: { realm: world, version: 26.7.3, vouch_for_email: true, first_sign_in: none }",
    count: |desk| count(desk).boxed(),
    hand: |desk, hand| -> Pinned<'_, ()> { by_hand(desk, hand).boxed() },
};

async fn found(desk: &Desk) -> String {
    desk.must("POST", "/admin/realms", json!({ "realm": "world", "enabled": true })).await;
    let ours = json!({
        "clientId": "formulary", "secret": SECRET, "serviceAccountsEnabled": true, "standardFlowEnabled": false,
        "publicClient": false,
    });
    let (_, id) = desk.must("POST", &format!("{REALM}/clients"), ours).await;
    let account = desk.get(&format!("{REALM}/clients/{id}/service-account-user")).await.unwrap();
    let management = desk.get(&format!("{REALM}/clients?clientId=realm-management")).await.unwrap();
    let management = text(&management[0]["id"]);
    let mut roles = Vec::new();
    for right in RIGHTS {
        let role = desk.get(&format!("{REALM}/clients/{management}/roles/{right}")).await.unwrap();
        roles.push(json!({ "id": role["id"], "name": role["name"] }));
    }
    let path = format!("{REALM}/users/{}/role-mappings/clients/{management}", text(&account["id"]));
    desk.must("POST", &path, Value::Array(roles)).await;
    SECRET.to_owned()
}

async fn count(desk: &Desk) -> Result<Holdings, Refused> {
    let mut holdings = Holdings::default();
    for person in items(&desk.get(&format!("{REALM}/users?max=1000")).await?) {
        let account = Account {
            id: text(&person["id"]),
            open: person["enabled"] == json!(true),
            email: text(&person["email"]),
            called: format!("{} {}", text(&person["firstName"]), text(&person["lastName"])),
            subject: String::new(),
        };
        holdings.people.insert(text(&person["username"]), account);
    }
    let mut groups: Vec<Value> = items(&desk.get(&format!("{REALM}/groups?max=1000")).await?).cloned().collect();
    while let Some(group) = groups.pop() {
        let (id, path) = (text(&group["id"]), format!("group {}", text(&group["path"])));
        groups.extend(items(&desk.get(&format!("{REALM}/groups/{id}/children?max=1000")).await?).cloned());
        let members = desk.get(&format!("{REALM}/groups/{id}/members?max=1000")).await?;
        holdings.edges.extend(items(&members).map(|it| (path.clone(), text(&it["username"]))));
        holdings.containers.insert(path, id);
    }
    Ok(holdings)
}

async fn by_hand(desk: &Desk, hand: &Hand) {
    match hand {
        Hand::Account { name, email } => {
            let account = json!({ "username": name, "email": email, "enabled": true, "lastName": "Stranger" });
            desk.must("POST", &format!("{REALM}/users"), account).await;
        }
        Hand::Join { name, organisation, team } => {
            if let (Some(person), Some(group)) = (person(desk, name).await, team_of(desk, organisation, team).await) {
                desk.must("PUT", &format!("{REALM}/users/{person}/groups/{group}"), Value::Null).await;
            }
        }
        Hand::Leave { name, organisation, team } => {
            if let (Some(person), Some(group)) = (person(desk, name).await, team_of(desk, organisation, team).await) {
                desk.must("DELETE", &format!("{REALM}/users/{person}/groups/{group}"), Value::Null).await;
            }
        }
        Hand::Close { name } => change(desk, name, json!({ "enabled": false })).await,
        Hand::Rename { name } => change(desk, name, json!({ "lastName": "by hand" })).await,
    }
}

async fn change(desk: &Desk, name: &str, change: Value) {
    let Some(id) = person(desk, name).await else { return };
    let mut whole = desk.get(&format!("{REALM}/users/{id}")).await.unwrap();
    for (field, value) in change.as_object().unwrap() {
        whole[field] = value.clone();
    }
    desk.must("PUT", &format!("{REALM}/users/{id}"), whole).await;
}

async fn person(desk: &Desk, name: &str) -> Option<String> {
    let found = desk.get(&format!("{REALM}/users?exact=true&username={name}")).await.unwrap();
    items(&found).next().map(|it| text(&it["id"]))
}

async fn team_of(desk: &Desk, organisation: &str, team: &str) -> Option<String> {
    let path = format!("{REALM}/group-by-path/{organisation}/{team}");
    desk.get(&path).await.ok().map(|it| text(&it["id"]))
}
