//! `formulary schema`: the JSON Schemas of the mono-repo and of the config, for editors.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::failure::CommandError;
use super::shell::Shell;
use crate::engine::schema;
use crate::runtime::config;
use crate::runtime::reconcile::service_types;

/// Options of `schema`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary schema                         the names\n  formulary schema entity-user             print one\n  formulary schema --write .schemas        write all, for an editor"
)]
pub struct SchemaArgs {
    /// The schema to print; without it the names are listed.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Write all of them into a folder.
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    write: Option<PathBuf>,
}

pub(super) fn run(args: &SchemaArgs, shell: &Shell) -> Result<Exit, CommandError> {
    let mut all: Vec<(String, String)> =
        schema::FILES.iter().map(|(name, text)| (stem(name).to_owned(), (*text).to_owned())).collect();
    all.push(("config".to_owned(), format!("{:#}\n", config::schema(&service_types()))));
    all.sort();
    if let Some(folder) = &args.write {
        std::fs::create_dir_all(folder)?;
        for (name, text) in &all {
            std::fs::write(folder.join(format!("{name}.schema.json")), text)?;
        }
        shell.say(&format!("wrote {} schemas to {}", all.len(), folder.display()));
        return Ok(Exit::Done);
    }
    let Some(name) = &args.name else {
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        shell.print(&format!("{}\n", names.join("\n")))?;
        return Ok(Exit::Done);
    };
    match all.iter().find(|(it, _)| it == stem(name)) {
        Some((_, text)) => {
            shell.print(text)?;
            Ok(Exit::Done)
        }
        None => {
            let near = crate::engine::diag::did_you_mean(name, all.iter().map(|(name, _)| name.as_str()));
            let error = CommandError::new(Exit::Error, format!("there is no schema '{name}'"));
            Err(error.hint(near.unwrap_or_else(|| "'formulary schema' lists them".to_owned())))
        }
    }
}

fn stem(name: &str) -> &str {
    name.trim_end_matches(".json").trim_end_matches(".schema")
}
