//! The kinds of thing that are kept true in a Logto tenant, each described once, as data.
//!
//! Names, keys and fields are a contract: plans, approvals and the ledger hold them.

use crate::engine::model::{
    Access, Compare, Evidence, FieldSpec, GoesWith, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule, Tells,
};

/// A person's account.
pub const USER: &str = "user";
/// An organisation.
pub const ORGANIZATION: &str = "organization";
/// A role of the organisation template: a team of one organisation.
pub const ORGANIZATION_ROLE: &str = "organization-role";
/// A person in an organisation.
pub const ORGANIZATION_MEMBER: &str = "organization-member";
/// A person who has an organisation role, in the organisation that it is named after.
pub const ROLE_MEMBER: &str = "organization-role-member";
/// An application that signs people in.
pub const APPLICATION: &str = "application";
/// An address that Logto tells of what happens.
pub const WEBHOOK: &str = "webhook";

/// All kinds, containers before what lies in them.
pub static KINDS: &[KindSpec] = &[
    APPLICATION_SPEC,
    WEBHOOK_SPEC,
    ORGANIZATION_SPEC,
    ORGANIZATION_ROLE_SPEC,
    USER_SPEC,
    ORGANIZATION_MEMBER_SPEC,
    ROLE_MEMBER_SPEC,
];

/// The description of a kind.
pub fn kind(name: &str) -> Option<&'static KindSpec> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// Names are not unique in Logto: which one is meant must be told.
const SHARES_NAME: FieldSpec =
    FieldSpec::new("shares_name", "why nobody can tell which one is meant", Compare::ServerOwned).tells(Tells::Bars);

const USER_SPEC: KindSpec = KindSpec {
    name: USER,
    title: "person",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("username", "what one signs in with: the name, with '_' for '-' and '.'", Compare::Plain)
            .access(Access::SignIn),
        FieldSpec::new(
            "email",
            "the address; Logto tells every service that it is verified, so only a proven one is written",
            Compare::Folded,
        )
        .tells(Tells::Reached),
        FieldSpec::new("name", "the whole name", Compare::Plain).tells(Tells::Called),
        FieldSpec::new("preferred_username", "what services are told that the person is called", Compare::Plain),
        FieldSpec::new("handle", "what our mark calls the person", Compare::Plain),
        FieldSpec::new("suspended", "whether the person is kept out", Compare::Plain).access(Access::OpenWhen(false)),
        SINCE,
    ],
    key: "the person's name, which our mark holds; of others the address, else the username, else the id",
    identity: &[&[Evidence::Same("email")]],
    mark: Some("the key 'formulary' of the custom data, written by the route that merges"),
    outputs: &[
        ("sub", "the subject of every token: the account's id, stable for as long as the account exists"),
        ("username", "the username"),
        ("email", "the address, in lower case"),
    ],
    scope: ScopeRule::Whole,
    absence: "the number of distinct ids in all pages equals 'Total-Number' of every page",
    removal: Removal::Disable { field: "suspended", off: true },
    after_retention: false,
    goes_with: &[],
    rename: Rename::InPlace,
    creation_opens: true,
    wakes: "the password and every other way to sign in work again; sessions and refresh tokens were ended and stay so",
    cannot_be_undone: "a deleted account comes back with another subject, so that every account bound to it is \
                       orphaned; Formulary suspends and never deletes",
};

const ORGANIZATION_SPEC: KindSpec = KindSpec {
    name: ORGANIZATION,
    title: "organisation",
    class: KindClass::Organisation,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("name", "the name for people; several may have the same", Compare::Plain),
        FieldSpec::new("description", "what it is", Compare::Text),
        FieldSpec::new("slug", "what our mark calls it", Compare::Plain),
        SHARES_NAME,
    ],
    key: "the organisation's name in the mono-repo, which our mark holds; of others the name if it is the only one of it, \
          else the id",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("the key 'formulary' of the custom data, with the name in the mono-repo as 'slug'"),
    outputs: &[("id", "the organisation's id, as the claims 'organizations' and 'organization_roles' carry it")],
    scope: ScopeRule::Whole,
    absence: "the number of distinct ids in all pages equals 'Total-Number' of every page",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "who is in it, and who has which role in it; the people stay",
        counts: None,
    }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "an organisation that is made again has another id; claims and just-in-time settings of the old one \
                       are lost",
};

const ORGANIZATION_ROLE_SPEC: KindSpec = KindSpec {
    name: ORGANIZATION_ROLE,
    title: "team (organisation role)",
    class: KindClass::Team,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new("description", "what it is for", Compare::Text)],
    key: "the role's name: the organisation and the team, 'acme-corp/platform'; case-sensitive",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[
        ("id", "the role's id"),
        ("name", "the name, as the claim 'organization_roles' carries it after the organisation's id"),
    ],
    scope: ScopeRule::Whole,
    absence: "the number of distinct ids in all pages equals 'Total-Number' of every page",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith { when: None, what: "that anybody has it, in whichever organisation", counts: None }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "permissions that others gave to the role are lost",
};

