//! What belongs to somebody: components, templates, workspace requests.

use crate::engine::model::entity::EntityRef;

use super::super::catalogue::{Component, Template, WorkspaceRequest};
use super::super::entity::Body;
use super::super::identity::Role;
use super::{A_PERSON, A_TEMPLATE, AN_OWNER, Found, Linker};

impl Linker<'_> {
    pub(super) fn owners(&mut self) {
        for (reference, _, draft) in self.drafts(&[Role::Component, Role::Template, Role::Workspace, Role::Other]) {
            let entity = draft.entity.clone();
            match &draft.body {
                Body::Component { component_type, lifecycle, owner } => {
                    if matches!(self.find(owner, AN_OWNER), Found::Nothing) {
                        self.refuse_silently(reference);
                        continue;
                    }
                    let component = Component {
                        entity,
                        component_type: component_type.clone(),
                        lifecycle: lifecycle.clone(),
                        owner: owner.clone(),
                        organisation: self.organisation_of(&owner.value),
                    };
                    self.loaded.catalogue.components.insert(reference.clone(), component);
                }
                Body::Template { version, owner, spec } => {
                    if owner.as_ref().is_some_and(|owner| matches!(self.find(owner, AN_OWNER), Found::Nothing)) {
                        self.refuse_silently(reference);
                        continue;
                    }
                    let template = Template {
                        entity,
                        version: version.clone(),
                        owner: owner.clone(),
                        spec: spec.clone(),
                        files: Default::default(),
                    };
                    self.loaded.catalogue.templates.insert(reference.clone(), template);
                }
                Body::Workspace { owner, template, pinned, parameters } => {
                    let found = [self.find(owner, A_PERSON), self.find(template, A_TEMPLATE)];
                    if found.iter().any(|found| matches!(found, Found::Nothing)) {
                        self.refuse_silently(reference);
                        continue;
                    }
                    let request = WorkspaceRequest {
                        entity,
                        owner: owner.clone(),
                        template: template.clone(),
                        pinned: pinned.clone(),
                        parameters: parameters.clone(),
                    };
                    self.loaded.catalogue.workspaces.insert(reference.clone(), request);
                }
                Body::Group(_) | Body::Person(_) => {}
                Body::Other => {
                    self.loaded.catalogue.others.insert(reference.clone(), entity);
                }
            }
        }
    }

    /// The organisation of an owner. Of an owner that is held it is not known; what belongs to it is held too.
    fn organisation_of(&self, owner: &EntityRef) -> EntityRef {
        let catalogue = &self.loaded.catalogue;
        let team = catalogue.teams.get(owner).map(|team| &team.organisation);
        team.or_else(|| catalogue.people.get(owner).map(|person| &person.home)).unwrap_or(owner).clone()
    }
}
