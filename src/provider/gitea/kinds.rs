//! The kinds that are kept true in Gitea, each described once as data.
//!
//! Names, keys and fields are contract: plans, the ledger and the mono-repo's ignore rules hold them. What a rule is
//! taken from stands beside it; the rest of the provider obeys this file.

use crate::engine::model::{
    Access, Compare, Evidence, FieldSpec, Gives, GoesWith, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule,
    Tells,
};

/// An organisation.
pub const ORGANIZATION: &str = "organization";
/// A team of an organisation.
pub const TEAM: &str = "team";
/// One person in one team.
pub const TEAM_MEMBER: &str = "team-member";
/// A person's account.
pub const USER: &str = "user";
/// A repository.
pub const REPOSITORY: &str = "repository";
/// A rule that protects branches of a repository.
pub const BRANCH_PROTECTION: &str = "branch-protection";
/// A webhook of a repository.
pub const WEBHOOK: &str = "webhook";

/// Who sees an account, an organisation or a team, in rising order. `limited` means: everybody who is signed in.
pub const VISIBILITIES: &[&str] = &["private", "limited", "public"];
/// What a team may do in its repositories where it has no administrator's right: by unit, in rising order.
pub const LEVELS: &[&str] = &["none", "read", "write", "admin"];
/// Whether a team administers its repositories. `owner` is the right of `Owners` and is never given by us.
pub const PERMISSIONS: &[&str] = &["none", "admin", "owner"];
/// Who may do something on a protected branch, in rising order.
pub const WHO: &[&str] = &["nobody", "listed", "anybody"];

/// All kinds, containers before what lies in them.
pub static KINDS: &[KindSpec] =
    &[ORGANIZATION_SPEC, USER_SPEC, TEAM_SPEC, TEAM_MEMBER_SPEC, REPOSITORY_SPEC, BRANCH_PROTECTION_SPEC, WEBHOOK_SPEC];

const ORGANIZATION_SPEC: KindSpec = KindSpec {
    name: ORGANIZATION,
    title: "organisation",
    class: KindClass::Organisation,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("full_name", "the name that people see, at most 100 characters", Compare::Plain),
        FieldSpec::new("description", "what it is, at most 255 characters", Compare::Text),
        FieldSpec::new("website", "its address on the web", Compare::Plain),
        FieldSpec::new("location", "where it is", Compare::Plain),
        FieldSpec::new("visibility", "who sees it: private, limited (whoever is signed in) or public", Compare::Plain)
            .access(Access::Levels(VISIBILITIES)),
    ],
    key: "its name in lower case; people and organisations share one namespace in which case means nothing",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[("name", "its name as Gitea writes it")],
    scope: ScopeRule::Whole,
    absence: "the site administrator's list of organisations, paged, as long as the total that each page tells",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "its teams and everybody's membership; Gitea refuses while it owns repositories or packages",
        counts: Some(KindClass::Team),
    }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "deleting it: teams, memberships and settings are gone; its name is free for anybody at once",
};

