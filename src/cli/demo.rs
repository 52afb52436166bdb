//! `formulary demo`.

use clap::Args;

use super::exit::Exit;
use super::failure::CommandError;
use super::shell::Shell;

/// Options of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Leave the sandbox running at the end, and print its URLs and credentials.
    #[arg(long)]
    keep: bool,
}

pub(super) async fn run(_args: &DemoArgs, _shell: &Shell) -> Result<Exit, CommandError> {
    Ok(Exit::Done)
}
