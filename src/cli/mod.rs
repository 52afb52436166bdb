//! One file a command; the only code that prints.
//!
//! A command gathers its world with [`context`], asks `runtime` and `engine`, and prints through [`shell`]. It returns
//! an [`exit::Exit`] or a [`failure::CommandError`]; nothing here ends the process by itself.

mod access;
mod apply;
mod approve;
mod args;
mod claude;
mod completions;
mod context;
mod demo;
mod doctor;
mod drift;
mod exit;
mod explain;
mod failure;
mod files;
mod graph;
mod import;
mod new;
mod options;
mod outcome;
mod plan;
mod render;
mod run;
mod sandbox;
mod schema;
mod shell;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use exit::Exit;
use failure::CommandError;
use shell::Shell;

/// Runs the command line. Returns what the process exits with.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to the standard output and are no errors.
            let exit = if error.use_stderr() { Exit::Error } else { Exit::Done };
            let _ = error.print();
            return exit.into();
        }
    };
    let global = &cli.global;
    let shell = Shell::new(global.color, global.format, global.quiet, global.verbose > 0);
    match &cli.command {
        Command::Run(args) => context::start_daemon_logging(global, args.log_format.into()),
        _ => context::start_logging(global),
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            shell.error(&CommandError::of(Exit::Error, &error));
            return Exit::Error.into();
        }
    };
    let ended = runtime.block_on(run(&cli, &shell));
    // What still runs in the background (a hanging secret command) must not hold up the end.
    runtime.shutdown_background();
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            shell.error(&error);
            error.exit.into()
        }
    }
}

async fn run(cli: &Cli, shell: &Shell) -> Result<Exit, CommandError> {
    let global = &cli.global;
    match &cli.command {
        Command::Demo(args) => demo::run(args, shell).await,
        Command::Validate(args) => validate::run(args, global, shell).await,
        Command::Plan(args) => plan::run(args, global, shell).await,
        Command::Apply(args) => apply::run(args, global, shell).await,
        Command::Run(args) => run::run(args, global, shell).await,
        Command::Drift(args) => drift::run(args, global, shell).await,
        Command::Approve(args) => approve::run(args, global, shell).await,
        Command::Explain(args) => explain::run(args, global, shell).await,
        Command::Import(args) => import::run(args, global, shell).await,
        Command::Access(args) => access::run(args, global, shell).await,
        Command::Render(args) => render::run(args, global, shell).await,
        Command::Graph(args) => graph::run(args, global, shell).await,
        Command::Doctor(args) => doctor::run(args, global, shell).await,
        Command::New(args) => new::run(args, shell),
        Command::Schema(args) => schema::run(args, shell),
        Command::Sandbox(args) => sandbox::run(args, shell).await,
        Command::Completions(args) => completions::run(args, shell),
    }
}
