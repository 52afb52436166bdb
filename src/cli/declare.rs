//! `formulary drift --write`: documents for what nobody declared, for a company that begins with accounts.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::context::Context;
use super::failure::CommandError;
use super::files::write_new;
use super::shell::{Activity, Shell};
use crate::engine::plan::Plan;
use crate::engine::report::declarations::{Declarations, declarations};
use crate::runtime::reconcile::World;
use crate::runtime::reconcile::survey::survey;

/// Writes a document for every person and group that nobody declared. Files that are there stay as they are.
///
/// # Errors
/// When a file cannot be written; those written before it stay.
pub(super) async fn write(
    context: &Context,
    world: &World,
    plan: &Plan,
    folder: &Path,
    activity: &Activity,
    shell: &Shell,
) -> Result<(), CommandError> {
    let survey = survey(&context.platform, world, plan, activity).await;
    activity.finish();
    let usual: BTreeSet<String> = context.platform.default_services.clone();
    let Declarations { files, left } = declarations(&survey.found, &world.catalogue, &usual);
    let mut written = 0;
    let mut kept = Vec::new();
    for (path, text) in &files {
        match write_new(&folder.join(path), text) {
            Ok(()) => written += 1,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => kept.push(path.as_str()),
            Err(error) => {
                return Err(CommandError::of(super::exit::Exit::Error, &error)
                    .hint(format!("'{}' could not be written", folder.join(path).display())));
            }
        }
    }
    for why in survey.left.iter().chain(&left) {
        shell.say(&format!("left out: {why}"));
    }
    for path in kept {
        shell.say(&format!("left out: '{path}' is there already"));
    }
    let what = if written == 1 { "1 document".to_owned() } else { format!("{written} documents") };
    shell.say(&format!("wrote {what} below {}", folder.display()));
    if written > 0 {
        let folder = folder.display();
        shell.say(&format!(
            "read them, then: formulary validate --dir {folder} && formulary plan --dir {folder}\n\
             The first plan takes over what is there, once somebody approves it; nothing is removed by it."
        ));
    }
    Ok(())
}
