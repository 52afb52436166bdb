//! `formulary validate`: every problem of the mono-repo, with file, line and column.

use clap::Args;

use super::context;
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Format, Global, SourceArgs};
use super::shell::Shell;
use crate::engine::diag::{Diagnostic, render};

/// Options of `validate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary validate                      the folder that one stands in, or the config's repository\n  formulary validate --dir platform-formulas\n  formulary validate --repo https://git.acme.example/platform/platform-formulas.git --rev feature\n  formulary validate --format json | jq '.diagnostics[].code'\n\nWith a config the rules of each of its services are checked too (names, lengths, collisions); no service is called."
)]
pub struct ValidateArgs {
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) async fn run(args: &ValidateArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let (context, snapshot, loaded) = context::documents_of(&args.source, global, shell).await?;
    let mut problems = loaded.diagnostics.clone();
    if let Some(context) = &context {
        problems.extend(context.compile(&loaded).await?.diagnostics);
    }
    problems.sort();
    problems.dedup();
    match shell.format {
        Format::Json => shell.json(&render::json(&problems))?,
        Format::Markdown => shell.print(&render::markdown(&problems))?,
        Format::Text => {
            let texts = context::text_of(&snapshot);
            let look = render::Look { colour: shell.look().colour, width: shell.look().width };
            if !problems.is_empty() {
                shell.print(&render::text(&problems, |file| texts.get(file).copied(), look))?;
            }
            let catalogue = &loaded.catalogue;
            if !problems.iter().any(Diagnostic::is_error) {
                shell.print(&format!(
                    "valid: {} people, {} teams, {} organisations, {} formulas ({})\n",
                    catalogue.people.len(),
                    catalogue.teams.len(),
                    catalogue.organisations.len(),
                    catalogue.templates.len(),
                    snapshot.revision.label
                ))?;
            }
        }
    }
    Ok(if problems.iter().any(Diagnostic::is_error) { Exit::Invalid } else { Exit::Done })
}
