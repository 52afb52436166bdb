//! The settings of one environment: which services there are, how far we may go in each, and where their secrets are kept.
//!
//! There is one file per environment, and it is never read from the commit that is planned: a pull request that changes
//! a URL must not receive a token. Secrets stand in it by reference only; see [`SecretRef`].

mod services;
mod settings;

pub use crate::runtime::sys::SecretRef;
pub use services::{Budget, Budgets, Credentials, IgnoreRule, KindPolicy, Limits, Mode, Service, ServiceType};
pub use settings::{Approvals, Config, Defaults, Extent, FirstSignIn, LedgerPlace, Protected, Repository};
