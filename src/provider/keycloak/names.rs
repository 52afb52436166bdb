//! What Keycloak refuses, known before it is asked. Rules as seen on running servers; where one is not certain, the
//! stricter reading holds.

use url::Url;

/// The longest name that a realm stores. For groups, roles, clients and organisations it does not check this itself:
/// a longer one is a 500.
const LONGEST: usize = 255;

/// What begins the usernames of clients' own accounts. They are left out of every list, so a person cannot have one.
pub const SERVICE_ACCOUNT: &str = "service-account-";

/// Why Keycloak, or Formulary on its behalf, refuses a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// Too short or too long, in characters.
    #[error("it has {found} characters; {least} to {most} are allowed")]
    Length {
        /// What it has.
        found: usize,
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
    },
    /// A character that is not allowed.
    #[error("{0:?} is not allowed in it")]
    Character(char),
    /// A name that only clients' own accounts have.
    #[error("names that begin with 'service-account-' belong to clients")]
    ServiceAccount,
    /// Not the form of an e-mail address.
    #[error("it is no e-mail address: {0}")]
    Address(&'static str),
    /// Not the form of a mail domain.
    #[error("it is no mail domain")]
    Domain,
    /// An address that people must not be sent to.
    #[error("{0}")]
    Redirect(&'static str),
    /// Something that comes with every realm and is not ours to change.
    #[error("every realm has it of its own, and Keycloak needs it as it is")]
    BuiltIn,
}

/// A username as Keycloak stores it: in lower case, 3 to 255 characters, Latin letters (accents as single code
/// points), digits and `-._+@`.
///
/// Emoji and invisible characters, which Keycloak lets pass, are refused: nobody can type them.
pub fn username(text: &str) -> Result<String, Refusal> {
    length(text, 3, LONGEST)?;
    if let Some(bad) = text.chars().find(|c| !(is_latin(*c) || c.is_ascii_digit() || "-._+@".contains(*c))) {
        return Err(Refusal::Character(bad));
    }
    let folded = text.to_lowercase();
    if folded.starts_with(SERVICE_ACCOUNT) { Err(Refusal::ServiceAccount) } else { Ok(folded) }
}

/// An e-mail address as Keycloak stores it: in lower case, at most 255 characters and 64 before the `@`.
pub fn email(text: &str) -> Result<String, Refusal> {
    length(text, 1, LONGEST)?;
    let (local, domain) = text.rsplit_once('@').ok_or(Refusal::Address("it has no '@'"))?;
    let quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    if local.is_empty() || domain.is_empty() {
        return Err(Refusal::Address("a part of it is empty"));
    }
    if local.chars().count() > 64 {
        return Err(Refusal::Address("more than 64 characters stand before the '@'"));
    }
    if !quoted {
        if let Some(bad) = local.chars().find(|c| c.is_whitespace() || c.is_control() || "@\"(),:;<>[\\]".contains(*c))
        {
            return Err(Refusal::Character(bad));
        }
        if local.split('.').any(str::is_empty) {
            return Err(Refusal::Address("a dot stands at an end, or two in a row"));
        }
    }
    mail_domain(domain).map_err(|_| Refusal::Address("what stands after the '@' is no domain"))?;
    Ok(text.to_lowercase())
}

/// A mail domain in lower case; `[192.0.2.1]` counts as one.
pub fn mail_domain(text: &str) -> Result<String, Refusal> {
    if text.starts_with('[') && text.ends_with(']') && text[1..text.len() - 1].parse::<std::net::IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    let sound = |label: &str| {
        !label.is_empty()
            && label.chars().count() <= 63
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if text.split('.').all(sound) { Ok(text.to_lowercase()) } else { Err(Refusal::Domain) }
}

/// A first or last name: at most 255 characters, none of those that Keycloak holds to be code.
pub fn person_name(text: &str) -> Result<String, Refusal> {
    length(text, 1, LONGEST)?;
    match text.chars().find(|c| c.is_control() || "<>&\"$%!#?§;*~/\\|^=[]{}()".contains(*c)) {
        Some(bad) => Err(Refusal::Character(bad)),
        None => Ok(text.to_owned()),
    }
}

/// A group's own name. Keycloak takes any; a `/` in one would make two paths the same, so it is refused here.
pub fn group(text: &str) -> Result<(), Refusal> {
    plain(text)?;
    if text.contains('/') { Err(Refusal::Character('/')) } else { Ok(()) }
}

/// A role's, client's or scope's name, or an organisation's name for people: 1 to 255 characters, not only spaces.
pub fn plain(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::Empty);
    }
    length(text, 1, LONGEST)
}

