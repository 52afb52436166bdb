//! From live objects back to what the mono-repo would say of them.

use super::kinds;
use crate::engine::import::Described;
use crate::engine::model::Live;
use crate::engine::model::entity::is_name;

/// What an object of a Logto would be declared as. Applications and webhooks come from the config; a role whose name has
/// not the form of a team's (`organisation/team`) means the same in every organisation, which the mono-repo has no noun
/// for.
pub fn describe(live: &Live) -> Option<Described> {
    let text = |field: &str| live.text(field).map(str::to_owned);
    let name = live.address.leaf().to_owned();
    let parent = live.address.parent_key();
    Some(match live.address.kind.as_str() {
        kinds::ORGANIZATION => Described::Organisation {
            name: as_name(&name),
            display_name: text("name"),
            description: text("description"),
        },
        kinds::ORGANIZATION_ROLE => {
            Described::Team { name, parent: parent?.to_owned(), display_name: None, description: text("description") }
        }
        kinds::USER => match Described::person(live, &["name"]) {
            Described::Person { display_name, email, .. } => {
                Described::Person { name: person_name(live), display_name, email }
            }
            other => other,
        },
        kinds::ORGANIZATION_MEMBER => Described::Member { person: account(&name), group: as_name(parent?) },
        kinds::ROLE_MEMBER => {
            let (_, team) = parent?.split_once('/')?;
            Described::Member { person: account(&name), group: team.to_owned() }
        }
        _ => return None,
    })
}

/// What a person would be called: as their mark says, else as services are told, else by what they are known by here.
fn person_name(live: &Live) -> String {
    let key = live.address.leaf();
    let told = live.text("preferred_username").or_else(|| live.text("username")).filter(|name| is_name(name));
    match told {
        Some(name) if key.contains('@') => name.to_owned(),
        _ => account(key),
    }
}

/// The name of an account that is known by its address.
fn account(key: &str) -> String {
    key.split_once('@').map_or(key, |(local, _)| local).to_owned()
}

/// A name for people as a name of the mono-repo.
fn as_name(key: &str) -> String {
    if is_name(key) {
        return key.to_owned();
    }
    let words = key.to_lowercase();
    let words = words.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::model::{Address, Field, Fields, Instance};

    fn live(kind: &str, key: &str, fields: &[(&'static str, &str)]) -> Live {
        let fields: Fields =
            fields.iter().map(|(name, value)| (Field::Borrowed(*name), (*value).to_owned().into())).collect();
        let address = Address::new(&Instance::new("logto"), kind, key);
        Live { address, external_id: None, fields, outputs: Fields::new(), mark: None }
    }

    #[test]
    fn an_account_that_is_known_by_its_address_gets_a_name() {
        let person = |key: &str, fields: &[(&'static str, &str)]| match describe(&live(kinds::USER, key, fields)) {
            Some(Described::Person { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(person("al@acme.example", &[("username", "alice")]), "alice");
        assert_eq!(person("al@acme.example", &[("preferred_username", "alice-b"), ("username", "alice_b")]), "alice-b");
        assert_eq!(person("al@acme.example", &[]), "al");
        assert_eq!(person("alice", &[("preferred_username", "other")]), "alice");
    }

    #[test]
    fn a_name_for_people_becomes_a_name() {
        let described = describe(&live(kinds::ORGANIZATION, "Acme Corp.", &[("name", "Acme Corp.")]));
        let Some(Described::Organisation { name, display_name, .. }) = described else { panic!("{described:?}") };
        assert_eq!((name.as_str(), display_name.as_deref()), ("acme-corp", Some("Acme Corp.")));
        let member = describe(&live(kinds::ORGANIZATION_MEMBER, "Acme Corp./al@acme.example", &[]));
        assert_eq!(member, Some(Described::Member { person: "al".to_owned(), group: "acme-corp".to_owned() }));
    }

    #[test]
    fn a_role_of_every_organisation_is_no_team() {
        assert_eq!(describe(&live(kinds::ORGANIZATION_ROLE, "admin", &[])), None);
        let team = describe(&live(kinds::ORGANIZATION_ROLE, "acme/platform", &[]));
        let Some(Described::Team { name, parent, .. }) = team else { panic!("{team:?}") };
        assert_eq!((name.as_str(), parent.as_str()), ("platform", "acme"));
    }
}
