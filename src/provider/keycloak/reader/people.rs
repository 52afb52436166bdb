//! All people of the realm.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::organizations::Organizations;
use super::{Parts, Read, shared};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::keycloak::api::wire::{Profile, User};
use crate::provider::keycloak::kinds::MANAGED;

/// How often the list is read until it agrees with the count: people come and go while we read.
const TRIES: usize = 3;

/// All people as they were listed.
pub struct People {
    by_id: BTreeMap<String, User>,
    /// Whether the list leaves attributes out.
    brief: bool,
}

impl People {
    fn proof(&self) -> String {
        format!("{} people, as '/users/count' says, and our own account is visible", self.by_id.len())
    }
}

impl Parts {
    /// Everybody, read once for every kind that is made of it. Attributes are asked for where something of ours is in
    /// them: they make the list several times as long.
    pub(super) async fn list_people(&self, with_numbers: bool) -> Result<People, Failure> {
        let brief = !with_numbers && !self.shows_attributes(&self.profile().await?);
        Ok(People { by_id: self.counted_people(brief).await?, brief })
    }

    pub(super) async fn people(
        &self,
        people: Option<&Result<People, Failure>>,
        organizations: Option<&Result<Option<Organizations>, Failure>>,
    ) -> Read {
        let people = shared(people)?;
        let hidden = self.hidden_switches(organizations).await?;
        let objects = people.by_id.values().filter_map(|user| {
            let mut live = self.view.user(user)?;
            if people.brief {
                live.fields.remove("attributes");
            }
            if hidden.contains(&user.id) {
                live.fields.remove("enabled");
            }
            Some(live)
        });
        Ok((objects.collect(), people.proof()))
    }

    /// The numbers that people carry in an attribute.
    pub(super) fn numbers(&self, attribute: &str, people: Option<&Result<People, Failure>>) -> Read {
        let people = shared(people)?;
        let objects = people.by_id.values().filter_map(|user| self.view.number(attribute, user));
        Ok((objects.collect(), people.proof()))
    }

    /// The user profile, as far as we look at it.
    pub async fn profile(&self) -> Result<Profile, Failure> {
        let document = self.reads.profile().await?;
        let profile = Profile::deserialize(&document).unwrap_or_default();
        let declares = |name: &str| profile.attributes.iter().any(|it| it.name == name);
        if !(declares("username") && declares("email")) {
            return Err(Failure::new(
                FailureClass::Refused,
                format!("read the user profile of realm '{}'", self.reads.realm()),
                "it does not declare 'username' and 'email', so it was not read whole, or somebody emptied it",
            )
            .help("restore it in the realm's settings, under 'User profile'; an empty one has no rules for names"));
        }
        Ok(profile)
    }

    /// Whether attributes of people matter: they hold our mark, or what we keep true.
    pub(super) fn shows_attributes(&self, profile: &Profile) -> bool {
        let ours = |name: &str| {
            name == self.options.mark_attribute
                || self.options.profile_attributes.iter().any(|it| it.name == name && it.from.is_some())
        };
        profile.attributes.iter().any(|it| ours(&it.name))
    }

    async fn counted_people(&self, brief: bool) -> Result<BTreeMap<String, User>, Failure> {
        let mut expected = self.reads.users_count().await?;
        let mut seen = 0;
        for _ in 0..TRIES {
            let people = self.reads.users(brief, expected).await?;
            seen = people.len();
            if seen == expected {
                return Ok(people);
            }
            expected = self.reads.users_count().await?;
            if seen == expected {
                return Ok(people);
            }
        }
        Err(disagreement("people", self.reads.realm(), seen, expected))
    }

    /// People whose `enabled` says nothing about them: managed members of an organisation that is disabled read as
    /// disabled themselves.
    async fn hidden_switches(
        &self,
        organizations: Option<&Result<Option<Organizations>, Failure>>,
    ) -> Result<BTreeSet<String>, Failure> {
        // Without the right to see organisations there is nothing to resolve: what we see is what we take.
        let Ok(Some(organizations)) = shared(organizations) else { return Ok(BTreeSet::new()) };
        let mut hidden = BTreeSet::new();
        for organization in organizations.by_alias.values().filter(|it| !it.enabled) {
            hidden.extend(self.reads.organization_members(&organization.id, Some(MANAGED)).await?.into_keys());
        }
        Ok(hidden)
    }
}

/// Why a list whose count disagrees proves nothing.
pub(super) fn disagreement(what: &str, realm: &str, seen: usize, expected: usize) -> Failure {
    let doing = format!("list {what} of realm '{realm}'");
    let said = format!("the list shows {seen}, the count says {expected}");
    if seen == 0 {
        return Failure::new(FailureClass::MissingRights, doing, said).help(
            "a full realm that shows an empty list hides it from us: the role 'view-users' of 'realm-management' is \
             missing",
        );
    }
    Failure::new(FailureClass::Retry, doing, said)
        .help("either somebody changes them while we read, or fine-grained permissions hide some from us")
}
