//! Options that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
    /// Say nothing but the result, and errors.
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
