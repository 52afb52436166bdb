//! Workspaces: what requests become. Everything that Coder would refuse, or drop in silence, is told here.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Lowering, parameters};
use crate::engine::diag::Diagnostic;
use crate::engine::diag::codes::{NOT_POSSIBLE_THERE, VALUE_REFUSED};
use crate::engine::documents::catalogue::WorkspaceRequest;
use crate::engine::model::Value;
use crate::provider::coder::{kinds, names};

impl Lowering<'_> {
    pub(super) fn workspaces(&mut self) {
        let catalogue = self.input.catalogue;
        for request in catalogue.workspaces.values() {
            // A formula without a template is no business of Coder's.
            if self.formulas.contains_key(&request.template.value) {
                self.workspace(request);
            } else if self.out.held.contains(&request.template.value) {
                self.out.held.insert(request.entity.reference.clone());
            }
        }
    }

    fn workspace(&mut self, request: &WorkspaceRequest) {
        let entity = &request.entity;
        let name = entity.reference.name();
        if let Err(why) = names::name(name) {
            return self.refuse_name(entity, "workspace", name, &why, &entity.name.span);
        }
        let Some(owner) = self.people.get(&request.owner.value).cloned() else {
            let message = format!("'{name}' is for '{}', who has no account in Coder", request.owner.value.name());
            let help = "place them there with 'formulary.dev/services'";
            let problem = Diagnostic::error(NOT_POSSIBLE_THERE, message).at(request.owner.span.clone()).help(help);
            return self.hold(entity, problem);
        };
        let Some(values) = self.values(request) else { return };
        let Some(formula) = self.formulas.get(&request.template.value) else { return };
        let mut desired = self
            .desired(kinds::WORKSPACE, &format!("{owner}/{name}"), entity)
            .field("template", request.template.value.name(), Some(Arc::new(request.template.span.clone())))
            .field("running", true, None)
            .needs(self.address(kinds::USER, &owner))
            .needs(formula.template.clone());
        let is_mutable = |name: &String| formula.parameters.iter().any(|it| it.name == *name && it.is_mutable);
        let (free, fixed): (BTreeMap<_, _>, BTreeMap<_, _>) =
            values.into_iter().partition(|(name, _)| is_mutable(name));
        let said = Some(Arc::new(entity.span_of("/spec/parameters")));
        desired = desired.field("parameters", Value::Map(free), said.clone());
        if !fixed.is_empty() {
            desired = desired.field("fixed_parameters", Value::Map(fixed), said);
        }
        let current = self.input.catalogue.templates.get(&request.template.value).and_then(|it| it.version.as_ref());
        if let Some(pinned) = &request.pinned {
            let span = Some(Arc::new(pinned.span.clone()));
            if current.is_some_and(|current| current.value == pinned.value) {
                desired = desired.field("version", formula.version.as_str(), span);
            } else {
                let message =
                    format!("'{name}' stays at the version that it has: '{}' is not the current one", pinned.value);
                let help = "pin the current version to move it there";
                let note = Diagnostic::warning(NOT_POSSIBLE_THERE, message).at(pinned.span.clone()).help(help);
                self.out.diagnostics.push(note);
            }
        }
        self.out.desired.push(desired);
    }

    /// The values that go to Coder; `None` where some are wrong, which has been told.
    fn values(&mut self, request: &WorkspaceRequest) -> Option<BTreeMap<String, Value>> {
        let entity = &request.entity;
        let formula = &self.formulas[&request.template.value];
        let asked = self.input.catalogue.templates.get(&request.template.value);
        let of_formula = |name: &str| asked.is_some_and(|it| is_asked_for(&it.spec["parameters"], name));
        let (mut values, mut faults) = (BTreeMap::new(), Vec::new());
        for (name, given) in request.parameters.as_object().into_iter().flatten() {
            let place = entity.span_of(&format!("/spec/parameters/{}", name.replace('~', "~0").replace('/', "~1")));
            let Some(parameter) = formula.parameters.iter().find(|it| it.name == *name) else {
                // Another step of the formula asks for it.
                if !of_formula(name) {
                    faults.push((place, parameters::unknown(name, &formula.parameters)));
                }
                continue;
            };
            let text = parameters::text(given);
            let fault = match &text {
                Some(text) => parameters::fault(parameter, text),
                None => Some(parameters::Fault {
                    what: format!("'{name}' takes a text, a number, a truth value or a list of texts"),
                    help: "write it so".to_owned(),
                }),
            };
            match (fault, text) {
                (Some(fault), _) => faults.push((place, fault)),
                (None, text) => drop(values.insert(name.clone(), Value::from(text.unwrap_or_default()))),
            }
        }
        for missing in &formula.parameters {
            if missing.default.is_none() && !missing.is_ephemeral && request.parameters.get(&missing.name).is_none() {
                let what = format!("the template needs a value for '{}'", missing.name);
                let help = "add it below 'spec.parameters'".to_owned();
                faults.push((entity.span_of("/spec/parameters"), parameters::Fault { what, help }));
            }
        }
        let sound = faults.is_empty();
        let problems: Vec<Diagnostic> = faults
            .into_iter()
            .map(|(place, fault)| Diagnostic::error(VALUE_REFUSED, fault.what).at(place).help(fault.help))
            .collect();
        for problem in problems {
            self.hold(entity, problem);
        }
        sound.then_some(values)
    }
}

/// Whether a form (`spec.parameters` of a formula: one page, or a list of them) asks for a value.
fn is_asked_for(form: &serde_json::Value, name: &str) -> bool {
    let pages = match form {
        serde_json::Value::Array(pages) => pages.as_slice(),
        page => std::slice::from_ref(page),
    };
    pages.iter().any(|page| page["properties"].get(name).is_some())
}
