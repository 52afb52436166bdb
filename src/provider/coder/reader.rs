//! The reading half: it holds a door that lets only reading routes pass.
//!
//! To a narrow right Coder answers 200 with fewer rows, or none (trap 39). So our rights are asked for before and after,
//! and a list counts only while we may read everything of its sort.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::{StreamExt, join};

use super::api::{Api, READ_ROUTES};
use super::errors::classify;
use super::options::Options;
use super::wire::{Agent, Build, Template, User, Version, Workspace};
use super::{convert, doctor, kinds, log};
use crate::engine::model::{
    Address, Completeness, Failure, FailureClass, Instance, KindName, Live, Observation, Scope,
};
use crate::provider::contract::{Follow, Look, ObserveRequest, Probe, Reader, Related};
use crate::provider::http::{Connection, Door, StaticHeader};
use crate::runtime::sys::SharedClock;

/// Lists under way at once; the door bounds the calls.
const AT_ONCE: usize = 8;

/// Looks at one installation of Coder.
pub struct CoderReader {
    open: Result<Open, Failure>,
    instance: Instance,
    clock: SharedClock,
}

struct Open {
    api: Api,
    options: Options,
    connection: Connection,
}

impl CoderReader {
    /// Looks through a connection. A door that cannot be opened is told at the first question.
    pub fn new(connection: Connection) -> Self {
        let (instance, clock) = (connection.instance.clone(), connection.clock.clone());
        let open = options(&connection).and_then(|options| {
            let door = door(connection.clone())?.read_only(READ_ROUTES);
            Ok(Open { api: Api::new(door, &connection.base, &options.organization), options, connection })
        });
        Self { open, instance, clock }
    }
}

#[async_trait]
impl Reader for CoderReader {
    async fn probe(&self) -> Result<Probe, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        doctor::probe(&open.api, &self.instance, &open.options, &open.connection).await
    }

    async fn observe(&self, request: &ObserveRequest) -> Vec<Observation> {
        let cycle = Cycle { instance: &self.instance, at: self.clock.now(), request };
        let mut observations = match &self.open {
            Ok(open) => cycle.read(&open.api).await,
            Err(failure) => cycle.unseen(failure),
        };
        observations.sort_by(|a, b| a.scope.cmp(&b.scope));
        observations
    }

    async fn look(&self, address: &Address, external_id: Option<&str>, _: &Related) -> Result<Look, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        look(&open.api, &self.instance, address, external_id).await
    }

    async fn follow(&self, address: &Address, handle: &str, _: &Related) -> Result<Follow, Failure> {
        let open = self.open.as_ref().map_err(Clone::clone)?;
        follow(&open.api, address, handle).await
    }
}

/// The door to an installation, signed with its token.
pub(super) fn door(connection: Connection) -> Result<Door, Failure> {
    let signature = StaticHeader::new(connection.clone(), "Bearer", "token");
    Door::new(connection, Box::new(signature), classify)
}

/// The options of a connection.
pub(super) fn options(connection: &Connection) -> Result<Options, Failure> {
    Options::read(&connection.options).map_err(|error| {
        Failure::new(FailureClass::Refused, format!("read the options of '{}'", connection.instance), error.to_string())
            .help("run 'formulary validate'")
    })
}

struct Cycle<'a> {
    instance: &'a Instance,
    at: DateTime<Utc>,
    request: &'a ObserveRequest,
}

