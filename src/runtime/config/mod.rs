//! The settings of one environment: which services there are, how far we may go in each, and where their secrets are kept.
//!
//! There is one file per environment, and it is never read from the commit that is planned: a pull request that changes
//! a URL must not receive a token. Secrets stand in it by reference only; see [`SecretRef`].

mod checks;
mod find;
mod read;
mod schema;
mod services;
mod settings;
mod structure;
mod times;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::engine::diag::{Collector, Diagnostic, Span, codes};
use crate::engine::source::{Document, Limits as SourceLimits};
use crate::runtime::sys::Environment;

pub use crate::runtime::sys::SecretRef;
pub use find::{FILE_NAME, SMALLEST, VARIABLE};
pub use read::listen;
pub use schema::schema;
pub use services::{Credentials, Limits, Service, ServiceType};
pub use settings::{
    Approvals, Config, Defaults, LISTEN, LedgerPlace, POLL, Plans, Protected, Repository, Schedule, SshFiles,
};
pub use times::{Cron, NotACron, duration};

use checks::{CHECKS, Checked};
use structure::Structure;

/// The JSON Schema of the config. It leaves the options of each type of service open; [`schema()`] adds them.
pub const SCHEMA: &str = include_str!("../../../schema/config.schema.json");

impl Config {
    /// Finds the config and reads it: `explicit` (from `--config`), else [`VARIABLE`], else [`FILE_NAME`] in the working
    /// folder, else in the system's config folders. No secret is resolved.
    ///
    /// # Errors
    /// Every problem of the file, with its place; or that there is no file, with the smallest one in the help. A value
    /// that may be a secret is never in a message.
    pub fn load(
        explicit: Option<&Path>,
        types: &[ServiceType],
        environment: &dyn Environment,
    ) -> Result<Config, Vec<Diagnostic>> {
        let found = find::find(explicit, environment).map_err(|problem| vec![*problem])?;
        Self::parse(&found.shown, found.path, &found.content, types, environment)
    }

    /// Reads the content of a config. `shown` is what messages call the file, and `path` where it is: relative paths in
    /// it start from its folder.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(
        shown: &str,
        path: PathBuf,
        content: &[u8],
        types: &[ServiceType],
        environment: &dyn Environment,
    ) -> Result<Config, Vec<Diagnostic>> {
        let mut documents = crate::engine::source::read(shown, content, &SourceLimits::default());
        let mut problems: Vec<Diagnostic> = documents
            .iter_mut()
            .flat_map(|it| std::mem::take(&mut it.diagnostics))
            .map(|it| without_values(it, shown))
            .collect();
        let tree = match documents.as_mut_slice() {
            [Document { tree, .. }] => tree.take(),
            [] => {
                problems.push(wrong_number(Span::start_of(shown), "the config is empty"));
                None
            }
            [_, second, ..] => {
                problems.push(wrong_number(second.span.clone(), "the config has more than one document"));
                None
            }
        };
        let Some(tree) = tree else {
            return Err(in_order(problems));
        };
        let schema = schema::base();
        let structure = Structure::new(&schema, None).expect("the schema in the binary is valid");
        problems.extend(structure.check(&tree.value, "", &tree.spans));
        let mut config = read::read(path, &tree.value, tree.spans, &mut problems);
        let mut checked = Checked { config: &mut config, value: &tree.value, types, environment, problems };
        for check in CHECKS {
            check(&mut checked);
        }
        let problems = in_order(checked.problems);
        if problems.iter().any(Diagnostic::is_error) {
            return Err(problems);
        }
        config.warnings = problems;
        Ok(config)
    }
}

fn wrong_number(place: Span, message: &str) -> Diagnostic {
    Diagnostic::error(codes::CONFIG_UNREADABLE, message)
        .at(place)
        .help(format!("a config is one document; the smallest is\n\n{SMALLEST}"))
}

/// A problem of syntax without the text that it quotes: a token may stand where no token belongs. Keys, the name of the
/// file, and words too short for a secret stay.
fn without_values(mut problem: Diagnostic, file: &str) -> Diagnostic {
    if problem.code == codes::DUPLICATE_KEY {
        return problem;
    }
    problem.message = masked(&problem.message, file);
    problem.help = problem.help.map(|it| masked(&it, file));
    problem
}

/// A text with `…` for everything in quotes that may be a secret.
fn masked(text: &str, file: &str) -> String {
    let pieces: Vec<&str> = text.split('\'').collect();
    // The pieces between the first and the second quote, the third and the fourth, and so on, where both are there.
    let quoted = |index: usize| index % 2 == 1 && index + 1 < pieces.len();
    let masked: Vec<&str> = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| {
            let long = piece.chars().count() > LONGEST_WORD;
            if quoted(index) && long && *piece != file { "…" } else { piece }
        })
        .collect();
    masked.join("'")
}

/// The look-alikes of YAML (`off`, `false`) are not longer, and a secret is.
const LONGEST_WORD: usize = 5;

fn in_order(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut collector = Collector::new();
    collector.extend(problems);
    collector.finish()
}
