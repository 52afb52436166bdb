//! What differs between two trees, by file and as text.

use std::sync::Arc;

use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::call::Call;
use super::contents::escape_path;
use super::git::{File, Files, Objects};
use super::world::World;

/// A file that is not the same on both sides.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) path: String,
    before: Option<File>,
    after: Option<File>,
    pub(super) additions: usize,
    pub(super) deletions: usize,
    patch: Option<String>,
}

/// The changes from one tree to another, by path.
pub(super) fn between(objects: &Objects, before: &Files, after: &Files) -> Vec<Change> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    let changed = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    changed.map(|path| change(objects, path, before.get(path), after.get(path))).collect()
}

fn change(objects: &Objects, path: &str, before: Option<&File>, after: Option<&File>) -> Change {
    let bytes = |file: Option<&File>| file.and_then(|file| objects.blob(&file.sha)).cloned();
    let (old, new) = (bytes(before), bytes(after));
    let text =
        |bytes: &Option<Arc<[u8]>>| std::str::from_utf8(bytes.as_deref().unwrap_or_default()).ok().map(str::to_owned);
    let (mut additions, mut deletions, mut patch) = (0, 0, None);
    // Of what is no text there are no lines.
    if let (Some(old), Some(new)) = (text(&old), text(&new)) {
        let diff = TextDiff::from_lines(&old, &new);
        let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
        (additions, deletions) = (count(ChangeTag::Insert), count(ChangeTag::Delete));
        let hunks: String = diff.unified_diff().context_radius(3).iter_hunks().map(|hunk| hunk.to_string()).collect();
        patch = Some(hunks.trim_end_matches('\n').to_owned()).filter(|hunks| !hunks.is_empty());
    }
    Change { path: path.to_owned(), before: before.cloned(), after: after.cloned(), additions, deletions, patch }
}

/// Lines added and deleted in all.
pub(super) fn sums(changes: &[Change]) -> (usize, usize) {
    let sum = |of: fn(&Change) -> usize| changes.iter().map(of).sum();
    (sum(|change| change.additions), sum(|change| change.deletions))
}

/// A changed file, as lists of files show it.
pub(super) fn show(world: &World, call: &Call, change: &Change, commit: &str) -> Value {
    let repo = world.repo(call);
    let (api, html) = (world.api_of(call, repo), format!("{}/{}", call.web, world.full_name(repo)));
    let path = escape_path(&change.path);
    let status = match (&change.before, &change.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "modified",
    };
    let mut shown = json!({
        "sha": change.after.as_ref().or(change.before.as_ref()).map(|file| &file.sha),
        "filename": change.path,
        "status": status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": format!("{html}/blob/{commit}/{path}"),
        "raw_url": format!("{html}/raw/{commit}/{path}"),
        "contents_url": format!("{api}/contents/{path}?ref={commit}"),
    });
    if let Some(patch) = &change.patch {
        shown["patch"] = json!(patch);
    }
    shown
}
