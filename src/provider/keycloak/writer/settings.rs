//! The realm's set-up as far as it is ours: roles, client scopes with their mappers, declared profile attributes.

use serde_json::{Map, Value as Json, json};

use super::{Outcome, Writing, confirm, doing, gone, object_of};
use crate::engine::model::{Address, Failure, FailureClass, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Inputs;
use crate::provider::keycloak::api::routes;
use crate::provider::keycloak::api::wire::ProfileAttribute;
use crate::provider::keycloak::reader::read;
use crate::provider::keycloak::{convert, kinds, names};

impl Writing {
    pub(super) async fn role(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let name = &*step.address.key;
        match step.verb {
            Verb::Create => {
                let description = inputs.fields.get("description").and_then(Value::as_text).unwrap_or_default();
                let mut body = object_of(json!({"name": name, "description": description}));
                convert::set_mark(&mut body, &self.parts.options.mark_attribute, &inputs.ledger);
                self.writes.create(routes::ROLES, &[], Json::Object(body), &doing(step)).await?;
            }
            Verb::Delete => {
                self.writes.remove(routes::ROLE, &[name], &doing(step)).await?;
                return self.read_back_nothing(step, inputs).await;
            }
            Verb::Adopt => self.update_role(step, &Fields::new(), Some(&inputs.ledger)).await?,
            _ => self.update_role(step, &inputs.fields, None).await?,
        }
        let role = self.parts.reads.role(name).await?.ok_or_else(|| gone(step, "there is no such role"))?;
        let live = self.parts.view.role(&read(&role, "role")?);
        confirm(step, &inputs.fields, &live)?;
        Ok(Some(live))
    }

    async fn update_role(&self, step: &Step, fields: &Fields, mark: Option<&str>) -> Result<(), Failure> {
        let name = &*step.address.key;
        let there = self.parts.reads.role(name).await?.ok_or_else(|| gone(step, "there is no such role"))?;
        let mut body = object_of(there.clone());
        if let Some(description) = fields.get("description") {
            body.insert("description".to_owned(), json!(description.as_text().unwrap_or_default()));
        }
        if let Some(ledger) = mark {
            convert::set_mark(&mut body, &self.parts.options.mark_attribute, ledger);
        }
        if there.as_object() != Some(&body) {
            self.writes.replace(routes::ROLE, &[name], Json::Object(body), &doing(step)).await?;
        }
        Ok(())
    }

    pub(super) async fn client_scope(&self, step: &Step, inputs: &Inputs) -> Outcome {
        if names::is_built_in_scope(&step.address.key) {
            return Err(Failure::new(
                FailureClass::Refused,
                doing(step),
                "a scope that every realm has is never touched",
            ));
        }
        match step.verb {
            Verb::Create => {
                let mut body = object_of(json!({"name": &*step.address.key, "protocol": "openid-connect"}));
                convert::put_client_scope(&mut body, &inputs.fields);
                convert::set_plain_mark(&mut body, &self.parts.options.mark_attribute, &inputs.ledger);
                let id = self.writes.create(routes::CLIENT_SCOPES, &[], Json::Object(body), &doing(step)).await?;
                self.read_back(step, inputs, &id).await
            }
            Verb::Delete => {
                let id = self.id_of(step, inputs).await?;
                self.writes.remove(routes::CLIENT_SCOPE, &[&id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Adopt => self.update_client_scope(step, inputs, &Fields::new(), Some(&inputs.ledger)).await,
            _ => self.update_client_scope(step, inputs, &inputs.fields, None).await,
        }
    }

    async fn update_client_scope(&self, step: &Step, inputs: &Inputs, fields: &Fields, mark: Option<&str>) -> Outcome {
        let id = self.id_of(step, inputs).await?;
        let there =
            self.parts.reads.client_scope(&id).await?.ok_or_else(|| gone(step, "there is no such client scope"))?;
        let mut body = object_of(there.clone());
        convert::put_client_scope(&mut body, fields);
        if let Some(ledger) = mark {
            convert::set_plain_mark(&mut body, &self.parts.options.mark_attribute, ledger);
        }
        if there.as_object() != Some(&body) {
            self.writes.replace(routes::CLIENT_SCOPE, &[&id], Json::Object(body), &doing(step)).await?;
        }
        self.read_back_same(step, inputs, &id, fields).await
    }

    pub(super) async fn mapper(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let scope = step.address.parent_key().unwrap_or_default();
        let scope_address = Address::new(&step.address.instance, kinds::CLIENT_SCOPE, scope);
        let told = inputs.related.id(&scope_address).map(str::to_owned);
        let scope_id = match told {
            Some(id) => Some(id),
            None => self.parts.scope_named(scope).await?.map(|it| it.id),
        };
        let Some(scope_id) = scope_id else {
            return match step.verb {
                Verb::Delete => Ok(None),
                _ => Err(gone(step, &format!("there is no client scope '{scope}'"))),
            };
        };
        match step.verb {
            Verb::Create => {
                let mut body = object_of(json!({"name": step.address.leaf(), "protocol": "openid-connect"}));
                convert::put_mapper(&mut body, &inputs.fields);
                let id = self.writes.create(routes::MAPPERS, &[&scope_id], Json::Object(body), &doing(step)).await?;
                self.read_back_same(step, inputs, &id, &inputs.fields).await
            }
            Verb::Delete => {
                let id = self.id_of(step, inputs).await?;
                self.writes.remove(routes::MAPPER, &[&scope_id, &id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Adopt | Verb::Rename => {
                let id = self.id_of(step, inputs).await?;
                self.read_back(step, inputs, &id).await
            }
            _ => {
                let id = self.id_of(step, inputs).await?;
                let there = self.parts.reads.client_scope(&scope_id).await?.and_then(|scope| {
                    let mappers = scope.get("protocolMappers")?.as_array()?.clone();
                    mappers.into_iter().find(|it| it.get("id").and_then(Json::as_str) == Some(&id))
                });
                let mut body = object_of(there.ok_or_else(|| gone(step, "there is no such mapper"))?);
                convert::put_mapper(&mut body, &inputs.fields);
                self.writes.replace(routes::MAPPER, &[&scope_id, &id], Json::Object(body), &doing(step)).await?;
                self.read_back_same(step, inputs, &id, &inputs.fields).await
            }
        }
    }

    /// Profile attributes live in one document that is replaced whole. It is changed only after it was read whole, and
    /// only in the one attribute: an empty document would wipe every rule for names.
    pub(super) async fn profile_attribute(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let name = &*step.address.key;
        if names::is_built_in_attribute(name) {
            return Err(Failure::new(
                FailureClass::Refused,
                doing(step),
                "an attribute of every profile is never touched",
            ));
        }
        // Refuses a document without 'username' and 'email'.
        self.parts.profile().await?;
        let mut document = object_of(self.parts.reads.profile().await?);
        let attributes = document.get_mut("attributes").and_then(Json::as_array_mut);
        let attributes = attributes.ok_or_else(|| gone(step, "the user profile was not read whole"))?;
        let at = attributes.iter().position(|it| it.get("name").and_then(Json::as_str) == Some(name));
        match (step.verb, at) {
            (Verb::Delete, None) => return Ok(None),
            (Verb::Delete, Some(at)) => {
                attributes.remove(at);
            }
            (Verb::Adopt | Verb::Rename, Some(_)) => {}
            (Verb::Create, None) => {
                let mut body = object_of(json!({
                    "name": name,
                    "permissions": {"view": ["admin"], "edit": ["admin"]},
                    "multivalued": false,
                }));
                convert::put_profile_attribute(&mut body, &inputs.fields);
                attributes.push(Json::Object(body));
            }
            (_, Some(at)) => {
                let mut body: Map<String, Json> = object_of(attributes[at].clone());
                convert::put_profile_attribute(&mut body, &inputs.fields);
                attributes[at] = Json::Object(body);
            }
            (_, None) => return Err(gone(step, "the user profile does not declare it")),
        }
        if !matches!(step.verb, Verb::Adopt | Verb::Rename) {
            self.writes.replace(routes::PROFILE, &[], Json::Object(document), &doing(step)).await?;
            self.realm.forget().await;
        }
        let profile = self.parts.profile().await?;
        let declared: Option<&ProfileAttribute> = profile.attributes.iter().find(|it| it.name == name);
        let live = declared.map(|it| self.parts.view.profile_attribute(it));
        match (step.verb, live) {
            (Verb::Delete, None) => Ok(None),
            (Verb::Delete, Some(_)) => Err(super::unsettled(step, "it is still declared after it was removed")),
            (_, None) => Err(super::unsettled(step, "it is not declared after it was written")),
            (_, Some(live)) => {
                confirm(step, &inputs.fields, &live)?;
                Ok(Some(live))
            }
        }
    }
}
