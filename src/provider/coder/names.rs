//! What Coder refuses in a name: pure rules, so that a file is told before a server is (guide, section 3).

/// The longest name of a person, a template or a workspace.
pub const NAME_LENGTH: usize = 32;
/// The longest name of a group.
pub const GROUP_LENGTH: usize = 255;
/// The longest name of a template version.
pub const VERSION_LENGTH: usize = 64;
/// The longest name that people see.
pub const DISPLAY_LENGTH: usize = 64;
/// The longest description: one more is taken when a template is changed, and refused when it is made.
pub const DESCRIPTION_LENGTH: usize = 127;
/// The longest full name of a person.
pub const FULL_NAME_LENGTH: usize = 128;

/// Why Coder would refuse a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// It is empty or too long.
    #[error("it has {0} characters, and Coder takes 1 to {1}")]
    Length(usize, usize),
    /// It holds something else than letters, digits and single hyphens between them.
    #[error("it takes ASCII letters and digits, with single hyphens between them")]
    Form,
    /// Coder has a page, or a group, of that name. The server refuses it in lower case alone; we are stricter.
    #[error("Coder keeps '{0}' for itself")]
    Reserved(String),
}

/// Whether a person, a template or a workspace may be called so.
///
/// # Errors
/// Why not.
pub fn name(name: &str) -> Result<(), BadName> {
    words(name, NAME_LENGTH, &["new", "create"])
}

/// Whether a group may be called so.
///
/// # Errors
/// Why not.
pub fn group(name: &str) -> Result<(), BadName> {
    words(name, GROUP_LENGTH, &["new", "create", "everyone"])
}

fn words(name: &str, most: usize, reserved: &[&str]) -> Result<(), BadName> {
    let length = name.chars().count();
    if length == 0 || length > most {
        return Err(BadName::Length(length, most));
    }
    if !name.split('-').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric())) {
        return Err(BadName::Form);
    }
    let name = name.to_lowercase();
    if reserved.contains(&name.as_str()) { Err(BadName::Reserved(name)) } else { Ok(()) }
}

/// The part of a version's name that says which version of the formula it is: what Coder takes, and not so long that no
/// room is left for the content.
pub fn version_part(version: &str) -> String {
    let mut part = String::new();
    for c in version.chars() {
        let separator = matches!(c, '.' | '_' | '-');
        // Two separators in a row are refused, and so is a '+'.
        let c = if c.is_ascii_alphanumeric() || separator { c } else { '-' };
        if c.is_ascii_alphanumeric() || part.ends_with(|last: char| last.is_ascii_alphanumeric()) {
            part.push(c);
        }
    }
    part.truncate(VERSION_LENGTH - 13);
    part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Traps 2, 16 and 49 of the guide.
    #[test]
    fn names_are_letters_digits_and_single_hyphens() {
        for good in ["alice", "Alice-2", "a", "x".repeat(32).as_str()] {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        for bad in ["", "a.b", "a_b", "a+b", "-a", "a-", "a--b", "ä", "new", "Create", "x".repeat(33).as_str()] {
            assert!(name(bad).is_err(), "{bad}");
        }
        for good in ["acme", "x".repeat(255).as_str()] {
            assert_eq!(group(good), Ok(()), "{good}");
        }
        let long = "ä".repeat(40);
        let formless = format!("{}_b", "x".repeat(40));
        for bad in ["", "new", "everyone", "Everyone", "a_b", &long, &formless, "x".repeat(256).as_str()] {
            assert!(group(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_version_is_told_as_far_as_coder_takes_it() {
        for (version, part) in
            [("1.2.0", "1.2.0"), ("1.2.0+build", "1.2.0-build"), ("v1..2", "v1.2"), ("-1-", "1"), ("", "")]
        {
            assert_eq!(version_part(version), part);
        }
        assert!(version_part(&"9".repeat(80)).len() <= 51);
    }
}
