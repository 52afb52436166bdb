//! A plan as JSON: Terraform's shape and words where they exist, ours beside them under `formulary`.
//!
//! Disable, rename and restore are `update`, adopt is `no-op` with `importing`. The whole plan stands under
//! `formulary.plan`, and in a saved one its seal under `formulary.saved`: that is what `apply` reads back.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::summary::{Summary, is_applyable};
use crate::engine::diag::{Diagnostic, render};
use crate::engine::diff::{Change, DriftClass, Shown};
use crate::engine::model::{Address, Term};
use crate::engine::plan::{Difference, Plan, Saved, Step, Verb, plan_digest};

/// A plan as a JSON document, to be read.
pub fn plan(plan: &Plan) -> Json {
    let held = plan.held();
    let changes: Vec<Json> = plan.steps.iter().map(|step| resource_change(step, held[step.id.0 as usize])).collect();
    json!({
        "format_version": plan.format_version,
        "resource_changes": changes,
        "resource_drift": plan.changes.iter().filter(|it| is_drift(it.class)).map(resource_drift).collect::<Vec<_>>(),
        "complete": plan.incomplete.is_empty(),
        "applyable": is_applyable(plan) && plan.steps.iter().zip(&held).any(|(_, held)| !held),
        "formulary": {
            "basis": plan.basis,
            "about": plan.basis.about(),
            "summary": Summary::of(plan),
            "plan": plan,
        },
    })
}

/// A plan as a JSON document that `apply` takes: with what it saw, until when it holds, and a seal over all of it.
pub fn saved(saved: &Saved) -> Json {
    let mut document = plan(&saved.plan);
    document["formulary"]["saved"] = json!({
        "made_at": saved.plan.made_for,
        "expires": saved.expires,
        "seen": saved.seen,
        "seal": saved.seal(),
    });
    document
}

/// The plan of a change as a JSON document. `resource_changes` are the steps that the change adds or does differently;
/// everything else stands under `formulary.change`.
pub fn difference(difference: &Difference) -> Json {
    let change = |step: &Step| resource_change(step, difference.held.contains(&step.id));
    let problems = |of: &[Diagnostic]| render::json(of)["diagnostics"].take();
    let mut document = json!({
        "format_version": crate::engine::plan::FORMAT_VERSION,
        "resource_changes": difference.steps().map(change).collect::<Vec<_>>(),
        "resource_drift": [],
        "complete": difference.incomplete.is_empty(),
        "applyable": false,
        "formulary": {
            "basis": difference.basis,
            "about": difference.basis.about(),
            "services": difference.counts(),
            "deletions": difference.deletions().map(|step| &step.address).collect::<Vec<_>>(),
            "change": difference,
        },
    });
    document["formulary"]["change"]["problems"] = json!({
        "brought": problems(&difference.problems.brought),
        "solved": problems(&difference.problems.solved),
        "already": difference.problems.already,
    });
    document
}

