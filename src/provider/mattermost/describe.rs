//! From live objects back to what the mono-repo would say of them.

use super::kinds;
use crate::engine::model::{Live, Value};
use crate::engine::report::declarations::Described;

/// What an object of a Mattermost would be declared as: a team is an organisation. Channels are options of teams, and
/// people make them as they please.
pub fn describe(live: &Live) -> Option<Described> {
    let text = |field: &str| {
        let text = live.fields.get(field).and_then(Value::as_text).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let name = live.address.leaf().to_owned();
    Some(match (live.address.kind.as_str(), live.address.parent_key()) {
        (kinds::TEAM, _) => {
            Described::Organisation { name, display_name: text("display_name"), description: text("description") }
        }
        (kinds::USER, _) => {
            let words: Vec<String> = ["first_name", "last_name"].into_iter().filter_map(text).collect();
            let display_name = (!words.is_empty()).then(|| words.join(" "));
            Described::Person { name, display_name, email: text("email") }
        }
        (kinds::TEAM_MEMBER, Some(team)) => Described::Member { person: name, group: team.to_owned() },
        _ => return None,
    })
}