impl Cycle<'_> {
    async fn read(&self, api: &Api) -> Vec<Observation> {
        let organization = match api.organization().await {
            Ok(organization) => organization.id,
            Err(failure) => return self.unseen(&failure),
        };
        let before = match api.rights(&organization).await {
            Ok(rights) => rights,
            Err(failure) => return self.unseen(&failure),
        };
        let users = async { if self.wants(kinds::USER) { api.users().await } else { Ok(Vec::new()) } };
        let workspaces = async { if self.wants(kinds::WORKSPACE) { api.workspaces().await } else { Ok(Vec::new()) } };
        let (users, templates, workspaces) = join!(users, api.templates(&organization), workspaces);
        let versions = self.versions(api, &templates).await;
        let values = self.values(api, &workspaces).await;
        let dashboard = api.build_info().await.map(|it| it.dashboard_url).unwrap_or_default();
        let after = api.rights(&organization).await;

        let mut observations = Vec::new();
        let read = |right: &str| {
            missing(right, &before).or_else(|| match &after {
                Ok(after) => missing(right, after),
                Err(failure) => Some(failure.clone()),
            })
        };
        if self.wants(kinds::USER) {
            let live = |users: &Vec<User>| users.iter().map(|it| convert::user(self.instance, it)).collect();
            observations.push(self.list(kinds::USER, &users, read("read every account"), live));
        }
        if self.wants(kinds::TEMPLATE) {
            let live = |templates: &Vec<Template>| {
                let shown = |it: &Template| convert::template(self.instance, it, active(it, &versions));
                templates.iter().map(shown).collect()
            };
            observations.push(self.list(kinds::TEMPLATE, &templates, read("read every template"), live));
        }
        if self.wants(kinds::WORKSPACE) {
            let live = |workspaces: &Vec<Workspace>| {
                let shown = |it: &Workspace| {
                    let values = values.get(&it.id).and_then(|read| read.as_ref().ok());
                    convert::workspace(self.instance, it, values.map(Vec::as_slice), &dashboard)
                };
                workspaces.iter().map(shown).collect()
            };
            observations.push(self.list(kinds::WORKSPACE, &workspaces, read("read every workspace"), live));
        }
        let right = read("read every template");
        observations.extend(versions.into_iter().map(|(name, read)| self.of_template(&name, read, right.clone())));
        observations
    }

    /// The versions of each template that is asked for, by its name; nothing of one that is absent.
    async fn versions(
        &self,
        api: &Api,
        templates: &Result<Vec<Template>, Failure>,
    ) -> BTreeMap<String, Result<Vec<Version>, Failure>> {
        let names = self.request.parents.get(&KindName::new(kinds::TEMPLATE_VERSION)).cloned().unwrap_or_default();
        let readings = names.into_iter().map(|name| async {
            let read = match templates {
                Ok(templates) => match templates.iter().find(|it| it.name.to_lowercase() == name) {
                    Some(template) => api.versions(template).await,
                    None => Ok(Vec::new()),
                },
                Err(failure) => Err(failure.clone()),
            };
            (name, read)
        });
        futures::stream::iter(readings).buffer_unordered(AT_ONCE).collect().await
    }

    /// The values of workspaces that are made of a template of ours, by the workspace's id.
    async fn values(
        &self,
        api: &Api,
        workspaces: &Result<Vec<Workspace>, Failure>,
    ) -> BTreeMap<String, Result<Vec<super::wire::Value>, Failure>> {
        let ours = self.request.parents.get(&KindName::new(kinds::TEMPLATE_VERSION)).cloned().unwrap_or_default();
        let mut readings = Vec::new();
        for it in workspaces.iter().flatten() {
            if ours.contains(&it.template_name.to_lowercase()) {
                readings.push(async { (it.id.clone(), api.values(&it.latest_build).await) });
            }
        }
        futures::stream::iter(readings).buffer_unordered(AT_ONCE).collect().await
    }

    fn list<T>(
        &self,
        kind: &str,
        read: &Result<T, Failure>,
        unproven: Option<Failure>,
        live: impl FnOnce(&T) -> Vec<Live>,
    ) -> Observation {
        let scope = Scope::whole(self.instance, kind);
        match (read, unproven) {
            (Ok(read), None) => {
                let objects = live(read);
                let proof = format!("{} by the server's own list, whole by our rights", objects.len());
                self.observation(scope, Completeness::Complete(proof), objects)
            }
            (Ok(read), Some(failure)) => self.observation(scope, Completeness::Incomplete(failure), live(read)),
            (Err(failure), _) => self.observation(scope, Completeness::Incomplete(failure.clone()), Vec::new()),
        }
    }

    fn of_template(&self, name: &str, read: Result<Vec<Version>, Failure>, unproven: Option<Failure>) -> Observation {
        let scope = Scope::within(self.instance, kinds::TEMPLATE_VERSION, name);
        let (objects, failure) = match read {
            Ok(versions) => (versions.iter().map(|it| convert::version(self.instance, name, it)).collect(), unproven),
            Err(failure) => (Vec::new(), Some(failure)),
        };
        let completeness = match failure {
            None => Completeness::Complete("the template's own list".to_owned()),
            Some(failure) => Completeness::Incomplete(failure),
        };
        self.observation(scope, completeness, objects)
    }

    /// Everything that is asked for as incomplete, for one reason.
    fn unseen(&self, failure: &Failure) -> Vec<Observation> {
        let whole = [kinds::USER, kinds::TEMPLATE, kinds::WORKSPACE].into_iter().filter(|kind| self.wants(kind));
        let whole = whole.map(|kind| Scope::whole(self.instance, kind));
        let parents = self.request.parents.get(&KindName::new(kinds::TEMPLATE_VERSION));
        let within = parents.into_iter().flatten().map(|it| Scope::within(self.instance, kinds::TEMPLATE_VERSION, it));
        let incomplete = || Completeness::Incomplete(failure.clone());
        whole.chain(within).map(|scope| self.observation(scope, incomplete(), Vec::new())).collect()
    }

    fn wants(&self, kind: &str) -> bool {
        self.request.kinds.contains(&KindName::new(kind))
    }

    fn observation(&self, scope: Scope, completeness: Completeness, objects: Vec<Live>) -> Observation {
        Observation { scope, at: self.at, completeness, objects }
    }
}

