//! What the server offers: which resources there are, and which of them are imitated.

use super::types::{CONFIG_MAP, DEPLOYMENT, NAMESPACE, Type};

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
    known("", "events"),
    known("", "pods"),
    known("", "secrets"),
    known("", "serviceaccounts"),
    known("", "services"),
    known("apps", "replicasets"),
    known("apps", "statefulsets"),
    known("apps", "daemonsets"),
    known("authentication.k8s.io", "selfsubjectreviews"),
    known("authorization.k8s.io", "selfsubjectaccessreviews"),
    known("authorization.k8s.io", "selfsubjectrulesreviews"),
    known("coordination.k8s.io", "leases"),
    known("rbac.authorization.k8s.io", "roles"),
    known("rbac.authorization.k8s.io", "rolebindings"),
    known("flowcontrol.apiserver.k8s.io", "flowschemas"),
    known("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations"),
];

/// Whether the group is served in that version.
pub(super) fn is_served(group: &str, version: &str) -> bool {
    RESOURCES.iter().any(|it| it.group == group && it.version == version)
}

pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|it| it.group == group && it.version == version && it.plural == plural)
}
