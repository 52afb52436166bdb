//! What an account must fulfil, and what it begins with.

use serde_json::{Map, Value};

/// When somebody is told of what, unless she says otherwise.
pub(super) fn default_notify_props() -> Map<String, Value> {
    texts(&[
        ("channel", "true"),
        ("comments", "never"),
        ("desktop", "mention"),
        ("desktop_sound", "true"),
        ("desktop_threads", "all"),
        ("email", "true"),
        ("email_threads", "all"),
        ("first_name", "false"),
        ("mention_keys", ""),
        ("push", "mention"),
        ("push_status", "online"),
        ("push_threads", "all"),
    ])
}

/// The zone of the browser, until somebody chooses one.
pub(super) fn default_timezone() -> Map<String, Value> {
    texts(&[("automaticTimezone", ""), ("manualTimezone", ""), ("useAutomaticTimezone", "true")])
}

fn texts(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect()
}
