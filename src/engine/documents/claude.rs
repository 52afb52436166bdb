//! Claude Code's files among those of a revision: given to what they belong to, and judged there.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::Loaded;
use super::catalogue::Template;
use crate::engine::claude::{self, Bundle, Enterprise};
use crate::engine::diag::Diagnostic;
use crate::engine::source::FileEntry;

/// Takes in the enterprise's files and judges them, and those of every formula under them. A formula with an error in them
/// leaves the catalogue: its workspaces would start without what they are meant to have.
pub(super) fn attach<P>(mut loaded: Loaded, files: &BTreeMap<P, FileEntry>) -> Loaded
where
    P: Borrow<str> + Ord,
{
    let mut enterprise = Enterprise::of(files);
    let problems = claude::check_enterprise(&enterprise);
    enterprise.broken = problems.iter().any(Diagnostic::is_error);
    loaded.diagnostics.extend(problems);
    loaded.catalogue.enterprise = enterprise;
    loaded.checked_by(|catalogue, findings| {
        for (reference, template) in &catalogue.templates {
            let Some(bundle) = bundle(template) else { continue };
            for problem in claude::check_formula(&bundle, &catalogue.enterprise) {
                if problem.is_error() {
                    findings.refuse(reference, problem);
                } else {
                    findings.report(problem);
                }
            }
        }
    })
}

/// What a template brings along; nothing where its document lies at the root of the mono-repo.
pub fn bundle(template: &Template) -> Option<Bundle<'_>> {
    let (folder, _) = template.entity.span.file.rsplit_once('/')?;
    Some(Bundle { folder, files: &template.files })
}
