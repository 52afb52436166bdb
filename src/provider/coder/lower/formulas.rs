//! Formulas: the files of a template as an archive of ours, and the template whose active version that is.
//!
//! A version is pushed inactive and becomes active by a step of its own, the update of the template's `active_version`;
//! only a template that is made begins with its version active (guide, section 5.1).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::{Formula, Lowering};
use crate::engine::diag::codes::{NOT_POSSIBLE_THERE, SET_UP_INCOMPLETE, VALUE_REFUSED};
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::documents::catalogue::Template;
use crate::engine::model::{Term, Value};
use crate::provider::coder::archive::{self, NoArchive};
use crate::provider::coder::options::Import;
use crate::provider::coder::terraform::formula::Formula as Terraform;
use crate::provider::coder::{kinds, names};

/// The folder of a formula that is its template.
const FOLDER: &str = "coder-template/";

impl Lowering<'_> {
    pub(super) fn formulas(&mut self) {
        let catalogue = self.input.catalogue;
        for template in catalogue.templates.values() {
            if template.files.keys().any(|path| path.starts_with(FOLDER)) {
                self.formula(template);
            }
        }
    }

    fn formula(&mut self, template: &Template) {
        let entity = &template.entity;
        let name = entity.reference.name();
        if let Err(why) = names::name(name) {
            return self.refuse_name(entity, "template", name, &why, &entity.name.span);
        }
        let inside = template.files.iter().filter_map(|(path, entry)| Some((path.strip_prefix(FOLDER)?, entry)));
        let (files, left) = archive::select(inside);
        for left in left.iter().filter(|left| left.matters) {
            let message = format!("'{FOLDER}{}' does not go into the template '{name}': {}", left.path, left.why);
            let problem = Diagnostic::warning(NOT_POSSIBLE_THERE, message).at(self.file(template, &left.path));
            self.out.diagnostics.push(problem.help("take it out of the folder"));
        }
        let tar = match archive::tar(&files) {
            Ok(tar) => tar,
            Err(why) => {
                let help = match why {
                    NoArchive::NoTerraform => "put 'main.tf' there, or remove the folder",
                    NoArchive::Path(_) => "shorten the path",
                    NoArchive::Size(_) => "keep large files elsewhere and let the workspace fetch them",
                };
                let message = format!("'{FOLDER}' of the formula '{name}' is no template: {why}");
                let problem = Diagnostic::error(NOT_POSSIBLE_THERE, message).at(entity.span.clone()).help(help);
                return self.hold(entity, problem);
            }
        };
        let texts: BTreeMap<String, Vec<u8>> =
            files.iter().filter_map(|(path, entry)| Some((path.clone(), entry.bytes()?.to_vec()))).collect();
        let terraform = match Terraform::read(&texts) {
            Ok(terraform) => terraform,
            Err((path, fault)) => {
                let message = format!("'{FOLDER}{path}' is no Terraform: {}", fault.text);
                let span = Span { line: fault.line as u32, ..self.file(template, &path) };
                let problem =
                    Diagnostic::error(VALUE_REFUSED, message).at(span).help("'terraform validate' tells more");
                return self.hold(entity, problem);
            }
        };
        let import = self.options.templates.get(name).cloned().unwrap_or_default();
        let Some(variables) = self.variables(template, &terraform, &import) else { return };
        self.declare(template, &tar, &terraform, &import, variables);
    }

    fn declare(
        &mut self,
        template: &Template,
        tar: &[u8],
        terraform: &Terraform,
        import: &Import,
        variables: BTreeMap<String, String>,
    ) {
        let entity = &template.entity;
        let name = entity.reference.name();
        let archive = archive::hash(tar);
        // Of two formulas with the same files each has versions of its own: one that is in no template yet is found again by
        // its name alone.
        let about = json!({
            "template": name, "variables": variables, "secret_variables": import.secret_variables, "tags": import.tags,
        });
        let identity = archive::identity(tar, &about);
        let formula_version = template.version.as_ref().map(|it| names::version_part(&it.value)).unwrap_or_default();
        let version = match formula_version.as_str() {
            "" => identity[..12].to_owned(),
            formula => format!("{formula}-{}", &identity[..12]),
        };
        self.out.payloads.insert(archive.clone(), tar.into());

        let texts = |map: &BTreeMap<String, String>| {
            Value::Map(map.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect())
        };
        let mut pushed = self
            .desired(kinds::TEMPLATE_VERSION, &format!("{name}/{version}"), entity)
            .field("archive", archive, None)
            .field("identity", identity, None)
            .field("variables", texts(&variables), None)
            .field("tags", texts(&import.tags), None)
            .field("imported", true, None);
        if let Some(reference) = &import.secret_variables {
            pushed = pushed.field("secret_variables", Term::Secret(reference.clone()), None);
        }
        let span = |span: &Span| Some(Arc::new(span.clone()));
        let mut shown = self
            .desired(kinds::TEMPLATE, name, entity)
            .field("active_version", version.as_str(), template.version.as_ref().and_then(|it| span(&it.span)))
            // Else nobody but an owner of Coder could break off a build that hangs.
            .field("allow_user_cancel_workspace_jobs", true, None)
            .needs(pushed.address.clone());
        for (field, value, most) in [
            ("display_name", &entity.title, names::DISPLAY_LENGTH),
            ("description", &entity.description, names::DESCRIPTION_LENGTH),
        ] {
            let Some(value) = value else { continue };
            let text = value.value.trim();
            let length = text.chars().count();
            if length > most {
                let what = field.replace('_', " ");
                let message = format!("{what} of '{name}' has {length} characters, and Coder takes at most {most}");
                let problem = Diagnostic::warning(VALUE_REFUSED, message).at(value.span.clone());
                self.out.diagnostics.push(problem.help("shorten it; until then it is left as it is there"));
            } else if !text.is_empty() {
                shown = shown.field(field, text, span(&value.span));
            }
        }
        let parameters = terraform.parameters(&terraform.names(&variables, &[]));
        let formula = Formula { template: shown.address.clone(), version, parameters };
        self.formulas.insert(entity.reference.clone(), formula);
        self.out.desired.extend([pushed, shown]);
    }

    /// The value of every variable that the template declares: Coder keeps what it was sent last in the place of a new
    /// default, so nothing is left to it (trap 10).
    fn variables(
        &mut self,
        template: &Template,
        terraform: &Terraform,
        import: &Import,
    ) -> Option<BTreeMap<String, String>> {
        let entity = &template.entity;
        let name = entity.reference.name();
        let declared = terraform.variables();
        let mut values = BTreeMap::new();
        let mut missing = Vec::new();
        for variable in &declared {
            match import.variables.get(&variable.name).or(variable.default.as_ref()) {
                Some(value) => drop(values.insert(variable.name.clone(), value.clone())),
                // The secret may hold it.
                None if import.secret_variables.is_some() => {}
                None => missing.push(variable.name.as_str()),
            }
        }
        let place = format!("services.{}.options.templates.{name}.variables", self.input.instance);
        if !missing.is_empty() {
            let message = format!("the template '{name}' has variables without a value: {}", missing.join(", "));
            let problem = Diagnostic::error(SET_UP_INCOMPLETE, message).at(entity.span.clone());
            self.hold(entity, problem.help(format!("set them in '{place}', or give them a default")));
            return None;
        }
        for unknown in import.variables.keys().filter(|name| declared.iter().all(|it| it.name != **name)) {
            let candidates = declared.iter().map(|it| it.name.as_str());
            let meant = crate::engine::diag::did_you_mean(unknown, candidates).unwrap_or_default();
            let message = format!("'{place}' sets '{unknown}', which the template does not declare");
            let problem = Diagnostic::warning(SET_UP_INCOMPLETE, message).at(entity.span.clone());
            self.out.diagnostics.push(problem.help(if meant.is_empty() { "take it out".to_owned() } else { meant }));
        }
        Some(values)
    }

    /// The beginning of a file of a template.
    fn file(&self, template: &Template, path: &str) -> Span {
        let document = &*template.entity.span.file;
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        Span::start_of(format!("{folder}/{FOLDER}{path}"))
    }
}
