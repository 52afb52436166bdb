//! What stands as it last was, because a document is broken.

use std::collections::BTreeSet;

use crate::engine::model::entity::EntityRef;

/// What the plan must leave alone, because the documents cannot be trusted about it this time.
///
/// "Stands" means: nothing that this declared before is deleted, disabled or changed. An edge (a membership) stands
/// as soon as one of its two ends does: a person whose document is broken loses no team.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quarantine {
    /// Entities whose document is identified and broken, and those that depend on them. All they own stands.
    pub entities: BTreeSet<EntityRef>,
    /// Groups that are sound but whose list of members is not: their set of memberships stands (additions that are
    /// sure may be made), all else about them proceeds.
    pub memberships: BTreeSet<EntityRef>,
    /// Files in which some document could not be identified, and links and submodules that took the place of a file
    /// or a folder. All that was last declared there, or below, stands.
    pub paths: BTreeSet<String>,
    /// Files that cannot be read in folders where nothing is declared: probably another tool's. What one of them last
    /// declared stands; nothing else waits for it.
    pub foreign: BTreeSet<String>,
    /// Folders of the files in [`Quarantine::paths`]; the root of the mono-repo is the empty text. Where the ledger does not know what a file
    /// of [`Quarantine::paths`] last declared, nothing that was declared in its folder is removed: ask
    /// [`Quarantine::holds_removal`].
    pub folders: BTreeSet<String>,
    /// A group could not be read, so that what it places its members in is unknown: a person who is still declared
    /// loses no service this time merely because nothing places them there any more.
    pub placement_open: bool,
}

impl Quarantine {
    /// Whether nothing is held back.
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty() && self.memberships.is_empty() && self.paths.is_empty() && self.foreign.is_empty()
    }

    /// Whether what an entity declared stands, given the file that last declared it, where that is known.
    pub fn holds(&self, entity: &EntityRef, last_file: Option<&str>) -> bool {
        self.entities.contains(entity) || last_file.is_some_and(|file| self.holds_path(file))
    }

    /// Whether removing what an entity declared must wait: it stands, or its document may have moved into a file
    /// that cannot be read. `is_known` tells whether the ledger knows what a file last declared.
    pub fn holds_removal(&self, entity: &EntityRef, last_file: Option<&str>, is_known: impl Fn(&str) -> bool) -> bool {
        if self.holds(entity, last_file) {
            return true;
        }
        let folder = last_file.map(folder_of);
        self.paths.iter().any(|path| folder.is_none_or(|folder| folder_of(path) == folder) && !is_known(path))
    }

    /// Whether a file could not be read, or lies below a link or a submodule in the place of a folder.
    fn holds_path(&self, file: &str) -> bool {
        let unread = |path: &str| self.paths.contains(path) || self.foreign.contains(path);
        unread(file) || file.match_indices('/').any(|(end, _)| unread(&file[..end]))
    }
}

/// The folder of a path; the root is the empty text.
pub fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |end| &path[..end])
}
