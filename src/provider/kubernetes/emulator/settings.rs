//! What a cluster begins with.

/// A rule of a Role: what somebody may do with named objects of one resource in one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The namespace of the Role.
    pub namespace: String,
    /// The API group; empty for the core.
    pub group: String,
    /// The resource: `configmaps`.
    pub resource: String,
    /// The names; all where there are none.
    pub names: Vec<String>,
    /// The verbs.
    pub verbs: Vec<String>,
}

impl Grant {
    /// A rule for one named object.
    pub fn of(namespace: &str, group: &str, resource: &str, name: &str, verbs: &[&str]) -> Self {
        Self {
            namespace: namespace.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            names: if name.is_empty() { Vec::new() } else { vec![name.to_owned()] },
            verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        }
    }
}

/// How the imitated cluster differs from a bare one.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Namespaces that are there.
    pub namespaces: Vec<String>,
    /// What our service account (`formulary` in the namespace `formulary`) may do.
    pub grants: Vec<Grant>,
    /// ConfigMaps that are there: namespace, name, labels, data. They were made by `kubectl create`, or by whoever
    /// `applied_by` names.
    pub config_maps: Vec<serde_json::Value>,
    /// Whether roll-outs end by themselves, as where controllers run.
    pub controllers: bool,
}

impl Default for Settings {
    /// Two namespaces, and our least rights: on the policy where it is mounted, and on our Lease and Events at home.
    fn default() -> Self {
        let grants = vec![
            Grant::of("coder", "", "configmaps", "claude-code-enterprise-config", &["get", "create", "patch"]),
            Grant::of("coder", "apps", "deployments", "coder", &["get", "patch"]),
            Grant::of("formulary", "coordination.k8s.io", "leases", "formulary", &["get", "update", "patch"]),
            Grant::of("formulary", "coordination.k8s.io", "leases", "", &["create"]),
            Grant::of("formulary", "", "events", "", &["create", "patch"]),
        ];
        let namespaces = ["coder", "formulary"].map(str::to_owned).to_vec();
        Self { namespaces, grants, config_maps: Vec::new(), controllers: false }
    }
}