const TEAM_SPEC: KindSpec = KindSpec {
    name: TEAM,
    title: "team",
    class: KindClass::Team,
    member_of: None,
    gives: &[
        Gives::Above(ORGANIZATION),
        Gives::Beside { kind: REPOSITORY, when: "all_repositories", level: &["permission", "units"] },
    ],
    fields: &[
        FieldSpec::new("description", "what it is for, at most 255 characters", Compare::Text),
        FieldSpec::new("permission", "whether it administers its repositories: none or admin", Compare::Plain)
            .access(Access::Levels(PERMISSIONS)),
        FieldSpec::new("units", "what it may do in its repositories, by unit: read, write or admin", Compare::Plain)
            .access(Access::Levels(LEVELS)),
        FieldSpec::new("all_repositories", "whether it is on every repository of the organisation", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new("can_create_repositories", "whether its people may create repositories", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new("visibility", "who sees that it exists: private, limited or public (from 1.27)", Compare::Plain)
            .access(Access::Levels(VISIBILITIES)),
    ],
    key: "organisation/team in lower case; a team below a team is named by joining the names with '-'",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[("name", "its name as Gitea writes it")],
    scope: ScopeRule::PerParent,
    absence: "the organisation's list of teams, paged, as long as the total that each page tells, while we are site \
                  administrator before and after",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "the memberships of its people and its rights on repositories; whoever is in no other team leaves the \
                   organisation",
        counts: Some(KindClass::Membership),
    }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "deleting it: memberships and rights on repositories are gone. Switching all_repositories off \
                           leaves every repository attached, to be taken off one by one",
};

const TEAM_MEMBER_SPEC: KindSpec = KindSpec {
    name: TEAM_MEMBER,
    title: "team member",
    class: KindClass::Membership,
    member_of: Some(TEAM),
    gives: &[],
    fields: &[FieldSpec::new(
        "only_team",
        "'yes' when this is the person's only team in the organisation, so that leaving it leaves the organisation",
        Compare::ServerOwned,
    )],
    key: "organisation/team/user in lower case",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the team's list of members, paged, as long as the total that each page tells, of a team that was seen \
                  in the same cycle",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[GoesWith {
        when: Some(("only_team", "yes")),
        what: "the membership of the organisation: it was the person's only team there",
        counts: Some(KindClass::Membership),
    }],
    rename: Rename::KeepsOldName("a membership is named by its team and its person, and moves with them"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};

const USER_SPEC: KindSpec = KindSpec {
    name: USER,
    title: "person",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("email", "the address, in lower case; Gitea mails to it", Compare::Folded).tells(Tells::Reached),
        FieldSpec::new("full_name", "the name that people see, at most 100 characters", Compare::Plain)
            .tells(Tells::Called),
        FieldSpec::new(
            "login_name",
            "whom the sign-in source means: the exact 'sub' of the account at the identity provider",
            Compare::Plain,
        )
        .access(Access::SignIn),
        FieldSpec::new("source_id", "the sign-in source, by the number that this installation gave it", Compare::Plain)
            .access(Access::SignIn),
        FieldSpec::new("prohibit_login", "whether web, API, tokens and Git are closed to it", Compare::Plain)
            .access(Access::OpenWhen(false)),
        FieldSpec::new("restricted", "whether it sees only what it was given a right on", Compare::Plain)
            .access(Access::OpenWhen(false)),
        FieldSpec::new("visibility", "who sees it: private, limited (whoever is signed in) or public", Compare::Plain)
            .access(Access::Levels(VISIBILITIES)),
        FieldSpec::new(
            "active",
            "no: the identity provider's synchronisation switched it off; never written by us, because it cuts \
                 collaborators off from the person's repositories",
            Compare::ServerOwned,
        ),
        FieldSpec::new("is_admin", "whether it is a site administrator; never written by us", Compare::ServerOwned)
            .tells(Tells::Administers),
        SINCE,
    ],
    key: "the username in lower case; people and organisations share one namespace in which case means nothing",
    identity: &[&[Evidence::Same("login_name"), Evidence::Same("source_id")]],
    mark: None,
    outputs: &[("login", "the username as Gitea writes it"), ("html_url", "the profile page")],
    scope: ScopeRule::Whole,
    absence: "the site administrator's list of people, paged, as long as the total that each page tells, with no \
                  hidden fields",
    removal: Removal::Disable { field: "prohibit_login", off: true },
    after_retention: false,
    goes_with: &[],
    rename: Rename::InPlace,
    creation_opens: true,
    wakes: "access tokens, keys and web sessions from before work again, because no token can revoke them",
    cannot_be_undone: "binding a local account to a source: Gitea has no way back, and the old password stays a way in",
};

