//! Which files are Claude Code's: those of the enterprise's folder, and those in a formula's Coder template.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::{self, Document};
use crate::engine::diag::{Diagnostic, Span, codes};
use crate::engine::source::FileEntry;

/// The folder of the mono-repo that holds what the enterprise enforces.
pub const FOLDER: &str = "enterprise/claude-code";
/// Who declares what becomes of the enterprise's files: `formulary explain enterprise/claude-code`.
pub const OWNER: &str = "enterprise:default/claude-code";

/// Where a formula keeps what its workspaces begin with.
const TEMPLATE: &str = "coder-template/";

/// The enterprise's files, by path from [`FOLDER`]: `managed-settings.json`, `managed-mcp.json`, `managed-settings.d/…`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Enterprise {
    /// The files, shared with whoever read them.
    pub files: BTreeMap<String, FileEntry>,
    /// Whether an error was found in them. Nothing is made of files with errors: Claude Code would start without the
    /// protection that they were meant to give.
    pub broken: bool,
}

/// What a formula brings along.
#[derive(Debug, Clone, Copy)]
pub struct Bundle<'a> {
    /// Its folder, from the root of the mono-repo.
    pub folder: &'a str,
    /// Its files, by path from the folder.
    pub files: &'a BTreeMap<String, FileEntry>,
}

/// The files as they were read; what cannot be read is not among them, as Claude Code would have it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Files of settings, in the order in which they are folded: the base, then drop-ins by name.
    pub settings: Vec<Document>,
    /// The file of MCP servers.
    pub servers: Option<Document>,
    /// Skills and agents.
    pub texts: Vec<Text>,
    /// Every path that is there, from the folder that a session starts in; to find scripts.
    pub paths: Vec<String>,
}

/// A skill or an agent.
#[derive(Debug)]
pub(super) struct Text {
    /// The path from the root of the mono-repo.
    pub path: Arc<str>,
    pub is_skill: bool,
    pub text: String,
}

impl Enterprise {
    /// The files below [`FOLDER`] of a whole tree.
    pub fn of<P>(files: &BTreeMap<P, FileEntry>) -> Self
    where
        P: std::borrow::Borrow<str> + Ord,
    {
        let from = format!("{FOLDER}/");
        let below = files.range::<str, _>((std::ops::Bound::Included(from.as_str()), std::ops::Bound::Unbounded));
        let below = below.map_while(|(path, entry)| Some((path.borrow().strip_prefix(&from)?, entry)));
        let files = below.map(|(path, entry)| (path.to_owned(), entry.clone())).collect();
        Self { files, broken: false }
    }

    /// Whether a path of the mono-repo is one of the enterprise's files.
    pub fn holds(path: &str) -> bool {
        path.strip_prefix(FOLDER).is_some_and(|rest| rest.starts_with('/'))
    }

    /// What is mounted into workspaces, by its path in `/etc/claude-code`; in the order of paths. The files of other tools
    /// (a README, generated manifests) are not among it.
    pub fn mounted(&self) -> impl Iterator<Item = (&str, &FileEntry)> {
        self.files.iter().map(|(path, entry)| (path.as_str(), entry)).filter(|(path, _)| is_mounted(path))
    }
}

/// Whether Claude Code reads a file of this path below `/etc/claude-code` (guide, section 2).
fn is_mounted(path: &str) -> bool {
    match path.split_once('/') {
        None => ["managed-settings.json", "managed-mcp.json", "CLAUDE.md"].contains(&path),
        Some(("managed-settings.d", name)) => is_drop_in(name),
        Some((".claude", _)) => true,
        Some(_) => false,
    }
}

fn is_drop_in(name: &str) -> bool {
    !name.starts_with('.') && !name.contains('/') && name.ends_with(".json")
}

impl Parts {
    pub(super) fn of_enterprise(enterprise: &Enterprise, found: &mut Vec<Diagnostic>) -> Self {
        let mut parts = Self::default();
        for (path, entry) in enterprise.mounted() {
            let whole = format!("{FOLDER}/{path}");
            match path {
                "managed-settings.json" => parts.settings.splice(0..0, read(&whole, entry, found)).for_each(drop),
                "managed-mcp.json" => parts.servers = read(&whole, entry, found),
                _ if path.starts_with("managed-settings.d/") => parts.settings.extend(read(&whole, entry, found)),
                _ => parts.texts.extend(text(&whole, path, entry)),
            }
        }
        parts
    }

    pub(super) fn of_formula(bundle: &Bundle<'_>, found: &mut Vec<Diagnostic>) -> Self {
        let mut parts = Self::default();
        for (path, entry) in bundle.files {
            let Some(inside) = path.strip_prefix(TEMPLATE) else { continue };
            let whole = format!("{}/{path}", bundle.folder);
            match inside {
                ".claude/settings.json" => parts.settings.extend(read(&whole, entry, found)),
                ".claude/settings.local.json" => {
                    let message = "'settings.local.json' is somebody's own and belongs to no formula";
                    let problem = Diagnostic::warning(codes::CLAUDE_WRONG_PLACE, message);
                    let help = "move what it says to 'settings.json' beside it, or delete it";
                    found.push(problem.at(Span::start_of(whole.as_str())).help(help));
                }
                ".mcp.json" => parts.servers = read(&whole, entry, found),
                _ => parts.texts.extend(text(&whole, inside, entry)),
            }
            parts.paths.push(inside.to_owned());
        }
        parts
    }
}

fn read(path: &str, entry: &FileEntry, found: &mut Vec<Diagnostic>) -> Option<Document> {
    match document::read(path, entry) {
        Ok(document) => Some(document),
        Err(problems) => {
            found.extend(problems);
            None
        }
    }
}

/// A skill or an agent, if the path is one's.
fn text(whole: &str, path: &str, entry: &FileEntry) -> Option<Text> {
    let inside = path.strip_prefix(".claude/")?;
    let is_skill = inside.starts_with("skills/") && inside.ends_with("/SKILL.md");
    let is_agent = inside.starts_with("agents/") && inside.ends_with(".md");
    let text = String::from_utf8_lossy(entry.bytes()?).into_owned();
    (is_skill || is_agent).then(|| Text { path: whole.into(), is_skill, text })
}
