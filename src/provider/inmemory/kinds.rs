//! The kinds, one of each way in which kinds differ: switched off or deleted, whole or per parent, with an identity of
//! its own or with none, declared or given out.

use crate::engine::model::kind;
use crate::engine::model::{
    Access, Compare, Evidence, FieldSpec, Gives, GoesWith, KindClass, KindSpec, Removal, Rename, ScopeRule,
};

/// Containers before what lies in them.
pub const KINDS: &[KindSpec] = &[GROUP, USER, NUMBER, MEMBERSHIP];

const GROUP: KindSpec = KindSpec {
    name: "group",
    title: "group",
    class: KindClass::Team,
    member_of: None,
    gives: &[Gives::Above("group")],
    fields: &[
        FieldSpec::new("title", "what people call it", Compare::Plain),
        FieldSpec::new("about", "what it is for", Compare::Text),
    ],
    key: "the names from the organisation down, joined by '/', in lower case",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("a tag"),
    outputs: &[("id", "its id")],
    scope: ScopeRule::Whole,
    absence: "the world is read under one lock",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith { when: None, what: "its memberships and the groups in it", counts: None }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "a deleted group comes back empty, with another id",
};

const USER: KindSpec = KindSpec {
    name: "user",
    title: "user",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("name", "what people call them", Compare::Plain),
        FieldSpec::new("email", "where mail reaches them", Compare::Folded),
        FieldSpec::new("enabled", "whether they may sign in", Compare::Plain).access(Access::OpenWhen(true)),
        FieldSpec::new("login", "the account at the identity provider", Compare::Plain).access(Access::SignIn),
        FieldSpec::new("password", "sent once, never shown", Compare::WriteOnly).sensitive(),
    ],
    key: "the name, in lower case",
    identity: &[&[Evidence::Same("email")], &[Evidence::Same("login")]],
    mark: Some("a tag"),
    outputs: &[("sub", "its id, which never changes")],
    scope: ScopeRule::Whole,
    absence: "the world is read under one lock",
    removal: Removal::Disable { field: "enabled", off: false },
    after_retention: false,
    goes_with: &[],
    rename: Rename::InPlace,
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};

const NUMBER: KindSpec = KindSpec {
    name: kind::NUMBER,
    title: "number",
    class: KindClass::Number,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new(kind::NUMBER, "given once and never to anybody else", Compare::Plain).access(Access::SignIn)
    ],
    key: "the pool, '/', the user's name",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[(kind::NUMBER, "the number in decimal, as text")],
    scope: ScopeRule::PerParent,
    absence: "the world is read under one lock",
    removal: Removal::Forget,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("it is named by the account that carries it"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};

const MEMBERSHIP: KindSpec = KindSpec {
    name: "membership",
    title: "membership",
    class: KindClass::Membership,
    member_of: Some("group"),
    gives: &[],
    fields: &[
        FieldSpec::new("role", "what they may do in it", Compare::Plain).access(Access::Levels(&["member", "owner"]))
    ],
    key: "the group's key, '/', the user's name",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the world is read under one lock, and the group is there",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[],
    rename: Rename::InPlace,
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};
