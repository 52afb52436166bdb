//! What the config says of one cluster (`services.<instance>.options`). The schema beside this file is what is checked; this
//! is the same as a type.

use serde::Deserialize;

use crate::engine::claude::manifest::NAME;

/// The JSON Schema of the options.
pub const SCHEMA: &str = include_str!("options.schema.json");

/// The options of one cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Where the ConfigMap of Claude Code's enterprise configuration is kept.
    pub targets: Vec<Target>,
    /// What is done about values that somebody else holds.
    pub conflicts: Conflicts,
    /// Whether keys of a ConfigMap that nobody declared are removed.
    pub prune: bool,
    /// Whether namespaces of targets are made.
    pub make_namespaces: bool,
    /// Deployments that roll out when the configuration changes.
    pub restart: Vec<Rollout>,
    /// A kubeconfig that says how to sign in, in place of a token.
    pub kubeconfig: Option<String>,
    /// Which context of it; its own where nothing is said.
    pub context: Option<String>,
    /// A file with the certificates that the server's is signed with.
    pub certificate_authority: Option<String>,
}

/// A ConfigMap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its namespace, where the pods are that mount it.
    pub namespace: String,
    /// Its name.
    #[serde(default = "usual")]
    pub name: String,
}

/// What is done about values that somebody else holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conflicts {
    /// They stay, and it is said who holds them.
    #[default]
    Report,
    /// They become ours.
    TakeOver,
}

/// A Deployment that rolls out when the configuration changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rollout {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub deployment: String,
}

/// The name that templates mount.
fn usual() -> String {
    NAME.to_owned()
}

impl Options {
    /// Reads options that the schema has passed. What is not there is the default.
    ///
    /// # Errors
    /// What does not fit, in serde's words; the schema passes nothing that gets here.
    pub fn read(options: &serde_json::Value) -> Result<Self, serde_json::Error> {
        match options {
            serde_json::Value::Null => Ok(Self::default()),
            given => Self::deserialize(given),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_and_the_type_agree() {
        let schema: serde_json::Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
        let validator = jsonschema::validator_for(&schema).expect("the schema is a schema");
        let full = serde_json::json!({
            "targets": [{ "namespace": "coder" }, { "namespace": "labs", "name": "policy.v2" }],
            "conflicts": "take-over", "prune": true, "make_namespaces": true,
            "restart": [{ "namespace": "coder", "deployment": "coder" }], "certificate_authority": "/etc/ca.crt",
            "kubeconfig": "/etc/kubeconfig", "context": "prod",
        });
        assert!(validator.is_valid(&full));
        let options = Options::read(&full).expect("what the schema passes is read");
        assert_eq!((options.targets[0].name.as_str(), options.conflicts), (usual().as_str(), Conflicts::TakeOver));
        let target = &schema["properties"]["targets"]["items"]["properties"];
        assert_eq!(target["name"]["default"], usual());
        for wrong in [
            serde_json::json!({ "targets": [{ "name": "x" }] }),
            serde_json::json!({ "targets": [{ "namespace": "Coder" }] }),
            serde_json::json!({ "targets": [{ "namespace": "a.b" }] }),
            serde_json::json!({ "targets": [{ "namespace": "coder", "name": "a_b" }] }),
            serde_json::json!({ "conflicts": "force" }),
            serde_json::json!({ "restart": [{ "namespace": "coder" }] }),
        ] {
            assert!(!validator.is_valid(&wrong), "{wrong}");
        }
    }
}
