//! One cycle's reading: in bulk, and each scope with its proof.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::{StreamExt, join};

use super::missing;
use crate::engine::model::{Completeness, Failure, Instance, KindName, Live, Observation, Scope};
use crate::provider::coder::api::Api;
use crate::provider::coder::wire::{Group, Template, User, Value, Version, Workspace};
use crate::provider::coder::{convert, kinds};
use crate::provider::contract::ObserveRequest;

/// Lists under way at once; the door bounds the calls.
const AT_ONCE: usize = 8;

/// One reading.
pub(super) struct Cycle<'a> {
    pub(super) instance: &'a Instance,
    pub(super) at: DateTime<Utc>,
    pub(super) request: &'a ObserveRequest,
    /// Whether the options ask for groups; otherwise they are no business of ours.
    pub(super) groups: bool,
}

impl Cycle<'_> {
    pub(super) async fn read(&self, api: &Api) -> Vec<Observation> {
        let organization = match api.organization().await {
            Ok(organization) => organization.id,
            Err(failure) => return self.unseen(&failure),
        };
        let before = match api.rights_before(&organization).await {
            Ok(rights) => rights,
            Err(failure) => return self.unseen(&failure),
        };
        let users = async { if self.wants(kinds::USER) { api.users().await } else { Ok(Vec::new()) } };
        let workspaces = async { if self.wants(kinds::WORKSPACE) { api.workspaces().await } else { Ok(Vec::new()) } };
        let groups = async { if self.wants_groups() { api.groups(&organization).await } else { Ok(Vec::new()) } };
        let (users, templates, workspaces, groups) = join!(users, api.templates(&organization), workspaces, groups);
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
            let live =
                |users: &Vec<User>| users.iter().map(|it| convert::user(self.instance, &organization, it)).collect();
            observations.push(self.list(kinds::USER, &users, read("read every account"), live));
        }
        if self.wants_groups() {
            let live = |groups: &Vec<Group>| groups.iter().map(|it| convert::group(self.instance, it)).collect();
            observations.push(self.list(kinds::GROUP, &groups, read("read every group"), live));
            let unproven = read("read every group").or_else(|| read("read everybody in groups"));
            observations.extend(self.members(&groups, unproven.as_ref()));
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

    /// Who is in each group that is asked for; nobody in one that is absent.
    fn members<'o>(
        &'o self,
        groups: &'o Result<Vec<Group>, Failure>,
        unproven: Option<&'o Failure>,
    ) -> impl Iterator<Item = Observation> + 'o {
        self.request.parents.get(&KindName::new(kinds::GROUP_MEMBER)).into_iter().flatten().map(move |name| {
            let group = groups.iter().flatten().find(|it| it.name == *name);
            let people = group.into_iter().flat_map(|it| &it.members);
            let objects = people.map(|it| convert::group_member(self.instance, name, &it.username)).collect();
            let completeness = match (groups, unproven) {
                (Err(failure), _) | (Ok(_), Some(failure)) => Completeness::Incomplete(failure.clone()),
                (Ok(_), None) => Completeness::Complete("as many as the group counts".to_owned()),
            };
            self.observation(Scope::within(self.instance, kinds::GROUP_MEMBER, name), completeness, objects)
        })
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
    ) -> BTreeMap<String, Result<Vec<Value>, Failure>> {
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
    pub(super) fn unseen(&self, failure: &Failure) -> Vec<Observation> {
        let groups = |kind: &str| self.groups || !matches!(kind, kinds::GROUP | kinds::GROUP_MEMBER);
        let whole = [kinds::USER, kinds::GROUP, kinds::TEMPLATE, kinds::WORKSPACE].into_iter();
        let whole = whole.filter(|kind| self.wants(kind) && groups(kind));
        let whole = whole.map(|kind| Scope::whole(self.instance, kind));
        let within = [kinds::GROUP_MEMBER, kinds::TEMPLATE_VERSION].into_iter().filter(|kind| groups(kind));
        let within = within.flat_map(|kind| {
            let parents = self.request.parents.get(&KindName::new(kind)).into_iter().flatten();
            parents.map(move |it| Scope::within(self.instance, kind, it))
        });
        let incomplete = || Completeness::Incomplete(failure.clone());
        whole.chain(within).map(|scope| self.observation(scope, incomplete(), Vec::new())).collect()
    }

    /// Whether groups are asked for, and some business of ours.
    fn wants_groups(&self) -> bool {
        self.groups && (self.wants(kinds::GROUP) || self.wants(kinds::GROUP_MEMBER))
    }

    fn wants(&self, kind: &str) -> bool {
        self.request.kinds.contains(&KindName::new(kind))
    }

    fn observation(&self, scope: Scope, completeness: Completeness, objects: Vec<Live>) -> Observation {
        Observation { scope, at: self.at, completeness, objects }
    }
}

/// The name of a template's active version, where its versions were read.
fn active<'v>(template: &Template, versions: &'v BTreeMap<String, Result<Vec<Version>, Failure>>) -> Option<&'v str> {
    let versions = versions.get(&template.name.to_lowercase())?.as_ref().ok()?;
    versions.iter().find(|it| it.id == template.active_version_id).map(|it| it.name.as_str())
}
