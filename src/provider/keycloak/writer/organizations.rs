//! Organisations in Keycloak's own sense, and people in them.
//!
//! Taking a managed member out, or deleting the organisation, deletes the person. Both look again right before they
//! act, and refuse when the plan did not say so.

use serde_json::{Map, Value as Json, json};

use super::{Outcome, Writing, doing, gone, object_of};
use crate::engine::model::{Failure, FailureClass, Fields, KindClass};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Inputs;
use crate::provider::keycloak::api::routes;
use crate::provider::keycloak::convert;
use crate::provider::keycloak::kinds::MANAGED;

impl Writing {
    pub(super) async fn organization(&self, step: &Step, inputs: &Inputs) -> Outcome {
        match step.verb {
            Verb::Create => self.create_organization(step, inputs).await,
            Verb::Delete => {
                let id = self.id_of(step, inputs).await?;
                let managed = self.parts.reads.organization_members(&id, Some(MANAGED)).await?;
                unless_announced(step, managed.len())?;
                self.writes.remove(routes::ORGANIZATION, &[&id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Adopt => self.update_organization(step, inputs, &Fields::new(), Some(&inputs.ledger)).await,
            Verb::Rename => Err(Failure::new(FailureClass::Refused, doing(step), "Keycloak never changes an alias")),
            _ => self.update_organization(step, inputs, &inputs.fields, None).await,
        }
    }

    pub(super) async fn organization_member(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let id = step.external_id.as_deref();
        let organization = self.parts.organization_id(&step.address, id, &inputs.related).await?;
        let user = self.parts.user_id(&step.address, id, &inputs.related).await?;
        let (organization, user) = match (organization, user) {
            (Some(organization), Some(user)) => (organization, user),
            _ if step.verb == Verb::Delete => return self.read_back_nothing(step, inputs).await,
            (None, _) => return Err(gone(step, "there is no such organisation")),
            (_, None) => return Err(gone(step, "there is no such person")),
        };
        let edge = convert::edge_id(&organization, &user);
        match step.verb {
            Verb::Delete => {
                let member = self.parts.reads.organization_member(&organization, &user).await?;
                let managed = member.is_some_and(|it| it.membership_type.as_deref() == Some(MANAGED));
                unless_announced(step, usize::from(managed))?;
                self.writes.remove(routes::ORGANIZATION_MEMBER, &[&organization, &user], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Adopt | Verb::Rename | Verb::Update => self.read_back(step, inputs, &edge).await,
            _ => {
                match self.writes.add_member(&organization, &user, &doing(step)).await {
                    // A member already: that is what was wanted.
                    Err(failure) if failure.class != FailureClass::Conflict => return Err(failure),
                    _ => {}
                }
                self.read_back(step, inputs, &edge).await
            }
        }
    }

    async fn create_organization(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let mut body = Map::new();
        body.insert("alias".to_owned(), json!(&*step.address.key));
        body.insert("name".to_owned(), json!(&*step.address.key));
        body.insert("enabled".to_owned(), json!(true));
        convert::put_organization(&mut body, &inputs.fields);
        convert::set_mark(&mut body, &self.parts.options.mark_attribute, &inputs.ledger);
        let id = self.writes.create(routes::ORGANIZATIONS, &[], Json::Object(body), &doing(step)).await?;
        self.read_back(step, inputs, &id).await
    }

    /// Sets fields of an organisation, from a fresh read of the whole: what a body leaves out is reset, domains and
    /// the switch included.
    async fn update_organization(&self, step: &Step, inputs: &Inputs, fields: &Fields, mark: Option<&str>) -> Outcome {
        let id = self.id_of(step, inputs).await?;
        let there =
            self.parts.reads.organization(&id).await?.ok_or_else(|| gone(step, "there is no such organisation"))?;
        let mut body = object_of(there.clone());
        convert::put_organization(&mut body, fields);
        if let Some(ledger) = mark {
            convert::set_mark(&mut body, &self.parts.options.mark_attribute, ledger);
        }
        if there.as_object() != Some(&body) {
            self.writes.replace(routes::ORGANIZATION, &[&id], Json::Object(body), &doing(step)).await?;
        }
        self.read_back_same(step, inputs, &id, fields).await
    }
}

/// Refuses to delete people whom the plan did not name.
fn unless_announced(step: &Step, managed: usize) -> Result<(), Failure> {
    let announced = step.goes_with.iter().any(|it| it.counts == Some(KindClass::Person));
    if managed == 0 || announced {
        return Ok(());
    }
    Err(Failure::new(
        FailureClass::Conflict,
        doing(step),
        format!("it would delete {managed} managed account(s), which the plan did not say"),
    )
    .help("plan again: the next plan names who goes with it"))
}
