//! The kinds of thing that are kept true in a realm, each described once, as data.
//!
//! Names, keys and fields are a contract: plans, approvals and the ledger hold them.

use crate::engine::model::{
    Access, Compare, Evidence, FieldSpec, Gives, GoesWith, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule,
    Tells,
};

/// A top-level group (an organisation) or one below it (a team).
pub const GROUP: &str = "group";
/// A person's account.
pub const USER: &str = "user";
/// A person in a group.
pub const MEMBERSHIP: &str = "membership";
/// An organisation in Keycloak's own sense, for domain-based sign-in.
pub const ORGANIZATION: &str = "organization";
/// A person in such an organisation.
pub const ORGANIZATION_MEMBER: &str = "organization-member";
/// A role of the realm.
pub const ROLE: &str = "role";
/// A client scope.
pub const CLIENT_SCOPE: &str = "client-scope";
/// A mapper within a client scope: what puts a claim into tokens.
pub const MAPPER: &str = "mapper";
/// An attribute that the realm's user profile declares.
pub const PROFILE_ATTRIBUTE: &str = "profile-attribute";
/// An application that signs people in.
pub const CLIENT: &str = "client";
/// A number that a person was given once: the value of a declared attribute that only administrators change.
pub const NUMBER: &str = "number";

/// The text of a managed member's `membership_type`.
pub const MANAGED: &str = "MANAGED";

/// All kinds, containers before what lies in them.
pub static KINDS: &[KindSpec] = &[
    PROFILE_ATTRIBUTE_SPEC,
    ROLE_SPEC,
    CLIENT_SCOPE_SPEC,
    MAPPER_SPEC,
    CLIENT_SPEC,
    GROUP_SPEC,
    ORGANIZATION_SPEC,
    USER_SPEC,
    NUMBER_SPEC,
    MEMBERSHIP_SPEC,
    ORGANIZATION_MEMBER_SPEC,
];

/// The description of a kind.
pub fn kind(name: &str) -> Option<&'static KindSpec> {
    KINDS.iter().find(|kind| kind.name == name)
}

const USER_SPEC: KindSpec = KindSpec {
    name: USER,
    title: "person",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("email", "the address that mail is sent to and that one can sign in with", Compare::Folded)
            .tells(Tells::Reached),
        FieldSpec::new(
            "email_verified",
            "whether somebody vouches for the address; other services link accounts by it",
            Compare::Plain,
        )
        .access(Access::Vouches),
        FieldSpec::new("first_name", "given name", Compare::Plain).tells(Tells::Called),
        FieldSpec::new("last_name", "family name", Compare::Plain).tells(Tells::Called),
        FieldSpec::new("enabled", "whether the person can sign in", Compare::Plain).access(Access::OpenWhen(true)),
        FieldSpec::new(
            "first_sign_in",
            "how a newcomer first signs in: 'invitation', 'upstream' or 'none'",
            Compare::CreateOnly,
        ),
        FieldSpec::new("attributes", "the declared attributes that are kept true; others stay", Compare::Keys),
        SINCE,
    ],
    key: "the username, in lower case",
    identity: &[&[Evidence::Same("email"), Evidence::IsTrue("email_verified")]],
    mark: Some(
        "the attribute that the option 'mark_attribute' names (default 'formulary.ledger'), once the realm's user \
         profile declares it",
    ),
    outputs: &[
        ("sub", "the subject of every token: the account's id, stable for as long as the account exists"),
        ("username", "the username"),
        ("email", "the address, in lower case"),
    ],
    scope: ScopeRule::Whole,
    absence: "the number of distinct people in all pages equals '/users/count', and our own service account can be \
              found in the same cycle",
    removal: Removal::Disable { field: "enabled", off: false },
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName(
        "a realm refuses new usernames unless 'editUsernameAllowed' is on, and the username is what people type to \
         sign in",
    ),
    creation_opens: true,
    wakes: "the password and every other way to sign in work again; sessions were ended and stay so",
    cannot_be_undone: "a deleted account comes back with another subject, so that every account bound to it is \
                       orphaned; Formulary disables and never deletes",
};

const NUMBER_SPEC: KindSpec = KindSpec {
    name: NUMBER,
    title: "number",
    class: KindClass::Number,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new("number", "the number, given once and never to anybody else", Compare::Plain)
        .access(Access::SignIn)],
    key: "the attribute and the username: 'mattermost_id/alice'",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[("number", "the number in decimal, as text")],
    scope: ScopeRule::PerParent,
    absence: "it comes with the people, whose list is whole; an attribute that the user profile does not declare is shown \
              of nobody",
    removal: Removal::Forget,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("it is named by the account that carries it"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "the service that uses it knows the person by it alone",
};

