//! What Gitea refuses in a name, an address or a pattern: pure rules, so that a file is told before a server is.
//!
//! The list of reserved names grows with each release, so passing here promises nothing; the server is the judge.
//! Rules and lists are those of 1.27 (guide, sections 3.7, 4 and 5).

/// Names of people and organisations that Gitea keeps for itself, in lower case.
const RESERVED: &[&str] = &[
    ".",
    "..",
    ".well-known",
    "api",
    "assets",
    "attachments",
    "avatar",
    "avatars",
    "captcha",
    "explore",
    "favicon.ico",
    "ghost",
    "gitea-actions",
    "issues",
    "login",
    "manifest.json",
    "metrics",
    "milestones",
    "notifications",
    "openapi3.v1.json",
    "org",
    "pulls",
    "repo",
    "repo-avatars",
    "robots.txt",
    "sitemap.xml",
    "ssh_info",
    "swagger.v1.json",
    "user",
    "v2",
];
/// Endings that no name of a person or an organisation may have.
const RESERVED_ENDINGS: &[&str] = &[".keys", ".gpg", ".rss", ".atom", ".png"];
/// Endings that no name of a repository may have.
const REPOSITORY_ENDINGS: &[&str] = &[".wiki", ".git", ".rss", ".atom"];

/// The longest name of a person or an organisation.
pub const OWNER_LENGTH: usize = 40;
/// The longest name of a team.
pub const TEAM_LENGTH: usize = 255;
/// The longest name of a repository.
pub const REPOSITORY_LENGTH: usize = 100;
/// The longest full name of a person or an organisation.
pub const FULL_NAME_LENGTH: usize = 100;
/// The longest description of an organisation or a team.
pub const DESCRIPTION_LENGTH: usize = 255;
/// The longest e-mail address.
pub const EMAIL_LENGTH: usize = 254;

/// Why Gitea would refuse a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It holds nothing.
    #[error("it is empty")]
    Empty,
    /// It is longer than Gitea stores.
    #[error("it has {0} characters, and Gitea takes at most {1}")]
    TooLong(usize, usize),
    /// It does not begin with a letter or a digit.
    #[error("it must begin with a letter or a digit, and '{0}' is neither")]
    Begin(char),
    /// It holds a character that Gitea does not take.
    #[error("'{0}' is neither a letter, a digit, '-', '_' nor '.'")]
    Character(char),
    /// `-`, `_` or `.` stand beside each other.
    #[error("'{0}' stands where Gitea takes only one of '-', '_' and '.'")]
    Doubled(String),
    /// It ends in `-`, `_` or `.`.
    #[error("it must not end in '{0}'")]
    End(char),
    /// Gitea keeps it for itself.
    #[error("Gitea keeps the name '{0}' for itself")]
    Reserved(String),
    /// Gitea keeps all names with this ending for itself.
    #[error("Gitea refuses names that end in '{0}'")]
    Ending(&'static str),
}

/// Whether Gitea takes the name of a person or an organisation: the two share one namespace and one set of rules.
///
/// # Errors
/// The first rule that it breaks.
pub fn owner(name: &str) -> Result<(), BadName> {
    within(name, OWNER_LENGTH)?;
    let begin = name.chars().next().ok_or(BadName::Empty)?;
    if !begin.is_ascii_alphanumeric() {
        return Err(BadName::Begin(begin));
    }
    alphabet(name)?;
    let joins = |c: char| matches!(c, '-' | '_' | '.');
    let characters: Vec<char> = name.chars().collect();
    if let Some(pair) = characters.windows(2).find(|pair| pair.iter().all(|c| joins(*c))) {
        return Err(BadName::Doubled(pair.iter().collect()));
    }
    if let Some(end) = name.chars().next_back().filter(|c| joins(*c)) {
        return Err(BadName::End(end));
    }
    let folded = fold(name);
    if RESERVED.contains(&folded.as_str()) {
        return Err(BadName::Reserved(folded));
    }
    ending(&folded, RESERVED_ENDINGS)
}

/// Whether Gitea takes the name of a team, and we do: `Owners` is Gitea's own in every organisation.
///
/// # Errors
/// The first rule that it breaks.
pub fn team(name: &str) -> Result<(), BadName> {
    within(name, TEAM_LENGTH)?;
    alphabet(name)?;
    match fold(name).as_str() {
        reserved @ ("new" | "owners") => Err(BadName::Reserved(reserved.to_owned())),
        _ => Ok(()),
    }
}

/// Whether Gitea takes the name of a repository. Two dots in a row pass its form and then fail as an error 500.
///
/// # Errors
/// The first rule that it breaks.
pub fn repository(name: &str) -> Result<(), BadName> {
    within(name, REPOSITORY_LENGTH)?;
    alphabet(name)?;
    let folded = fold(name);
    if matches!(folded.as_str(), "." | ".." | "-") {
        return Err(BadName::Reserved(folded));
    }
    if folded.contains("..") {
        return Err(BadName::Doubled("..".to_owned()));
    }
    ending(&folded, REPOSITORY_ENDINGS)
}

