//! Mail that the server would have sent. None is: it is counted.

use serde::Serialize;

use super::world::World;

/// A mail that a person would have got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mail {
    /// The address.
    pub to: String,
    /// What it tells.
    pub about: MailAbout,
}

/// What a mail tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MailAbout {
    /// An account was made, unless the call asked to send none.
    Welcome,
    /// An address wants to be confirmed.
    Verification,
    /// The address changed; it goes to the old one.
    EmailChanged,
    /// The name changed.
    UsernameChanged,
    /// A personal token was made.
    TokenAdded,
    /// The person deactivated herself.
    Deactivated,
}

impl World {
    pub(super) fn send(&mut self, to: &str, about: MailAbout) {
        self.mails.push(Mail { to: to.to_owned(), about });
    }
}
