//! Gitea: people, organisations with their teams and repositories, who is in which team.

use futures::FutureExt;
use serde_json::{Value, json};

use super::{Account, Holdings, Pinned, Service, items, text};
use crate::desk::{Desk, Refused};
use crate::story::Hand;

pub(super) const SERVICE: Service = Service {
    name: "gitea",
    found: |desk| async { desk.administrators_token() }.boxed(),
    config: "credentials: { token: \"env:SECRET_GITEA\" }
    options: { source_id: 1 }",
    count: |desk| count(desk).boxed(),
    hand: |desk, hand| -> Pinned<'_, ()> { by_hand(desk, hand).boxed() },
};

async fn count(desk: &Desk) -> Result<Holdings, Refused> {
    let mut holdings = Holdings::default();
    for person in items(&desk.get("/api/v1/admin/users?limit=50").await?) {
        let account = Account {
            id: text(&person["id"]),
            open: person["prohibit_login"] == json!(false) && person["active"] == json!(true),
            email: text(&person["email"]),
            called: text(&person["full_name"]),
            subject: text(&person["login_name"]),
        };
        holdings.people.insert(text(&person["login"]), account);
    }
    for organisation in items(&desk.get("/api/v1/admin/orgs?limit=50").await?) {
        let name = text(&organisation["username"]);
        for team in items(&desk.get(&format!("/api/v1/orgs/{name}/teams?limit=50")).await?) {
            let path = format!("team {name}/{}", text(&team["name"]));
            let members = desk.get(&format!("/api/v1/teams/{}/members?limit=50", team["id"])).await?;
            holdings.edges.extend(items(&members).map(|it| (path.clone(), text(&it["login"]))));
            holdings.containers.insert(path, text(&team["id"]));
        }
        for repository in items(&desk.get(&format!("/api/v1/orgs/{name}/repos?limit=50")).await?) {
            holdings
                .containers
                .insert(format!("repository {}", text(&repository["full_name"])), text(&repository["id"]));
        }
        holdings.containers.insert(format!("organisation {name}"), text(&organisation["id"]));
    }
    Ok(holdings)
}

async fn by_hand(desk: &Desk, hand: &Hand) {
    match hand {
        Hand::Account { name, email } => {
            let account = json!({
                "username": name, "email": email, "full_name": "Stranger", "password": "a-Long-passw0rd-of-theirs",
                "must_change_password": false, "send_notify": false,
            });
            desk.must("POST", "/api/v1/admin/users", account).await;
        }
        Hand::Join { name, organisation, team } => {
            if let Some(team) = team_of(desk, organisation, team, name).await {
                desk.must("PUT", &format!("/api/v1/teams/{team}/members/{name}"), Value::Null).await;
            }
        }
        Hand::Leave { name, organisation, team } => {
            if let Some(team) = team_of(desk, organisation, team, name).await {
                // Somebody who is not in it cannot be taken out.
                let _ = desk.call("DELETE", &format!("/api/v1/teams/{team}/members/{name}"), None).await;
            }
        }
        Hand::Close { name } => change(desk, name, json!({ "prohibit_login": true })).await,
        Hand::Rename { name } => change(desk, name, json!({ "full_name": "by hand" })).await,
    }
}

async fn change(desk: &Desk, name: &str, change: Value) {
    let Ok(now) = desk.get(&format!("/api/v1/users/{name}")).await else { return };
    let mut body = json!({ "source_id": now["source_id"], "login_name": now["login_name"] });
    for (field, value) in change.as_object().unwrap() {
        body[field] = value.clone();
    }
    desk.must("PATCH", &format!("/api/v1/admin/users/{name}"), body).await;
}

/// The team, if it and the person are there.
async fn team_of(desk: &Desk, organisation: &str, team: &str, person: &str) -> Option<String> {
    desk.get(&format!("/api/v1/users/{person}")).await.ok()?;
    let teams = desk.get(&format!("/api/v1/orgs/{organisation}/teams?limit=50")).await.ok()?;
    items(&teams).find(|it| text(&it["name"]) == team).map(|it| text(&it["id"]))
}
