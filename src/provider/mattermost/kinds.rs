//! The kinds that are kept true in Mattermost, each described once as data.
//!
//! Names, keys and fields are contract: plans, the ledger and the mono-repo's ignore rules hold them. What a rule is
//! taken from stands beside it; the rest of the provider obeys this file.

use crate::engine::model::{
    Access, Compare, Evidence, FieldSpec, GoesWith, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule, Tells,
};

/// A team: what an organisation is there.
pub const TEAM: &str = "team";
/// One person in one team.
pub const TEAM_MEMBER: &str = "team-member";
/// A channel of a team.
pub const CHANNEL: &str = "channel";
/// One person in one channel.
pub const CHANNEL_MEMBER: &str = "channel-member";
/// A person's account.
pub const USER: &str = "user";

/// All kinds, containers before what lies in them.
pub static KINDS: &[KindSpec] = &[TEAM_SPEC, USER_SPEC, TEAM_MEMBER_SPEC, CHANNEL_SPEC, CHANNEL_MEMBER_SPEC];

const ARCHIVED: FieldSpec = FieldSpec::new(
    "archived",
    "whether it is put away: hidden from everybody, with its name still taken",
    Compare::Plain,
)
.access(Access::OpenWhen(false));
const GROUP_CONSTRAINED: FieldSpec = FieldSpec::new(
    "group_constrained",
    "whether its people come from directory groups alone; never written by us, because switching it on empties it",
    Compare::ServerOwned,
);

const TEAM_SPEC: KindSpec = KindSpec {
    name: TEAM,
    title: "team",
    class: KindClass::Organisation,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("display_name", "the name that people see, at most 64 characters", Compare::Plain),
        FieldSpec::new("description", "what it is, at most 255 bytes", Compare::Text),
        FieldSpec::new("open", "whether anybody with an account may join by themselves", Compare::Plain)
            .access(Access::OpenWhen(true)),
        ARCHIVED,
        GROUP_CONSTRAINED,
    ],
    key: "its name, which the server neither folds nor ever changes",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[("name", "its name, as links hold it")],
    scope: ScopeRule::Whole,
    absence: "the administrator's list of teams, archived ones included, paged, as long as the total beside it, while we \
                  are system administrator before and after",
    removal: Removal::Archive { field: "archived", off: true },
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "its channels, out of everybody's reach until it is restored",
        counts: None,
    }],
    rename: Rename::KeepsOldName("Mattermost never changes the name of a team; links and invitations hold it"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is deleted; only a server that allows permanent deletion frees the name again",
};

const USER_SPEC: KindSpec = KindSpec {
    name: USER,
    title: "person",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("username", "the name of an account with a password; sign-in writes all others", Compare::Plain),
        FieldSpec::new("email", "the address of an account with a password, in lower case", Compare::Folded)
            .tells(Tells::Reached),
        FieldSpec::new("first_name", "the first name of an account with a password", Compare::Plain)
            .tells(Tells::Called),
        FieldSpec::new("last_name", "the last name of an account with a password", Compare::Plain).tells(Tells::Called),
        FieldSpec::new(
            "initial_email",
            "the address that it is made with; it follows at next sign-in",
            Compare::CreateOnly,
        ),
        FieldSpec::new(
            "initial_first_name",
            "the first name that it is made with; it follows at next sign-in",
            Compare::CreateOnly,
        ),
        FieldSpec::new(
            "initial_last_name",
            "the last name that it is made with; it follows at next sign-in",
            Compare::CreateOnly,
        ),
        FieldSpec::new(
            "auth_service",
            "what signs it in: gitlab, openid or saml; nothing means a password",
            Compare::Plain,
        )
        .access(Access::SignIn),
        FieldSpec::new("auth_data", "whom that means: the exact value that it will name at sign-in", Compare::Plain)
            .access(Access::SignIn),
        FieldSpec::new(
            "email_verified",
            "whether the address is vouched for; never shown by the server",
            Compare::WriteOnly,
        )
        .access(Access::Vouches),
        FieldSpec::new("active", "whether it may sign in", Compare::Plain).access(Access::OpenWhen(true)),
        FieldSpec::new("has_password", "whether it signs in by a password", Compare::ServerOwned),
        FieldSpec::new("roles", "its roles in the whole system; never written by us", Compare::ServerOwned),
        SINCE,
    ],
    key: "the username in lower case",
    identity: &[
        &[Evidence::Same("auth_data"), Evidence::Same("auth_service")],
        // Nothing proves that an address is its owner's: it is enough to ask somebody, and only where nothing else signs in.
        &[Evidence::Same("initial_email"), Evidence::IsTrue("has_password")],
        &[Evidence::Same("email"), Evidence::IsTrue("has_password")],
    ],
    mark: None,
    outputs: &[("username", "the username, as mentions hold it")],
    scope: ScopeRule::Whole,
    absence: "the administrator's list of accounts, deactivated ones and bots included, paged, as long as the server's \
                  count of all accounts, while we are system administrator before and after",
    removal: Removal::Disable { field: "active", off: false },
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("sign-in writes the username, so the new name follows at the next sign-in"),
    creation_opens: true,
    wakes: "personal access tokens that were not revoked, and all memberships, work again",
    cannot_be_undone: "binding an account to another sign-in: the way back is a new password that an administrator sets",
};

const TEAM_MEMBER_SPEC: KindSpec = KindSpec {
    name: TEAM_MEMBER,
    title: "team member",
    class: KindClass::Membership,
    member_of: Some(TEAM),
    gives: &[],
    fields: &[
        FieldSpec::new("administers", "whether they administer the team", Compare::ServerOwned).tells(Tells::Owns)
    ],
    key: "team/username",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the team's list of members, paged, as long as the team's own count, of a team that was seen in the same cycle",
    removal: Removal::Delete,
    // Channels that we put them into are steps of their own, and counted as such.
    after_retention: false,
    goes_with: &[GoesWith { when: None, what: "their places in all channels of the team", counts: None }],
    rename: Rename::KeepsOldName("a membership is named by its team and its person, and moves with them"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "coming back restores the default channels only",
};

const CHANNEL_SPEC: KindSpec = KindSpec {
    name: CHANNEL,
    title: "channel",
    class: KindClass::Channel,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("display_name", "the name that people see, at most 64 characters", Compare::Plain),
        FieldSpec::new("private", "whether only those who were added see it", Compare::Plain)
            .access(Access::OpenWhen(false)),
        FieldSpec::new("purpose", "what it is for, at most 250 characters", Compare::Text),
        FieldSpec::new("header", "what stands above it, at most 1024 characters", Compare::Text),
        ARCHIVED,
        GROUP_CONSTRAINED,
    ],
    key: "team/channel",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[("name", "its name, as links hold it")],
    scope: ScopeRule::PerParent,
    absence: "the administrator's list of all channels, archived ones included, paged, as long as the total beside it, of a \
                  team that was seen in the same cycle",
    removal: Removal::Archive { field: "archived", off: true },
    after_retention: false,
    goes_with: &[GoesWith { when: None, what: "its webhooks; restoring it does not bring them back", counts: None }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "archiving deletes its webhooks; the messages stay",
};

const CHANNEL_MEMBER_SPEC: KindSpec = KindSpec {
    name: CHANNEL_MEMBER,
    title: "channel member",
    class: KindClass::Membership,
    member_of: Some(CHANNEL),
    gives: &[],
    fields: &[],
    key: "team/channel/username",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the accounts in the channel, paged, with as many active ones as the channel's own count, of a channel that \
                  was seen in the same cycle",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("a membership is named by its channel and its person, and moves with them"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};
