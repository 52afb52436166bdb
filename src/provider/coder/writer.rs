//! The writing half: one step, the calls it takes, and what is there afterwards.
//!
//! Every change reads first and stops when the object is another one than was meant. Imports and builds go on at the
//! server: the step ends with a handle, and is followed.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::api::{self, Api, READ_ROUTES, decode};
use super::options::{Options, SignIn};
use super::reader::{door, options};
use super::wire::{Build, Template, Uploaded, User, Version, Workspace};
use super::{convert, kinds, log};
use crate::engine::model::{Address, Failure, FailureClass, Fields, Live, Value};
use crate::engine::plan::{Step, Verb};
use crate::provider::contract::{Inputs, Performed, Writer};
use crate::provider::http::{Answer, Body, Call, Connection, Door, Repeat};

/// Changes one installation of Coder.
pub struct CoderWriter {
    open: Result<Hand, Failure>,
}

struct Hand {
    door: Door,
    api: Api,
    options: Options,
}

impl CoderWriter {
    /// Writes through a connection. A door that cannot be opened is told at the first step.
    pub fn new(connection: Connection) -> Self {
        let open = options(&connection).and_then(|options| {
            let base = connection.base.clone();
            let door = door(connection)?;
            Ok(Hand { api: Api::new(door.read_only(READ_ROUTES), &base, &options.organization), door, options })
        });
        Self { open }
    }
}

#[async_trait]
impl Writer for CoderWriter {
    async fn perform(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
        if step.verb == Verb::Forget {
            // Only the ledger forgets.
            return Ok(Performed::Done(None));
        }
        let hand = self.open.as_ref().map_err(Clone::clone)?;
        match (step.address.kind.as_str(), step.verb) {
            (kinds::USER, Verb::Create) => hand.make_user(step, &inputs.fields).await,
            (kinds::USER, Verb::Update | Verb::Restore | Verb::Disable) => hand.switch_user(step, &inputs.fields).await,
            (kinds::TEMPLATE_VERSION, Verb::Create) => hand.push(step, inputs).await,
            (kinds::TEMPLATE_VERSION, Verb::Update) => hand.import_again(step).await,
            (kinds::TEMPLATE, Verb::Create) => hand.make_template(step, inputs).await,
            (kinds::TEMPLATE, Verb::Update) => hand.change_template(step, &inputs.fields).await,
            (kinds::TEMPLATE, Verb::Delete) => hand.delete_template(step).await,
            (kinds::WORKSPACE, Verb::Create) => hand.make_workspace(step, inputs).await,
            (kinds::WORKSPACE, Verb::Update) => hand.rebuild(step, &inputs.fields).await,
            (kinds::WORKSPACE, Verb::Disable) => hand.transition(step, "stop").await,
            (kinds::WORKSPACE, Verb::Delete) => hand.transition(step, "delete").await,
            _ => Err(Failure::new(FailureClass::Refused, doing(step), "Coder offers nothing of that kind")
                .help("this is a defect of Formulary; please report it")),
        }
    }
}

impl Hand {
    async fn send(&self, call: Call) -> Result<Answer, Failure> {
        self.door.send(&call).await
    }

    async fn make_user(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
        let organization = self.api.organization().await?;
        let login = text(fields, "login_type").unwrap_or_else(|| self.options.sign_in.login_type());
        let mut body = json!({
            "username": step.address.key,
            "email": text(fields, "initial_email"),
            "name": text(fields, "initial_name").unwrap_or_default(),
            "login_type": login,
            "organization_ids": [organization.id],
            "user_status": if self.options.active_accounts { "active" } else { "dormant" },
        });
        if login == SignIn::Password.login_type() {
            // Nobody knows it: the person sets another.
            body["password"] = format!("Aa1!{}", Uuid::new_v4().simple()).into();
        }
        self.send(Call::new(Method::POST, api::USERS, &[], doing(step)).json(body)).await?;
        let made = self.user(step).await?;
        if fields.get("active") == Some(&Value::Bool(false)) {
            return self.set_status(step, &made, false).await;
        }
        Ok(done(convert::user(&step.address.instance, &made)))
    }

