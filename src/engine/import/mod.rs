//! Live objects as declarations: what a company that has accounts already begins its mono-repo with.
//!
//! Each provider says what of the mono-repo's nouns an object of its is ([`Described`]); what several services say of one
//! name becomes one document ([`Draft`]). Then a plan of the draft is made, and whatever it would still change is
//! answered in the documents ([`amendments`]): by the annotation that says what is there, or else by only looking at it, or, where
//! even that does not settle it, by no document at all. What is left is a plan that takes over and does nothing else.
//!
//! Where services disagree, or where a document could not say what is there, nothing is written and the reason is told: a
//! person decides.

mod amend;
mod described;
mod document;
mod draft;

#[cfg(test)]
mod tests;

pub use amend::{Amendment, Answer, Decides, Part, Says, Tiers, amendments};
pub use described::Described;
pub use draft::{Documents, Draft};
