//! One folder a service, and the contract that all of them meet.

pub mod emulator;
pub mod gitea;
pub mod keycloak;
