//! The rules that matter most, asked over the router as a client asks, each test named after its rule.

mod accounts;
mod client;
mod memberships;
mod repositories;
mod wire;
