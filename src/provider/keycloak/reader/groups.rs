//! The tree of groups, read level by level, and who is in each.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;

use super::people::disagreement;
use super::{Parts, Read, shared};
use crate::engine::model::Failure;
use crate::provider::keycloak::api::wire::Group;

/// How often a list is read until it is sure: things move while we read.
const TRIES: usize = 3;

/// All groups, by path without the leading slash.
pub(super) struct Groups {
    pub by_path: BTreeMap<String, Group>,
    /// As many as '/groups/count' says, those with a '/' in their name included.
    pub count: usize,
}

impl Parts {
    /// All groups on all levels, as many as the count says.
    pub(super) async fn groups(&self) -> Result<Groups, Failure> {
        let (mut seen, mut expected) = (0, 0);
        for _ in 0..TRIES {
            let tree = self.tree().await?;
            expected = self.reads.groups_count().await?;
            seen = tree.seen;
            if seen == expected {
                return Ok(Groups { by_path: tree.by_path, count: expected });
            }
        }
        Err(disagreement("groups", self.reads.realm(), seen, expected))
    }

    pub(super) fn group_objects(&self, groups: Option<&Result<Groups, Failure>>) -> Read {
        let groups = shared(groups)?;
        let objects = groups.by_path.iter().map(|(path, group)| self.view.group(path, group)).collect();
        Ok((objects, format!("{} groups on all levels, as '/groups/count' says", groups.count)))
    }

    pub(super) async fn memberships(&self, path: &str, groups: Option<&Result<Groups, Failure>>) -> Read {
        let groups = shared(groups)?;
        let Some(group) = groups.by_path.get(path) else {
            return Ok((Vec::new(), format!("there is no group '{path}' among {} groups", groups.count)));
        };
        let members = self.reads.group_members(&group.id).await?;
        let objects = members.iter().filter_map(|user| self.view.membership(path, &group.id, user)).collect();
        Ok((objects, "the group was seen, and its members came in one answer".to_owned()))
    }

    async fn tree(&self) -> Result<Tree, Failure> {
        let mut tree = Tree::default();
        let mut level: Vec<(Above, Group)> =
            self.reads.top_groups().await?.into_values().map(|group| (Above::Nothing, group)).collect();
        while !level.is_empty() {
            let mut parents = Vec::new();
            for (above, group) in level {
                let (id, has_children) = (group.id.clone(), group.sub_group_count.is_none_or(|count| count > 0));
                let place = tree.add(&above, group);
                parents.extend(place.filter(|_| has_children).map(|place| (place, id)));
            }
            let below = try_join_all(parents.iter().map(|(_, id)| self.reads.child_groups(id))).await?;
            level = parents
                .into_iter()
                .zip(below)
                .flat_map(|((place, _), groups)| groups.into_values().map(move |group| (place.clone(), group)))
                .collect();
        }
        Ok(tree)
    }
}

/// What a group lies below.
#[derive(Debug, Clone)]
enum Above {
    /// Nothing: it is on the top level.
    Nothing,
    /// The group at this path.
    Path(String),
    /// A group whose name holds a `/`, so that no path below it means one group only.
    Ambiguous,
}

#[derive(Default)]
struct Tree {
    by_path: BTreeMap<String, Group>,
    ids: BTreeSet<String>,
    seen: usize,
}

impl Tree {
    /// Adds a group and tells what its children lie below; `None` when it was met before (moved while we read).
    fn add(&mut self, above: &Above, group: Group) -> Option<Above> {
        if !self.ids.insert(group.id.clone()) {
            return None;
        }
        self.seen += 1;
        let path = match above {
            _ if group.name.contains('/') => return Some(Above::Ambiguous),
            Above::Ambiguous => return Some(Above::Ambiguous),
            Above::Nothing => group.name.clone(),
            Above::Path(parent) => format!("{parent}/{}", group.name),
        };
        self.by_path.insert(path.clone(), group);
        Some(Above::Path(path))
    }
}
