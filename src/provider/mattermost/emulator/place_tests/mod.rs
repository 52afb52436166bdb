//! Rules of teams, channels, posts and webhooks that the recordings do not show, or only in words.

mod client;

use serde_json::{Value, json};

use client::{Client, text};

use super::Settings;

fn forbidden() -> (u16, String) {
    (403, "api.context.permissions.app_error".to_owned())
}

#[tokio::test]
async fn batches_have_a_largest_size() {
    let admin = Client::administrator(Settings::default());
    let (team, (alice, _)) = (admin.team("core").await, admin.person("alice").await);
    let members = |count| Value::Array(vec![json!({ "team_id": team, "user_id": alice }); count]);
    let batch = format!("/api/v4/teams/{team}/members/batch");
    let (status, answer) = admin.call("POST", &batch, members(257)).await;
    assert_eq!(
        (status, text(&answer["message"])),
        (400, "Invalid or missing too many members in batch in request body.".into())
    );
    let added = admin.done("POST", &batch, members(256)).await;
    assert_eq!(added.as_array().unwrap().len(), 256);

    let channel = admin.channel(&team, "ops", "O").await;
    let ids = |count| json!({ "user_ids": vec![alice.clone(); count] });
    let path = format!("/api/v4/channels/{channel}/members");
    assert_eq!(admin.refused("POST", &path, ids(1001)).await.0, 400);
    let added = admin.done("POST", &path, ids(1000)).await;
    assert_eq!(added.as_array().unwrap().len(), 1000, "who is in already is answered again");
}

#[tokio::test]
async fn messages_have_a_longest_length() {
    let admin = Client::administrator(Settings::default());
    let team = admin.team("core").await;
    let channel = admin.channel(&team, "alerts", "O").await;
    let post = |length| json!({ "channel_id": channel, "message": "ä".repeat(length) });
    admin.done("POST", "/api/v4/posts", post(16_383)).await;
    let refused = admin.refused("POST", "/api/v4/posts", post(16_384)).await;
    assert_eq!(refused, (400, "model.post.is_valid.message_length.app_error".into()));

    let hook = admin.done("POST", "/api/v4/hooks/incoming", json!({ "channel_id": channel })).await;
    let path = format!("/hooks/{}", text(&hook["id"]));
    assert_eq!(admin.done("POST", &path, json!({ "text": "ä".repeat(16_384) })).await, "ok");
    let list = admin.done("GET", &format!("/api/v4/channels/{channel}/posts?per_page=2"), Value::Null).await;
    let length = |n: usize| {
        let id = list["order"][n].as_str().unwrap();
        list["posts"][id]["message"].as_str().unwrap().chars().count()
    };
    assert_eq!((length(0), length(1)), (1, 16_383), "a webhook's text is split instead");
}

#[tokio::test]
async fn a_team_administrator_manages_channels_that_she_cannot_read() {
    let admin = Client::administrator(Settings::default());
    let (team, (alice, alices)) = (admin.team("core").await, admin.person("alice").await);
    let (bob, bobs) = admin.person("bob").await;
    admin.join(&team, &alice).await;
    admin.join(&team, &bob).await;
    let roles = format!("/api/v4/teams/{team}/members/{alice}/schemeRoles");
    admin.done("PUT", &roles, json!({ "scheme_user": true, "scheme_admin": true })).await;
    let vault = admin.channel(&team, "vault", "P").await;

    assert_eq!(alices.refused("GET", &format!("/api/v4/channels/{vault}"), Value::Null).await, forbidden());
    // By its name she is shown it all the same.
    let by_name = format!("/api/v4/teams/{team}/channels/name/vault");
    alices.done("GET", &by_name, Value::Null).await;
    assert_eq!(bobs.refused("GET", &by_name, Value::Null).await.0, 404);
    let members = format!("/api/v4/channels/{vault}/members");
    alices.done("POST", &members, json!({ "user_id": bob })).await;
    assert_eq!(alices.refused("GET", &members, Value::Null).await, forbidden());
    bobs.done("GET", &members, Value::Null).await;
}

