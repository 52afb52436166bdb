//! What Mattermost refuses in a name or an address: pure rules, so that a file is told before a server is. Some of them
//! the server answers with a 500, or by inventing another name (guide, sections 3.1, 5 and 6).

/// Words that no name of a team may begin with.
const RESERVED_BEGINNINGS: &[&str] = &[
    "admin",
    "api",
    "boards",
    "channel",
    "claim",
    "error",
    "files",
    "help",
    "landing",
    "login",
    "mfa",
    "oauth",
    "playbooks",
    "plug",
    "plugins",
    "post",
    "signup",
];
/// Names that no person may have.
const RESERVED_USERNAMES: &[&str] = &["all", "channel", "matterbot", "system"];
/// Channels that every team has by itself. They hold everybody of the team and are left alone.
pub const DEFAULT_CHANNELS: &[&str] = &["town-square", "off-topic"];

/// The longest name of a team, a channel or a person.
pub const NAME_LENGTH: usize = 64;
/// The longest display name of a team or a channel, and the longest part of a person's name.
pub const DISPLAY_LENGTH: usize = 64;
/// The longest description of a team, in bytes.
pub const DESCRIPTION_BYTES: usize = 255;
/// The longest purpose of a channel.
pub const PURPOSE_LENGTH: usize = 250;
/// The longest header of a channel.
pub const HEADER_LENGTH: usize = 1024;
/// The longest e-mail address.
pub const EMAIL_LENGTH: usize = 128;

/// Why Mattermost would refuse a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It is shorter or longer than it may be.
    #[error("it has {0} characters, and Mattermost takes {1} to {2}")]
    Length(usize, usize, usize),
    /// It holds a character that may not stand there.
    #[error("'{0}' may not stand there")]
    Character(char),
    /// It does not begin or end as it must.
    #[error("it must begin and end with a lower-case letter or a digit")]
    Ends,
    /// Mattermost keeps the name, or all names that begin so, for itself.
    #[error("Mattermost keeps '{0}' for itself")]
    Reserved(&'static str),
    /// It looks like the name of a conversation between two people.
    #[error("it reads as the name of a conversation, not of a channel")]
    Conversation,
}

/// Whether Mattermost takes the name of a team. It is not folded, and it must not **begin** with one of several words.
///
/// # Errors
/// The first rule that it breaks.
pub fn team(name: &str) -> Result<(), BadName> {
    length(name, 2)?;
    only(name, |c| matches!(c, '-'))?;
    if !name.starts_with(is_plain) || !name.ends_with(is_plain) {
        return Err(BadName::Ends);
    }
    match RESERVED_BEGINNINGS.iter().find(|word| name.starts_with(**word)) {
        Some(word) => Err(BadName::Reserved(word)),
        None => Ok(()),
    }
}

/// Whether Mattermost takes the name of a channel, and we do: those that every team has are not ours. One that is too
/// long would be answered with a 500.
///
/// # Errors
/// The first rule that it breaks.
pub fn channel(name: &str) -> Result<(), BadName> {
    length(name, 1)?;
    only(name, |c| matches!(c, '-' | '_'))?;
    if !name.starts_with(is_plain) {
        return Err(BadName::Ends);
    }
    if let Some(default) = DEFAULT_CHANNELS.iter().find(|default| **default == name) {
        return Err(BadName::Reserved(default));
    }
    let hex = name.len() == 40 && name.chars().all(|c| c.is_ascii_hexdigit());
    let pair = name.split_once("__").is_some_and(|(one, other)| is_id(one) && is_id(other));
    if hex || pair { Err(BadName::Conversation) } else { Ok(()) }
}

/// Whether Mattermost takes a username: the rule of the server's code, not that of its message.
///
/// # Errors
/// The first rule that it breaks.
pub fn username(name: &str) -> Result<(), BadName> {
    length(name, 1)?;
    only(name, |c| matches!(c, '-' | '_' | '.'))?;
    match RESERVED_USERNAMES.iter().find(|reserved| **reserved == name) {
        Some(reserved) => Err(BadName::Reserved(reserved)),
        None => Ok(()),
    }
}

/// Whether Mattermost takes an e-mail address: bare, without blanks and quotes, with one `@`.
pub fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.split_once('@') else { return false };
    let fits = |c: char| !c.is_whitespace() && !c.is_control() && !"\"<>(),;:@[]\\".contains(c);
    address.len() <= EMAIL_LENGTH
        && !local.is_empty()
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !domain.is_empty()
        && local.chars().chain(domain.chars()).all(fits)
}

/// Whether a text has the form of one of the server's ids.
pub fn is_id(text: &str) -> bool {
    text.len() == 26 && text.chars().all(is_plain)
}

fn is_plain(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn length(name: &str, least: usize) -> Result<(), BadName> {
    match name.chars().count() {
        length if length < least || length > NAME_LENGTH => Err(BadName::Length(length, least, NAME_LENGTH)),
        _ => Ok(()),
    }
}

fn only(name: &str, also: impl Fn(char) -> bool) -> Result<(), BadName> {
    match name.chars().find(|c| !is_plain(*c) && !also(*c)) {
        Some(other) => Err(BadName::Character(other)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn teams_must_not_begin_with_what_the_server_keeps() {
        for name in ["my-admin", "42", "core--team", "acme", &"t".repeat(64)] {
            assert_eq!(team(name), Ok(()), "{name}");
        }
        for name in ["postgres", "api-team", "helpdesk", "plugin-devs", "boards", "admin"] {
            assert!(matches!(team(name), Err(BadName::Reserved(_))), "{name}");
        }
        for name in ["Acme", "a", "-acme", "acme-", "a_b", "a.b", "a b", &"t".repeat(65)] {
            assert!(team(name).is_err(), "{name}");
        }
    }

    #[test]
    fn channels_are_checked_before_the_server_answers_500() {
        for name in ["ops", "a", "7", "dash-", "admin", "a_b", "general"] {
            assert_eq!(channel(name), Ok(()), "{name}");
        }
        assert_eq!(channel(&"c".repeat(65)), Err(BadName::Length(65, 1, 64)));
        assert_eq!(channel("town-square"), Err(BadName::Reserved("town-square")));
        assert_eq!(channel(&"ab".repeat(20)), Err(BadName::Conversation));
        assert_eq!(channel(&format!("{}__{}", "a".repeat(26), "b".repeat(26))), Err(BadName::Conversation));
        for name in ["Ops", "-ops", "a b", ""] {
            assert!(channel(name).is_err(), "{name}");
        }
    }

    #[test]
    fn usernames_hold_no_plus_and_are_never_empty() {
        for name in ["0", ".", "-.-", "dash-", "a..b", "alice", &"u".repeat(64)] {
            assert_eq!(username(name), Ok(()), "{name}");
        }
        for name in ["", "alice+tag", "Alice", "all", "system", "zoé", &"u".repeat(65)] {
            assert!(username(name).is_err(), "{name}");
        }
    }

    #[test]
    fn addresses() {
        for address in ["x@localhost", "a+tag@acme.example", "zoé@acme.example"] {
            assert!(is_email(address), "{address}");
        }
        for address in ["nobody", "a@b@c", "a b@acme.example", "\"a\"@acme.example", "a.@acme.example", "Al <a@b.c>"] {
            assert!(!is_email(address), "{address}");
        }
    }
}
