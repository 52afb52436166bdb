//! The command line, as clap reads it.

use clap::{Parser, Subcommand};

use super::options::Global;
use super::{
    access, apply, approve, completions, demo, doctor, drift, explain, graph, import, new, plan, render, run, sandbox,
    schema, validate,
};

/// Keeps a company's platform equal to what a mono-repo declares.
#[derive(Debug, Parser)]
#[command(
    name = "formulary",
    version,
    about,
    propagate_version = true,
    infer_long_args = false,
    after_help = "Examples:\n  formulary demo                        see it work, on emulators\n  formulary validate --dir .            check a mono-repo\n  formulary plan                        what would be done\n  formulary apply                       do it\n  formulary run                         and go on doing it\n  formulary explain user:default/alice  one person in every service\n\nExit codes:\n  0 done            1 error             2 changes        3 drift\n  4 waits           5 invalid mono-repo 6 stale plan     7 unreachable or incomplete\n  8 applied in part 9 cancelled"
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands, in the order in which one meets them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch it work on emulators, with nothing to set up.
    Demo(demo::DemoArgs),
    /// Write a commented mono-repo to begin with, a config, and a check of pull requests.
    New(new::NewArgs),
    /// Check the mono-repo: every problem with file, line and column.
    Validate(validate::ValidateArgs),
    /// Show what would be done.
    Plan(plan::PlanArgs),
    /// Make the services equal to the mono-repo.
    Apply(apply::ApplyArgs),
    /// Keep the services equal to the mono-repo: apply, again and again, until stopped.
    Run(run::RunArgs),
    /// Show what differs from the mono-repo, and why.
    Drift(drift::DriftArgs),
    /// Approve steps that wait.
    Approve(approve::ApproveArgs),
    /// Explain a resource, a person or a problem's code.
    Explain(explain::ExplainArgs),
    /// Show what a person has in the end, everywhere, and through what; or who has a thing.
    Access(access::AccessArgs),
    /// Write documents for what exists already.
    Import(import::ImportArgs),
    /// Make what others apply from files of the mono-repo.
    Render(render::RenderArgs),
    /// Draw what depends on what.
    Graph(graph::GraphArgs),
    /// Check the config, the services, and the rights of our accounts.
    Doctor(doctor::DoctorArgs),
    /// Print the JSON Schemas of the mono-repo and the config.
    Schema(schema::SchemaArgs),
    /// Run emulators of the services until stopped.
    Sandbox(sandbox::SandboxArgs),
    /// Print completions for a shell.
    Completions(completions::CompletionsArgs),
}