const GROUP_SPEC: KindSpec = KindSpec {
    name: GROUP,
    title: "group",
    class: KindClass::Organisation,
    member_of: None,
    gives: &[Gives::Above(GROUP)],
    fields: &[
        FieldSpec::new("display_name", "the name for people, kept in the attribute 'display-name'", Compare::Plain),
        FieldSpec::new("description", "what it is for, kept in the attribute 'description'", Compare::Text),
    ],
    key: "the path without the leading slash: 'acme-corp', 'acme-corp/platform'; case-sensitive",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("the group's attribute that the option 'mark_attribute' names; groups need no declaration"),
    outputs: &[("id", "the group's id"), ("path", "the path as tokens carry it when full paths are asked for")],
    scope: ScopeRule::Whole,
    absence: "the number of distinct groups on all levels equals '/groups/count'",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[
        GoesWith { when: None, what: "every group below it", counts: None },
        GoesWith { when: None, what: "all memberships in it and below it; the people stay", counts: None },
    ],
    rename: Rename::InPlace,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "a group that is made again has another id; roles given to it by others are lost",
};

const MEMBERSHIP_SPEC: KindSpec = KindSpec {
    name: MEMBERSHIP,
    title: "group member",
    class: KindClass::Membership,
    member_of: Some(GROUP),
    gives: &[],
    fields: &[],
    key: "the group's path and the username: 'acme-corp/platform/alice'",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the group was seen in the same cycle, and its members came in one answer without pages; a group that is \
              proven absent has none",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("it is named by the group and the account that it joins"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "",
};

const ORGANIZATION_SPEC: KindSpec = KindSpec {
    name: ORGANIZATION,
    title: "organisation",
    class: KindClass::Organisation,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("name", "the name for people; unique in the realm", Compare::Plain),
        FieldSpec::new("description", "what it is", Compare::Text),
        FieldSpec::new("enabled", "whether its people can sign in through it", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new("domains", "mail domains whose people are led to it at sign-in", Compare::Set)
            .access(Access::Grants),
        FieldSpec::new("redirect_url", "where people go after they accepted an invitation", Compare::Plain),
    ],
    key: "the alias; case-sensitive, never changes",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("the organisation's attribute that the option 'mark_attribute' names"),
    outputs: &[("id", "the organisation's id"), ("alias", "the alias, as the 'organization' claim carries it")],
    scope: ScopeRule::Whole,
    absence: "the number of distinct organisations in all pages equals '/organizations/count'",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "the accounts of its managed members: Keycloak deletes the people themselves",
        counts: Some(KindClass::Person),
    }],
    rename: Rename::KeepsOldName("Keycloak never changes an alias"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "managed members are deleted with it, and an account that is made again has another subject",
};

const ORGANIZATION_MEMBER_SPEC: KindSpec = KindSpec {
    name: ORGANIZATION_MEMBER,
    title: "organisation member",
    class: KindClass::Membership,
    member_of: Some(ORGANIZATION),
    gives: &[],
    fields: &[FieldSpec::new(
        "membership_type",
        "'MANAGED' when the person came through the organisation's identity provider, else 'UNMANAGED'",
        Compare::ServerOwned,
    )],
    key: "the organisation's alias and the username: 'acme-corp/alice'",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::PerParent,
    absence: "the organisation was seen in the same cycle, and the number of distinct members equals its \
              '/members/count'; an organisation that is proven absent has none",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[GoesWith {
        when: Some(("membership_type", MANAGED)),
        what: "the person's account: Keycloak deletes a managed member together with the membership",
        counts: Some(KindClass::Person),
    }],
    rename: Rename::KeepsOldName("it is named by the organisation and the account that it joins"),
    creation_opens: true,
    wakes: "",
    cannot_be_undone: "a managed member is deleted, and an account that is made again has another subject",
};