/// Why a document is no plan that can be applied.
#[derive(Debug, thiserror::Error)]
pub enum NotAPlan {
    /// It is not JSON, or lacks what a plan has.
    #[error("it is not a plan of Formulary: {0}")]
    Shape(String),
    /// It is of another version of the form.
    #[error("its format is {0}, this program reads {1}")]
    Version(String, &'static str),
    /// It is the plan of a change.
    #[error("it is the difference of two plans (plan --base), which is for reading; plan the revision itself")]
    OfAChange,
    /// It is a plan or a report of drift that was printed, not saved.
    #[error("it was printed for reading, not saved for applying (plan -o)")]
    NotSaved,
    /// It was changed after it was made.
    #[error("it was edited: its digest is {stated}, its content has {actual}")]
    Edited {
        /// The digest it states.
        stated: String,
        /// The digest its content has.
        actual: String,
    },
    /// When it was made, when it expires, or what it saw was changed.
    #[error("it was edited: its seal does not fit when it was made, when it expires, and what it saw")]
    Unsealed,
    /// Something around the plan was changed: what a reviewer sees is not what would be applied.
    #[error("it was edited: what it shows is not the plan that it holds")]
    Misleading,
}

impl NotAPlan {
    /// Whether it was a plan once, and somebody changed it.
    pub fn is_edited(&self) -> bool {
        matches!(self, NotAPlan::Edited { .. } | NotAPlan::Unsealed | NotAPlan::Misleading)
    }
}

/// Reads a saved plan back and checks that nobody edited it.
///
/// The seal is a digest and no signature: it stops a hand, not a forger. A forger gains nothing either, because a step
/// is done only if today's plan has it, too.
///
/// # Errors
/// When the text is no saved plan, of another version, does not have the digest or the seal that it states, or shows
/// another plan.
pub fn read_saved(text: &[u8]) -> Result<Saved, NotAPlan> {
    let shape = |error: serde_json::Error| NotAPlan::Shape(error.to_string());
    let document: Json = serde_json::from_slice(text).map_err(shape)?;
    let version = document.get("format_version").and_then(Json::as_str).unwrap_or_default();
    if version != crate::engine::plan::FORMAT_VERSION {
        return Err(NotAPlan::Version(version.to_owned(), crate::engine::plan::FORMAT_VERSION));
    }
    let part = |pointer: &str| document.pointer(pointer).cloned();
    if part("/formulary/change").is_some() {
        return Err(NotAPlan::OfAChange);
    }
    let plan: Plan = serde_json::from_value(part("/formulary/plan").unwrap_or_default()).map_err(shape)?;
    let actual = plan_digest(&plan);
    if actual != plan.digest {
        return Err(NotAPlan::Edited { stated: plan.digest, actual });
    }
    if part("/formulary/saved").is_none() {
        return Err(NotAPlan::NotSaved);
    }
    let of = |name: &str| part(&format!("/formulary/saved/{name}")).unwrap_or_default();
    let saved = Saved {
        expires: serde_json::from_value(of("expires")).map_err(shape)?,
        seen: serde_json::from_value(of("seen")).map_err(shape)?,
        plan,
    };
    if of("seal") != saved.seal() {
        return Err(NotAPlan::Unsealed);
    }
    if self::saved(&saved) != document {
        return Err(NotAPlan::Misleading);
    }
    Ok(saved)
}

fn is_drift(class: DriftClass) -> bool {
    !matches!(class, DriftClass::InSync | DriftClass::Pending | DriftClass::Removed)
}

fn resource_change(step: &Step, held: bool) -> Json {
    let mut after: Map<String, Json> = step.before.iter().map(|(name, it)| (name.to_string(), to_json(it))).collect();
    let (mut unknown, mut sensitive) = (Map::new(), Map::new());
    for (name, term) in &step.after {
        match term {
            Term::Known(value) => drop(after.insert(name.to_string(), to_json(value))),
            Term::Output(_) => drop(unknown.insert(name.to_string(), Json::Bool(true))),
            Term::Secret(_) => drop(sensitive.insert(name.to_string(), Json::Bool(true))),
        }
    }
    let actions = match step.verb {
        Verb::Create => "create",
        Verb::Delete => "delete",
        Verb::Forget => "forget",
        Verb::Adopt | Verb::Await => "no-op",
        Verb::Update | Verb::Rename | Verb::Restore | Verb::Disable | Verb::Transfer | Verb::RunOnce => "update",
    };
    let before = (step.verb != Verb::Create).then(|| to_json(&step.before));
    let after = (step.verb != Verb::Delete).then_some(after);
    let mut change = json!({
        "actions": [actions],
        "before": before,
        "after": after,
        "after_unknown": unknown,
        "before_sensitive": {},
        "after_sensitive": sensitive,
    });
    if step.verb == Verb::Adopt {
        change["importing"] = json!({ "id": step.external_id });
    }
    let mut row = row(&step.address, change);
    row["action_reason"] = json!(step.why);
    row["formulary"] = json!({
        "step": step.id, "verb": step.verb, "digest": step.digest, "waits": step.waits, "held": held,
        "goes_with": step.goes_with, "owner": step.owner,
    });
    row
}

fn resource_drift(change: &Change) -> Json {
    let side = |pick: fn(&crate::engine::diff::FieldChange) -> &Shown| -> BTreeMap<String, Json> {
        let known = change.fields.iter().filter_map(|field| match pick(field) {
            Shown::Known(value) => Some((field.field.to_string(), to_json(value))),
            Shown::Absent | Shown::Unknown(_) | Shown::Sensitive => None,
        });
        known.collect()
    };
    let actions = match change.class {
        DriftClass::Missing => "delete",
        DriftClass::Unowned => "create",
        _ => "update",
    };
    // Terraform tells drift from its record to what is there: `before` is what was declared, `after` what was found.
    let mut row = row(
        &change.address,
        json!({ "actions": [actions], "before": side(|field| &field.after), "after": side(|field| &field.before) }),
    );
    row["formulary"] =
        json!({ "class": change.class, "why": change.why, "left": change.left, "shadow": change.shadow });
    row
}

fn row(address: &Address, change: Json) -> Json {
    json!({
        "address": address,
        "mode": "managed",
        "type": address.kind,
        "name": &*address.key,
        "provider_name": address.instance,
        "change": change,
    })
}

fn to_json(value: &impl Serialize) -> Json {
    serde_json::to_value(value).unwrap_or_default()
}