const ORGANIZATION_MEMBER_SPEC: KindSpec = KindSpec {
    name: ORGANIZATION_MEMBER,
    title: "organisation member",
    class: KindClass::Membership,
    member_of: Some(ORGANIZATION),
    gives: &[],
    fields: &[],
    key: "the organisation and the person: 'acme-corp/alice'",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the organisation was seen in the same cycle, and the number of distinct members equals 'Total-Number'; an \
              organisation that is proven absent has none, although Logto answers an empty list for it as well",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "every role that the person has in the organisation: being added again gives none back",
        counts: None,
    }],
    rename: Rename::KeepsOldName("it is named by the organisation and the account that it joins"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "roles that others gave the person there are lost",
};

const ROLE_MEMBER_SPEC: KindSpec = KindSpec {
    name: ROLE_MEMBER,
    title: "team member (organisation role)",
    class: KindClass::Membership,
    member_of: Some(ORGANIZATION_ROLE),
    gives: &[],
    fields: &[],
    key: "the role and the person: 'acme-corp/platform/alice'",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "it comes with the members of the organisation, whose list is whole; a role or an organisation that is proven \
              absent has none",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("it is named by the role and the account that it joins"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};

const APPLICATION_SPEC: KindSpec = KindSpec {
    name: APPLICATION,
    title: "application",
    class: KindClass::Client,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("name", "the name that people see; several may have the same", Compare::Plain),
        FieldSpec::new("description", "what it is for", Compare::Text),
        FieldSpec::new("type", "'Traditional' (with a secret), 'SPA', 'Native' or 'MachineToMachine'", Compare::Once),
        FieldSpec::new("redirect_uris", "addresses that codes may be sent to", Compare::Set).access(Access::Grants),
        FieldSpec::new(
            "post_logout_redirect_uris",
            "addresses that people may be sent to after signing out",
            Compare::Set,
        )
        .access(Access::Grants),
        FieldSpec::new("cors_allowed_origins", "origins whose scripts may ask for tokens", Compare::Set)
            .access(Access::Grants),
        FieldSpec::new(
            "always_issue_refresh_token",
            "whether it gets a refresh token without asking the person for consent",
            Compare::Plain,
        )
        .access(Access::OpenWhen(true)),
        FieldSpec::new("key", "what our mark calls it", Compare::Plain),
        SHARES_NAME,
    ],
    key: "the key in the config, which our mark holds; of others the name if it is the only one of it, else the id",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("the key 'formulary' of the custom data, with the key in the config as 'key'"),
    outputs: &[(
        "client_id",
        "the client id: Logto chooses it, so that it is known only once the application is there",
    )],
    scope: ScopeRule::Whole,
    absence: "the number of distinct ids in all pages equals 'Total-Number' of every page, and our own application is among \
              them",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith { when: None, what: "every sign-in through it, and its secrets", counts: None }],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "one that is made again has another client id and another secret, which whoever uses it must learn",
};

const WEBHOOK_SPEC: KindSpec = KindSpec {
    name: WEBHOOK,
    title: "webhook",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("url", "the address that is told; what people's accounts hold goes there", Compare::Plain),
        FieldSpec::new("events", "what it is told of", Compare::Set).access(Access::Grants),
        FieldSpec::new("enabled", "whether it is told anything", Compare::Plain).access(Access::OpenWhen(true)),
    ],
    key: "the name; of several that have the same one, the oldest has it and the others are called by their ids",
    identity: &[&[Evidence::NameByApproval]],
    mark: None,
    outputs: &[("id", "the webhook's id")],
    scope: ScopeRule::Whole,
    absence: "the number of distinct ids in all pages equals 'Total-Number' of every page",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith { when: None, what: "its signing key, and the log of its deliveries", counts: None }],
    rename: Rename::Nameless,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "one that is made again signs with another key; what happened meanwhile is never told",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_come_before_what_lies_in_them() {
        let at = |name| KINDS.iter().position(|kind| kind.name == name).unwrap();
        for (container, contained) in [
            (ORGANIZATION, ORGANIZATION_ROLE),
            (ORGANIZATION, ORGANIZATION_MEMBER),
            (USER, ORGANIZATION_MEMBER),
            (ORGANIZATION_ROLE, ROLE_MEMBER),
            (ORGANIZATION_MEMBER, ROLE_MEMBER),
        ] {
            assert!(at(container) < at(contained), "{container} before {contained}");
        }
    }

    #[test]
    fn no_kind_can_keep_a_number() {
        assert!(KINDS.iter().all(|kind| kind.class != KindClass::Number));
    }
}
