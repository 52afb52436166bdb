//! Templates: made of an imported version, promoted to another one.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{Hand, doing, done, gone, same, text};
use crate::engine::model::{Address, Failure, FailureClass, Fields, Value};
use crate::engine::plan::Step;
use crate::provider::coder::wire::Template;
use crate::provider::coder::{api, convert, kinds};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::http::Call;

impl Hand {
    pub(super) async fn make_template(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let name = &*step.address.key;
        let active = text(&inputs.fields, "active_version").unwrap_or_default();
        let version = Address::new(&step.address.instance, kinds::TEMPLATE_VERSION, &format!("{name}/{active}"));
        let version = inputs.related.id(&version).ok_or_else(|| gone(step, "the version that it begins with"))?;
        // A version that was not imported would be taken without a word (trap 29).
        match self.api.version(version).await? {
            Some(version) if version.job.succeeded() => {}
            _ => return Err(gone(step, "an imported version to begin with")),
        }
        let organization = self.api.organization().await?;
        let mut body = metadata(&inputs.fields);
        body["name"] = name.into();
        body["template_version_id"] = version.into();
        let call = Call::new(Method::POST, api::ORGANIZATION_TEMPLATES, &[&organization.id], doing(step));
        self.send(call.json(body)).await?;
        self.shown_template(step).await
    }

    pub(super) async fn change_template(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
        let found = self.template(step).await?;
        let body = metadata(fields);
        if body.as_object().is_some_and(|it| !it.is_empty()) {
            self.send(Call::new(Method::PATCH, api::TEMPLATE, &[&found.id], doing(step)).json(body)).await?;
        }
        if let Some(active) = text(fields, "active_version") {
            let version = self.api.version_named(&found.id, active).await?;
            let version = version.ok_or_else(|| gone(step, "the version that becomes active"))?;
            if !version.job.succeeded() {
                let said = format!("version '{active}' was not imported");
                return Err(Failure::new(FailureClass::Refused, doing(step), said).help("its own step tells why"));
            }
            let doing = format!("promote '{}' to version '{active}'", step.address);
            let call = Call::new(Method::PATCH, api::TEMPLATE_VERSIONS, &[&found.id], doing);
            self.send(call.json(json!({ "id": version.id }))).await?;
        }
        self.shown_template(step).await
    }

    pub(super) async fn delete_template(&self, step: &Step) -> Result<Performed, Failure> {
        let found = self.template(step).await?;
        self.send(Call::new(Method::DELETE, api::TEMPLATE, &[&found.id], doing(step))).await?;
        Ok(Performed::Done(None))
    }

    async fn template(&self, step: &Step) -> Result<Template, Failure> {
        let found = self.api.template(&step.address.key).await?.ok_or_else(|| gone(step, "the template"))?;
        same(step, &convert::template(&step.address.instance, &found, None))?;
        Ok(found)
    }

    async fn shown_template(&self, step: &Step) -> Result<Performed, Failure> {
        let found = self.api.template(&step.address.key).await?.ok_or_else(|| gone(step, "the template"))?;
        let active = self.api.version(&found.active_version_id).await?;
        Ok(done(convert::template(&step.address.instance, &found, active.as_ref().map(|it| it.name.as_str()))))
    }
}

/// What a template shows of itself. A field that is nothing is emptied.
fn metadata(fields: &Fields) -> Json {
    let mut body = json!({});
    for name in ["display_name", "description", "icon"] {
        match fields.get(name) {
            Some(Value::Text(text)) => body[name] = text.as_str().into(),
            Some(Value::Null) => body[name] = "".into(),
            _ => {}
        }
    }
    if let Some(flag) = fields.get("allow_user_cancel_workspace_jobs").and_then(Value::as_bool) {
        body["allow_user_cancel_workspace_jobs"] = flag.into();
    }
    body
}
