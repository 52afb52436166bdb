//! From live objects back to what the mono-repo would say of them.

use super::kinds;
use super::names::DEFAULT_CHANNELS;
use crate::engine::import::Described;
use crate::engine::model::{Live, Value};

/// What an object of a Mattermost would be declared as: a team is an organisation, and a channel an option of the
/// group whose people are in it.
pub fn describe(live: &Live) -> Option<Described> {
    let text = |field: &str| live.text(field).map(str::to_owned);
    let name = live.address.leaf().to_owned();
    Some(match (live.address.kind.as_str(), live.address.parent_key()) {
        (kinds::TEAM, _) => {
            Described::Organisation { name, display_name: text("display_name"), description: text("description") }
        }
        (kinds::USER, _) => Described::person(live, &["first_name", "last_name"]),
        // Channels that every team has from the beginning hold everybody.
        (kinds::CHANNEL, Some(team)) if !DEFAULT_CHANNELS.contains(&name.as_str()) => Described::Channel {
            organisation: team.to_owned(),
            private: live.fields.get("private").and_then(Value::as_bool).unwrap_or(true),
            name,
            asked_by: "mattermost-channels",
        },
        (kinds::CHANNEL_MEMBER, Some(channel)) => {
            let (team, channel) = channel.split_once('/')?;
            Described::Listener { person: name, organisation: team.to_owned(), channel: channel.to_owned() }
        }
        (kinds::TEAM_MEMBER, Some(team)) => Described::Member { person: name, group: team.to_owned() },
        _ => return None,
    })
}

/// The annotation by which a document says what a field holds.
pub fn says(live: &Live, field: &str) -> Option<(&'static str, String)> {
    let is_open = live.address.kind.as_str() == kinds::TEAM && field == "open";
    let open = live.fields.get(field).filter(|_| is_open)?.as_bool()?;
    Some(("mattermost-open", open.to_string()))
}
