//! What teams and channels must fulfil before they are stored, in the order in which the server looks.

use super::places::{Channel, Team};
use super::reply::{Refusal, refuse};

/// The longest name of a team or a channel, in bytes.
pub(super) const LONGEST_NAME: usize = 64;

/// The channel that everybody of a team is in and that can be neither renamed, archived, closed nor left.
pub(super) const TOWN_SQUARE: &str = "town-square";

/// Words that no team's name may begin with: they begin paths of the web application.
const RESERVED: [&str; 17] = [
    "admin",
    "api",
    "channel",
    "claim",
    "error",
    "files",
    "help",
    "landing",
    "login",
    "mfa",
    "oauth",
    "plug",
    "plugins",
    "post",
    "signup",
    "boards",
    "playbooks",
];

/// Whether a text can name a team: lower-case letters and digits with dashes between them, or two such words that are
/// joined by exactly two underscores.
pub(super) fn is_team_name(name: &str) -> bool {
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(is_letter);
    match name.split_once("__") {
        Some((before, behind)) => is_word(before) && is_word(behind),
        None => {
            let bytes = name.as_bytes();
            bytes.len() >= 2
                && bytes.iter().all(|byte| is_letter(*byte) || *byte == b'-')
                && [bytes.first(), bytes.last()].into_iter().flatten().all(|byte| is_letter(*byte))
        }
    }
}

/// Whether a text can name a channel: a lower-case letter or digit first, then dashes and underscores too.
pub(super) fn is_channel_name(name: &str) -> bool {
    name.bytes().next().is_some_and(is_letter) && name.bytes().all(|byte| is_letter(byte) || b"-_".contains(&byte))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// The text without the marks that change how text is laid out, which the server drops without a word.
pub(super) fn without_marks(text: &str) -> String {
    let is_mark = |c: char| {
        matches!(c,
            '\u{340}' | '\u{341}' | '\u{17a3}' | '\u{17d3}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}'
            | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffc}' | '\u{feff}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().filter(|c| !is_mark(*c)).collect()
}

/// Refuses a team that cannot be stored, and drops what is not stored of its texts.
pub(super) fn check_team(team: &mut Team) -> Result<(), Refusal> {
    for text in [&mut team.name, &mut team.display_name, &mut team.description, &mut team.company_name] {
        *text = without_marks(text);
    }
    let invalid = |id, message: &str| Err(refuse(400, id, message));
    let display_name = team.display_name.chars().count();
    if display_name == 0 || display_name > 64 {
        return invalid("model.team.is_valid.name.app_error", "Invalid name.");
    }
    if team.name.len() > LONGEST_NAME {
        return invalid("model.team.is_valid.url.app_error", "Invalid URL Identifier.");
    }
    if team.description.len() > 255 {
        return invalid("model.team.is_valid.description.app_error", "Invalid description.");
    }
    let folded = team.name.to_lowercase();
    if RESERVED.iter().any(|word| folded.starts_with(word)) {
        return invalid("model.team.is_valid.reserved.app_error", "This URL is unavailable. Please try another.");
    }
    if !is_team_name(&team.name) {
        let message = "Name must be 2 or more lowercase alphanumeric characters.";
        return invalid("model.team.is_valid.characters.app_error", message);
    }
    if !["O", "I"].contains(&team.kind.as_str()) {
        return invalid("model.team.is_valid.type.app_error", "Invalid type.");
    }
    if team.company_name.len() > 64 {
        return invalid("model.team.is_valid.company.app_error", "Invalid company name.");
    }
    if team.allowed_domains.len() > 500 {
        return invalid("model.team.is_valid.domains.app_error", "Invalid allowed domains.");
    }
    Ok(())
}

/// Refuses a channel that cannot be stored, and drops what is not stored of its names. How long a name may be is left
/// to the database.
pub(super) fn check_channel(channel: &mut Channel) -> Result<(), Refusal> {
    channel.name = without_marks(&channel.name);
    channel.display_name = without_marks(&channel.display_name);
    let invalid = |id, message: &str| Err(refuse(400, id, message));
    if channel.display_name.chars().count() > 64 {
        return invalid("model.channel.is_valid.display_name.app_error", "Invalid display name.");
    }
    if !is_channel_name(&channel.name) {
        let message = "Name must be 1 or more lowercase alphanumeric character.";
        return invalid("model.channel.is_valid.1_or_more.app_error", message);
    }
    if !["O", "P", "D", "G"].contains(&channel.kind.as_str()) {
        return invalid("model.channel.is_valid.type.app_error", "Invalid type.");
    }
    if channel.header.chars().count() > 1024 {
        return invalid("model.channel.is_valid.header.app_error", "Invalid header.");
    }
    if channel.purpose.chars().count() > 250 {
        return invalid("model.channel.is_valid.purpose.app_error", "Invalid purpose.");
    }
    if channel.is_of_a_team() && is_name_of_a_conversation(&channel.name) {
        let message = "Channel names can't be in a hexadecimal format. Please enter a different channel name.";
        return invalid("model.channel.is_valid.name.app_error", message);
    }
    Ok(())
}

/// Whether the server itself would name a conversation so: a hash of those in it, or two of them.
fn is_name_of_a_conversation(name: &str) -> bool {
    let is_hash = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let parts: Vec<&str> = name.split("__").collect();
    is_hash || (parts.len() == 2 && parts.iter().all(|part| super::ids::is_id(part)))
}

/// The domains in a list that is separated by commas, blanks or at signs.
pub(super) fn domains(list: &str) -> Vec<String> {
    let is_between = |c: char| c.is_whitespace() || c == ',' || c == '@';
    list.split(is_between).filter(|domain| !domain.is_empty()).map(str::to_lowercase).collect()
}

/// Whether an address belongs to a domain of each list that names any.
pub(super) fn is_address_allowed(address: &str, lists: [&str; 2]) -> bool {
    let address = address.to_lowercase();
    lists.into_iter().map(domains).filter(|list| !list.is_empty()).all(|list| {
        list.iter().any(|domain| address.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('@')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_teams() {
        for name in ["ab", "core--team", "42", "a__b", "7core", "a-b-c"] {
            assert!(is_team_name(name), "{name}");
        }
        for name in ["", "a", "a_b", "a__", "__b", "-ab", "ab-", "a-b__c", "a__b__c", "Ab", "a b", "cöre", "a.b"] {
            assert!(!is_team_name(name), "{name}");
        }
    }

    #[test]
    fn names_of_channels() {
        for name in ["a", "7", "ops-", "ops_", "a__b", "admin"] {
            assert!(is_channel_name(name), "{name}");
        }
        for name in ["", "-a", "_a", "Ops", "ö", "a.b", "a b"] {
            assert!(!is_channel_name(name), "{name}");
        }
        assert!(is_name_of_a_conversation("0123456789012345678901234567890123456789"));
        assert!(!is_name_of_a_conversation("gggggggggggggggggggggggggggggggggggggggg"));
        assert!(is_name_of_a_conversation("abcdefghijklmnopqrstuvwxyz__abcdefghijklmnopqrstuvwxyz"));
    }

    #[test]
    fn addresses_and_domains() {
        assert!(is_address_allowed("a@Corp.example", ["acme.example, corp.example", ""]));
        assert!(!is_address_allowed("a@sub.acme.example", ["acme.example", ""]));
        assert!(!is_address_allowed("a@acme.example", ["acme.example", "other.example"]));
        assert!(is_address_allowed("a@acme.example", [" , ", "@acme.example"]));
        assert!(!is_address_allowed("a@acme.example", ["not a domain", ""]));
    }
}