/// Whether Gitea takes a topic: lower-case letters, digits, `-` and `.`, a letter or digit first, at most 35.
pub fn is_topic(topic: &str) -> bool {
    (1..=35).contains(&topic.len())
        && topic.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && topic.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
}

/// Whether Gitea takes an e-mail address: ASCII, not quoted, a dot in the domain, no `-` first.
pub fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else { return false };
    let local_part = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c);
    address.len() <= EMAIL_LENGTH
        && !local.is_empty()
        && !local.starts_with(['-', '.'])
        && !local.ends_with('.')
        && local.chars().all(local_part)
        && domain.contains('.')
        && domain.split('.').all(|label| {
            !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') && !label.starts_with('-')
        })
}

/// Whether a glob is well formed. A malformed one makes the server panic, and is stored all the same.
pub fn is_glob(pattern: &str) -> bool {
    let (mut class, mut group, mut escaped) = (false, 0_usize, false);
    for c in pattern.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' if class => class = false,
            _ if class => {}
            '[' => class = true,
            '{' => group += 1,
            '}' if group == 0 => return false,
            '}' => group -= 1,
            _ => {}
        }
    }
    !pattern.trim().is_empty() && !class && !escaped && group == 0
}

/// The canonical form of a name: Gitea compares names without regard to case.
pub fn fold(name: &str) -> String {
    name.to_lowercase()
}

/// A part of a key that may hold `/`: written so that the key can still be taken apart.
pub fn key_part(text: &str) -> String {
    text.replace('%', "%25").replace('/', "%2F")
}

/// The text that a part of a key stands for.
pub fn from_key_part(part: &str) -> String {
    part.replace("%2F", "/").replace("%25", "%")
}

fn within(name: &str, most: usize) -> Result<(), BadName> {
    match name.chars().count() {
        0 => Err(BadName::Empty),
        length if length > most => Err(BadName::TooLong(length, most)),
        _ => Ok(()),
    }
}

fn alphabet(name: &str) -> Result<(), BadName> {
    match name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
        Some(other) => Err(BadName::Character(other)),
        None => Ok(()),
    }
}

fn ending(folded: &str, refused: &[&'static str]) -> Result<(), BadName> {
    match refused.iter().find(|ending| folded.ends_with(**ending)) {
        Some(ending) => Err(BadName::Ending(ending)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_organisations_have_one_set_of_rules() {
        for name in ["alice", "Alice", "a", "a-b_c.d", "0", "admin", "new", "template", "settings", &"x".repeat(40)] {
            assert_eq!(owner(name), Ok(()), "{name}");
        }
        for (name, why) in [
            ("", BadName::Empty),
            ("-x", BadName::Begin('-')),
            ("a+b", BadName::Character('+')),
            ("zoé", BadName::Character('é')),
            ("a..b", BadName::Doubled("..".into())),
            ("a-_b", BadName::Doubled("-_".into())),
            ("a.", BadName::End('.')),
            ("API", BadName::Reserved("api".into())),
            ("x.PNG", BadName::Ending(".png")),
            (&"x".repeat(41), BadName::TooLong(41, 40)),
        ] {
            assert_eq!(owner(name), Err(why), "{name}");
        }
    }

    #[test]
    fn teams_may_look_odd_but_not_be_called_owners_or_new() {
        for name in ["-dash", "a..b", ".", "Dev", &"t".repeat(255)] {
            assert_eq!(team(name), Ok(()), "{name}");
        }
        for name in ["new", "Owners", "two words", "équipe", ""] {
            assert!(team(name).is_err(), "{name}");
        }
    }

    #[test]
    fn repositories() {
        for name in ["-a", "_", "a.", ".github", "settings", "api"] {
            assert_eq!(repository(name), Ok(()), "{name}");
        }
        for name in [".", "..", "-", "a..b", "x.git", "x.Wiki", "a b"] {
            assert!(repository(name).is_err(), "{name}");
        }
    }

    #[test]
    fn addresses_globs_and_topics() {
        assert!(is_email("a.b+c@acme.example"));
        for address in ["a@b", "nonsense", "-a@b.example", "zoé@acme.example", "\"a b\"@acme.example", "a@-b.example"]
        {
            assert!(!is_email(address), "{address}");
        }
        assert!(is_glob("release/**") && is_glob("{main,release/*}") && is_glob("[ab]c"));
        for glob in ["a[b", "{a", "a}", " ", "a\\"] {
            assert!(!is_glob(glob), "{glob}");
        }
        assert!(is_topic("a-b.c") && !is_topic("-a") && !is_topic("A") && !is_topic(&"a".repeat(36)));
    }

    proptest::proptest! {
        #[test]
        fn a_part_of_a_key_survives_and_holds_no_slash(text in ".{0,40}") {
            let part = key_part(&text);
            proptest::prop_assert!(!part.contains('/'));
            proptest::prop_assert_eq!(from_key_part(&part), text);
        }
    }
}
