//! From live objects back to what the mono-repo would say of them.

use super::options::Options;
use super::{kinds, names};
use crate::engine::model::Live;
use crate::engine::report::declarations::Described;

/// The team that every organisation has of its own.
const OWNERS: &str = "owners";

/// What an object of a Gitea would be declared as. The team `Owners` is never touched, and the team of everybody follows
/// from the organisation: neither is declared, and who is in them is in the organisation.
pub fn describe(options: &Options, live: &Live) -> Option<Described> {
    let follows =
        |team: &str| team == OWNERS || options.members_team().is_some_and(|everybody| team == names::fold(everybody));
    let text = |field: &str| live.text(field).map(str::to_owned);
    let name = live.address.leaf().to_owned();
    let parent = live.address.parent_key();
    Some(match live.address.kind.as_str() {
        kinds::ORGANIZATION => {
            Described::Organisation { name, display_name: text("full_name"), description: text("description") }
        }
        kinds::TEAM if !follows(&name) => {
            Described::Team { name, parent: parent?.to_owned(), display_name: None, description: text("description") }
        }
        kinds::USER => Described::person(live, &["full_name"]),
        kinds::TEAM_MEMBER => {
            let (organisation, team) = parent?.rsplit_once('/')?;
            let group = if follows(team) { organisation } else { team };
            Described::Member { person: name, group: group.to_owned() }
        }
        _ => return None,
    })
}