#[tokio::test]
async fn a_refusal_can_stand_behind_a_success() {
    let admin = Client::administrator(Settings::default());
    let (team, (alice, alices)) = (admin.team("core").await, admin.person("alice").await);
    let (bob, _) = admin.person("bob").await;
    admin.join(&team, &alice).await;
    admin.join(&team, &bob).await;
    let ops = admin.channel(&team, "ops", "O").await;
    // She may join by herself; that she may then add others is not asked again within the call.
    let path = format!("/api/v4/channels/{ops}/members");
    let (status, body) = alices.call("POST", &path, json!({ "user_ids": [alice, bob] })).await;
    let body = body.as_str().expect("a list and a refusal behind it are no JSON").to_owned();
    assert_eq!(status, 201);
    assert!(body.starts_with("[{") && body.contains("api.context.permissions.app_error"), "{body}");
    let added = alices.done("POST", &path, json!({ "user_ids": [bob] })).await;
    assert_eq!(added[0]["user_id"], json!(bob));
}

#[tokio::test]
async fn who_leaves_a_team_leaves_its_archived_channels_too() {
    let admin = Client::administrator(Settings::default());
    let (team, (alice, _)) = (admin.team("core").await, admin.person("alice").await);
    admin.join(&team, &alice).await;
    let old = admin.channel(&team, "old", "O").await;
    admin.done("POST", &format!("/api/v4/channels/{old}/members"), json!({ "user_id": alice })).await;
    admin.done("DELETE", &format!("/api/v4/channels/{old}"), Value::Null).await;
    admin.done("DELETE", &format!("/api/v4/teams/{team}/members/{alice}"), Value::Null).await;
    let member = format!("/api/v4/channels/{old}/members/{alice}");
    assert_eq!(admin.refused("GET", &member, Value::Null).await.0, 404);
    let (_, body) = admin.call("GET", &format!("/api/v4/users/{alice}/channels"), Value::Null).await;
    assert!(body.as_str().is_some_and(|text| text.starts_with("[{\"")), "a list that was begun, and a refusal: {body}");
}

#[tokio::test]
async fn bots_stay_in_what_is_bound_to_groups() {
    let admin = Client::administrator(Settings::default());
    let (team, (alice, _)) = (admin.team("core").await, admin.person("alice").await);
    let bot = text(&admin.done("POST", "/api/v4/bots", json!({ "username": "pager" })).await["user_id"]);
    admin.join(&team, &alice).await;
    admin.join(&team, &bot).await;
    admin.done("PUT", &format!("/api/v4/teams/{team}/patch"), json!({ "group_constrained": true })).await;
    let members = format!("/api/v4/teams/{team}/members");
    let left = admin.done("GET", &members, Value::Null).await;
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["user_id"], json!(bot));
    let refused = admin.refused("POST", &members, json!({ "team_id": team, "user_id": alice })).await;
    assert_eq!(refused, (400, "api.team.add_members.user_denied".into()));
    admin.join(&team, &bot).await;
    // Unknown people are noticed later than groups.
    let nobody = "z".repeat(26);
    let refused = admin.refused("POST", &members, json!({ "team_id": team, "user_id": nobody })).await;
    assert_eq!(refused.0, 404);
}

#[tokio::test]
async fn a_team_holds_so_many_channels() {
    let settings = Settings::default().with("TeamSettings", "MaxChannelsPerTeam", 4);
    let admin = Client::administrator(settings);
    let team = admin.team("core").await;
    let old = admin.channel(&team, "old", "O").await;
    admin.channel(&team, "ops", "O").await;
    let more = json!({ "team_id": team, "name": "more", "display_name": "More", "type": "O" });
    let refused = admin.refused("POST", "/api/v4/channels", more.clone()).await;
    assert_eq!(refused, (400, "api.channel.create_channel.max_channel_limit.app_error".into()));
    // An archived channel still takes its place.
    admin.done("DELETE", &format!("/api/v4/channels/{old}"), Value::Null).await;
    assert_eq!(admin.refused("POST", "/api/v4/channels", more).await, refused);
}
