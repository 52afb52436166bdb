//! All that a cluster holds.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

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
    controllers: bool,
    version: u64,
}

impl World {
    pub(super) fn installed(settings: &Settings, now: DateTime<Utc>) -> Self {
        let mut world = Self {
            objects: BTreeMap::new(),
            grants: settings.grants.clone(),
            are_tokens_lapsed: false,
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
                world.born(resource, "", object, "kubectl-create", now);
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
                world.born(resource, namespace, object, "kubectl-create", now);
            }
        }
        world
    }

    fn born(&mut self, resource: &'static Resource, namespace: &str, mut object: Value, by: &str, now: DateTime<Utc>) {
        let Some(of) = resource.schema else { return };
        // What is not said is nothing.
        object["metadata"].as_object_mut().into_iter().for_each(|it| it.retain(|_, value| !value.is_null()));
        let mut managers = Managers::default();
        managers.written(of, None, &object, by, &resource.api_version(), now);
        object["metadata"]["uid"] = Uuid::new_v4().to_string().into();
        object["metadata"]["resourceVersion"] = self.next_version().into();
        object["metadata"]["creationTimestamp"] = stamp(now).into();
        let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        self.objects.insert((resource.plural, namespace.to_owned(), name), Kept { object, managers });
    }

    /// The version of the next write.
    pub(super) fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    /// The version of the last write.
    pub(super) fn last_version(&self) -> String {
        self.version.to_string()
    }

    pub(super) fn namespace(&self, name: &str) -> Option<&Kept> {
        self.objects.get(&("namespaces", String::new(), name.to_owned()))
    }

    /// Keeps an object in a new version. A change of its spec is a new generation.
    pub(super) fn keep(&mut self, key: &Key, mut kept: Kept) -> &Kept {
        kept.object["metadata"]["resourceVersion"] = self.next_version().into();
        self.objects.insert(key.clone(), kept);
        if self.controllers && key.0 == "deployments" {
            self.roll_out(false);
        }
        &self.objects[key]
    }

    /// What controllers do with Deployments: all pods are new ones, or none can be made.
    pub(super) fn roll_out(&mut self, stuck: bool) {
        let version = self.version + 1;
        let mut any = false;
        for ((plural, ..), kept) in &mut self.objects {
            if *plural != "deployments" {
                continue;
            }
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
                kept.object["metadata"]["resourceVersion"] = version.to_string().into();
                any = true;
            }
        }
        if any {
            self.version = version;
        }
    }
}
