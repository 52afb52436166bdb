//! From live objects back to what the mono-repo would say of them.

use super::kinds;
use crate::engine::import::Described;
use crate::engine::model::Live;

/// What an object of a realm would be declared as. A top-level group is an organisation, one below it a team; what
/// Keycloak itself calls an organisation is an option of one, and clients, roles and scopes come from the config.
pub fn describe(live: &Live) -> Option<Described> {
    let text = |field: &str| live.text(field).map(str::to_owned);
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
        (kinds::USER, _) => Described::person(live, &["first_name", "last_name"]),
        (kinds::MEMBERSHIP, Some(group)) => Described::Member { person: name, group: container(group) },
        _ => return None,
    })
}