/// An organisation's alias: no spaces, and none of the characters that URLs reserve.
pub fn alias(text: &str) -> Result<(), Refusal> {
    plain(text)?;
    match text.chars().find(|c| c.is_whitespace() || ":/?#@!$&()*+,;=[]\\".contains(*c)) {
        Some(bad) => Err(Refusal::Character(bad)),
        None => Ok(()),
    }
}

/// The name of a profile attribute: ASCII letters, digits, `-`, `_` and `.`.
pub fn attribute(text: &str) -> Result<(), Refusal> {
    plain(text)?;
    match text.chars().find(|c| !(c.is_ascii_alphanumeric() || "-_.".contains(*c))) {
        Some(bad) => Err(Refusal::Character(bad)),
        None => Ok(()),
    }
}

/// An address that codes may be sent to. Keycloak accepts `*` and addresses without a scheme; both would let a
/// stranger collect codes, so they are refused here.
pub fn redirect_uri(text: &str) -> Result<(), Refusal> {
    let url = Url::parse(text).map_err(|_| Refusal::Redirect("it is no absolute address"))?;
    if matches!(url.scheme(), "javascript" | "data" | "vbscript") {
        return Err(Refusal::Redirect("its scheme runs code"));
    }
    if text.contains('#') {
        return Err(Refusal::Redirect("it has a fragment ('#…')"));
    }
    if url.host_str().is_some_and(|host| host.contains('*')) {
        return Err(Refusal::Redirect("a '*' in the host lets other hosts collect codes"));
    }
    if text.trim_end_matches('*').contains('*') {
        return Err(Refusal::Redirect("a '*' means something at the end only"));
    }
    Ok(())
}

/// Clients that every realm has, whose changes are Keycloak's own business.
pub fn is_built_in_client(client_id: &str) -> bool {
    const BUILT_IN: [&str; 7] = [
        "account",
        "account-console",
        "admin-cli",
        "admin-permissions",
        "broker",
        "realm-management",
        "security-admin-console",
    ];
    BUILT_IN.contains(&client_id)
}

/// Roles that every realm has.
pub fn is_built_in_role(name: &str, realm: &str) -> bool {
    // Keycloak folds the realm's name in the name of its default role.
    matches!(name, "offline_access" | "uma_authorization") || name == default_role(realm)
}

/// The role that everybody in the realm has.
pub fn default_role(realm: &str) -> String {
    format!("default-roles-{}", realm.to_lowercase())
}

/// Client scopes that every realm has. Mappers may be added to them; they themselves are left alone.
pub fn is_built_in_scope(name: &str) -> bool {
    const BUILT_IN: [&str; 15] = [
        "acr",
        "address",
        "basic",
        "email",
        "microprofile-jwt",
        "offline_access",
        "organization",
        "phone",
        "profile",
        "role_list",
        "roles",
        "saml_organization",
        "service_account",
        "web-origins",
        "AuthnContextClassRef",
    ];
    BUILT_IN.contains(&name)
}

/// Attributes that every user profile declares.
pub fn is_built_in_attribute(name: &str) -> bool {
    matches!(name, "username" | "email" | "firstName" | "lastName")
}

