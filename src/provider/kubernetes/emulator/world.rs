//! All that a cluster holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::compare::owned;
use super::history::{Change, History};
use super::managers::{Managers, stamp};
use super::resources::{RESOURCES, Resource};
use super::settings::{Grant, Settings};

/// An object's place: resource, namespace (empty for those of the cluster), name.
pub(super) type Key = (&'static str, String, String);

/// An object, and who wrote it.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// Without `managedFields`.
    pub(super) object: Value,
    pub(super) managers: Managers,
}

impl Kept {
    /// As it is shown.
    pub(super) fn shown(&self) -> Value {
        let mut object = self.object.clone();
        if !self.managers.0.is_empty() {
            object["metadata"]["managedFields"] = self.managers.to_json();
        }
        object
    }
}

/// All that a cluster holds.
#[derive(Debug)]
pub(super) struct World {
    pub(super) objects: BTreeMap<Key, Kept>,
    pub(super) grants: Vec<Grant>,
    pub(super) are_tokens_lapsed: bool,
    pub(super) history: History,
    controllers: bool,
    version: u64,
}

impl World {
    pub(super) fn installed(settings: &Settings, now: DateTime<Utc>) -> Self {
        let mut world = Self {
            objects: BTreeMap::new(),
            grants: settings.grants.clone(),
            are_tokens_lapsed: false,
            history: History::default(),
            controllers: settings.controllers,
            version: 800,
        };
        let resource = |plural: &str| RESOURCES.iter().find(|it| it.plural == plural);
        for name in settings.namespaces.iter().map(String::as_str).chain(["default"]) {
            let object = json!({
                "kind": "Namespace", "apiVersion": "v1",
                "metadata": { "name": name, "labels": { "kubernetes.io/metadata.name": name } },
                "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" },
            });
            if let Some(resource) = resource("namespaces") {
                world.born(resource, "", object, ("kubectl-create", false), now);
            }
        }
        for given in &settings.config_maps {
            let namespace = given["namespace"].as_str().unwrap_or_default();
            let object = json!({
                "kind": "ConfigMap", "apiVersion": "v1",
                "metadata": { "name": given["name"], "namespace": namespace, "labels": given["labels"] },
                "data": given["data"],
            });
            if let Some(resource) = resource("configmaps") {
                let by = match given["applied_by"].as_str() {
                    Some(name) => (name, true),
                    None => ("kubectl-create", false),
                };
                world.born(resource, namespace, object, by, now);
            }
        }
        world.forget();
        world
    }

    fn born(
        &mut self,
        resource: &'static Resource,
        namespace: &str,
        mut object: Value,
        by: (&str, bool),
        now: DateTime<Utc>,
    ) {
        let Some(of) = resource.schema else { return };
        // What is not said is nothing.
        object["metadata"].as_object_mut().into_iter().for_each(|it| it.retain(|_, value| !value.is_null()));
        let mut managers = Managers::default();
        let (name, applies) = by;
        match owned(of, &object) {
            Ok(owns) if applies => managers.applied(name, &resource.api_version(), owns, now),
            _ => managers.written(of, None, &object, name, &resource.api_version(), now),
        }
        object["metadata"]["uid"] = Uuid::new_v4().to_string().into();
        object["metadata"]["resourceVersion"] = self.next_version().into();
        object["metadata"]["creationTimestamp"] = stamp(now).into();
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.objects.insert((resource.plural, namespace.to_owned(), name), Kept { object, managers });
    }

    fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    /// The version of the last write.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Loses all earlier moments: lists of them and watches since then cannot be answered any more.
    pub(super) fn forget(&mut self) {
        self.history.forget(self.version);
    }

    pub(super) fn namespace(&self, name: &str) -> Option<&Kept> {
        self.objects.get(&("namespaces", String::new(), name.to_owned()))
    }

    /// Keeps an object in a new version.
    pub(super) fn keep(&mut self, key: &Key, mut kept: Kept) -> &Kept {
        kept.object["metadata"]["resourceVersion"] = self.next_version().into();
        let before = self.objects.insert(key.clone(), kept.clone());
        self.history.note(Change { version: self.version, key: key.clone(), before, after: Some(kept) });
        if self.controllers && key.0 == "deployments" {
            self.roll_out(false);
        }
        &self.objects[key]
    }

    /// An object goes, which is a version too.
    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(before) = self.objects.remove(key) {
            self.version += 1;
            self.history.note(Change { version: self.version, key: key.clone(), before: Some(before), after: None });
        }
    }

    /// What controllers do with Deployments: all pods are new ones, or none can be made.
    pub(super) fn roll_out(&mut self, stuck: bool) {
        let deployments = self.objects.iter().filter(|((plural, ..), _)| *plural == "deployments");
        let all: Vec<(Key, Kept)> = deployments.map(|(key, kept)| (key.clone(), kept.clone())).collect();
        for (key, mut kept) in all {
            let (generation, replicas) = (&kept.object["metadata"]["generation"], &kept.object["spec"]["replicas"]);
            let status = if stuck {
                let condition = json!({
                    "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded",
                    "message": "ReplicaSet has timed out progressing.",
                });
                json!({ "observedGeneration": generation, "replicas": replicas, "conditions": [condition] })
            } else {
                json!({
                    "observedGeneration": generation, "replicas": replicas, "updatedReplicas": replicas,
                    "readyReplicas": replicas, "availableReplicas": replicas,
                })
            };
            if kept.object["status"] != status {
                kept.object["status"] = status;
                kept.object["metadata"]["resourceVersion"] = self.next_version().into();
                let before = self.objects.insert(key.clone(), kept.clone());
                self.history.note(Change { version: self.version, key, before, after: Some(kept) });
            }
        }
    }
}
