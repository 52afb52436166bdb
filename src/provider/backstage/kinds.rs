//! The kinds that are kept true in Backstage, each described once as data.
//!
//! Names, keys and fields are contract: plans, the ledger and the mono-repo's ignore rules hold them.

use crate::engine::model::{
    Compare, Evidence, FieldSpec, GoesWith, KindClass, KindSpec, Removal, Rename, ScopeRule, Tells,
};

/// A file that the catalogue reads, and through it all that it lists.
pub const LOCATION: &str = "location";
/// An entity of the catalogue.
pub const ENTITY: &str = "entity";

/// All kinds: an entity comes from a location.
pub static KINDS: &[KindSpec] = &[LOCATION_SPEC, ENTITY_SPEC];

/// The output of a location: the entity that stands for it in the catalogue.
pub const STANDS_FOR: &str = "entity";

/// The field of both kinds with what kept the catalogue from processing it; wanted to be empty.
pub const ERRORS: &str = "errors";

/// The field with the path of the file that an entity comes from.
pub const FILE: &str = "file";

/// The field of a location that tells whether people come from it, and what it says then.
pub const PEOPLE: &str = "people";
/// There are some, or it is not known.
pub const SOME: &str = "some";
/// There are none.
pub const NONE: &str = "none";

/// The field of a location that tells why one that nobody declared is worth a word.
pub const STRAY: &str = "stray";

const LOCATION_SPEC: KindSpec = KindSpec {
    name: LOCATION,
    title: "location",
    class: KindClass::Setting,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("target", "the address that the catalogue reads", Compare::Plain),
        FieldSpec::new(
            ERRORS,
            "what keeps it from being read: then nothing that it lists is brought up to date",
            Compare::Set,
        ),
        FieldSpec::new(PEOPLE, "whether people come from it", Compare::ServerOwned),
        FieldSpec::new(STRAY, "why it is told of although nobody declared it", Compare::ServerOwned)
            .tells(Tells::Stray),
    ],
    key: "the path of the file in the mono-repo; of others' locations the address",
    identity: &[&[Evidence::Same("target")]],
    mark: None,
    outputs: &[(STANDS_FOR, "the reference of the entity that stands for it")],
    scope: ScopeRule::Whole,
    absence: "one answer holds all locations: the list has no pages",
    removal: Removal::Delete,
    after_retention: false,
    goes_with: &[
        GoesWith {
            when: Some((PEOPLE, SOME)),
            what: "the people that it lists leave the catalogue at once, and can sign in to Backstage no more",
            counts: Some(KindClass::Person),
        },
        GoesWith { when: None, what: "what it lists leaves the catalogue at once", counts: None },
    ],
    rename: Rename::KeepsOldName("a location is its address"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing: it can be registered again, and its entities come back with other uids",
};

const ENTITY_SPEC: KindSpec = KindSpec {
    name: ENTITY,
    title: "catalogue entity",
    class: KindClass::Record,
    member_of: None,
    gives: &[],
    fields: &[
        FieldSpec::new("name", "its name as written; the key folds its case", Compare::Plain),
        FieldSpec::new("title", "what people call it", Compare::Plain),
        FieldSpec::new("description", "what it is", Compare::Text),
        FieldSpec::new("spec", "all that its kind says, as YAML with sorted keys", Compare::Text),
        FieldSpec::new("tags", "its tags", Compare::Set),
        FieldSpec::new("labels", "its labels", Compare::Keys),
        FieldSpec::new("annotations", "its annotations; the catalogue adds some of its own", Compare::Keys),
        FieldSpec::new("links", "its links, as YAML", Compare::Text),
        FieldSpec::new("metadata", "whatever else its metadata holds, as YAML with sorted keys", Compare::Text),
        FieldSpec::new("api_version", "the version of its format", Compare::Plain),
        FieldSpec::new(FILE, "the path of the file that it comes from; of others' files the address", Compare::Plain),
        FieldSpec::new(ERRORS, "what keeps the catalogue from bringing it up to date", Compare::Set),
    ],
    key: "kind/namespace/name, in lower case, because the catalogue folds case",
    // Whoever's file says so: whether it is the declared one tells its file, and that is compared.
    identity: &[&[Evidence::NameIsIdentity]],
    mark: None,
    outputs: &[],
    scope: ScopeRule::Whole,
    absence: "all pages of the catalogue's list, as many entities as it counts itself",
    removal: Removal::Swept("the catalogue drops what no file declares, within minutes"),
    after_retention: false,
    goes_with: &[],
    rename: Rename::KeepsOldName("the catalogue knows no renaming: a new name is another entity"),
    creation_opens: false,
    wakes: "",
    cannot_be_undone: "nothing is ever written but the wish to read a file again",
};
