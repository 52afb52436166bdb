//! `formulary sandbox`: emulators of the services until stopped.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::failure::CommandError;
use super::shell::Shell;
use crate::engine::report::{Page, Tone};
use crate::runtime::sandbox::{SERVICES, Sandbox, SandboxError, SandboxOptions, sample};

/// Options of `sandbox`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  formulary sandbox --write-config sandbox.yaml        then: formulary --config sandbox.yaml plan --dir .\n  formulary sandbox --only gitea --port-base 8300\n  formulary sandbox --fresh --write-credentials as.json  new installations, as the recordings begin\n\nEverything listens on 127.0.0.1 and forgets all when it stops. Each service has a control address beside its API:\n  curl -X POST http://127.0.0.1:PORT/__sandbox/reset"
)]
pub struct SandboxArgs {
    /// Only these services (comma-separated).
    #[arg(long, value_name = "SERVICES", value_delimiter = ',')]
    only: Vec<String>,
    /// The first port; without it each service takes a free one.
    #[arg(long, value_name = "PORT")]
    port_base: Option<u16>,
    /// Every service as a new installation, instead of the sample platform's state.
    #[arg(long)]
    fresh: bool,
    /// Write a config that points at the sandbox.
    #[arg(long, value_name = "FILE", conflicts_with = "fresh")]
    write_config: Option<PathBuf>,
    /// Write addresses and credentials as JSON, for curl and for replaying recordings.
    #[arg(long, value_name = "FILE")]
    write_credentials: Option<PathBuf>,
}

pub(super) async fn run(args: &SandboxArgs, shell: &Shell) -> Result<Exit, CommandError> {
    let options = SandboxOptions {
        only: args.only.clone(),
        port_base: args.port_base,
        fresh: args.fresh,
        ..SandboxOptions::default()
    };
    let sandbox = Sandbox::start(options, sample::seed).await.map_err(|error| sandbox_error(&error))?;
    if let Some(path) = &args.write_credentials {
        sandbox.write_credentials(path).map_err(|error| sandbox_error(&error))?;
        shell.say(&format!("wrote {}", path.display()));
    }
    if let Some(path) = &args.write_config {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
        sample::write_config(&sandbox, path, None)?;
        shell.say(&format!("wrote {}, with secrets beside it in {}", path.display(), folder.display()));
    }
    shell.print(&addresses(&sandbox, shell))?;
    shell.say("running until stopped (Ctrl-C)");
    stopped().await;
    sandbox.stop().await;
    Ok(Exit::Done)
}

/// Where everything is.
pub(super) fn addresses(sandbox: &Sandbox, shell: &Shell) -> String {
    let mut page = Page::new(shell.look());
    for (name, served) in sandbox.services() {
        page.pieces(0, &[(Tone::Strong, &format!("{name:<10}")), (Tone::Plain, served.base())]);
        page.raw(11, Tone::Faint, &format!("control {}/__sandbox/", served.base()));
    }
    page.finish()
}

/// Waits for Ctrl-C or a polite kill.
pub(super) async fn stopped() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}

pub(super) fn sandbox_error(error: &SandboxError) -> CommandError {
    let told = CommandError::of(Exit::Error, error);
    match error {
        SandboxError::UnknownService { name, .. } => {
            let near = crate::engine::diag::did_you_mean(name, SERVICES.iter().map(|service| service.name));
            match near {
                Some(near) => told.hint(near),
                None => told,
            }
        }
        SandboxError::Serve(_) => told.hint("another program may use the port; choose another --port-base"),
        _ => told,
    }
}
