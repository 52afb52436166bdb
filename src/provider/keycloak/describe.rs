//! From live objects back to what the mono-repo would say of them.

use super::kinds;
use crate::engine::model::{Live, Value};
use crate::engine::report::declarations::Described;

/// What an object of a realm would be declared as. A top-level group is an organisation, one below it a team; what
/// Keycloak itself calls an organisation is an option of one, and clients, roles and scopes come from the config.
pub fn describe(live: &Live) -> Option<Described> {
    let text = |field: &str| live.fields.get(field).and_then(Value::as_text).map(str::to_owned);
    let name = live.address.leaf().to_owned();
    let container = |key: &str| key.rsplit('/').next().unwrap_or(key).to_owned();
    Some(match (live.address.kind.as_str(), live.address.parent_key()) {
        (kinds::GROUP, None) => {
            Described::Organisation { name, display_name: text("display_name"), description: text("description") }
        }
        (kinds::GROUP, Some(parent)) => Described::Team {
            name,
            parent: container(parent),
            display_name: text("display_name"),
            description: text("description"),
        },
        (kinds::USER, _) => {
            let words: Vec<String> = ["first_name", "last_name"].into_iter().filter_map(text).collect();
            let display_name = (!words.is_empty()).then(|| words.join(" "));
            Described::Person { name, display_name, email: text("email") }
        }
        (kinds::MEMBERSHIP, Some(group)) => Described::Member { person: name, group: container(group) },
        _ => return None,
    })
}
