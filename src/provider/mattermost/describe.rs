//! From live objects back to what the mono-repo would say of them.

use super::kinds;
use crate::engine::model::Live;
use crate::engine::report::declarations::Described;

/// What an object of a Mattermost would be declared as: a team is an organisation. Channels are options of teams, and
/// people make them as they please.
pub fn describe(live: &Live) -> Option<Described> {
    let text = |field: &str| live.text(field).map(str::to_owned);
    let name = live.address.leaf().to_owned();
    Some(match (live.address.kind.as_str(), live.address.parent_key()) {
        (kinds::TEAM, _) => {
            Described::Organisation { name, display_name: text("display_name"), description: text("description") }
        }
        (kinds::USER, _) => Described::person(live, &["first_name", "last_name"]),
        (kinds::TEAM_MEMBER, Some(team)) => Described::Member { person: name, group: team.to_owned() },
        _ => return None,
    })
}
