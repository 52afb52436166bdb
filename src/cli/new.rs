//! `formulary new`: a commented mono-repo to begin with, a config, and a check of pull requests.

use std::path::PathBuf;

use clap::Args;
use include_dir::{Dir, include_dir};

use super::exit::Exit;
use super::failure::CommandError;
use super::files::write_new;
use super::shell::Shell;
use crate::engine::diag::did_you_mean;
use crate::engine::model::entity::is_name;
use crate::provider;

/// The files, with the words below in the place of what is asked for. Those of YAML end in `.in`, because this repository is
/// a mono-repo itself, and they are none of its documents.
static STARTER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/deploy/starter");
const ORGANISATION: &str = "ORGANISATION";
const DOMAIN: &str = "DOMAIN";
const SERVICES: &str = "SERVICES\n";
/// The domain that the services' examples use.
const EXAMPLE: &str = "acme.example";
/// The check of pull requests; one text for this and for those who set it up by hand.
const PREVIEW: &str = include_str!("../../deploy/ci/preview.yaml");
const PREVIEW_PATH: &str = ".gitea/workflows/preview.yaml";

/// Options of `new`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary new platform-formulas\n  formulary new platform-formulas --organisation acme-corp --domain acme.com\n  formulary new . --services keycloak,gitea\n\nNothing is overwritten. The README inside says what to do next."
)]
pub struct NewArgs {
    /// The folder; made when it is missing.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The name of the first organisation.
    #[arg(long, value_name = "NAME", default_value = "acme-corp")]
    organisation: String,
    /// The domain of its addresses.
    #[arg(long, value_name = "DOMAIN", default_value = EXAMPLE)]
    domain: String,
    /// The services of the platform; by default all that are known, with one identity provider.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    services: Vec<String>,
}

pub(super) fn run(args: &NewArgs, shell: &Shell) -> Result<Exit, CommandError> {
    let files = files(args)?;
    let folder = &args.folder;
    let there: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).filter(|it| folder.join(it).exists()).collect();
    if !there.is_empty() {
        return Err(CommandError::new(
            Exit::Error,
            format!("'{}' has {} already; nothing was written", folder.display(), there.join(", ")),
        )
        .hint("name a folder that is empty or not there"));
    }
    for (path, text) in &files {
        write_new(&folder.join(path), text).map_err(|error| {
            CommandError::new(Exit::Error, format!("cannot write '{}': {error}", folder.join(path).display()))
        })?;
    }
    let list: String = files.iter().map(|(path, _)| format!("  {path}\n")).collect();
    shell.print(&format!("{}\n{list}", folder.display()))?;
    shell.say(&format!("next: cd {} && formulary validate --dir .; README.md says how to go on", folder.display()));
    Ok(Exit::Done)
}

/// The files with everything filled in.
fn files(args: &NewArgs) -> Result<Vec<(String, String)>, CommandError> {
    if !is_name(&args.organisation) {
        let message = format!("'{}' cannot be the name of an organisation", args.organisation);
        return Err(CommandError::new(Exit::Error, message)
            .hint("names have 1 to 63 letters and digits, with '-', '_' and '.' inside"));
    }
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !args.domain.split('.').all(is_part) {
        return Err(CommandError::new(Exit::Error, format!("'{}' is no domain", args.domain)).hint("such as acme.com"));
    }
    let services = services(&args.services)?;
    let fill = |text: &str| {
        text.replace(SERVICES, &services).replace(ORGANISATION, &args.organisation).replace(DOMAIN, &args.domain)
    };
    let mut files = vec![(PREVIEW_PATH.to_owned(), PREVIEW.to_owned())];
    collect(&STARTER, &mut |path, text| files.push((fill(path), fill(text))));
    files.sort();
    Ok(files)
}

