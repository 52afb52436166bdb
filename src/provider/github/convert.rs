//! From what GitHub shows to live objects. What is not there is one too, with the page on which somebody sets it up.

use super::api::{Hook, Installation};
use super::kinds::{BY_HAND, INSTALLATION, INSTALLATION_ID, URL, WEBHOOK};
use crate::engine::model::{Address, Field, Fields, Instance, Live, SINCE, Value};
use crate::provider::days;

fn fields<const N: usize>(all: [(&'static str, Value); N]) -> Fields {
    all.into_iter()
        .filter(|(_, value)| *value != Value::Null)
        .map(|(name, value)| (Field::Borrowed(name), value))
        .collect()
}

/// Our App at an account where it is installed. `key` is the account's login as it is declared, and the App's name.
pub fn installation(instance: &Instance, key: &str, it: &Installation) -> Live {
    let by_hand = it.suspended_at.as_ref().map(|_| {
        let by = it.suspended_by.as_ref().map_or("somebody", |by| by.login.as_str());
        format!(
            "our App is suspended at '{}' by {by}. By hand: an owner lets it work again at {}",
            it.account.login, it.html_url
        )
    });
    let permissions = it.permissions.iter().map(|(name, level)| format!("{name}: {level}"));
    let state = if by_hand.is_some() { "suspended" } else { "linked" };
    let outputs = [(INSTALLATION_ID, it.id.to_string()), (URL, it.html_url.clone())];
    Live {
        address: Address::new(instance, INSTALLATION, key),
        // Logins are reused, numbers are not.
        external_id: Some(it.account.id.to_string()),
        fields: fields([
            ("state", state.into()),
            ("repositories", it.repository_selection.as_str().into()),
            ("permissions", Value::set(permissions)),
            (BY_HAND, by_hand.map_or(Value::Null, Value::from)),
            (SINCE.name, days::of_text(&it.created_at)),
        ]),
        outputs: outputs.into_iter().map(|(name, value)| (Field::Borrowed(name), value.into())).collect(),
        mark: None,
    }
}

/// Our App at an account where it is not installed yet, and where that is done.
pub fn pending(instance: &Instance, key: &str, login: &str, link: &str) -> Live {
    let by_hand = format!("our App is not installed at '{login}'. By hand: an owner of it does that at {link}");
    Live {
        address: Address::new(instance, INSTALLATION, key),
        external_id: None,
        fields: fields([("state", "pending".into()), (BY_HAND, by_hand.into())]),
        outputs: Fields::new(),
        mark: None,
    }
}

/// The webhook of a repository that leads to an address, or what is wrong with it, or that there is none.
pub fn webhook(instance: &Instance, key: &str, page: &str, address: &str, hook: Option<&Hook>) -> Live {
    let by_hand = |what: &str| {
        let how = "content type application/json, a secret, the event 'push'";
        format!("{what}. By hand: set it up at {page}: address {address}, {how}")
    };
    let wrong = match hook {
        None => Some(by_hand(&format!("no webhook leads to {address}"))),
        Some(hook) if !hook.active => Some(by_hand("the webhook is switched off")),
        Some(hook) if !hook.events.iter().any(|event| event == "push" || event == "*") => {
            Some(by_hand("the webhook does not tell of pushes"))
        }
        Some(hook) if hook.config.get("content_type").is_none_or(|kind| kind != "json") => {
            Some(by_hand("the webhook sends forms"))
        }
        // Without one there is no signature, and whatever comes without is refused.
        Some(hook) if !hook.config.contains_key("secret") => Some(by_hand("the webhook has no secret")),
        Some(_) => None,
    };
    let last = hook.and_then(|hook| hook.last_response["code"].as_i64());
    Live {
        address: Address::new(instance, WEBHOOK, key),
        external_id: hook.map(|hook| hook.id.to_string()),
        fields: fields([
            ("events", hook.map_or(Value::Null, |hook| Value::set(hook.events.iter().map(String::as_str)))),
            ("last_status", last.map_or(Value::Null, Value::from)),
            (BY_HAND, wrong.map_or(Value::Null, Value::from)),
            (SINCE.name, hook.map_or(Value::Null, |hook| days::of_text(&hook.created_at))),
        ]),
        outputs: Fields::new(),
        mark: None,
    }
}
