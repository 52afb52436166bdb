//! Wire to model and back, in two directions and nothing else. Pure.
//!
//! Both directions keep one canonical form: an empty text is nothing, addresses are in lower case (Gitea shows one as
//! sent, and folds it at the next edit), sets are sorted, switched-off lists are empty.

mod body;
mod live;

pub use body::{hook_body, org_body, protection_body, repo_create, repo_edit, team_body, user_create, user_edit};
pub use live::{address, hook, hooks, is_mark, mark_topic, member, org, protection, repo, team, user};
