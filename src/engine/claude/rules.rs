//! Permission rules: `Tool`, or `Tool(specifier)`. What Claude Code skips without a word is an error here.

use std::sync::LazyLock;

use regex::Regex;

use crate::engine::diag::{Code, codes, nearest};

/// The list that a rule stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum List {
    /// Refused; asked before the others.
    Deny,
    /// Asked for each time.
    Ask,
    /// Runs unasked.
    Allow,
}

impl List {
    /// All of them, in the order in which Claude Code asks them.
    pub const ALL: [Self; 3] = [Self::Deny, Self::Ask, Self::Allow];

    /// Its key under `permissions`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Ask => "ask",
            Self::Allow => "allow",
        }
    }
}

/// What is to be said of a rule.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub code: Code,
    pub message: String,
    pub help: String,
}

/// Tools that a rule can name. Those of MCP servers are called `mcp__<server>__<tool>`.
const TOOLS: &[&str] = &[
    "Agent",
    "Artifact",
    "AskUserQuestion",
    "Bash",
    "BashOutput",
    "Cd",
    "Edit",
    "EnterWorktree",
    "ExitPlanMode",
    "Glob",
    "Grep",
    "KillShell",
    "LSP",
    "Monitor",
    "MultiEdit",
    "NotebookEdit",
    "PowerShell",
    "Read",
    "ShareOnboardingGuide",
    "Skill",
    "TaskCreate",
    "TaskGet",
    "TaskList",
    "TaskOutput",
    "TaskStop",
    "TaskUpdate",
    "TodoWrite",
    "ToolSearch",
    "WebFetch",
    "WebSearch",
    "Workflow",
    "Write",
];

/// Commands that run whatever they are given, so that allowing one allows everything.
const RUN_ANYTHING: &[&str] = &[
    "bash", "sh", "zsh", "dash", "fish", "python", "python3", "node", "deno", "bun", "ruby", "perl", "php", "java",
    "npm", "npx", "pnpm", "yarn", "bunx", "pip", "pip3", "uv", "uvx", "pipx", "cargo", "go", "make", "docker",
    "podman", "kubectl", "helm", "ssh", "sudo", "env", "xargs", "eval", "exec", "find", "awk", "sed", "curl", "wget",
];

static FORM: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)^([A-Za-z_*][A-Za-z0-9_*.-]*)(?:\((.*)\))?$").expect("a valid pattern"));

/// Tool and specifier of a rule that has the form of one.
pub(super) fn parts(rule: &str) -> Option<(&str, Option<&str>)> {
    let found = FORM.captures(rule)?;
    Some((found.get(1)?.as_str(), found.get(2).map(|it| it.as_str())))
}

/// What is wrong with a rule of a list.
pub(super) fn judge(rule: &str, list: List) -> Option<Judgement> {
    let Some((tool, specifier)) = parts(rule) else {
        return Some(skipped(rule, "has not the form of one", "write \"Tool\" or \"Tool(specifier)\"".to_owned()));
    };
    if tool.starts_with("mcp__") {
        return of_server(rule, tool, list);
    }
    if tool.contains('*') {
        return (list == List::Allow).then(|| {
            skipped(rule, "allows tools by a pattern", "name the tools that are allowed, each in a rule".to_owned())
        });
    }
    if specifier.is_some_and(|it| it.trim().is_empty()) {
        return Some(skipped(rule, "has nothing in its brackets", format!("write \"{tool}\" for all of it")));
    }
    if tool == "Task" {
        let meant = rule.replacen("Task", "Agent", 1);
        return Some(doubtful(format!("rule '{rule}' has the former name of a tool"), format!("write \"{meant}\"")));
    }
    if !TOOLS.contains(&tool) {
        let close = nearest(tool, TOOLS.iter().copied());
        let meant = close.map(|close| rule.replacen(tool, close, 1));
        if tool.starts_with(|c: char| c.is_lowercase()) {
            let help = meant.map_or_else(
                || "names of tools begin with a capital letter".to_owned(),
                |meant| format!("write \"{meant}\": case counts"),
            );
            return Some(skipped(rule, "names no tool", help));
        }
        let help = meant.map_or_else(
            || "check the name: it may be a tool of another release".to_owned(),
            |meant| format!("did you mean \"{meant}\"?"),
        );
        return Some(doubtful(format!("rule '{rule}' is for a tool that is not known"), help));
    }
    match (tool, specifier) {
        ("Bash" | "PowerShell", None) if list == List::Allow => Some(anything(rule, "every command")),
        ("Bash", Some(command)) => of_command(rule, command, list),
        ("WebFetch", Some(what)) if !what.starts_with("domain:") => {
            Some(skipped(rule, "names no domain", format!("write \"WebFetch(domain:{what})\"")))
        }
        ("Write" | "NotebookEdit" | "MultiEdit", Some(path)) => Some(doubtful(
            format!("rule '{rule}' is never asked: paths are looked up in rules for Edit"),
            format!("write \"Edit({path})\""),
        )),
        ("Glob" | "Grep", Some(path)) => Some(doubtful(
            format!("rule '{rule}' is never asked: paths are looked up in rules for Read"),
            format!("write \"Read({path})\""),
        )),
        ("Read" | "Edit", Some(path)) if path.starts_with('/') && !path.starts_with("//") => Some(doubtful(
            format!(
                "rule '{rule}' does not begin at the root of the file system: one '/' is the folder of the settings"
            ),
            format!("write \"{tool}(/{path})\" for the root, or \"{tool}(.{path})\" for the working folder"),
        )),
        _ => None,
    }
}

fn of_command(rule: &str, command: &str, list: List) -> Option<Judgement> {
    if let Some(at) = command.find(":*")
        && at + 2 != command.len()
    {
        let meant = command.replacen(":*", " *", 1);
        return Some(skipped(rule, "has ':*' before its end", format!("write \"Bash({meant})\"")));
    }
    if list != List::Allow {
        return None;
    }
    let first = command.trim_end_matches('*').trim_end_matches(':').split_whitespace().next().unwrap_or_default();
    if first.is_empty() {
        return Some(anything(rule, "every command"));
    }
    let words = command.trim_end_matches('*').trim_end_matches(':').split_whitespace().count();
    let open = command.ends_with('*') && words == 1;
    (open && RUN_ANYTHING.contains(&first)).then(|| anything(rule, &format!("whatever '{first}' is given")))
}

/// `mcp__server`, `mcp__server__tool`. In `allow` a pattern counts only behind a whole server's name.
fn of_server(rule: &str, tool: &str, list: List) -> Option<Judgement> {
    let server = tool.trim_start_matches("mcp__").split("__").next().unwrap_or_default();
    (list == List::Allow && (server.is_empty() || server.contains('*')))
        .then(|| skipped(rule, "allows servers by a pattern", "name the server: \"mcp__server__*\"".to_owned()))
}

fn skipped(rule: &str, why: &str, help: String) -> Judgement {
    let message = format!("rule '{rule}' {why}, and Claude Code skips it");
    Judgement { code: codes::CLAUDE_RULE_SKIPPED, message, help }
}

fn doubtful(message: String, help: String) -> Judgement {
    Judgement { code: codes::CLAUDE_RULE_DOUBTFUL, message, help }
}

fn anything(rule: &str, what: &str) -> Judgement {
    let message = format!("rule '{rule}' lets {what} run unasked");
    let help = "allow the sub-commands that are meant, such as \"Bash(git diff *)\"".to_owned();
    Judgement { code: codes::CLAUDE_ALLOWS_ANYTHING, message, help }
}
