//! `formulary render`: what is made from files of the mono-repo, for those who apply it by other means.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::context::documents_of;
use super::exit::Exit;
use super::failure::CommandError;
use super::options::{Global, SourceArgs};
use super::shell::Shell;
use crate::engine::claude::FOLDER;
use crate::engine::claude::manifest::{COPY, NAME, manifest};

/// Options of `render`.
#[derive(Debug, Args)]
pub struct RenderArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The ConfigMap with Claude Code's policy.
    #[command(
        name = "claude-configmap",
        after_help = "Examples:\n  formulary render claude-configmap                        print it\n  formulary render claude-configmap | kubectl diff -f -\n  formulary render claude-configmap --write                 write enterprise/claude-code/k8s/configmap.yaml\n\n'formulary validate' tells when that copy is not what the files say any more."
    )]
    ClaudeConfigMap(ConfigMapArgs),
    /// The index files by which Backstage reads the documents.
    #[command(
        name = "backstage-catalog",
        after_help = "Examples:\n  formulary render backstage-catalog            print them\n  formulary render backstage-catalog --write    write catalog-info.yaml into each organisation's folder\n\n'formulary validate' tells when one does not list what its folder holds any more, if the config has a Backstage."
    )]
    BackstageCatalog(CatalogArgs),
}

#[derive(Debug, Args)]
struct CatalogArgs {
    /// Write them into a folder of the mono-repo.
    #[arg(long, conflicts_with_all = ["repo", "rev"])]
    write: bool,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Debug, Args)]
struct ConfigMapArgs {
    /// The namespace that workspaces are in.
    #[arg(long, default_value = "coder")]
    namespace: String,
    /// The name that templates mount.
    #[arg(long, default_value = NAME)]
    name: String,
    /// Write it beside the files, in a folder of the mono-repo.
    #[arg(long, conflicts_with_all = ["repo", "rev"])]
    write: bool,
    #[command(flatten)]
    source: SourceArgs,
}

pub(super) async fn run(args: &RenderArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    match &args.what {
        What::ClaudeConfigMap(args) => config_map(args, global, shell).await,
        What::BackstageCatalog(args) => catalog(args, global, shell).await,
    }
}

async fn catalog(args: &CatalogArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let (_, _, loaded) = documents_of(&args.source, global, shell).await?;
    let files = &loaded.catalogue.files;
    let root = args.source.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    for (path, text) in files.indices().map_err(|error| CommandError::of(Exit::Error, &error))? {
        if !args.write {
            shell.print(&format!("---\n# {path}\n{text}"))?;
            continue;
        }
        if files.declares(&path) {
            let message = format!("'{path}' declares something of its own; move that to another file first");
            return Err(CommandError::new(Exit::Error, message));
        }
        let path = root.join(path);
        // A file that is right stays untouched, so that its date does.
        if std::fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        std::fs::write(&path, text)?;
        shell.say(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Done)
}

async fn config_map(args: &ConfigMapArgs, global: &Global, shell: &Shell) -> Result<Exit, CommandError> {
    let (_, _, loaded) = documents_of(&args.source, global, shell).await?;
    let text = manifest(&loaded.catalogue.enterprise, &args.namespace, &args.name)
        .map_err(|error| CommandError::of(Exit::Error, &error))?;
    if !args.write {
        shell.print(&text)?;
        return Ok(Exit::Done);
    }
    let root = args.source.dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let path = root.join(FOLDER).join(COPY);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&path, text)?;
    shell.say(&format!("wrote {}", path.display()));
    Ok(Exit::Done)
}
