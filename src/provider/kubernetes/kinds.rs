//! The kinds that are kept true in a cluster, each described once as data.
//!
//! Names, keys and fields are contract: plans, the ledger and the mono-repo's ignore rules hold them. This is no applier of
//! manifests: one ConfigMap with Claude Code's files, the namespace it lies in, and a roll-out of what reads it but once.

use crate::engine::model::{
    Compare, Evidence, FieldSpec, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule, Tells,
};

/// A namespace.
pub const NAMESPACE: &str = "namespace";
/// A ConfigMap.
pub const CONFIG_MAP: &str = "config-map";
/// What a Deployment was last rolled out for.
pub const ROLLOUT: &str = "rollout";

/// All kinds, in the order in which one needs the other.
pub static KINDS: &[KindSpec] = &[NAMESPACE_SPEC, CONFIG_MAP_SPEC, ROLLOUT_SPEC];

/// Who holds values, by their names; where that is somebody else they are left.
pub const HOLDERS: &str = "holders";

/// Who else wrote values last, by their names, whether that holds us back or not.
pub const WRITERS: &str = "written_by";

const ABSENCE: &str = "each is asked for by its name, and the server says that it is not there";

const NAMESPACE_SPEC: KindSpec = KindSpec {
    name: NAMESPACE,
    title: "namespace",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new("going", "that it is being deleted", Compare::ServerOwned).tells(Tells::Bars), SINCE],
    key: "its name",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::Whole,
    absence: ABSENCE,
    removal: Removal::Keep,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("a namespace cannot be renamed"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is deleted",
};

const CONFIG_MAP_SPEC: KindSpec = KindSpec {
    name: CONFIG_MAP,
    title: "Claude Code's configuration",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("data", "the files, by their names; what is mounted in workspaces, byte by byte", Compare::Text)
            .held_by(HOLDERS)
            .told_by(WRITERS),
        FieldSpec::new("labels", "what finds it again", Compare::Keys),
        FieldSpec::new("other_keys", "keys that nobody declared", Compare::Set),
        FieldSpec::new(HOLDERS, "who else holds which of our values", Compare::ServerOwned),
        FieldSpec::new(WRITERS, "who else wrote which of the keys last, and when", Compare::ServerOwned),
        FieldSpec::new("immutable", "that it cannot be changed", Compare::ServerOwned).tells(Tells::Bars),
        SINCE,
    ],
    key: "namespace/name",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("the annotation formulary.dev/ledger"),
    outputs: &[],
    scope: ScopeRule::Whole,
    absence: ABSENCE,
    // Pods that mount it could not start without it, and those that run would go on without a policy.
    removal: Removal::Keep,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("templates mount it by its name"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing: the files are in the mono-repo",
};

const ROLLOUT_SPEC: KindSpec = KindSpec {
    name: ROLLOUT,
    title: "roll-out",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("policy", "the SHA-256 of the files that its pods were last replaced for", Compare::Plain)
            .held_by(HOLDERS)
            .told_by(WRITERS),
        FieldSpec::new(HOLDERS, "who else holds it", Compare::ServerOwned),
        FieldSpec::new(WRITERS, "who else wrote it last, and when", Compare::ServerOwned),
    ],
    key: "namespace/deployment",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::Whole,
    absence: ABSENCE,
    removal: Removal::Keep,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("a Deployment cannot be renamed"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "pods are replaced; what they held in memory is gone",
};
