//! What Logto refuses, and what it takes in silence and should not: known before it is asked.

use url::Url;

use super::events;

/// The longest username, address, name of a person, of an organisation or of an organisation role.
const LONGEST: usize = 128;
/// The longest description of an organisation or of an organisation role.
pub const DESCRIPTION: usize = 256;
/// The longest name of an application or of a webhook.
pub const APPLICATION_NAME: usize = 256;

/// Why Logto, or Formulary on its behalf, refuses a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// Too long, in characters.
    #[error("it has {found} characters; at most {most} are allowed")]
    Length {
        /// What it has.
        found: usize,
        /// The most.
        most: usize,
    },
    /// A character that is not allowed.
    #[error("{0:?} is not allowed in it")]
    Character(char),
    /// Not the form of an e-mail address.
    #[error("it is no e-mail address: {0}")]
    Address(&'static str),
    /// An address that people must not be sent to.
    #[error("{0}")]
    Redirect(&'static str),
    /// A word that is no event.
    #[error("there is no such event; they are called as in 'User.Created', and case matters")]
    Event,
}

/// The username of somebody with this name: Logto takes ASCII letters, digits and `_` alone, and no digit at the
/// beginning, so that `_` stands for every other character and before a digit. It does not fold case; names of the
/// mono-repo are in lower case.
///
/// # Errors
/// When it is longer than 128 characters, or holds what no name of the mono-repo does.
pub fn username(name: &str) -> Result<String, Refusal> {
    if let Some(bad) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || "-._".contains(*c))) {
        return Err(Refusal::Character(bad));
    }
    let mut username = name.replace(['-', '.'], "_");
    if username.starts_with(|c: char| c.is_ascii_digit()) {
        username.insert(0, '_');
    }
    text(&username, LONGEST)?;
    Ok(username)
}

/// An address in lower case. Logto stores what it is given and looks for equal ones before it writes, not while: of two
/// that differ in case alone it may keep both, so only one form is ever sent.
///
/// # Errors
/// When it has not the form of one. Logto itself takes `a@b@c.example`; no mail reaches that.
pub fn email(address: &str) -> Result<String, Refusal> {
    text(address, LONGEST)?;
    if let Some(bad) = address.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(Refusal::Character(bad));
    }
    match address.split_once('@') {
        None => Err(Refusal::Address("it has no '@'")),
        Some((_, domain)) if domain.contains('@') => Err(Refusal::Address("it has more than one '@'")),
        Some(("", _)) => Err(Refusal::Address("nothing stands before the '@'")),
        Some((_, domain)) if domain.split('.').count() < 2 || domain.split('.').any(str::is_empty) => {
            Err(Refusal::Address("what stands after the '@' is no domain with a dot in it"))
        }
        Some(_) => Ok(address.to_lowercase()),
    }
}

/// The name of a person, an organisation or an organisation role.
///
/// # Errors
/// When it is empty or longer than 128 characters.
pub fn name(name: &str) -> Result<(), Refusal> {
    text(name, LONGEST)
}

/// A text of at most so many characters. What the database counts as one, the API's own check counts as two where it
/// lies beyond the basic plane: the stricter of the two holds.
///
/// # Errors
/// When it is empty or longer.
pub fn text(text: &str, most: usize) -> Result<(), Refusal> {
    match text.encode_utf16().count() {
        0 => Err(Refusal::Empty),
        _ if text.trim().is_empty() => Err(Refusal::Empty),
        found if found > most => Err(Refusal::Length { found, most }),
        _ => Ok(()),
    }
}

/// An address that codes may be sent to. Logto stores nearly anything and a mistake shows at the sign-in: fragments and
/// wildcards are refused here.
///
/// # Errors
/// When codes sent there could reach somebody else, or nobody.
pub fn redirect_uri(text: &str) -> Result<(), Refusal> {
    let url = Url::parse(text).map_err(|_| Refusal::Redirect("it is no absolute address"))?;
    if matches!(url.scheme(), "javascript" | "data" | "vbscript") {
        return Err(Refusal::Redirect("its scheme runs code"));
    }
    if text.contains('#') {
        return Err(Refusal::Redirect("it has a fragment ('#…')"));
    }
    if text.contains('*') {
        return Err(Refusal::Redirect("a '*' lets others collect codes; name each address"));
    }
    Ok(())
}

/// An event that a webhook may be told of.
///
/// # Errors
/// When there is none of this name.
pub fn event(name: &str) -> Result<(), Refusal> {
    if events::EVENTS.contains(&name) { Ok(()) } else { Err(Refusal::Event) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::recorded::exchanges;

    /// Every address and name that was ever sent to a running server: what we let pass, Logto took, unless it says that
    /// somebody else has it.
    #[test]
    fn what_passes_here_passes_there() {
        let mut judged = 0;
        for scenario in ["users-validation", "users-create", "users-uniqueness"] {
            for exchange in exchanges("logto", scenario) {
                let is_creation = exchange.method == "POST" && exchange.path == "/api/users";
                let code = exchange.answer["code"].as_str().unwrap_or_default();
                if !is_creation || code.ends_with("_already_in_use") || exchange.status == 401 {
                    continue;
                }
                let Some(body) = exchange.body.as_object() else { continue };
                let sent = |key: &str| body.get(key).map(|it| it.as_str());
                // The field alone that the exchange is about.
                let verdict = match (sent("username"), sent("primaryEmail"), sent("name")) {
                    (Some(Some(name)), None, None) => {
                        let plain = username(name).is_ok_and(|it| it == name);
                        if plain { Ok(()) } else { Err(()) }
                    }
                    (None, Some(Some(address)), None) => email(address).map(drop).map_err(drop),
                    (None, None, Some(Some(text))) => name(text).map_err(drop),
                    _ => continue,
                };
                if body.len() > 1 {
                    continue;
                }
                judged += 1;
                if verdict.is_ok() {
                    assert_eq!(exchange.status, 200, "{}: {} {}", exchange.label, exchange.body, exchange.answer);
                }
            }
        }
        assert!(judged > 10 || judged == 0, "{judged}");
    }

    #[test]
    fn a_name_becomes_a_username_that_logto_takes() {
        for (name, username_there) in
            [("alice", "alice"), ("alice-beta", "alice_beta"), ("a.b-c_d", "a_b_c_d"), ("3d", "_3d")]
        {
            assert_eq!(username(name).unwrap(), username_there);
        }
        assert_eq!(username("müller"), Err(Refusal::Character('ü')));
        assert!(matches!(username(&"x".repeat(129)), Err(Refusal::Length { found: 129, most: 128 })));
    }

    #[test]
    fn addresses_are_sent_in_one_form() {
        assert_eq!(email("Alice@Acme.Example").unwrap(), "alice@acme.example");
        for bad in ["a@b@c.example", "alice", "@acme.example", "a@acme", "a b@acme.example", "a@.example"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn codes_are_sent_to_whole_addresses_only() {
        assert!(redirect_uri("https://git.example/user/oauth2/logto/callback").is_ok());
        assert!(redirect_uri("com.acme.app://callback").is_ok());
        for bad in
            ["*", "/callback", "https://a.example/*", "https://*.example/cb", "javascript:alert(1)", "https://a/#x"]
        {
            assert!(redirect_uri(bad).is_err(), "{bad}");
        }
    }
}
