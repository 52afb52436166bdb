//! The kinds that are kept true in Twenty, each described once as data.
//!
//! Names, keys and fields are contract: plans, the ledger and the mono-repo's ignore rules hold them. A contact is no
//! login, and most of what stands in a record belongs to sales: only what is named here is ever written (guide, appendix C).

use crate::engine::model::{
    Access, Compare, Evidence, FieldSpec, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule, Tells,
};

/// A customer's company.
pub const COMPANY: &str = "company";
/// Somebody that one can write to.
pub const PERSON: &str = "person";
/// A deal.
pub const OPPORTUNITY: &str = "opportunity";
/// Somebody who can sign in: a member of the workspace.
pub const LOGIN: &str = "login";

/// All kinds, in the order in which one needs the other.
pub static KINDS: &[KindSpec] = &[COMPANY_SPEC, PERSON_SPEC, OPPORTUNITY_SPEC, LOGIN_SPEC];

/// The output that other records link to.
pub const ID: &str = "id";
/// The output that people follow.
pub const URL: &str = "url";

const OUTPUTS: &[(&str, &str)] = &[(ID, "the record's id"), (URL, "where it is opened")];

/// Whether the record is not soft-deleted: the switch of a contact.
const PRESENT: FieldSpec =
    FieldSpec::new("present", "whether it is there, and not in the bin", Compare::Plain).access(Access::OpenWhen(true));

const ABSENCE: &str = "the list of records with those in the bin, page by page by id, as long as its own count, all of it \
                       read in this cycle";

const COMPANY_SPEC: KindSpec = KindSpec {
    name: COMPANY,
    title: "company",
    class: KindClass::Record,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("name", "what it is called, until somebody at sales calls it otherwise", Compare::UntilTaken),
        FieldSpec::new("domain", "its domain, which no other company has", Compare::Folded),
        PRESENT,
    ],
    key: "the organisation's name; without our mark its domain",
    identity: &[&[Evidence::Same("domain")]],
    mark: Some("the custom field formularyKey"),
    outputs: OUTPUTS,
    scope: ScopeRule::Whole,
    absence: ABSENCE,
    removal: Removal::Archive { field: "present", off: false },
    after_retention: false,
    goes_with: &[],
    rename: Rename::Nameless,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is destroyed",
};

const PERSON_SPEC: KindSpec = KindSpec {
    name: PERSON,
    title: "contact",
    class: KindClass::Record,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("email", "the address, in lower case, which no other contact has", Compare::Folded),
        FieldSpec::new("first_name", "until somebody at sales writes it otherwise", Compare::UntilTaken),
        FieldSpec::new("last_name", "until somebody at sales writes it otherwise", Compare::UntilTaken),
        FieldSpec::new("company", "the id of the company", Compare::Plain),
        PRESENT,
        FieldSpec::new("merged_into", "the contact that it was merged into by hand", Compare::ServerOwned)
            .tells(Tells::Bars),
    ],
    key: "the person's name; without our mark the address",
    identity: &[&[Evidence::Same("email")]],
    mark: Some("the custom field formularyKey"),
    outputs: OUTPUTS,
    scope: ScopeRule::Whole,
    absence: ABSENCE,
    removal: Removal::Archive { field: "present", off: false },
    after_retention: false,
    goes_with: &[],
    rename: Rename::Nameless,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is destroyed",
};

const OPPORTUNITY_SPEC: KindSpec = KindSpec {
    name: OPPORTUNITY,
    title: "opportunity",
    class: KindClass::Record,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("name", "what it is called", Compare::Plain),
        FieldSpec::new("company", "the id of the company", Compare::Plain),
        FieldSpec::new("contact", "the id of the contact", Compare::Plain),
        FieldSpec::new(
            "open",
            "whether it stands at the stage of what is asked for, or at the one of what ended",
            Compare::While("stage_is", "ours"),
        ),
        FieldSpec::new("workspace_url", "where the workspace is opened", Compare::Plain),
        PRESENT,
        FieldSpec::new("stage", "the stage that it stands at", Compare::ServerOwned),
        FieldSpec::new(
            "stage_is",
            "ours, or taken over: sales moved it to a stage of their own, and we leave it there",
            Compare::ServerOwned,
        ),
    ],
    key: "owner/name of the workspace; without our mark the record's id",
    // There is nothing in it that no other has, so that the id must be the one that we would choose: see `ids`.
    identity: &[&[Evidence::NameIsIdentity]],
    mark: Some("the custom field formularyKey"),
    outputs: OUTPUTS,
    scope: ScopeRule::Whole,
    absence: ABSENCE,
    removal: Removal::Disable { field: "open", off: false },
    after_retention: false,
    goes_with: &[],
    rename: Rename::Nameless,
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is deleted: what ended goes to a closing stage",
};

const LOGIN_SPEC: KindSpec = KindSpec {
    name: LOGIN,
    title: "login",
    class: KindClass::Person,
    member_of: None,
    gives: &[],
    fields: &[FieldSpec::new("name", "what they call themselves", Compare::ServerOwned).tells(Tells::Called), SINCE],
    key: "the address that they sign in with, in lower case",
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[(ID, "the id of the member")],
    scope: ScopeRule::Whole,
    absence: "the list of members, as long as its own count",
    removal: Removal::ByHand("no key can end a login of Twenty: remove the member by hand, under Settings, Members"),
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("people change their own address there"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is written",
};
