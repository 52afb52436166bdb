//! The one door that every call to a service goes through: deadline, limits, retry by class, redaction, request id.
//!
//! A provider describes a call as a [`Call`] on a route and says what an answer means with its [`Classify`] table;
//! the door does the rest. A [`ReadDoor`] lets only listed routes pass, so that a reading half cannot write. The door
//! follows no redirect: in several services a redirected write reaches another object.

mod auth;
mod call;
mod carrier;
mod client_tokens;
mod connection;
mod door;
mod pace;
mod retry;
mod secrets;
mod under_way;

pub use auth::{Authorize, StaticHeader};
pub use call::{Answer, Body, Call, Repeat};
pub use carrier::{Carrier, Lost, Outgoing};
pub use client_tokens::{ClientGrant, ClientTokens};
pub use connection::{CallMeter, Connection, Limits};
pub use door::{Classify, Door, ReadDoor, ReadRoute};
pub use pace::Pace;
pub use retry::Waits;
pub use secrets::{NamedSecrets, SecretSource};
pub use under_way::{Changed, MayWrite, watched};
