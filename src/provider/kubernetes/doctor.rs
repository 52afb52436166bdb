//! What `doctor` and planning find out: the release, whom we are taken for, each right by its very object, and the namespaces.

use futures::future::join_all;

use super::api::{Api, Deed, Release};
use super::options::Options;
use crate::engine::model::{Capabilities, Failure, FailureClass};
use crate::provider::contract::{Finding, Held, Probe, Right};

/// The oldest minor release that keeps whom each value belongs to as we read it.
const OLDEST: u32 = 22;

/// Finds out what there is to know.
///
/// # Errors
/// When the server cannot be reached or refuses our credentials altogether.
pub async fn probe(api: &Api, options: &Options) -> Result<Probe, Failure> {
    let version = api.release().await?;
    let us = api.ourselves().await?;
    let deeds = deeds(options);
    let asked = join_all(deeds.iter().map(|(deed, _)| api.may(deed))).await;
    let mut rights = Vec::new();
    for ((deed, needed_for), held) in deeds.iter().zip(asked) {
        rights.push(Right {
            name: format!("{} {} {}/{}", deed.verb, deed.resource, deed.namespace, deed.name),
            needed_for: (*needed_for).to_owned(),
            held: if held? { Held::Yes } else { Held::No },
            grant: grant(deed),
        });
    }
    let mut findings = vec![release(&version), account(&us)];
    if options.targets.is_empty() {
        findings.push(Finding {
            ok: false,
            what: "the options name no ConfigMap".to_owned(),
            help: "add 'targets: [{namespace: coder}]': where the workspaces are that mount it".to_owned(),
        });
    }
    findings.extend(namespaces(api, options).await?);
    let capabilities = Capabilities { version: Some(version.name), ..Capabilities::default() };
    Ok(Probe { capabilities, rights, findings })
}

/// What we shall do, each with why.
fn deeds(options: &Options) -> Vec<(Deed, &'static str)> {
    let deed = |group, resource, verb, namespace: &str, name: &str| Deed {
        group,
        resource,
        verb,
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    };
    let mut deeds = Vec::new();
    for target in &options.targets {
        let of = |verb| deed("", "configmaps", verb, &target.namespace, &target.name);
        deeds.push((of("get"), "read the ConfigMap"));
        deeds.push((of("create"), "make the ConfigMap"));
        deeds.push((of("patch"), "keep the ConfigMap true"));
        if options.make_namespaces {
            let of = |verb| deed("", "namespaces", verb, &target.namespace, &target.namespace);
            deeds.push((of("get"), "see whether the namespace is there"));
            deeds.push((of("create"), "make the namespace"));
            deeds.push((of("patch"), "make the namespace"));
        }
    }
    for rollout in &options.restart {
        let of = |verb| deed("apps", "deployments", verb, &rollout.namespace, &rollout.deployment);
        deeds.push((of("get"), "see what its pods were started with"));
        deeds.push((of("patch"), "roll it out when the files change"));
    }
    deeds
}

fn grant(deed: &Deed) -> String {
    let group = if deed.group.is_empty() { "\"\"".to_owned() } else { deed.group.to_owned() };
    format!(
        "a rule in a Role of namespace '{}': {{apiGroups: [{group}], resources: [{}], resourceNames: [{}], verbs: [{}]}}",
        deed.namespace, deed.resource, deed.name, deed.verb
    )
}

fn release(release: &Release) -> Finding {
    let ok = release.minor.is_none_or(|minor| minor >= OLDEST);
    let help = if ok { String::new() } else { format!("update to 1.{OLDEST} or later") };
    Finding { ok, what: format!("Kubernetes {}", release.name), help }
}

/// Whoever may do everything may do it by our mistakes, too.
fn account(name: &str) -> Finding {
    let ok = name.starts_with("system:serviceaccount:");
    let help =
        "use a service account with the Role of deploy/kubernetes/role.yaml: its token is for this alone, and ends";
    Finding { ok, what: format!("we are '{name}'"), help: if ok { String::new() } else { help.to_owned() } }
}

/// Namespaces that are not there, as far as we may know.
async fn namespaces(api: &Api, options: &Options) -> Result<Vec<Finding>, Failure> {
    let mut findings = Vec::new();
    for target in options.targets.iter().filter(|_| !options.make_namespaces) {
        match api.namespace(&target.namespace).await {
            Ok(Some(_)) => {}
            Ok(None) => findings.push(Finding {
                ok: false,
                what: format!("namespace '{}' is not there", target.namespace),
                help: "make it, or set 'options.make_namespaces'".to_owned(),
            }),
            // A Role for one ConfigMap does not let it be seen, and need not.
            Err(failure) if failure.class == FailureClass::MissingRights => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_release_is_told_by_its_numbers_whatever_its_builder_called_it() {
        let ok = |version: serde_json::Value| release(&Release::of(&version)).ok;
        assert!(ok(json!({ "minor": "37", "gitVersion": "v0.0.0-master+$Format:%H$" })));
        assert!(ok(json!({ "minor": "27+", "gitVersion": "v1.27.3-eks-1" })));
        assert!(!ok(json!({ "minor": "21", "gitVersion": "v1.21.0" })));
        assert!(ok(json!({})), "what is not told is no fault");
    }
}
