//! Formulary keeps a company's platform equal to what a mono-repo declares.
//!
//! Read the zones in this order; each one may use only those above it:
//!
//! 1. [`engine`]: values and functions, no effects. What is wanted, what differs, what would be done.
//! 2. [`provider`]: one folder a service. How a service is read, written, and imitated.
//! 3. [`runtime`]: effects and time. Config, Git, ledger, the loop.
//! 4. [`cli`]: one file a command; the only code that prints.

pub mod cli;
pub mod engine;
pub mod provider;
pub mod runtime;

#[cfg(test)]
mod pages;
#[cfg(test)]
mod zones;
