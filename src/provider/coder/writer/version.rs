//! Versions of templates: pushed without being activated, and followed until they are imported.

use std::collections::BTreeMap;

use bytes::Bytes;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};

use super::{Hand, doing, done, gone, named, parts, same, text, texts};
use crate::engine::model::{Failure, FailureClass};
use crate::engine::plan::Step;
use crate::provider::coder::api::decode;
use crate::provider::coder::wire::{Template, Uploaded, Version};
use crate::provider::coder::{api, convert, log};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::http::{Answer, Body, Call, Repeat};

/// Seconds that the server asks for when a minute's uploads are used up.
const MINUTE: u64 = 60;
/// How often that is waited for: its window slides, so that the first wait may let only some of them pass.
const WAITS: usize = 3;

impl Hand {
    pub(super) async fn push(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let (template, name) = parts(step);
        let there = self.api.template(template).await?;
        let begun = match &there {
            Some(it) => self.api.version_named(&it.id, name).await?,
            None => self.api.orphan(name).await?,
        };
        let version = match begun {
            Some(version) if version.job.status == "canceled" => {
                // Nothing came of it; its name is wanted again.
                let other = format!("canceled-{}", version.id.split('-').next().unwrap_or_default());
                let call =
                    Call::new(Method::PATCH, api::VERSION, &[&version.id], "rename a version that was broken off");
                self.send(call.json(json!({ "name": other }))).await?;
                self.begin_import(step, inputs, there.as_ref(), name).await?
            }
            Some(version) => {
                same(step, &convert::version(&step.address.instance, template, &version))?;
                version
            }
            None => self.begin_import(step, inputs, there.as_ref(), name).await?,
        };
        if version.job.succeeded() {
            return Ok(done(convert::version(&step.address.instance, template, &version)));
        }
        if version.matched_provisioners.as_ref().is_some_and(|it| it.available == 0) {
            // Told by the answer that makes it alone (trap 48); the job would stay pending for half an hour.
            let cancel = Call::new(Method::PATCH, api::VERSION_CANCEL, &[&version.id], "break an import off");
            self.send(cancel).await?;
            return Ok(Performed::Pending(format!("unserved:{}", version.id)));
        }
        Ok(Performed::Pending(format!("version:{}", version.id)))
    }

    /// Uploads, and sits out the limit of twelve a minute (guide, section 1): a platform that begins with more formulas
    /// would need several runs else.
    async fn upload(&self, call: &Call) -> Result<Answer, Failure> {
        for _ in 0..WAITS {
            match self.door.send(call).await {
                Err(failure) if failure.class == FailureClass::Later && failure.retry_after.is_some() => {
                    let seconds = failure.retry_after.unwrap_or_default().min(MINUTE);
                    tokio::time::sleep(std::time::Duration::from_secs(seconds)).await;
                }
                other => return other,
            }
        }
        self.door.send(call).await
    }

    async fn begin_import(
        &self,
        step: &Step,
        inputs: &Inputs,
        template: Option<&Template>,
        name: &str,
    ) -> Result<Version, Failure> {
        let archive = text(&inputs.fields, "archive").and_then(|hash| inputs.payloads.get(hash)).ok_or_else(|| {
            Failure::new(FailureClass::Refused, doing(step), "the files of this version are not at hand")
                .help("the plan is of another revision of the mono-repo; plan again")
        })?;
        let organization = self.api.organization().await?;
        let upload = Call::new(Method::POST, api::FILES, &[], format!("upload the files of '{}'", step.address));
        // The same bytes are the same file to the server.
        let upload = upload.body(Body::Raw(Bytes::copy_from_slice(archive), "application/x-tar")).repeat(Repeat::Safe);
        let Uploaded { hash: file } = decode(&upload, &self.upload(&upload).await?)?;
        let identity = text(&inputs.fields, "identity").unwrap_or_default();
        let mut body = json!({
            "name": name,
            "message": format!("{}{identity}", convert::MESSAGE),
            "storage_method": "file",
            "file_id": file,
            "provisioner": "terraform",
            // Nothing is inherited, so all is sent (trap 26).
            "tags": texts(&inputs.fields, "tags"),
            "user_variable_values": variables(step, inputs)?,
        });
        if let Some(template) = template {
            body["template_id"] = template.id.as_str().into();
        }
        let call = Call::new(Method::POST, api::ORGANIZATION_VERSIONS, &[&organization.id], doing(step)).json(body);
        decode(&call, &self.door.send(&call).await?)
    }

    pub(super) async fn import_again(&self, step: &Step) -> Result<Performed, Failure> {
        let (template, name) = parts(step);
        let there = self.api.template(template).await?.ok_or_else(|| gone(step, "the template"))?;
        let version = self.api.version_named(&there.id, name).await?.ok_or_else(|| gone(step, "the version"))?;
        if version.job.succeeded() {
            return Ok(done(convert::version(&step.address.instance, template, &version)));
        }
        if !version.job.is_over() {
            return Ok(Performed::Pending(format!("version:{}", version.id)));
        }
        let log = self.api.version_log(&version.id).await.unwrap_or_default();
        let help =
            "change the formula; where the reason has passed, rename this version in Coder, and it is imported anew";
        Err(log::failure(&format!("import '{}'", step.address), &version.job, &log).help(help))
    }
}

/// Every variable with its value; those of the secret beside the others.
fn variables(step: &Step, inputs: &Inputs) -> Result<Json, Failure> {
    let mut values = texts(&inputs.fields, "variables");
    if let Some(secret) = inputs.secrets.get("secret_variables") {
        let more: BTreeMap<String, String> = serde_json::from_str(secret.expose_secret()).map_err(|_| {
            Failure::new(
                FailureClass::MissingRights,
                doing(step),
                "the secret of 'secret_variables' is no JSON object of texts",
            )
            .help("write it as {\"name\": \"value\"}")
        })?;
        values.extend(more);
    }
    Ok(named(&values))
}
