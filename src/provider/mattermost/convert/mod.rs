//! Wire to model and back, in two directions and nothing else. Pure.
//!
//! Both directions keep one canonical form: an empty text is nothing, addresses are in lower case. Bodies carry only what
//! is said, because the server empties whatever a whole update leaves out.

mod body;
mod live;

pub use body::{channel_create, channel_patch, team_create, team_patch, user_create, user_patch};
pub use live::{address, channel, channel_member, team, team_member, user};