/// The failure of a right that we do not have.
fn missing(right: &str, rights: &BTreeMap<String, bool>) -> Option<Failure> {
    (rights.get(right) != Some(&true)).then(|| {
        Failure::new(
            FailureClass::MissingRights,
            right,
            "our account may not, so that lists may be shorter than they are",
        )
        .help("our account needs user-admin and template-admin, and organization-admin in its organisation")
    })
}

/// The name of a template's active version, where its versions were read.
fn active<'v>(template: &Template, versions: &'v BTreeMap<String, Result<Vec<Version>, Failure>>) -> Option<&'v str> {
    let versions = versions.get(&template.name.to_lowercase())?.as_ref().ok()?;
    versions.iter().find(|it| it.id == template.active_version_id).map(|it| it.name.as_str())
}

/// One object by itself. A 404 proves nothing before our rights do.
async fn look(api: &Api, instance: &Instance, address: &Address, id: Option<&str>) -> Result<Look, Failure> {
    let key = &*address.key;
    let (found, right) = match address.kind.as_str() {
        kinds::USER => (api.user(key).await?.map(|it| convert::user(instance, &it)), "read every account"),
        kinds::TEMPLATE => (look_at_template(api, instance, key).await?, "read every template"),
        kinds::TEMPLATE_VERSION => (look_at_version(api, instance, key, id).await?, "read every template"),
        kinds::WORKSPACE => (look_at_workspace(api, instance, key).await?, "read every workspace"),
        other => {
            let doing = format!("look at '{address}'");
            return Err(Failure::new(FailureClass::Refused, doing, format!("Coder has nothing called '{other}'")));
        }
    };
    if let Some(found) = found {
        return Ok(Look::Present(Box::new(found)));
    }
    let organization = api.organization().await?;
    match missing(right, &api.rights(&organization.id).await?) {
        Some(failure) => Err(failure),
        None => Ok(Look::Absent),
    }
}

async fn look_at_template(api: &Api, instance: &Instance, name: &str) -> Result<Option<Live>, Failure> {
    let Some(template) = api.template(name).await? else { return Ok(None) };
    let active = api.version(&template.active_version_id).await?;
    Ok(Some(convert::template(instance, &template, active.as_ref().map(|it| it.name.as_str()))))
}

