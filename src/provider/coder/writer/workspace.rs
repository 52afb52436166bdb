//! Workspaces: each change is a build, and each value is held against what the version really asks for.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::{Hand, doing, done, gone, named, parts, same, text, texts};
use crate::engine::model::{Failure, FailureClass, Fields};
use crate::engine::plan::Step;
use crate::provider::coder::api::decode;
use crate::provider::coder::wire::{Build, Workspace};
use crate::provider::coder::{api, convert};
use crate::provider::contract::{Inputs, Performed};
use crate::provider::http::Call;

impl Hand {
    pub(super) async fn make_workspace(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        let (owner, name) = parts(step);
        let template = text(&inputs.fields, "template").unwrap_or_default();
        let found = self.api.template(template).await?.ok_or_else(|| gone(step, "its template"))?;
        let version = match text(&inputs.fields, "version") {
            None => found.active_version_id.clone(),
            Some(name) => {
                self.api
                    .version_named(&found.id, name)
                    .await?
                    .ok_or_else(|| gone(step, "the version that it is held at"))?
                    .id
            }
        };
        let mut values = texts(&inputs.fields, "parameters");
        values.extend(texts(&inputs.fields, "fixed_parameters"));
        self.check(step, &version, &values, None).await?;
        let mut body = json!({ "name": name, "rich_parameter_values": named(&values) });
        if version == found.active_version_id {
            body["template_id"] = found.id.as_str().into();
        } else {
            body["template_version_id"] = version.as_str().into();
        }
        let call = Call::new(Method::POST, api::USER_WORKSPACES, &[owner], doing(step)).json(body);
        let made: Workspace = decode(&call, &self.door.send(&call).await?)?;
        Ok(Performed::Pending(format!("build:{}", made.latest_build.id)))
    }

    pub(super) async fn rebuild(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
        let found = self.workspace(step).await?;
        let build = &found.latest_build;
        let before = self.api.values(build).await?;
        let before: BTreeMap<String, String> = before.into_iter().map(|it| (it.name, it.value)).collect();
        let mut body = json!({ "transition": if build.transition == "stop" { "stop" } else { "start" } });
        let mut version = build.template_version_id.clone();
        if let Some(name) = text(fields, "version") {
            let wanted = self.api.version_named(&found.template_id, name).await?;
            version = wanted.ok_or_else(|| gone(step, "the version that it is held at"))?.id;
            body["template_version_id"] = version.as_str().into();
        }
        let values = texts(fields, "parameters");
        if !values.is_empty() {
            self.check(step, &version, &values, Some(&before)).await?;
            body["rich_parameter_values"] = named(&values);
        }
        self.build(step, &found, body).await
    }

    pub(super) async fn transition(&self, step: &Step, transition: &str) -> Result<Performed, Failure> {
        let found = self.workspace(step).await?;
        let build = &found.latest_build;
        if transition == "stop" && build.transition == "stop" && build.job.succeeded() {
            // Stopping once more would make one more build.
            let dashboard = self.api.build_info().await?.dashboard_url;
            return Ok(done(convert::workspace(&step.address.instance, &found, None, &dashboard)));
        }
        self.build(step, &found, json!({ "transition": transition })).await
    }

    async fn build(&self, step: &Step, found: &Workspace, body: Json) -> Result<Performed, Failure> {
        if !found.latest_build.job.is_over() {
            let said = format!("a build of it goes on ({})", found.latest_build.status);
            return Err(Failure::new(FailureClass::Later, doing(step), said).help("the next run looks again"));
        }
        let call = Call::new(Method::POST, api::WORKSPACE_BUILDS, &[&found.id], doing(step)).json(body);
        let build: Build = decode(&call, &self.door.send(&call).await?)?;
        Ok(Performed::Pending(format!("build:{}", build.id)))
    }

    async fn workspace(&self, step: &Step) -> Result<Workspace, Failure> {
        let (owner, name) = parts(step);
        let found = self.api.workspace(owner, name).await?.ok_or_else(|| gone(step, "the workspace"))?;
        same(step, &convert::workspace(&step.address.instance, &found, None, ""))?;
        Ok(found)
    }

    async fn check(
        &self,
        step: &Step,
        version: &str,
        values: &BTreeMap<String, String>,
        before: Option<&BTreeMap<String, String>>,
    ) -> Result<(), Failure> {
        let asked = self.api.parameters(version).await?;
        let mut faults: Vec<String> = values
            .keys()
            .filter(|name| asked.iter().all(|it| it.name != **name))
            .map(|name| format!("this version has no parameter '{name}'"))
            .collect();
        for parameter in &asked {
            let value = values.get(&parameter.name);
            match (value, before) {
                (None, None) if parameter.required && !parameter.ephemeral => {
                    faults.push(format!("'{}' needs a value", parameter.name));
                }
                (Some(value), Some(before))
                    if !parameter.mutable && before.get(&parameter.name).is_some_and(|it| it != value) =>
                {
                    let name = &parameter.name;
                    faults.push(format!("'{name}' is chosen when a workspace is made and never changed"));
                }
                _ => {}
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(Failure::new(FailureClass::Refused, doing(step), faults.join("; "))
            .help("correct 'spec.parameters' of the request; for another value of what never changes, ask for another workspace"))
    }
}