    async fn switch_user(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
        let found = self.user(step).await?;
        let live = convert::user(&step.address.instance, &found);
        same(step, &live)?;
        match fields.get("active").and_then(Value::as_bool) {
            Some(active) if active != found.is_active() => self.set_status(step, &found, active).await,
            _ => Ok(done(live)),
        }
    }

    async fn set_status(&self, step: &Step, found: &User, active: bool) -> Result<Performed, Failure> {
        if !active && found.is_owner() {
            // Coder refuses that, too; but it would let us delete one (trap 46), so the rule is ours.
            return Err(Failure::new(FailureClass::Refused, doing(step), "the account is an owner of Coder")
                .help("another owner takes the role away first"));
        }
        let status = if active { "activate" } else { "suspend" };
        self.send(Call::new(Method::PUT, api::USER_STATUS, &[&found.id, status], doing(step))).await?;
        Ok(done(convert::user(&step.address.instance, &self.user(step).await?)))
    }

    async fn user(&self, step: &Step) -> Result<User, Failure> {
        self.api.user(&step.address.key).await?.ok_or_else(|| gone(step, "the account"))
    }

    /// Pushes a version without activating it. Its name tells its content, so that what was begun before is found.
    async fn push(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
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
        let Uploaded { hash: file } = decode(&upload, &self.door.send(&upload).await?)?;
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

    /// A version whose import failed stays as it is: a name means one content.
    async fn import_again(&self, step: &Step) -> Result<Performed, Failure> {
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

    async fn make_template(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
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

    async fn change_template(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
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

    async fn delete_template(&self, step: &Step) -> Result<Performed, Failure> {
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

    async fn make_workspace(&self, step: &Step, inputs: &Inputs) -> Result<Performed, Failure> {
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
        let values = texts(&inputs.fields, "parameters");
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

    /// Other values, or another version: a build of the way it is now, so that what is stopped stays so.
    async fn rebuild(&self, step: &Step, fields: &Fields) -> Result<Performed, Failure> {
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

    async fn transition(&self, step: &Step, transition: &str) -> Result<Performed, Failure> {
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

    /// Holds values against what a version really asks for: unknown names would be dropped without a word (trap 8).
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
                (Some(value), Some(before)) if !parameter.mutable => {
                    if before.get(&parameter.name).is_some_and(|it| it != value) {
                        let name = &parameter.name;
                        faults.push(format!("'{name}' is chosen when a workspace is made and never changed"));
                    }
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

/// What is being done, for messages: "create 'coder:user/alice'".
fn doing(step: &Step) -> String {
    format!("{} '{}'", step.verb, step.address)
}

fn gone(step: &Step, what: &str) -> Failure {
    Failure::new(FailureClass::Gone, doing(step), format!("{what} is not there")).help("plan again")
}

fn done(live: Live) -> Performed {
    Performed::Done(Some(Box::new(live)))
}

/// The two parts of a key: template and version, or owner and workspace.
fn parts(step: &Step) -> (&str, &str) {
    step.address.key.split_once('/').unwrap_or((&step.address.key, ""))
}

/// Refuses when the name means another object than the plan did.
fn same(step: &Step, live: &Live) -> Result<(), Failure> {
    match (&step.external_id, &live.external_id) {
        (Some(meant), Some(found)) if meant != found => {
            let said = format!("the name now means another object: {found}, where {meant} was meant");
            Err(Failure::new(FailureClass::Conflict, doing(step), said).help("plan again"))
        }
        _ => Ok(()),
    }
}

fn text<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.get(name).and_then(Value::as_text)
}

/// Named texts.
fn texts(fields: &Fields, name: &str) -> BTreeMap<String, String> {
    let map = fields.get(name).and_then(Value::as_map).into_iter().flatten();
    map.filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_owned()))).collect()
}

fn named(values: &BTreeMap<String, String>) -> Json {
    values.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
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
