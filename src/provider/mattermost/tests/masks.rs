//! What the server shows that is not so: hidden sign-ins, rows of people who left, errors behind a success.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use serde_json::{Value as Json, json};

use crate::engine::model::{Instance, Value};
use crate::provider::http::{Answer, Call};
use crate::provider::mattermost::api::wire::User;
use crate::provider::mattermost::api::{decode, routes};
use crate::provider::mattermost::convert;

fn user(more: Json) -> User {
    let mut user = json!({"id": "q6hrrsxmtpyhxb6zjcqxowz3kr", "username": "alice", "email": "Alice@acme.example"});
    user.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    serde_json::from_value(user).expect("an account")
}

/// To whoever is no administrator every account looks as if it had a password: the key is there, and empty.
#[test]
fn a_hidden_sign_in_is_no_password() {
    let instance = Instance::new("mattermost");
    let masked = user(json!({"auth_service": "", "auth_data": ""}));
    assert!(masked.is_masked());
    let live = convert::user(&instance, &masked);
    for field in ["auth_service", "auth_data", "has_password"] {
        assert_eq!(live.fields.get(field), None, "{field} is not known");
    }
    let open = user(json!({"auth_service": ""}));
    assert!(!open.is_masked());
    assert_eq!(convert::user(&instance, &open).fields.get("has_password"), Some(&Value::Bool(true)));
    let bound = convert::user(&instance, &user(json!({"auth_service": "gitlab", "auth_data": "7"})));
    assert_eq!(bound.fields.get("auth_data"), Some(&Value::from("7")));
    assert_eq!(bound.fields.get("has_password"), Some(&Value::Bool(false)));
    assert_eq!(bound.fields.get("email"), Some(&Value::from("alice@acme.example")));
}

/// Roles are a set: the server keeps the text as it was sent.
#[test]
fn an_administrator_is_one_in_whatever_order_the_roles_stand() {
    for roles in ["system_admin system_user", "system_user system_admin"] {
        assert!(user(json!({"roles": roles})).is_administrator(), "{roles}");
    }
    assert!(!user(json!({"roles": "system_user"})).is_administrator());
    assert!(!user(json!({"roles": ""})).is_administrator());
}

/// Bots, and accounts of another server, are nobody's to offboard.
#[test]
fn a_person_is_neither_a_bot_nor_of_another_server() {
    assert!(user(json!({"remote_id": null})).is_person());
    assert!(!user(json!({"is_bot": true})).is_person());
    assert!(!user(json!({"remote_id": "q6hrrsxmtpyhxb6zjcqxowz3kr"})).is_person());
}

/// Some errors are written behind the beginning of a list, with status 200.
#[test]
fn a_body_that_is_not_one_value_is_a_failed_read() {
    let answer = |body: &'static str| Answer {
        status: 200,
        headers: HeaderMap::new(),
        body: Bytes::from_static(body.as_bytes()),
    };
    let call = Call::get(routes::USERS, &[], "list accounts");
    assert!(decode::<Vec<User>>(&call, &answer("[]")).is_ok());
    for body in ["[", "[]{\"id\": \"api.context.invalid_url_param.app_error\"}", "", "null"] {
        assert!(decode::<Vec<User>>(&call, &answer(body)).is_err(), "{body}");
    }
}
