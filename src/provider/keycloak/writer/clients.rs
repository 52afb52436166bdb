//! Clients. An update sends the whole of what was read, and says aloud what Keycloak would reset in silence.

use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};

use super::{Outcome, Writing, doing, gone, object_of};
use crate::engine::model::{Failure, FailureClass, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Inputs;
use crate::provider::keycloak::api::routes;
use crate::provider::keycloak::{convert, names};

const SECRET: &str = "secret";
const DEFAULT: &str = "defaultClientScopes";
const OPTIONAL: &str = "optionalClientScopes";
/// What newer releases show in place of a secret. Sent back, it would become the secret.
const MASK: &str = "**********";

impl Writing {
    pub(super) async fn client(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let own = self.parts.client_id().await?;
        if *step.address.key == *own || names::is_built_in_client(&step.address.key) {
            return Err(Failure::new(FailureClass::Refused, doing(step), "this client is never touched")
                .help("our own client and those that every realm has are looked after by hand"));
        }
        match step.verb {
            Verb::Create => self.create_client(step, inputs).await,
            Verb::Delete => {
                let id = self.id_of(step, inputs).await?;
                self.writes.remove(routes::CLIENT, &[&id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Adopt => self.update_client(step, inputs, &Fields::new(), Some(&inputs.ledger)).await,
            Verb::Rename => {
                Err(Failure::new(FailureClass::Refused, doing(step), "the application signs people in by this name"))
            }
            _ => self.update_client(step, inputs, &inputs.fields, None).await,
        }
    }

    async fn create_client(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let mut body = object_of(json!({
            "clientId": &*step.address.key,
            "protocol": "openid-connect",
            "enabled": true,
            "publicClient": false,
            "standardFlowEnabled": true,
            "implicitFlowEnabled": false,
            "directAccessGrantsEnabled": false,
            "serviceAccountsEnabled": false,
            "authorizationServicesEnabled": false,
        }));
        convert::put_client(&mut body, &inputs.fields);
        // Honoured now and ignored ever after. Given either, the realm's own defaults are not added.
        for (field, key) in [("default_scopes", DEFAULT), ("optional_scopes", OPTIONAL)] {
            if let Some(scopes) = inputs.fields.get(field) {
                body.insert(key.to_owned(), json!(texts(scopes)));
            }
        }
        if let Some(secret) = inputs.secrets.get(SECRET) {
            body.insert(SECRET.to_owned(), json!(secret.expose_secret()));
        }
        convert::set_plain_mark(&mut body, &self.parts.options.mark_attribute, &inputs.ledger);
        let id = self.writes.create(routes::CLIENTS, &[], Json::Object(body), &doing(step)).await?;
        // An unknown scope is dropped without an error, so they are held against what is there.
        self.set_scopes(step, &id, &inputs.fields).await?;
        self.read_back(step, inputs, &id).await
    }

    async fn update_client(&self, step: &Step, inputs: &Inputs, fields: &Fields, mark: Option<&str>) -> Outcome {
        let id = self.id_of(step, inputs).await?;
        let there = self.parts.reads.client(&id).await?.ok_or_else(|| gone(step, "there is no such client"))?;
        let mut body = object_of(there.clone());
        convert::put_client(&mut body, fields);
        if let Some(ledger) = mark {
            convert::set_plain_mark(&mut body, &self.parts.options.mark_attribute, ledger);
        }
        if let Some(secret) = inputs.secrets.get(SECRET) {
            body.insert(SECRET.to_owned(), json!(secret.expose_secret()));
        } else if body.get(SECRET).and_then(Json::as_str) == Some(MASK) {
            body.remove(SECRET);
        }
        if there.as_object() != Some(&body) {
            // Absent, the first deletes the service account in older releases, the second the authorisation settings.
            for (key, absent) in [("serviceAccountsEnabled", false), ("authorizationServicesEnabled", false)] {
                body.entry(key.to_owned()).or_insert(json!(absent));
            }
            self.writes.replace(routes::CLIENT, &[&id], Json::Object(body), &doing(step)).await?;
        }
        self.set_scopes(step, &id, fields).await?;
        self.read_back_same(step, inputs, &id, fields).await
    }

    /// Brings the two lists of scopes to what the fields say. A scope that is optional stays optional until it is
    /// taken from that list, so everything is taken away before anything is added.
    async fn set_scopes(&self, step: &Step, id: &str, fields: &Fields) -> Result<(), Failure> {
        let wanted = |field: &str| fields.get(field).map(texts);
        let (default, optional) = (wanted("default_scopes"), wanted("optional_scopes"));
        if default.is_none() && optional.is_none() {
            return Ok(());
        }
        let there = self.parts.reads.client(id).await?.ok_or_else(|| gone(step, "there is no such client"))?;
        let names = |key: &str| -> Vec<String> {
            there
                .get(key)
                .and_then(Json::as_array)
                .into_iter()
                .flatten()
                .filter_map(Json::as_str)
                .map(str::to_owned)
                .collect()
        };
        let serves_itself = there.get("serviceAccountsEnabled") == Some(&json!(true));
        // Keycloak's own, for clients with a service account.
        let kept = |scope: &str| serves_itself && scope == "service_account";
        let lists = [
            (routes::CLIENT_DEFAULT_SCOPE, names(DEFAULT), default),
            (routes::CLIENT_OPTIONAL_SCOPE, names(OPTIONAL), optional),
        ];
        let differ = lists.iter().any(|(_, now, wanted)| {
            wanted.as_ref().is_some_and(|wanted| {
                wanted.iter().any(|it| !now.contains(it)) || now.iter().any(|it| !wanted.contains(it) && !kept(it))
            })
        });
        if !differ {
            return Ok(());
        }
        let scopes = self.parts.reads.client_scopes().await?;
        let id_of = |name: &String| {
            scopes.iter().find(|it| it.name == *name).map(|it| it.id.clone()).ok_or_else(|| {
                Failure::new(FailureClass::Refused, doing(step), format!("the realm has no client scope '{name}'"))
                    .help("declare it under 'options.client_scopes', or take it from the client's scopes")
            })
        };
        for (route, now, wanted) in &lists {
            let Some(wanted) = wanted else { continue };
            for scope in now.iter().filter(|it| !wanted.contains(it) && !kept(it)) {
                self.writes.remove(route, &[id, &id_of(scope)?], &doing(step)).await?;
            }
        }
        for (route, now, wanted) in &lists {
            for scope in wanted.iter().flatten().filter(|it| !now.contains(it)) {
                self.writes.link(route, &[id, &id_of(scope)?], &doing(step)).await?;
            }
        }
        Ok(())
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_list().into_iter().flatten().filter_map(Value::as_text).map(str::to_owned).collect()
}
