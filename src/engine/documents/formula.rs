//! The files of a formula: what lies beside its template's document belongs to it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::catalogue::Catalogue;
use crate::engine::source::FileEntry;

/// Gives every template the files of its folder. Files are shared, not copied.
pub(super) fn attach<P>(catalogue: &mut Catalogue, files: &BTreeMap<P, FileEntry>)
where
    P: std::borrow::Borrow<str> + Ord,
{
    for template in catalogue.templates.values_mut() {
        template.files = match folder(&template.entity.span.file) {
            Some(folder) => below(folder, files),
            None => BTreeMap::new(),
        };
    }
}

/// Whether a file is, or may have been, one of a template.
pub(super) fn is_part_of_one(catalogue: &Catalogue, path: &str) -> bool {
    let mut folders = catalogue.templates.values().filter_map(|it| folder(&it.entity.span.file));
    folders.any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

/// The folder of a file, unless it is the root.
fn folder(file: &Arc<str>) -> Option<&str> {
    file.rsplit_once('/').map(|(folder, _)| folder)
}

fn below<P>(folder: &str, files: &BTreeMap<P, FileEntry>) -> BTreeMap<String, FileEntry>
where
    P: std::borrow::Borrow<str> + Ord,
{
    let folder = format!("{folder}/");
    let from = (Bound::Included(folder.as_str()), Bound::Unbounded);
    let inside =
        files.range::<str, _>(from).map_while(|(path, entry)| Some((path.borrow().strip_prefix(&folder)?, entry)));
    inside.map(|(path, entry)| (path.to_owned(), entry.clone())).collect()
}
