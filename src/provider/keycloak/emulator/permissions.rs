//! Fine-grained admin permissions: who may do what to which objects, beside the roles.

use std::collections::{BTreeMap, BTreeSet};

use super::world::Id;

/// The resource types and the scopes of each.
pub(super) const SCHEMA: &[(&str, &[&str])] = &[
    ("Users", &["impersonate", "manage", "manage-group-membership", "map-roles", "reset-password", "view"]),
    (
        "Groups",
        &[
            "impersonate-members",
            "manage",
            "manage-members",
            "manage-membership",
            "manage-membership-of-members",
            "view",
            "view-members",
        ],
    ),
    ("Clients", &["manage", "map-roles", "map-roles-client-scope", "map-roles-composite", "view"]),
    ("Roles", &["map-role", "map-role-client-scope", "map-role-composite"]),
    ("Organizations", &["manage", "view"]),
];

/// Policies and permissions of a realm, in the order they were made.
#[derive(Debug, Default)]
pub(super) struct Permissions {
    pub policies: BTreeMap<Id, Policy>,
    pub permissions: BTreeMap<Id, Permission>,
    /// The ids by which the service refers to resources and scopes.
    pub refs: BTreeMap<String, Id>,
}

#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub name: String,
    /// `client`, `user`, `role` or `group`.
    pub kind: String,
    pub subjects: BTreeSet<Id>,
    pub negative: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Permission {
    pub name: String,
    pub resource_type: String,
    /// Objects it speaks of; all of the type when empty.
    pub resources: BTreeSet<Id>,
    pub scopes: BTreeSet<String>,
    pub policies: BTreeSet<Id>,
}

/// Whom a permission is asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Subject {
    pub user: Id,
    pub client: Id,
    pub roles: BTreeSet<Id>,
    pub groups: BTreeSet<Id>,
}

impl Permissions {
    /// Whether `subject` was given `scope` on the object `id` of this type. Lists do not look at client policies
    /// (as seen: single reads work with them, lists stay empty).
    pub fn grant(&self, subject: &Subject, resource_type: &str, scope: &str, id: &str, in_list: bool) -> bool {
        self.permissions.values().any(|permission| {
            permission.resource_type == resource_type
                && permission.scopes.contains(scope)
                && (permission.resources.is_empty() || permission.resources.contains(id))
                && !permission.policies.is_empty()
                && permission.policies.iter().all(|id| {
                    self.policies.get(id).is_some_and(|policy| {
                        if in_list && policy.kind == "client" {
                            return false;
                        }
                        policy.holds(subject) != policy.negative
                    })
                })
        })
    }
}

impl Policy {
    fn holds(&self, subject: &Subject) -> bool {
        match self.kind.as_str() {
            "client" => self.subjects.contains(&subject.client),
            "user" => self.subjects.contains(&subject.user),
            "role" => !self.subjects.is_disjoint(&subject.roles),
            "group" => !self.subjects.is_disjoint(&subject.groups),
            _ => false,
        }
    }
}
