//! `formulary completions`: completions for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell as Kind;

use super::args::Cli;
use super::exit::Exit;
use super::failure::CommandError;
use super::shell::Shell;

/// Options of `completions`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary completions bash > /etc/bash_completion.d/formulary\n  formulary completions zsh > \"${fpath[1]}/_formulary\""
)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Kind,
}

pub(super) fn run(args: &CompletionsArgs, shell: &Shell) -> Result<Exit, CommandError> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "formulary", &mut text);
    shell.print(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}