const REPOSITORY_SPEC: KindSpec = KindSpec {
    name: REPOSITORY,
    title: "repository",
    class: KindClass::Repository,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("private", "whether only people with a right on it see it", Compare::Plain)
            .access(Access::OpenWhen(false)),
        FieldSpec::new("description", "what it is, at most 2048 characters", Compare::Text),
        FieldSpec::new("default_branch", "the branch that is shown and cloned; it must exist", Compare::Plain),
        FieldSpec::new("archived", "whether it takes no more commits, branches, issues and comments", Compare::Plain),
        FieldSpec::new("topics", "its topics, our own mark not counted", Compare::Set),
    ],
    key: "owner/name in lower case",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("a topic that begins with 'managed-by-formulary-'"),
    outputs: &[
        ("clone_url", "where to clone it over HTTPS"),
        ("ssh_url", "where to clone it over SSH"),
        ("html_url", "its page"),
        ("full_name", "owner/name as Gitea writes them"),
    ],
    scope: ScopeRule::PerParent,
    absence: "the search for the owner's own repositories, paged, as long as the total that each page tells, of an \
                  owner that was seen in the same cycle",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "its commits, issues, pull requests, wiki, releases, hooks and protections",
        counts: Some(KindClass::Repository),
    }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "deleting it: nothing brings its contents back",
};

const BRANCH_PROTECTION_SPEC: KindSpec = KindSpec {
    name: BRANCH_PROTECTION,
    title: "branch protection",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("push", "who may push: nobody, listed or anybody with write access", Compare::Plain)
            .access(Access::Levels(WHO)),
        FieldSpec::new("push_users", "people who may push where 'push' is 'listed'", Compare::Set)
            .access(Access::Grants),
        FieldSpec::new("push_teams", "teams that may push where 'push' is 'listed'", Compare::Set)
            .access(Access::Grants),
        FieldSpec::new("merge", "who may merge: listed, or anybody with write access", Compare::Plain)
            .access(Access::Levels(WHO)),
        FieldSpec::new("merge_users", "people who may merge where 'merge' is 'listed'", Compare::Set)
            .access(Access::Grants),
        FieldSpec::new("merge_teams", "teams that may merge where 'merge' is 'listed'", Compare::Set)
            .access(Access::Grants),
        FieldSpec::new("required_approvals", "approvals that a merge needs", Compare::Plain),
        FieldSpec::new("dismiss_stale_approvals", "whether new commits take approvals away", Compare::Plain),
        FieldSpec::new("block_on_rejected_reviews", "whether a rejection stops the merge", Compare::Plain),
        FieldSpec::new("block_on_outdated_branch", "whether a branch must be up to date to be merged", Compare::Plain),
        FieldSpec::new("status_checks", "statuses that must succeed before a merge, as globs", Compare::Set),
        FieldSpec::new("require_signed_commits", "whether commits must be signed", Compare::Plain),
        FieldSpec::new(
            "block_admin_merge_override",
            "whether the rule binds administrators' merges too",
            Compare::Plain,
        )
        .access(Access::OpenWhen(false)),
    ],
    key: "owner/name/rule; a '/' in the rule is written %2F",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the repository's list of rules, which is not paged, of a repository that was seen in the same cycle",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("Gitea cannot change the name of a rule"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "",
};

const WEBHOOK_SPEC: KindSpec = KindSpec {
    name: WEBHOOK,
    title: "webhook",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("events", "what it tells of, short forms written out", Compare::Set),
        FieldSpec::new("active", "whether it delivers", Compare::Plain),
        FieldSpec::new("branch_filter", "branches that it tells of, as a glob; empty means all", Compare::Plain),
        FieldSpec::new("content_type", "json or form", Compare::Plain),
        FieldSpec::new(
            "secret",
            "what deliveries are signed with; Gitea never shows it and cannot change it",
            Compare::WriteOnly,
        )
        .sensitive(),
    ],
    key: "owner/name/url; a '/' in the address is written %2F. A second hook with the same address has '#' and its id \
              at the end",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the repository's list of hooks, paged, as long as the total that each page tells, of a repository that \
                  was seen in the same cycle",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("a hook is named by its address; another address is another hook"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "",
};
