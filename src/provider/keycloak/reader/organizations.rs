//! Organisations in Keycloak's own sense, and who is in each.

use std::collections::BTreeMap;

use super::people::disagreement;
use super::{Parts, Read, shared};
use crate::engine::model::{Failure, FailureClass};
use crate::provider::keycloak::api::wire::Organization;

/// How often a list is read until it agrees with its count.
const TRIES: usize = 3;

/// What there is to say when the realm hides its organisations.
pub(super) const SWITCHED_OFF: &str = "the realm has organisations switched off, which hides them";

/// All organisations, by alias.
pub(super) struct Organizations {
    pub by_alias: BTreeMap<String, Organization>,
}

impl Parts {
    /// All organisations, as many as the count says; `None` while the realm has them switched off.
    pub(super) async fn organizations(&self) -> Result<Option<Organizations>, Failure> {
        let (mut seen, mut expected) = (0, 0);
        for _ in 0..TRIES {
            let Some(count) = self.reads.organizations_count().await? else { return Ok(None) };
            let Some(organizations) = self.reads.organizations().await? else { return Ok(None) };
            (seen, expected) = (organizations.len(), count);
            if seen == expected {
                let by_alias = organizations.into_values().map(|it| (it.alias.clone(), it)).collect();
                return Ok(Some(Organizations { by_alias }));
            }
        }
        Err(disagreement("organisations", self.reads.realm(), seen, expected))
    }

    pub(super) fn organization_objects(&self, organizations: Option<&Result<Option<Organizations>, Failure>>) -> Read {
        let organizations = shared(organizations)?.as_ref().ok_or_else(|| self.switched_off())?;
        let objects: Vec<_> = organizations.by_alias.values().map(|it| self.view.organization(it)).collect();
        let proof = format!("{} organisations, as '/organizations/count' says", objects.len());
        Ok((objects, proof))
    }

    pub(super) async fn members(
        &self,
        alias: &str,
        organizations: Option<&Result<Option<Organizations>, Failure>>,
    ) -> Read {
        let organizations = shared(organizations)?.as_ref().ok_or_else(|| self.switched_off())?;
        let Some(organization) = organizations.by_alias.get(alias) else {
            return Ok((Vec::new(), format!("there is no organisation '{alias}'")));
        };
        let (mut seen, mut expected) = (0, 0);
        for _ in 0..TRIES {
            let members = self.reads.organization_members(&organization.id, None).await?;
            expected = self.reads.organization_members_count(&organization.id).await?;
            seen = members.len();
            if seen == expected {
                let objects =
                    members.values().filter_map(|it| self.view.organization_member(alias, &organization.id, it));
                return Ok((objects.collect(), format!("{seen} members, as '/members/count' says")));
            }
        }
        Err(disagreement("organisation members", self.reads.realm(), seen, expected))
    }

    /// Switching organisations off hides them and loses nothing: what is hidden is not absent.
    pub(super) fn switched_off(&self) -> Failure {
        Failure::new(
            FailureClass::Refused,
            format!("list organisations of realm '{}'", self.reads.realm()),
            SWITCHED_OFF,
        )
        .help("switch them on in the realm's settings, or take 'keycloak-organization' from the mono-repo")
    }
}
