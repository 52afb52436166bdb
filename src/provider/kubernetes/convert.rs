//! From what the server shows to live objects, and who holds which of their values.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::kinds;
use super::options::Conflicts;
use crate::engine::model::{Address, Field, Fields, Instance, Live, Mark, SINCE, Value};
use crate::provider::days;

/// Our name among those who write, for what is mounted.
pub const MANAGER: &str = "formulary";
/// Our name for roll-outs: what is not sent again must not be taken back with the rest.
pub const ROLLOUT_MANAGER: &str = "formulary-restart";
/// The annotation that carries our ledger.
pub const LEDGER: &str = "formulary.dev/ledger";
/// The annotation with the SHA-256 of all files together.
pub const CONTENT: &str = "formulary.dev/content-sha256";
/// The annotation of pods with the SHA-256 of the files that they were started with.
pub const POLICY: &str = "formulary.dev/claude-config-sha256";
/// Keys that are Claude Code's, whoever wrote them.
pub const FILES: &[&str] = &["CLAUDE.md", "managed-mcp.json", "managed-settings.json"];

/// A namespace.
pub fn namespace(instance: &Instance, it: &Json) -> Live {
    let going = it["status"]["phase"] == "Terminating" || !it["metadata"]["deletionTimestamp"].is_null();
    let going = if going { Value::from("it is being deleted") } else { Value::Null };
    let fields = [("going", going), (SINCE.name, since(it))];
    live(Address::new(instance, kinds::NAMESPACE, name(it)), it, fields, None)
}

/// A ConfigMap: the keys that are ours, or Claude Code's whoever wrote them, and the names of all others.
pub fn config_map(instance: &Instance, conflicts: Conflicts, it: &Json) -> Live {
    let managers = managers(it, &["f:data"]);
    let is_ours =
        |key: &str| FILES.contains(&key) || managers.get(key).is_some_and(|all| all.iter().any(|it| it.is(MANAGER)));
    let data = it["data"].as_object().into_iter().flatten();
    let (ours, others): (BTreeMap<_, _>, Vec<_>) = {
        let (ours, others): (Vec<_>, Vec<_>) = data.partition(|(key, _)| is_ours(key));
        let ours = ours.into_iter().map(|(key, text)| (key.clone(), Value::from(text.as_str().unwrap_or_default())));
        let others = others.into_iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
        (ours.collect(), others)
    };
    let binary = it["binaryData"].as_object().into_iter().flatten().map(|(key, _)| key.clone());
    let labels = it["metadata"]["labels"].as_object().into_iter().flatten();
    let labels = labels.map(|(name, value)| (name.clone(), Value::from(value.as_str().unwrap_or_default()))).collect();
    let immutable = if it["immutable"] == true {
        "it is immutable; whoever made it so deletes it, and then it is made again".into()
    } else {
        Value::Null
    };
    let fields = [
        ("data", Value::Map(ours)),
        ("labels", Value::Map(labels)),
        ("other_keys", Value::set(others.into_iter().chain(binary))),
        (kinds::HOLDERS, holders(&managers, MANAGER, conflicts)),
        (kinds::WRITERS, holders(&managers, MANAGER, Conflicts::Report)),
        ("immutable", immutable),
        (SINCE.name, since(it)),
    ];
    let mark = it["metadata"]["annotations"][LEDGER].as_str().map(|ledger| Mark { ledger: ledger.to_owned() });
    live(Address::new(instance, kinds::CONFIG_MAP, &key(it)), it, fields, mark)
}

/// What a Deployment was rolled out for.
pub fn rollout(instance: &Instance, conflicts: Conflicts, it: &Json) -> Live {
    let annotations = &it["spec"]["template"]["metadata"]["annotations"];
    let managers = managers(it, &["f:spec", "f:template", "f:metadata", "f:annotations"]);
    // Of all annotations ours alone is our business.
    let managers = managers.into_iter().filter(|(key, _)| key == POLICY).map(|(_, all)| ("policy".to_owned(), all));
    let managers = managers.collect();
    let fields = [
        ("policy", annotations[POLICY].as_str().map_or(Value::Null, Value::from)),
        (kinds::HOLDERS, holders(&managers, ROLLOUT_MANAGER, conflicts)),
        (kinds::WRITERS, holders(&managers, ROLLOUT_MANAGER, Conflicts::Report)),
    ];
    live(Address::new(instance, kinds::ROLLOUT, &key(it)), it, fields, None)
}

/// Somebody who wrote a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manager {
    /// The name that it goes by.
    pub name: String,
    /// Whether it applied a whole, and did not just write: the same name as the other is somebody else.
    pub applies: bool,
    /// When it last did, if the server knows.
    pub at: Option<String>,
}

impl Manager {
    /// Whether it is the applier of that name.
    pub fn is(&self, name: &str) -> bool {
        self.applies && self.name == name
    }
}

/// Who wrote each key of a map, by the path of the map among the managed fields.
pub fn managers(it: &Json, path: &[&str]) -> BTreeMap<String, Vec<Manager>> {
    let mut found: BTreeMap<String, Vec<Manager>> = BTreeMap::new();
    for entry in it["metadata"]["managedFields"].as_array().into_iter().flatten() {
        let owned = path.iter().fold(&entry["fieldsV1"], |inner, part| &inner[*part]);
        let manager = Manager {
            name: entry["manager"].as_str().unwrap_or("unknown").to_owned(),
            applies: entry["operation"] == "Apply",
            at: entry["time"].as_str().map(str::to_owned),
        };
        for key in owned.as_object().into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("f:")) {
            found.entry(key.to_owned()).or_default().push(manager.clone());
        }
    }
    found
}

/// Values that others hold, and who; nothing where what they hold becomes ours.
fn holders(managers: &BTreeMap<String, Vec<Manager>>, us: &str, conflicts: Conflicts) -> Value {
    let held = managers.iter().filter_map(|(key, all)| {
        let others: Vec<String> = all.iter().filter(|it| !it.is(us)).map(told).collect();
        (!others.is_empty()).then(|| (key.clone(), Value::from(others.join(" and "))))
    });
    match conflicts {
        Conflicts::Report => Value::Map(held.collect()),
        Conflicts::TakeOver => Value::Map(BTreeMap::new()),
    }
}

fn told(manager: &Manager) -> String {
    let at = manager.at.as_ref().map(|at| format!(", at {at}")).unwrap_or_default();
    format!("'{}' ({}{at})", manager.name, if manager.applies { "applied" } else { "written" })
}

fn since(it: &Json) -> Value {
    days::of_text(it["metadata"]["creationTimestamp"].as_str().unwrap_or_default())
}

fn name(it: &Json) -> &str {
    it["metadata"]["name"].as_str().unwrap_or_default()
}

fn key(it: &Json) -> String {
    format!("{}/{}", it["metadata"]["namespace"].as_str().unwrap_or_default(), name(it))
}

fn live<const N: usize>(address: Address, it: &Json, fields: [(&'static str, Value); N], mark: Option<Mark>) -> Live {
    let external_id = it["metadata"]["uid"].as_str().map(str::to_owned);
    let fields = fields.into_iter().map(|(name, value)| (Field::Borrowed(name), value)).collect();
    Live { address, external_id, fields, outputs: Fields::new(), mark }
}