const CLIENT_SPEC: KindSpec = KindSpec {
    name: CLIENT,
    title: "client",
    class: KindClass::Client,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("name", "the name that people see when they sign in", Compare::Plain),
        FieldSpec::new("description", "what it is for", Compare::Text),
        FieldSpec::new("enabled", "whether it can sign anybody in", Compare::Plain).access(Access::OpenWhen(true)),
        FieldSpec::new("root_url", "what relative addresses begin with", Compare::Plain),
        FieldSpec::new("base_url", "where people are led when they open it from Keycloak", Compare::Plain),
        FieldSpec::new("redirect_uris", "addresses that codes may be sent to", Compare::Set).access(Access::Grants),
        FieldSpec::new("web_origins", "origins whose scripts may ask for tokens", Compare::Set).access(Access::Grants),
        FieldSpec::new(
            "post_logout_redirect_uris",
            "addresses that people may be sent to after signing out",
            Compare::Set,
        )
        .access(Access::Grants),
        FieldSpec::new("public", "whether it signs people in without a secret", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new("standard_flow", "whether people sign in with a code (the usual way)", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new("direct_access", "whether it may ask for a password itself", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new("implicit_flow", "whether tokens may be put into addresses", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new("service_account", "whether it can sign in as itself", Compare::Plain)
            .access(Access::OpenWhen(true)),
        FieldSpec::new("pkce", "the challenge that it must use: 'S256', 'plain', or nothing", Compare::Plain),
        FieldSpec::new("default_scopes", "scopes that every token has", Compare::Set),
        FieldSpec::new("optional_scopes", "scopes that it may ask for", Compare::Set),
        FieldSpec::new("secret", "what it proves itself with", Compare::WriteOnly).sensitive(),
    ],
    key: "the clientId; case-sensitive",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("the client's attribute that the option 'mark_attribute' names"),
    outputs: &[("client_id", "the clientId"), ("id", "the client's id in Keycloak")],
    scope: ScopeRule::Whole,
    absence: "the list comes in one answer, and our own client is in it with its scopes",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "every sign-in through it, its secret, and its service account with what that was given",
        counts: None,
    }],
    rename: Rename::KeepsOldName("the application signs people in by this name"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "switching its service account off deletes that account and what it was given",
};

const ROLE_SPEC: KindSpec = KindSpec {
    name: ROLE,
    title: "realm role",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new("description", "what it allows", Compare::Text)],
    key: "the role's name; case-sensitive",
    identity: &[&[Evidence::NameByApproval]],
    mark: Some("the role's attribute that the option 'mark_attribute' names"),
    outputs: &[("id", "the role's id")],
    scope: ScopeRule::Whole,
    absence: "the list comes in one answer, and the realm's default role is in it",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith { when: None, what: "everybody's mapping to it", counts: None }],
    rename: Rename::KeepsOldName("tokens carry the role's name and services look for it"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "who had the role is forgotten",
};

const CLIENT_SCOPE_SPEC: KindSpec = KindSpec {
    name: CLIENT_SCOPE,
    title: "client scope",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("description", "what it gives", Compare::Text),
        FieldSpec::new("include_in_token_scope", "whether tokens name it in 'scope'", Compare::Plain),
    ],
    key: "the scope's name; case-sensitive",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: Some("the scope's attribute that the option 'mark_attribute' names"),
    outputs: &[("id", "the scope's id")],
    scope: ScopeRule::Whole,
    absence: "the list comes in one answer, and every scope of our own client is in it",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "its mappers, and the claims of every client that uses it",
        counts: None,
    }],
    rename: Rename::KeepsOldName("clients ask for it by name"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "which clients used it is forgotten",
};

const MAPPER_SPEC: KindSpec = KindSpec {
    name: MAPPER,
    title: "claim mapper",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("type", "Keycloak's name of the mapper: 'oidc-group-membership-mapper'", Compare::Plain),
        FieldSpec::new("config", "its settings; those not named stay", Compare::Keys),
    ],
    key: "the client scope and the mapper's name: 'groups/groups'",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[("id", "the mapper's id")],
    scope: ScopeRule::PerParent,
    absence: "it comes with its client scope, whose list is whole; a scope that is proven absent has none",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "the claim, in the tokens of every client that uses the scope",
        counts: None,
    }],
    rename: Rename::KeepsOldName("a mapper under another name is another mapper"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "",
};

const PROFILE_ATTRIBUTE_SPEC: KindSpec = KindSpec {
    name: PROFILE_ATTRIBUTE,
    title: "profile attribute",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("display_name", "what forms call it", Compare::Plain),
        FieldSpec::new("multivalued", "whether it may hold several values", Compare::Plain),
        FieldSpec::new("view", "who may see it: 'admin', 'user'", Compare::Set).access(Access::Grants),
        FieldSpec::new("edit", "who may change it: 'admin', 'user'", Compare::Set).access(Access::Grants),
    ],
    key: "the attribute's name; case-sensitive",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::Whole,
    absence: "the profile is one document, read whole: it declares 'username' and 'email'",
    removal: Removal::DeleteByApproval,
    after_retention: false,
    goes_with: &[GoesWith {
        when: None,
        what: "the values that people have in it are hidden, not erased",
        counts: None,
    }],
    rename: Rename::KeepsOldName("people's values are stored under the name"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_come_before_what_lies_in_them() {
        let at = |name| KINDS.iter().position(|kind| kind.name == name).unwrap();
        for (container, contained) in [
            (GROUP, MEMBERSHIP),
            (USER, MEMBERSHIP),
            (ORGANIZATION, ORGANIZATION_MEMBER),
            (CLIENT_SCOPE, MAPPER),
            (CLIENT_SCOPE, CLIENT),
            (PROFILE_ATTRIBUTE, USER),
            (PROFILE_ATTRIBUTE, NUMBER),
            (USER, NUMBER),
        ] {
            assert!(at(container) < at(contained), "{container} before {contained}");
        }
    }
}
