//! The nouns: what a resource is, how a kind of resource is described, what is wanted and what was seen.
//!
//! Every type here is plain data. Nothing knows a service; a service describes itself with [`KindSpec`].

pub mod address;
pub mod entity;
pub mod failure;
pub mod fields;
pub mod kind;
pub mod ledger;
pub mod live;
pub mod policy;
pub mod value;
pub mod wanted;

pub use address::{Address, Instance, KindName, share_names};
pub use entity::EntityRef;
pub use failure::{Failure, FailureClass};
pub use fields::{ByField, Field};
pub use kind::{
    Access, Compare, Evidence, FieldSpec, Gives, GoesWith, KindClass, KindSpec, Removal, Rename, SINCE, ScopeRule,
    Tells,
};
pub use ledger::{Allotments, ObjectState, Origin, Owner, Recorded};
pub use live::{Capabilities, Completeness, Live, Mark, Observation, Scope};
pub use policy::{Budget, Budgets, Extent, IgnoreRule, InstancePolicy, Mode};
pub use value::{Fields, OutputRef, Term, Value};
pub use wanted::{Desired, MembershipMode, MembershipSet, Wanted};
