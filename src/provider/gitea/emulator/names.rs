//! Which names, addresses, patterns and references Gitea takes.

use super::reply::{Reply, failure, invalid};

/// Names that no account may bear. The list grows with every release; this is that of 1.27.
const RESERVED_ACCOUNTS: [&str; 30] = [
    ".",
    "..",
    ".well-known",
    "api",
    "metrics",
    "v2",
    "assets",
    "attachments",
    "avatar",
    "avatars",
    "repo-avatars",
    "captcha",
    "login",
    "org",
    "repo",
    "user",
    "explore",
    "issues",
    "pulls",
    "milestones",
    "notifications",
    "favicon.ico",
    "manifest.json",
    "robots.txt",
    "sitemap.xml",
    "ssh_info",
    "swagger.v1.json",
    "openapi3.v1.json",
    "ghost",
    "gitea-actions",
];

const ACCOUNT_PATTERNS: [&str; 5] = ["*.keys", "*.gpg", "*.rss", "*.atom", "*.png"];
const REPOSITORY_PATTERNS: [&str; 4] = ["*.wiki", "*.git", "*.rss", "*.atom"];

/// The form of a user's or organisation's name; its length is another rule.
pub(super) fn is_user_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let Some((first, last)) = bytes.first().zip(bytes.last()) else {
        return false;
    };
    let is_mark = |byte: &u8| matches!(byte, b'-' | b'.' | b'_');
    first.is_ascii_alphanumeric()
        && !is_mark(last)
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
        && !bytes.windows(2).any(|pair| pair.iter().all(is_mark))
}

/// Whether an account may take the name: 422 for a malformed or reserved one.
pub(super) fn check_account(name: &str) -> Result<(), Box<Reply>> {
    if !is_user_name(name) {
        return Err(invalid(bad_characters(name)));
    }
    check_reserved(name, &RESERVED_ACCOUNTS, &ACCOUNT_PATTERNS)
}

/// Whether a repository may take the name: 422 for a reserved one, 500 for two dots in a row.
pub(super) fn check_repository(name: &str) -> Result<(), Box<Reply>> {
    if name.contains("..") {
        return Err(failure(bad_characters(name)));
    }
    check_reserved(name, &[".", "..", "-"], &REPOSITORY_PATTERNS)
}

fn check_reserved(name: &str, reserved: &[&str], patterns: &[&str]) -> Result<(), Box<Reply>> {
    let folded = name.to_lowercase();
    if reserved.contains(&folded.as_str()) {
        return Err(invalid(format!("name is reserved [name: {folded}]")));
    }
    match patterns.iter().find(|pattern| folded.ends_with(&pattern[1..])) {
        Some(pattern) => Err(invalid(format!("name pattern is not allowed [pattern: {pattern}]"))),
        None => Ok(()),
    }
}

/// The server's words for a name with characters that it does not take.
pub(super) fn bad_characters(name: &str) -> String {
    format!("name is invalid [{name}]: must be valid alpha or numeric or dash(-_) or dot characters")
}

/// The form rule of team and repository names.
pub(super) fn is_alpha_dash_dot(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// The form rule `Email`: an unquoted ASCII local part and a domain with a dot.
pub(super) fn is_email(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_label = |label: &&str| {
        let bytes = label.as_bytes();
        bytes.iter().all(|byte| is_word(*byte) || *byte == b'-')
            && bytes.first().is_some_and(|byte| is_word(*byte))
            && bytes.last().is_some_and(|byte| is_word(*byte))
    };
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(|byte| is_word(byte) || is_address_mark(byte)))
        && labels.len() > 1
        && labels.iter().all(is_label)
}

/// The check behind the form rule, which `PATCH` relies on alone.
pub(super) fn email_problem(address: &str) -> Option<String> {
    let bad = |text: &str| Some(format!("{text} [email: {address}]"));
    if address.is_empty() {
        return bad("e-mail invalid");
    }
    let Some((local, domain)) = address.split_once('@') else {
        return bad("e-mail address contains unsupported character");
    };
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
            && bytes.len() <= 63
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
    };
    if !local.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || is_address_mark(byte))
        || !domain.split('.').all(is_label)
    {
        return bad("e-mail address contains unsupported character");
    }
    if local.starts_with('-') || local.split('.').any(str::is_empty) {
        return bad("e-mail invalid");
    }
    None
}

