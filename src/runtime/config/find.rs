//! Where the config is looked for, and what is said when it is nowhere.

use std::io;
use std::path::{Path, PathBuf};

use crate::engine::diag::{Diagnostic, Span, codes};
use crate::runtime::sys::Environment;

/// The variable that names the config.
pub const VARIABLE: &str = "FORMULARY_CONFIG";

/// The name of the file where it is looked for by itself.
pub const FILE_NAME: &str = "formulary.yaml";

/// A config is a page or two; a megabyte is another file.
const LENGTH_LIMIT: u64 = 1024 * 1024;

/// A config that was found.
pub(super) struct Found {
    /// As a person named it, for messages.
    pub(super) shown: String,
    /// Where it is.
    pub(super) path: PathBuf,
    pub(super) content: Vec<u8>,
}

/// Finds the config. One that was named, by argument or variable, must be there; of the others the first counts.
pub(super) fn find(explicit: Option<&Path>, environment: &dyn Environment) -> Result<Found, Box<Diagnostic>> {
    let working_folder = environment.working_folder().unwrap_or_default();
    let variable = |name: &str| environment.variable(name).filter(|it| !it.is_empty());
    let named = explicit
        .map(|path| (path.to_owned(), "--config"))
        .or_else(|| Some((PathBuf::from(variable(VARIABLE)?), VARIABLE)));
    if let Some((path, by)) = named {
        return match read(&working_folder, path.clone(), environment) {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(Box::new(
                Diagnostic::error(codes::CONFIG_UNREADABLE, format!("there is no config '{}'", path.display()))
                    .help(format!("correct the path that {by} gives")),
            )),
            Err(problem) => Err(problem),
        };
    }
    let mut looked_in = vec![PathBuf::from(FILE_NAME)];
    looked_in.extend(system_folders(variable).into_iter().map(|it| it.join("formulary").join(FILE_NAME)));
    for path in &looked_in {
        if let Some(found) = read(&working_folder, path.clone(), environment)? {
            return Ok(found);
        }
    }
    Err(Box::new(no_config(&looked_in)))
}

/// The folders in which programs keep their config: the user's first, then the machine's.
fn system_folders(variable: impl Fn(&str) -> Option<std::ffi::OsString>) -> Vec<PathBuf> {
    let own = variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(variable("HOME")?).join(".config")));
    own.into_iter().chain([PathBuf::from("/etc")]).collect()
}

fn read(
    working_folder: &Path,
    shown: PathBuf,
    environment: &dyn Environment,
) -> Result<Option<Found>, Box<Diagnostic>> {
    let path = working_folder.join(&shown);
    let shown = shown.display().to_string();
    match environment.read_file(&path, LENGTH_LIMIT) {
        Ok(content) => Ok(Some(Found { shown, path, content })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Box::new(
            Diagnostic::error(codes::CONFIG_UNREADABLE, format!("the config '{shown}' cannot be read: {error}"))
                .at(Span::start_of(shown))
                .help("check that it is a file, and that this user may read it"),
        )),
    }
}

fn no_config(looked_in: &[PathBuf]) -> Diagnostic {
    let paths: Vec<String> = looked_in.iter().map(|it| format!("'{}'", it.display())).collect();
    Diagnostic::error(
        codes::NO_CONFIG,
        format!(
            "no config was found: --config and {VARIABLE} are not given, and there is no file {}",
            paths.join(" or ")
        ),
    )
    .help(format!(
        "write one, or let `formulary sandbox --write-config {FILE_NAME}` write one that points at a sandbox; \
         the smallest is\n\n{SMALLEST}"
    ))
}

/// The smallest config that does something.
pub const SMALLEST: &str = "\
platform: acme
services:
  gitea:
    url: https://git.acme.example
    credentials: {token: env:GITEA_TOKEN}
";