/// The entries of the services in the config.
fn services(names: &[String]) -> Result<String, CommandError> {
    let known = || provider::ALL.iter().map(|it| it.service());
    if let Some(unknown) = names.iter().find(|name| !known().any(|it| it == name.as_str())) {
        let near = did_you_mean(unknown, known());
        let all = format!("known are {}", known().collect::<Vec<_>>().join(", "));
        return Err(
            CommandError::new(Exit::Error, format!("there is no service '{unknown}'")).hint(near.unwrap_or(all))
        );
    }
    let wanted = |service: &str| names.is_empty() || names.iter().any(|it| it == service);
    let mut signs_in = false;
    let entries = provider::ALL.iter().filter(|it| wanted(it.service())).map(|it| {
        let entry = it.config_example().replace(EXAMPLE, DOMAIN);
        let is_identity = it.offers().contains(&"identity");
        let is_second = names.is_empty() && is_identity && std::mem::replace(&mut signs_in, true);
        format!("{}\n", if is_second { commented(&entry) } else { entry })
    });
    Ok(entries.collect())
}

/// An entry that somebody may take in another one's place: a platform has one identity provider.
fn commented(entry: &str) -> String {
    let lines = entry.lines().map(|line| format!("  # {}\n", line.strip_prefix("  ").unwrap_or(line)));
    std::iter::once("  # Or in its place:\n".to_owned()).chain(lines).collect()
}

fn collect(folder: &Dir<'_>, take: &mut impl FnMut(&str, &str)) {
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            take(path.strip_suffix(".in").unwrap_or(path), text);
        }
    }
    folder.dirs().for_each(|folder| collect(folder, take));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::documents::{self, Options};
    use crate::engine::source::{FileEntry, Revision, Snapshot};
    use crate::runtime::config::Config;
    use crate::runtime::reconcile::service_types;
    use crate::runtime::sys::Machine;

    fn args(organisation: &str, services: &[&str]) -> NewArgs {
        NewArgs {
            folder: PathBuf::new(),
            organisation: organisation.to_owned(),
            domain: "beta.test".to_owned(),
            services: services.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    #[test]
    fn what_is_written_is_a_sound_mono_repo_with_a_sound_config() {
        let files = files(&args("beta", &[])).unwrap();
        for (path, text) in &files {
            assert!(![ORGANISATION, DOMAIN, "SERVICES", EXAMPLE].iter().any(|it| text.contains(it)), "{path}: {text}");
        }
        let entries = files.iter().map(|(path, text)| (path.clone(), FileEntry::from(text.as_str()))).collect();
        let revision = Revision { id: String::new(), label: String::new() };
        let services = provider::ALL.iter().map(|it| it.service().to_owned()).collect();
        let options = Options { services: Some(services), ..Options::default() };
        let loaded = documents::load(&Snapshot { revision, files: entries }, &options);
        assert_eq!(loaded.diagnostics, []);
        assert_eq!(loaded.catalogue.people.len(), 1);

        let folder = tempfile::tempdir().unwrap();
        let (_, config) = files.iter().find(|(path, _)| path == "deploy/formulary.yaml").unwrap();
        let path = folder.path().join("formulary.yaml");
        std::fs::write(&path, config).unwrap();
        let config = Config::load(Some(&path), &service_types(), &Machine).unwrap();
        let offer_identity = provider::ALL.iter().filter(|it| it.offers().contains(&"identity")).count();
        assert_eq!(config.services.len(), provider::ALL.len() - offer_identity + 1);
        assert_eq!(config.in_role("identity").map(|it| it.name.as_str()), Some("keycloak"));
        assert_eq!(config.warnings, []);
    }

    #[test]
    fn the_config_in_deploy_is_the_one_that_is_written() {
        let args = NewArgs { domain: EXAMPLE.to_owned(), ..args("acme", &[]) };
        let files = files(&args).unwrap();
        let (_, config) = files.iter().find(|(path, _)| path == "deploy/formulary.yaml").unwrap();
        assert_eq!(config, include_str!("../../deploy/formulary.yaml"));
    }

    #[test]
    fn what_is_asked_for_is_checked() {
        assert!(files(&args("beta corp", &[])).is_err());
        assert!(files(&args("beta", &["gitlab"])).is_err());
        let files = files(&args("beta", &["gitea", "logto"])).unwrap();
        let (_, config) = files.iter().find(|(path, _)| path == "deploy/formulary.yaml").unwrap();
        assert!(["  gitea:\n", "  logto:\n"].iter().all(|it| config.contains(it)), "{config}");
        assert!(!config.contains("keycloak:"), "{config}");
    }
}