/// Mappers that come with the client scopes of every realm (26.7.3).
pub fn is_built_in_mapper(scope: &str, mapper: &str) -> bool {
    let built_in: &[&str] = match scope {
        "acr" => &["acr loa level"],
        "address" => &["address"],
        "basic" => &["auth_time", "sub"],
        "email" => &["email", "email verified"],
        "microprofile-jwt" => &["groups", "upn"],
        "organization" => &["organization"],
        "phone" => &["phone number", "phone number verified"],
        "profile" => &[
            "birthdate",
            "family name",
            "full name",
            "gender",
            "given name",
            "locale",
            "middle name",
            "nickname",
            "picture",
            "profile",
            "updated at",
            "username",
            "website",
            "zoneinfo",
        ],
        "roles" => &["audience resolve", "client roles", "realm roles"],
        "service_account" => &["Client Host", "Client ID", "Client IP Address"],
        "web-origins" => &["allowed web origins"],
        _ => &[],
    };
    built_in.contains(&mapper)
}

fn length(text: &str, least: usize, most: usize) -> Result<(), Refusal> {
    match text.chars().count() {
        0 => Err(Refusal::Empty),
        found if found < least || found > most => Err(Refusal::Length { found, least, most }),
        _ => Ok(()),
    }
}

/// Letters of the Latin script as single code points. `İ` is left out: its lower case is two code points.
fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic()
        || (matches!(c, '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}') && !matches!(c, '×' | '÷' | 'İ'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::recorded::exchanges;

    /// Every person that was ever sent to a running server: what we let pass, Keycloak took, unless it says that
    /// somebody else has the name.
    #[test]
    fn what_passes_here_passes_there() {
        let mut judged = 0;
        for scenario in ["users-names", "users-emails", "users-create"] {
            for exchange in exchanges("keycloak", scenario) {
                if exchange.method != "POST" || !exchange.path.ends_with("/users") || exchange.status == 409 {
                    continue;
                }
                let text = |key: &str| exchange.body.get(key).and_then(|it| it.as_str()).filter(|it| !it.is_empty());
                let Some(name) = text("username") else { continue };
                let verdict = username(name)
                    .and(text("email").map_or(Ok(String::new()), email))
                    .and(text("firstName").map_or(Ok(String::new()), person_name))
                    .and(text("lastName").map_or(Ok(String::new()), person_name));
                let stricter = matches!(verdict, Err(Refusal::ServiceAccount))
                    || name.chars().any(|c| c == '\u{200b}' || c == '😀');
                if exchange.status == 201 {
                    assert!(
                        verdict.is_ok() || stricter,
                        "{scenario}: {} was accepted there: {verdict:?}",
                        exchange.body
                    );
                } else if exchange.answer.get("field").is_some() || exchange.answer.get("errors").is_some() {
                    assert!(verdict.is_err(), "{scenario}: {} was refused there: {}", exchange.body, exchange.answer);
                }
                judged += 1;
            }
        }
        assert!(judged > 60 || judged == 0, "{judged}");
    }

    #[test]
    fn names_are_folded_as_the_realm_folds_them() {
        assert_eq!(username("MÜLLER").unwrap(), "müller");
        assert_eq!(email("Alice@Acme.Example").unwrap(), "alice@acme.example");
        assert_eq!(username("Service-Account-X"), Err(Refusal::ServiceAccount));
        assert_eq!(username("аlice"), Err(Refusal::Character('а')), "a Cyrillic letter");
    }

    #[test]
    fn aliases_and_groups_keep_paths_unambiguous() {
        assert!(group("acme corp").is_ok());
        assert_eq!(group("a/b"), Err(Refusal::Character('/')));
        assert_eq!(alias("acme corp"), Err(Refusal::Character(' ')));
        assert_eq!(group(" "), Err(Refusal::Empty));
        assert!(matches!(group(&"x".repeat(256)), Err(Refusal::Length { .. })));
    }

    #[test]
    fn codes_are_sent_to_whole_addresses_only() {
        assert!(redirect_uri("https://git.example/user/oauth2/keycloak/callback").is_ok());
        assert!(redirect_uri("http://localhost:8080/*").is_ok());
        for bad in
            ["*", "/callback", "git.example/cb", "https://*.example/cb", "javascript:alert(1)", "https://a.example/#x"]
        {
            assert!(redirect_uri(bad).is_err(), "{bad}");
        }
    }
}
