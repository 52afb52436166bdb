//! As much of Terraform's language as the templates of formulas are written in: what a template asks for is known before
//! anything is sent, and the emulator imports what it is sent.
//!
//! [`hcl`] reads blocks and expressions, [`evaluate`] tells what an expression comes to where that needs no Terraform, and
//! [`formula`] says what a template holds: variables, parameters, resources.

pub(in crate::provider::coder) mod evaluate;
pub(in crate::provider::coder) mod formula;
pub(in crate::provider::coder) mod hcl;
mod hcl_expressions;
