//! What the server offers: which resources there are, and which of them are imitated.

use super::types::{CONFIG_MAP, DEPLOYMENT, EVENT, LEASE, NAMESPACE, Type};

/// A resource of the API.
#[derive(Debug, PartialEq)]
pub(super) struct Resource {
    /// Empty for the core.
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    /// Its name in URLs.
    pub(super) plural: &'static str,
    pub(super) kind: &'static str,
    pub(super) namespaced: bool,
    /// What its objects are made of; `None` where it is not imitated.
    pub(super) schema: Option<&'static Type>,
}

impl Resource {
    /// Its name with the group: `deployments.apps`.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Its kind with the group: `Deployment.apps`.
    pub(super) fn kind_qualified(&self) -> String {
        if self.group.is_empty() { self.kind.to_owned() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// Whether one that is not there is made by a PUT.
    pub(super) fn is_made_by_put(&self) -> bool {
        ["events", "leases"].contains(&self.plural)
    }

    /// Parts that have paths of their own.
    pub(super) fn parts(&self) -> &'static [&'static str] {
        match self.plural {
            "deployments" => &["scale", "status"],
            "namespaces" => &["finalize", "status"],
            _ => &[],
        }
    }

    /// Group and version, as objects say it: `apps/v1`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.to_owned() } else { format!("{}/{}", self.group, self.version) }
    }
}

const fn imitated(group: &'static str, plural: &'static str, kind: &'static str, schema: &'static Type) -> Resource {
    Resource { group, version: "v1", plural, kind, namespaced: true, schema: Some(schema) }
}

const fn known(group: &'static str, plural: &'static str) -> Resource {
    Resource { group, version: "v1", plural, kind: "", namespaced: true, schema: None }
}

/// Every resource that somebody may ask for here.
pub(super) static RESOURCES: &[Resource] = &[
    imitated("", "configmaps", "ConfigMap", &CONFIG_MAP),
    Resource { namespaced: false, ..imitated("", "namespaces", "Namespace", &NAMESPACE) },
    imitated("apps", "deployments", "Deployment", &DEPLOYMENT),
    imitated("", "events", "Event", &EVENT),
    imitated("coordination.k8s.io", "leases", "Lease", &LEASE),
    known("", "bindings"),
    known("", "componentstatuses"),
    known("", "endpoints"),
    known("", "limitranges"),
    known("", "nodes"),
    known("", "persistentvolumeclaims"),
    known("", "persistentvolumes"),
    known("", "pods"),
    known("", "podtemplates"),
    known("", "replicationcontrollers"),
    known("", "resourcequotas"),
    known("", "secrets"),
    known("", "serviceaccounts"),
    known("", "services"),
    known("apps", "controllerrevisions"),
    known("apps", "replicasets"),
    known("apps", "statefulsets"),
    known("apps", "daemonsets"),
    known("authentication.k8s.io", "selfsubjectreviews"),
    known("authentication.k8s.io", "tokenreviews"),
    known("authorization.k8s.io", "localsubjectaccessreviews"),
    known("authorization.k8s.io", "subjectaccessreviews"),
    known("authorization.k8s.io", "selfsubjectaccessreviews"),
    known("authorization.k8s.io", "selfsubjectrulesreviews"),
    known("rbac.authorization.k8s.io", "clusterroles"),
    known("rbac.authorization.k8s.io", "clusterrolebindings"),
    known("rbac.authorization.k8s.io", "roles"),
    known("rbac.authorization.k8s.io", "rolebindings"),
    known("flowcontrol.apiserver.k8s.io", "flowschemas"),
    known("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"),
];

/// Groups that the server has, and of which nothing is imitated.
const ELSEWHERE: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Whether the server has a group, whatever is known of it here.
pub(super) fn is_elsewhere(group: &str) -> bool {
    ELSEWHERE.contains(&group)
}

/// Whether the group is served in some version.
pub(super) fn is_group(group: &str) -> bool {
    RESOURCES.iter().any(|it| it.group == group)
}

/// Whether the group is served in that version.
pub(super) fn is_served(group: &str, version: &str) -> bool {
    RESOURCES.iter().any(|it| it.group == group && it.version == version)
}

pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|it| it.group == group && it.version == version && it.plural == plural)
}
