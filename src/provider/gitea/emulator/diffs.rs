//! What differs between two trees, by file and as text.

use similar::TextDiff;

use super::git::{Blob, Files};

/// A file that is not the same on both sides.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) path: String,
    before: Option<Blob>,
    after: Option<Blob>,
    pub(super) additions: usize,
    pub(super) deletions: usize,
}

impl Change {
    /// The word that lists of changed files use.
    pub(super) fn status(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "added",
            (_, None) => "deleted",
            _ => "changed",
        }
    }
}

/// The changes from one tree to another, by path.
pub(super) fn between(before: &Files, after: &Files) -> Vec<Change> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    changed.map(|path| change(path, before.get(path), after.get(path))).collect()
}

fn change(path: &str, before: Option<&Blob>, after: Option<&Blob>) -> Change {
    let (old, new) = (text(before), text(after));
    let diff = TextDiff::from_lines(&old, &new);
    let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    Change {
        path: path.to_owned(),
        before: before.cloned(),
        after: after.cloned(),
        additions: count(similar::ChangeTag::Insert),
        deletions: count(similar::ChangeTag::Delete),
    }
}

fn text(blob: Option<&Blob>) -> String {
    blob.map(|blob| String::from_utf8_lossy(&blob.bytes).into_owned()).unwrap_or_default()
}

/// The changes as `git diff` prints them.
pub(super) fn unified(changes: &[Change]) -> String {
    changes.iter().map(file_diff).collect()
}

fn file_diff(change: &Change) -> String {
    let path = &change.path;
    // Git marks the end of a name with blanks in it by a tab.
    let mark = if path.contains(' ') { "\t" } else { "" };
    let short = |blob: &Option<Blob>| blob.as_ref().map_or("0000000", |blob| &blob.sha[..7]).to_owned();
    let (mode, tail) = match change.status() {
        "added" => ("new file mode 100644\n", ""),
        "deleted" => ("deleted file mode 100644\n", ""),
        _ => ("", " 100644"),
    };
    let mut text = format!(
        "diff --git a/{path} b/{path}\n{mode}index {}..{}{tail}\n",
        short(&change.before),
        short(&change.after)
    );
    let (old, new) = (self::text(change.before.as_ref()), self::text(change.after.as_ref()));
    if old == new {
        return text;
    }
    let old_name = if change.before.is_some() { format!("a/{path}{mark}") } else { "/dev/null".to_owned() };
    let new_name = if change.after.is_some() { format!("b/{path}{mark}") } else { "/dev/null".to_owned() };
    text.push_str(&format!("--- {old_name}\n+++ {new_name}\n"));
    let diff = TextDiff::from_lines(&old, &new);
    for hunk in diff.unified_diff().context_radius(3).iter_hunks() {
        text.push_str(&hunk.to_string());
    }
    text
}