fn is_address_mark(byte: u8) -> bool {
    b"!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// The form rule `Url`: an absolute address with a host.
pub(super) fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// The form rule `GitRefName`.
pub(super) fn is_git_ref_name(name: &str) -> bool {
    let forbidden = |character: char| character.is_control() || " ~^:?*[\\".contains(character);
    !name.is_empty()
        && !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.contains("//")
        && name != "@"
        && !name.starts_with(['/', '-'])
        && !name.ends_with(['/', '.'])
        && name.split('/').all(|part| !part.starts_with('.') && !part.ends_with(".lock"))
}

/// Why a glob cannot be compiled.
pub(super) fn glob_error(pattern: &str) -> Option<&'static str> {
    let (mut rest, mut braces) = (pattern.chars(), 0_u32);
    while let Some(character) = rest.next() {
        match character {
            '\\' => drop(rest.next()),
            '[' if !rest.by_ref().any(|inner| inner == ']') => {
                return Some("unterminated character class");
            }
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
    }
    (braces > 0).then_some("unterminated alternation")
}

/// Whether a glob fits `text`. `*` stops at a slash, `**` does not; `?`, classes and `{a,b}` are known.
pub(super) fn glob_matches(pattern: &str, text: &str) -> bool {
    let alternatives = expand_braces(pattern);
    alternatives.iter().any(|one| {
        let pattern: Vec<char> = one.chars().collect();
        let text: Vec<char> = text.chars().collect();
        matches_from(&pattern, &text)
    })
}

/// Whether a pattern has anything but plain characters.
pub(super) fn is_glob(pattern: &str) -> bool {
    pattern.contains(['*', '?', '[', '{', '\\'])
}

fn expand_braces(pattern: &str) -> Vec<String> {
    let Some(open) = pattern.find('{') else {
        return vec![pattern.to_owned()];
    };
    let Some(close) = pattern[open..].find('}').map(|at| open + at) else {
        return vec![pattern.to_owned()];
    };
    let (head, tail) = (&pattern[..open], &pattern[close + 1..]);
    pattern[open + 1..close].split(',').flat_map(|middle| expand_braces(&format!("{head}{middle}{tail}"))).collect()
}

fn matches_from(pattern: &[char], text: &[char]) -> bool {
    match (pattern.first(), text.first()) {
        (None, rest) => rest.is_none(),
        (Some('*'), _) if pattern.get(1) == Some(&'*') => {
            (0..=text.len()).any(|taken| matches_from(&pattern[2..], &text[taken..]))
        }
        (Some('*'), _) => {
            let most = text.iter().position(|character| *character == '/').unwrap_or(text.len());
            (0..=most).any(|taken| matches_from(&pattern[1..], &text[taken..]))
        }
        (Some('?'), Some(character)) => *character != '/' && matches_from(&pattern[1..], &text[1..]),
        (Some('['), Some(character)) => match pattern.iter().position(|close| *close == ']') {
            Some(close) => in_class(&pattern[1..close], *character) && matches_from(&pattern[close + 1..], &text[1..]),
            None => false,
        },
        (Some('\\'), Some(character)) if pattern.get(1) == Some(character) => matches_from(&pattern[2..], &text[1..]),
        (Some(wanted), Some(character)) => wanted == character && matches_from(&pattern[1..], &text[1..]),
        (Some(_), None) => false,
    }
}

fn in_class(class: &[char], character: char) -> bool {
    let (negated, class) = match class.first() {
        Some('!' | '^') => (true, &class[1..]),
        _ => (false, class),
    };
    let mut found = false;
    let mut at = 0;
    while at < class.len() {
        if class.get(at + 1) == Some(&'-') && at + 2 < class.len() {
            found |= (class[at]..=class[at + 2]).contains(&character);
            at += 3;
        } else {
            found |= class[at] == character;
            at += 1;
        }
    }
    found != negated
}