async fn look_at_version(api: &Api, instance: &Instance, key: &str, id: Option<&str>) -> Result<Option<Live>, Failure> {
    let (template, name) = key.split_once('/').unwrap_or((key, ""));
    let found = match id {
        Some(id) => api.version(id).await?,
        None => match api.template(template).await? {
            Some(it) => api.version_named(&it.id, name).await?,
            None => api.orphan(name).await?,
        },
    };
    Ok(found.map(|it| convert::version(instance, template, &it)))
}

async fn look_at_workspace(api: &Api, instance: &Instance, key: &str) -> Result<Option<Live>, Failure> {
    let (owner, name) = key.split_once('/').unwrap_or((key, ""));
    let Some(workspace) = api.workspace(owner, name).await? else { return Ok(None) };
    let values = api.values(&workspace.latest_build).await?;
    let dashboard = api.build_info().await?.dashboard_url;
    Ok(Some(convert::workspace(instance, &workspace, Some(&values), &dashboard)))
}

async fn follow(api: &Api, address: &Address, handle: &str) -> Result<Follow, Failure> {
    match handle.split_once(':') {
        Some(("version", id)) => {
            let doing = format!("import '{address}'");
            let version = api.version(id).await?;
            let version =
                version.ok_or_else(|| Failure::new(FailureClass::Gone, &doing, "the version is not there"))?;
            match (version.job.is_over(), version.job.succeeded()) {
                (false, _) => Ok(Follow::GoesOn(version.job.what())),
                (true, true) => Ok(Follow::Ended),
                (true, false) => {
                    let log = api.version_log(id).await.unwrap_or_default();
                    Ok(Follow::Failed(log::failure(&doing, &version.job, &log)))
                }
            }
        }
        // Broken off by us at once.
        Some(("unserved", _)) => {
            let doing = format!("import '{address}'");
            let failure = Failure::new(FailureClass::Refused, doing, "no provisioner could import it");
            Ok(Follow::Failed(
                failure
                    .help("start one with the tags of this template, or change 'tags' in the options of the instance"),
            ))
        }
        Some(("build", id)) => {
            let build = api.build(id).await?;
            let doing = format!("{} '{address}'", build.transition);
            match (build.job.is_over(), build.job.succeeded()) {
                (false, _) => Ok(Follow::GoesOn(build.job.what())),
                (true, true) => Ok(ready(&build, &doing)),
                (true, false) => {
                    let log = api.build_log(id).await.unwrap_or_default();
                    Ok(Follow::Failed(log::failure(&doing, &build.job, &log)))
                }
            }
        }
        _ => Err(Failure::new(FailureClass::Refused, format!("follow '{handle}'"), "that is no work of Coder's")),
    }
}

/// A workspace that was started is there once its agents are (traps 19 and 20).
fn ready(build: &Build, doing: &str) -> Follow {
    if build.transition != "start" {
        return Follow::Ended;
    }
    let agents = build.resources.iter().flat_map(|it| it.agents.iter().flatten());
    let mut waiting = BTreeSet::new();
    for agent in agents.filter(|it| it.parent_id.is_none()) {
        match state(agent) {
            State::Ready => {}
            State::Coming => drop(waiting.insert(agent.name.as_str())),
            State::Failed(why) => {
                let said = format!("the build is done, and the agent '{}' {why}", agent.name);
                return Follow::Failed(
                    Failure::new(FailureClass::Refused, doing, said).help("its own log on the dashboard tells why"),
                );
            }
        }
    }
    if waiting.is_empty() {
        return Follow::Ended;
    }
    let names: Vec<&str> = waiting.into_iter().collect();
    Follow::GoesOn(format!("the agent {} is on its way", names.join(", ")))
}

enum State {
    Ready,
    Coming,
    Failed(&'static str),
}

fn state(agent: &Agent) -> State {
    match (agent.status.as_str(), agent.lifecycle_state.as_str()) {
        ("timeout", _) => State::Failed("never connected"),
        (_, "start_error") => State::Failed("could not run its start script"),
        ("disconnected", _) => State::Failed("connected and went away"),
        // Its start script takes longer than the template allows; it can be worked in all the same.
        ("connected", "ready" | "start_timeout") => State::Ready,
        _ => State::Coming,
    }
}
