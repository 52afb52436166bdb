//! Accounts of people: made, changed, switched off and on. Never deleted by a plan of ours.

use serde_json::{Map, Value as Json, json};

use super::{Outcome, Writing, doing, gone, object_of};
use crate::engine::model::{Failure, FailureClass, Field, Fields, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::Inputs;
use crate::provider::keycloak::api::routes;
use crate::provider::keycloak::api::wire::User;
use crate::provider::keycloak::convert;
use crate::provider::keycloak::options::FirstSignIn;

const ENABLED: &str = "enabled";
const ATTRIBUTES: &str = "attributes";

impl Writing {
    pub(super) async fn user(&self, step: &Step, inputs: &Inputs) -> Outcome {
        match step.verb {
            Verb::Create => self.create_user(step, inputs).await,
            Verb::Delete => {
                let id = self.id_of(step, inputs).await?;
                self.writes.remove(routes::USER, &[&id], &doing(step)).await?;
                self.read_back_nothing(step, inputs).await
            }
            Verb::Disable | Verb::Restore => {
                // The switch and nothing else: what else differs is another step's business.
                let on = Value::Bool(step.verb == Verb::Restore);
                let switch = Fields::from([(Field::Borrowed(ENABLED), on)]);
                self.update_user(step, inputs, &switch, None).await
            }
            Verb::Adopt => self.update_user(step, inputs, &Fields::new(), Some(&inputs.ledger)).await,
            Verb::Rename => {
                let username = inputs.fields.get("name").and_then(Value::as_text).unwrap_or(step.address.leaf());
                self.rename_user(step, inputs, username).await
            }
            _ => self.update_user(step, inputs, &inputs.fields, None).await,
        }
    }

    async fn create_user(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let mut body = Map::new();
        body.insert("username".to_owned(), json!(&*step.address.key));
        // Absent means off.
        body.insert(ENABLED.to_owned(), json!(true));
        convert::put_user(&mut body, &inputs.fields);
        let first_sign_in = inputs.fields.get("first_sign_in").and_then(Value::as_text).unwrap_or("none");
        let actions =
            if first_sign_in == FirstSignIn::Invitation.word() { self.actions(&inputs.fields) } else { vec![] };
        if !actions.is_empty() {
            // They are there from the beginning, so that nothing is lost if the letter never comes.
            body.insert("requiredActions".to_owned(), json!(actions));
        }
        let realm = self.realm.traits(&self.parts).await?;
        if realm.mark_declared {
            convert::set_mark(&mut body, &self.parts.options.mark_attribute, &inputs.ledger);
        }
        let created = self.writes.create(routes::USERS, &[], Json::Object(body), &doing(step)).await;
        let id = match created {
            Err(failure) if failure.class == FailureClass::Conflict => {
                return Err(self.holders(step, &inputs.fields, failure).await);
            }
            other => other?,
        };
        let has_address = inputs.fields.get("email").is_some_and(|it| *it != Value::Null);
        if has_address && realm.mail && !actions.is_empty() {
            self.invite(step, &id, &actions).await;
        }
        self.read_back(step, inputs, &id).await
    }

    /// What a newcomer has to do at the first sign-in.
    fn actions(&self, fields: &Fields) -> Vec<String> {
        const VERIFY: &str = "VERIFY_EMAIL";
        let mut actions = self.parts.options.invitation.actions.clone();
        let vouched = fields.get("email_verified") == Some(&Value::Bool(true));
        let has_address = fields.get("email").is_some_and(|it| *it != Value::Null);
        if has_address && !vouched && !actions.iter().any(|it| it == VERIFY) {
            actions.push(VERIFY.to_owned());
        }
        actions
    }

    /// Sends the letter. That it cannot be sent is no failure of the step: the account is there, and the same actions
    /// wait at its first sign-in.
    async fn invite(&self, step: &Step, id: &str, actions: &[String]) {
        let invitation = &self.parts.options.invitation;
        let mut query = Vec::new();
        query.extend(invitation.client_id.clone().map(|it| ("client_id", it)));
        query.extend(invitation.redirect_uri.clone().map(|it| ("redirect_uri", it)));
        query.extend(invitation.lifespan_hours.map(|it| ("lifespan", (u64::from(it) * 3600).to_string())));
        let doing = format!("invite '{}'", step.address.key);
        if let Err(failure) = self.writes.invite(id, actions, query, &doing).await {
            tracing::warn!(instance = %step.address.instance, person = %step.address.key, %failure, "not invited");
        }
    }

    /// Sets fields of a person, from a fresh read of the whole. A body with attributes replaces them all and clears the
    /// names and the address that it leaves out; one without them changes what it names and nothing else, so that what
    /// somebody wrote since the read is safe from it (guide, section 3).
    async fn update_user(&self, step: &Step, inputs: &Inputs, fields: &Fields, mark: Option<&str>) -> Outcome {
        let id = self.id_of(step, inputs).await?;
        let there = self.parts.reads.user(&id).await?.ok_or_else(|| gone(step, "there is no such person"))?;
        let mut body = object_of(there.clone());
        convert::put_user(&mut body, fields);
        if let Some(ledger) = mark
            && self.realm.traits(&self.parts).await?.mark_declared
        {
            convert::set_mark(&mut body, &self.parts.options.mark_attribute, ledger);
        }
        let there = object_of(there);
        if there != body {
            if there.get(ATTRIBUTES) == body.get(ATTRIBUTES) {
                body.retain(|name, value| there.get(name) != Some(value));
            }
            self.put_user(step, &id, body).await?;
        }
        if step.verb == Verb::Disable {
            // Refused sign-ins leave sessions listed; services with their own ask whether one still stands.
            self.writes.log_out(&id, &format!("log '{}' out", step.address.key)).await?;
        }
        self.read_back_same(step, inputs, &id, fields).await
    }

    /// Writes somebody's number into their account, from a fresh read of the whole.
    pub(super) async fn number(&self, step: &Step, inputs: &Inputs) -> Outcome {
        let attribute = step.address.parent_key().unwrap_or_default();
        let id = self.parts.user_id(&step.address, step.external_id.as_deref(), &inputs.related).await?;
        let id = id.ok_or_else(|| gone(step, "there is no such person"))?;
        if step.verb != Verb::Adopt {
            let there = self.parts.reads.user(&id).await?.ok_or_else(|| gone(step, "there is no such person"))?;
            let mut body = object_of(there);
            convert::put_number(&mut body, attribute, &inputs.fields);
            self.put_user(step, &id, body).await?;
        }
        self.read_back_same(step, inputs, &convert::edge_id(attribute, &id), &inputs.fields).await
    }

    async fn rename_user(&self, step: &Step, inputs: &Inputs, username: &str) -> Outcome {
        let id = self.id_of(step, inputs).await?;
        let there = self.parts.reads.user(&id).await?.ok_or_else(|| gone(step, "there is no such person"))?;
        let mut body = object_of(there);
        body.insert("username".to_owned(), json!(username));
        self.put_user(step, &id, body).await?;
        self.read_back(step, inputs, &id).await
    }

    async fn put_user(&self, step: &Step, id: &str, body: Map<String, Json>) -> Result<(), Failure> {
        let address = body.get("email").and_then(Json::as_str).map(str::to_owned);
        match self.writes.replace(routes::USER, &[id], Json::Object(body), &doing(step)).await {
            Err(failure) if failure.class == FailureClass::Conflict => {
                let fields = Fields::from([(Field::Borrowed("email"), address.map_or(Value::Null, Value::Text))]);
                Err(self.holders(step, &fields, failure).await)
            }
            other => other.map(|_| ()),
        }
    }

    /// A conflict that says who holds the name and the address. Keycloak's own words differ by chance.
    async fn holders(&self, step: &Step, fields: &Fields, failure: Failure) -> Failure {
        let mut holders = Vec::new();
        if let Ok(found) = self.parts.reads.users_where("username", &step.address.key).await {
            holders.extend(found.iter().map(|it| format!("the username is held by {}", described(it))));
        }
        if let Some(email) = fields.get("email").and_then(Value::as_text)
            && let Ok(found) = self.parts.reads.users_where("email", email).await
        {
            holders.extend(found.iter().map(|it| format!("the address '{email}' is held by {}", described(it))));
        }
        if holders.is_empty() {
            return failure;
        }
        let said = format!("{}; {}", failure.said, holders.join("; "));
        Failure { said, ..failure }.help(
            "if it is the same person, the next cycle offers to adopt the account; else one of the two must change",
        )
    }
}

fn described(user: &User) -> String {
    let email = user.email.as_deref().unwrap_or("no address");
    format!("'{}' ({email}, id {})", user.username, user.id)
}
