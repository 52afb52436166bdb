//! The kinds that are watched at GitHub, each described once as data.
//!
//! Nothing there is made by us: an App is installed, and let work, by owners of an account in a browser, and the webhook
//! that shortens the daemon's wait is set up once. Each is told as a step by hand, with the page on which it is done.

use crate::engine::model::{
    Compare, Evidence, FieldSpec, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule, Tells,
};

/// Our App at an account.
pub const INSTALLATION: &str = "installation";
/// A webhook of a repository.
pub const WEBHOOK: &str = "webhook";

/// All kinds.
pub static KINDS: &[KindSpec] = &[INSTALLATION_SPEC, WEBHOOK_SPEC];

/// What somebody has to do before it is as it should be.
pub const BY_HAND: &str = "by_hand";
/// Where it is looked at and changed.
pub const URL: &str = "url";
/// The number of an installation, which is another one after each time that it is installed.
pub const INSTALLATION_ID: &str = "installation_id";

const LEFT: FieldSpec =
    FieldSpec::new(BY_HAND, "what somebody has to do, and where", Compare::ServerOwned).tells(Tells::Bars);

const INSTALLATION_SPEC: KindSpec = KindSpec {
    name: INSTALLATION,
    title: "installation of our App",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("state", "pending, linked or suspended", Compare::ServerOwned),
        FieldSpec::new("repositories", "all of the account's, or selected ones", Compare::ServerOwned),
        FieldSpec::new("permissions", "what an owner accepted", Compare::ServerOwned),
        LEFT,
        SINCE,
    ],
    key: "the login of the organisation or person, and the App's name in addresses: acme-corp/formulary",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[(INSTALLATION_ID, "its number"), (URL, "where an owner changes it")],
    scope: ScopeRule::PerParent,
    absence: "the App's own list of installations, page by page to the page without a next one",
    removal: Removal::ByHand("an owner of the account uninstalls it, under Settings, GitHub Apps"),
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("accounts are renamed by their owners: declare the login of today"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is written",
};

const WEBHOOK_SPEC: KindSpec = KindSpec {
    name: WEBHOOK,
    title: "webhook",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("events", "what it tells of", Compare::ServerOwned),
        FieldSpec::new("last_status", "what the receiver answered last", Compare::ServerOwned),
        LEFT,
        SINCE,
    ],
    key: "owner/repository/push",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the repository's list of webhooks, page by page to the page without a next one",
    removal: Removal::ByHand("delete it under Settings, Webhooks of the repository"),
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("it is known by where it leads"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is written",
};
