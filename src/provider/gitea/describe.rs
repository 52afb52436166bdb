//! From live objects back to what the mono-repo would say of them.

use super::kinds;
use crate::engine::model::{Live, Value};
use crate::engine::report::declarations::Described;

/// The team that every organisation has of its own.
const OWNERS: &str = "owners";

/// What an object of a Gitea would be declared as. The team `Owners` is never touched, so it is none of ours.
pub fn describe(live: &Live) -> Option<Described> {
    let text = |field: &str| {
        let text = live.fields.get(field).and_then(Value::as_text).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let name = live.address.leaf().to_owned();
    let parent = live.address.parent_key();
    Some(match live.address.kind.as_str() {
        kinds::ORGANIZATION => {
            Described::Organisation { name, display_name: text("full_name"), description: text("description") }
        }
        kinds::TEAM if name != OWNERS => {
            Described::Team { name, parent: parent?.to_owned(), display_name: None, description: text("description") }
        }
        kinds::USER => Described::Person { name, display_name: text("full_name"), email: text("email") },
        kinds::TEAM_MEMBER => {
            let (organisation, team) = parent?.rsplit_once('/')?;
            let group = if team == OWNERS { organisation } else { team };
            Described::Member { person: name, group: group.to_owned() }
        }
        _ => return None,
    })
}
