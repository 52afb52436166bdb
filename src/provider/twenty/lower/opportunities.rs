//! Opportunities: requests for workspaces, at one of two stages that are ours.

use std::sync::Arc;

use super::Lowering;
use crate::engine::diag::codes::SET_UP_INCOMPLETE;
use crate::engine::diag::{Diagnostic, nearest};
use crate::engine::documents::catalogue::WorkspaceRequest;
use crate::engine::model::{OutputRef, Term, Value};
use crate::provider::twenty::doctor::{STAGES, WORKSPACE_URL};
use crate::provider::twenty::kinds;
use crate::provider::twenty::options::Opportunities;

impl Lowering<'_> {
    pub(super) fn opportunities(&mut self) {
        if self.options.opportunities == Opportunities::None {
            return;
        }
        let problem = self.unknown_stage();
        for request in self.input.catalogue.workspaces.values() {
            if problem.is_some() {
                self.out.held.insert(request.entity.reference.clone());
            } else if self.people.contains_key(&request.owner.value) {
                self.opportunity(request);
            } else if self.out.held.contains(&request.owner.value) {
                self.out.held.insert(request.entity.reference.clone());
            }
        }
        self.out.diagnostics.extend(problem);
    }

    /// A stage of the options that the workspace does not have, by what was read of it last: an administrator may rename
    /// any of them.
    fn unknown_stage(&self) -> Option<Diagnostic> {
        let instance = self.input.instance;
        let Some(stages) = &self.options.stages else {
            let message = format!("'{instance}' makes opportunities, and its options name no stages");
            return Some(Diagnostic::error(SET_UP_INCOMPLETE, message).help("add 'stages' with 'open' and 'ended'"));
        };
        let Some(Value::List(known)) = self.input.capabilities.facts.get(STAGES) else { return None };
        let known: Vec<&str> = known.iter().filter_map(Value::as_text).collect();
        let unknown = [&stages.open, &stages.ended].into_iter().find(|stage| !known.contains(&stage.as_str()))?;
        let message = format!("'{instance}' has no stage '{unknown}': it has {}", known.join(", "));
        let help = match nearest(unknown, known.iter().copied()) {
            Some(near) => format!("did you mean '{near}'? Write it below 'services.{instance}.options.stages'"),
            None => format!("name one of them below 'services.{instance}.options.stages', or add the stage in Twenty"),
        };
        Some(Diagnostic::error(SET_UP_INCOMPLETE, message).help(help))
    }

    fn opportunity(&mut self, request: &WorkspaceRequest) {
        let entity = &request.entity;
        let owner = request.owner.value.name();
        let person = &self.input.catalogue.people[&request.owner.value];
        let called = entity.title.as_ref().unwrap_or(&entity.name);
        let name = format!("{} - {}", called.value.trim(), self.people[&request.owner.value]);
        let id = |kind: &str, key: &str| {
            Term::Output(OutputRef { address: self.address(kind, key), output: kinds::ID.into() })
        };
        let mut desired = self
            .record(kinds::OPPORTUNITY, &format!("{owner}/{}", entity.reference.name()), entity)
            .field("name", name, Some(Arc::new(called.span.clone())))
            .field("contact", id(kinds::PERSON, owner), Some(Arc::new(request.owner.span.clone())))
            .field("open", true, None);
        if self.companies.contains(&person.home) {
            desired = desired.field("company", id(kinds::COMPANY, person.home.name()), None);
        }
        let has_url = self.input.capabilities.facts.get(WORKSPACE_URL) == Some(&Value::Bool(true));
        if let Some(workspace) = self.input.workspace(owner, entity.reference.name()).filter(|_| has_url) {
            desired =
                desired.field_if_there("workspace_url", OutputRef { address: workspace, output: kinds::URL.into() });
        }
        self.out.desired.push(desired);
    }
}
