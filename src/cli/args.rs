//! The command line, as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::{apply, approve, completions, demo, doctor, drift, explain, graph, plan, sandbox, schema, validate};

/// Keeps a company's platform equal to what a mono-repo declares.
#[derive(Debug, Parser)]
#[command(
    name = "formulary",
    version,
    about,
    propagate_version = true,
    infer_long_args = false,
    after_help = "Examples:\n  formulary demo                        see it work, on emulators\n  formulary validate --dir .            check a mono-repo\n  formulary plan                        what would be done\n  formulary apply                       do it\n  formulary explain user:default/alice  one person in every service\n\nExit codes: 0 done · 1 error · 2 changes · 3 drift · 4 waits for approval · 5 invalid mono-repo · 6 stale plan\n            7 unreachable or incomplete · 8 applied in part · 9 cancelled"
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// The config file of this environment.
    #[arg(long, global = true, value_name = "FILE", env = "FORMULARY_CONFIG", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// When to use colours; NO_COLOR is honoured.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub color: ColorChoice,
    /// The form of the result.
    #[arg(long, global = true, value_name = "FORM", default_value = "text", help_heading = "Global options")]
    pub format: Format,
    /// Say more: all details, and logs (-vv, -vvv).
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub verbose: u8,
    /// Say nothing but the result.
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub quiet: bool,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal that has them.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For programs.
    Json,
    /// For pull requests.
    Markdown,
}

/// Where the mono-repo is read from; without any of these, from the config's repository.
#[derive(Debug, Clone, Default, Args)]
#[group(multiple = true)]
pub struct SourceArgs {
    /// A folder as it is now, committed or not.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["repo", "rev"])]
    pub dir: Option<PathBuf>,
    /// A Git repository: https://…, file://…, or a path. Read by object id; nothing is checked out.
    #[arg(long, value_name = "URL")]
    pub repo: Option<String>,
    /// A branch, a tag, or a commit.
    #[arg(long, value_name = "REV")]
    pub rev: Option<String>,
}

/// The commands, in the order in which one meets them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch it work on emulators, with nothing to set up.
    Demo(demo::DemoArgs),
    /// Check the mono-repo: every problem with file, line and column.
    Validate(validate::ValidateArgs),
    /// Show what would be done.
    Plan(plan::PlanArgs),
    /// Make the services equal to the mono-repo.
    Apply(apply::ApplyArgs),
    /// Show what differs from the mono-repo, and why.
    Drift(drift::DriftArgs),
    /// Approve steps that wait.
    Approve(approve::ApproveArgs),
    /// Explain a resource, a person or a problem's code.
    Explain(explain::ExplainArgs),
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
