//! From live objects back to what the mono-repo would say of them.

use super::options::Options;
use super::units::Rights;
use super::{kinds, names};
use crate::engine::import::Described;
use crate::engine::model::Live;

/// The annotation that names a component's repository.
pub const REPOSITORY_OPTION: &str = "gitea-repository";

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
        kinds::REPOSITORY if !options.declares(&live.address.key) => Described::Repository {
            name,
            organisation: parent?.to_owned(),
            description: text("description"),
            named_by: REPOSITORY_OPTION,
        },
        _ => return None,
    })
}

/// The annotation by which a document says what a field holds. What a team may do is one annotation for two fields.
pub fn says(live: &Live, field: &str) -> Option<(&'static str, String)> {
    let value = live.fields.get(field)?;
    let option = match (live.address.kind.as_str(), field) {
        (kinds::ORGANIZATION | kinds::USER, "visibility") => "gitea-visibility",
        (kinds::ORGANIZATION, "website") => "gitea-website",
        (kinds::ORGANIZATION, "location") => "gitea-location",
        (kinds::TEAM, "permission" | "units") => {
            let rights = Rights::from_fields(live.fields.get("permission"), live.fields.get("units"));
            return Some(("gitea-team-permission", rights.to_text()?));
        }
        (kinds::TEAM, "visibility") => "gitea-team-visibility",
        (kinds::TEAM, "all_repositories") => "gitea-all-repositories",
        (kinds::TEAM, "can_create_repositories") => "gitea-create-repositories",
        (kinds::USER, "restricted") => "gitea-restricted",
        (kinds::REPOSITORY, "private") => "gitea-private",
        _ => return None,
    };
    let text = value.as_text().map(str::to_owned).or_else(|| value.as_bool().map(|it| it.to_string()))?;
    (!text.is_empty()).then_some((option, text))
}
