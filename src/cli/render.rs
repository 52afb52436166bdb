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
    let What::ClaudeConfigMap(args) = &args.what;
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
