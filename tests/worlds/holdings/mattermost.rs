//! Mattermost: people, teams with their channels, who is in which.

use futures::FutureExt;
use serde_json::{Value, json};

use super::{Account, Holdings, Pinned, Service, items, text};
use crate::desk::{Desk, Refused};
use crate::story::Hand;

/// Channels that every team has: the server alone decides who is in them.
const DEFAULT_CHANNELS: [&str; 2] = ["town-square", "off-topic"];

pub(super) const SERVICE: Service = Service {
    name: "mattermost",
    found: |desk| async { desk.administrators_token() }.boxed(),
    config: "credentials: { token: \"env:SECRET_MATTERMOST\" }
    options: { sign_in: password }",
    count: |desk| count(desk).boxed(),
    hand: |desk, hand| -> Pinned<'_, ()> { by_hand(desk, hand).boxed() },
};

async fn count(desk: &Desk) -> Result<Holdings, Refused> {
    let mut holdings = Holdings::default();
    let people = desk.get("/api/v4/users?per_page=200").await?;
    for person in items(&people) {
        let called = format!("{} {}", text(&person["first_name"]), text(&person["last_name"]));
        let account = Account {
            id: text(&person["id"]),
            open: person["delete_at"] == json!(0),
            email: text(&person["email"]),
            called: called.trim().to_owned(),
            subject: text(&person["auth_data"]),
        };
        holdings.people.insert(text(&person["username"]), account);
    }
    let name_of = |id: &Value| items(&people).find(|it| it["id"] == *id).map(|it| text(&it["username"]));
    for team in items(&desk.get("/api/v4/teams?per_page=200").await?) {
        let (id, name) = (text(&team["id"]), text(&team["name"]));
        let path = format!("team {name}");
        let members = desk.get(&format!("/api/v4/teams/{id}/members?per_page=200")).await?;
        let names = items(&members).filter_map(|it| name_of(&it["user_id"]));
        holdings.edges.extend(names.map(|name| (path.clone(), name)));
        holdings.containers.insert(path, id);
    }
    for channel in items(&desk.get("/api/v4/channels?per_page=200").await?) {
        let (id, name) = (text(&channel["id"]), text(&channel["name"]));
        if DEFAULT_CHANNELS.contains(&name.as_str()) {
            continue;
        }
        let path = format!("channel {}/{name}", text(&channel["team_name"]));
        let members = desk.get(&format!("/api/v4/channels/{id}/members?per_page=200")).await?;
        let names = items(&members).filter_map(|it| name_of(&it["user_id"]));
        holdings.edges.extend(names.map(|name| (path.clone(), name)));
        holdings.containers.insert(path, id);
    }
    Ok(holdings)
}

async fn by_hand(desk: &Desk, hand: &Hand) {
    match hand {
        Hand::Account { name, email } => {
            let account = json!({ "username": name, "email": email, "password": "a-Long-passw0rd-of-theirs" });
            desk.must("POST", "/api/v4/users", account).await;
        }
        // People join channels by themselves; a team of ours is a channel there, if it asks for one.
        Hand::Join { name, organisation, team } => {
            let (Some(channel), Some(person)) = (channel(desk, organisation, team).await, id_of(desk, name).await)
            else {
                return;
            };
            // Somebody who is not in the team cannot join its channels.
            let member = json!({ "user_id": person });
            let _ = desk.call("POST", &format!("/api/v4/channels/{channel}/members"), Some(member)).await;
        }
        Hand::Leave { name, organisation, team } => {
            let (Some(channel), Some(person)) = (channel(desk, organisation, team).await, id_of(desk, name).await)
            else {
                return;
            };
            let _ = desk.call("DELETE", &format!("/api/v4/channels/{channel}/members/{person}"), None).await;
        }
        Hand::Close { name } => {
            if let Some(person) = id_of(desk, name).await {
                desk.must("PUT", &format!("/api/v4/users/{person}/active"), json!({ "active": false })).await;
            }
        }
        Hand::Rename { name } => {
            if let Some(person) = id_of(desk, name).await {
                let change = json!({ "first_name": "by", "last_name": "hand" });
                desk.must("PUT", &format!("/api/v4/users/{person}/patch"), change).await;
            }
        }
    }
}

async fn id_of(desk: &Desk, name: &str) -> Option<String> {
    Some(text(&desk.get(&format!("/api/v4/users/username/{name}")).await.ok()?["id"]))
}

async fn channel(desk: &Desk, organisation: &str, team: &str) -> Option<String> {
    let path = format!("/api/v4/teams/name/{organisation}/channels/name/{team}");
    Some(text(&desk.get(&path).await.ok()?["id"]))
}
