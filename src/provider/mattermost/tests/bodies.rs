//! What is never sent: a patch carries what differs, and no body carries what would empty a team, archive it, or be
//! taken for an id.

use serde_json::{Value as Json, json};

use crate::engine::model::{Field, Fields, Value};
use crate::provider::mattermost::convert;
use crate::provider::mattermost::kinds::{CHANNEL, KINDS, TEAM, USER};

/// Every field of a kind with some value.
fn everything(kind: &str) -> Fields {
    let spec = KINDS.iter().find(|it| it.name == kind).expect("a kind");
    let switches = ["open", "private", "archived", "group_constrained", "active", "has_password", "email_verified"];
    let value = |name: &str| if switches.contains(&name) { Value::Bool(true) } else { Value::from("x") };
    spec.fields.iter().map(|field| (Field::Borrowed(field.name), value(field.name))).collect()
}

fn keys(body: &Json) -> Vec<&str> {
    let mut keys: Vec<&str> = body.as_object().expect("a body is an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn no_body_carries_what_would_empty_or_archive_it() {
    let (team, channel, user) = (everything(TEAM), everything(CHANNEL), everything(USER));
    let bodies = [
        convert::team_create("acme", &team),
        convert::team_patch(&team).expect("something"),
        convert::channel_create("id", "ops", &channel),
        convert::channel_patch(Some("ops"), &channel).expect("something"),
        convert::user_create("alice", &user, None),
        convert::user_patch(&user).expect("something"),
    ];
    for body in bodies {
        for key in ["group_constrained", "delete_at", "archived", "id", "roles", "is_bot", "active"] {
            assert!(!keys(&body).contains(&key), "{key} in {body}");
        }
    }
}

/// A patch with `allow_open_invite: false` makes a new invitation even if nothing changed: it is another call.
#[test]
fn a_patch_of_a_team_never_touches_its_invitation() {
    assert_eq!(keys(&convert::team_patch(&everything(TEAM)).expect("something")), ["description", "display_name"]);
    let only = Fields::from([(Field::Borrowed("open"), Value::Bool(false))]);
    assert_eq!(convert::team_patch(&only), None);
    let closed = convert::team_create("acme", &Fields::new());
    assert_eq!(closed, json!({"name": "acme", "display_name": "acme", "type": "I"}));
}

/// An empty patch of a channel is refused, and each key of one posts a message.
#[test]
fn a_patch_carries_what_is_said_and_nothing_else() {
    let only = Fields::from([(Field::Borrowed("purpose"), Value::Null)]);
    assert_eq!(convert::channel_patch(None, &only), Some(json!({"purpose": ""})));
    assert_eq!(convert::channel_patch(None, &Fields::new()), None);
    assert_eq!(convert::channel_patch(Some("ops"), &Fields::new()), Some(json!({"name": "ops"})));
}

/// The server takes no account with both a password and a sign-in, and none with neither.
#[test]
fn an_account_has_a_password_or_a_sign_in() {
    let bound = Fields::from([
        (Field::Borrowed("initial_email"), Value::from("a@acme.example")),
        (Field::Borrowed("auth_service"), Value::from("gitlab")),
        (Field::Borrowed("auth_data"), Value::from("7")),
    ]);
    let body = convert::user_create("alice", &bound, None);
    assert_eq!(
        body,
        json!({"username": "alice", "email": "a@acme.example", "auth_service": "gitlab", "auth_data": "7"})
    );
}
