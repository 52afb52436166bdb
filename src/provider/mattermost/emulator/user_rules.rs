//! What an account must fulfil, and what it begins with.

use serde_json::{Map, Value};

use super::accounts::User;
use super::config::Config;
use super::reply::{Refusal, refuse};

/// Names that nobody may have.
const RESERVED: [&str; 4] = ["all", "channel", "matterbot", "system"];

/// The languages that the server speaks. A new account that asks for another gets the default one.
const LOCALES: &str = "am ar ar_SA be bg br ca cs da de el en en-AU es et eu fa fi fr gl gu he hi hr hu id it ja ka km ko lo lt mk ml \
mn nb-NO ne nl pl pt pt-BR ro ru si sl sq sr sv th tr uk vi zh-CN zh-TW";

/// The two-letter codes that ISO 639 knows, one after the other.
const LANGUAGES: &str = "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee \
el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv \
ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl \
nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta \
te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Whether a text may be a username: up to 64 letters, digits, dots, dashes and underscores in any order.
pub(super) fn is_username(text: &str) -> bool {
    let is_fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(is_fine) && !RESERVED.contains(&text)
}

/// Whether a text is a bare address: dot-separated words around one `@`, letters of any script, none in upper case.
pub(super) fn is_email(text: &str) -> bool {
    let is_fine = |letter: char| {
        let is_special = "()<>[]:;@\\,\"".contains(letter);
        !is_special && !letter.is_whitespace() && !letter.is_control()
    };
    let is_dotted = |part: &str| part.split('.').all(|word| !word.is_empty() && word.chars().all(is_fine));
    let is_lower = text.to_lowercase() == text;
    is_lower && text.split_once('@').is_some_and(|(local, domain)| is_dotted(local) && is_dotted(domain))
}

/// Whether a language may be stored. Empty is fine.
fn is_locale(text: &str) -> bool {
    let (language, region) = text.split_once(['-', '_']).map_or((text, None), |(a, b)| (a, Some(b)));
    let is_language = match language.len() {
        2 => LANGUAGES.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(language)),
        3 => language.bytes().all(|byte| byte.is_ascii_alphabetic()),
        _ => false,
    };
    let is_region = |region: &str| region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_alphabetic());
    text.is_empty() || text.len() <= 5 && is_language && region.is_none_or(is_region)
}

/// The language of a new account.
pub(super) fn supported_locale(config: &Config, asked: &str) -> String {
    if LOCALES.split_ascii_whitespace().any(|known| known == asked) {
        return asked.to_owned();
    }
    config.text("LocalizationSettings", "DefaultClientLocale").to_owned()
}

/// Refuses an account that breaks a rule, in the server's order. `password` is one that is being set.
pub(super) fn check(user: &User, password: &str) -> Result<(), Refusal> {
    let invalid = |field: &str, message: &str| refuse(400, format!("model.user.is_valid.{field}.app_error"), message);
    let runes = |text: &str| text.chars().count();
    let auth_data = user.auth_data.as_deref().unwrap_or("");
    if !is_username(&user.username) {
        let message = "Username must begin with a letter, and contain between 3 to 22 lowercase characters made up of numbers, \
                       letters, and the symbols \".\", \"-\", and \"_\".";
        return Err(invalid("username", message));
    }
    if user.email.len() > 128 || !is_email(&user.email) {
        return Err(invalid("email", "Invalid email."));
    }
    if runes(&user.nickname) > 64 {
        return Err(invalid("nickname", "Invalid nickname."));
    }
    if runes(&user.position) > 128 {
        return Err(invalid("position", "Invalid position: must not be longer than 128 characters."));
    }
    if runes(&user.first_name) > 64 {
        return Err(invalid("first_name", "Invalid first name."));
    }
    if runes(&user.last_name) > 64 {
        return Err(invalid("last_name", "Invalid last name."));
    }
    if auth_data.len() > 128 {
        return Err(invalid("auth_data", "Invalid auth data."));
    }
    if !auth_data.is_empty() && user.auth_service.is_empty() {
        let message = "Invalid user: Auth data can only be set if the user uses an external auth service, not \
                       email/password, for authentication.";
        return Err(invalid("auth_data_type", message));
    }
    if !auth_data.is_empty() && !password.is_empty() {
        return Err(invalid("auth_data_pwd", "Invalid user, password and auth data cannot both be set."));
    }
    if !is_locale(&user.locale) {
        return Err(invalid("locale", "Invalid locale."));
    }
    if user.roles.len() > 256 {
        return Err(invalid("roles_limit", "Invalid user roles longer than 256 characters."));
    }
    Ok(())
}

/// Refuses a password that `PasswordSettings` forbid. The error's name lists what is missing.
pub(super) fn check_password(config: &Config, password: &str) -> Result<(), Refusal> {
    let least = config.number("PasswordSettings", "MinimumLength");
    let invalid =
        |ending: &str, message: String| Err(refuse(400, format!("model.user.is_valid.pwd{ending}.app_error"), message));
    if i64::try_from(password.len()).unwrap_or(i64::MAX) < least {
        return invalid("_min_length", format!("Your password must contain at least {least} characters."));
    }
    if password.len() > 72 {
        return invalid("_max_length", "Your password must contain no more than 72 characters.".to_owned());
    }
    let has = |is_kind: fn(char) -> bool| password.chars().any(is_kind);
    let kinds: [(&str, &str, bool); 4] = [
        ("Lowercase", "at least one lowercase letter", has(|c| c.is_ascii_lowercase())),
        ("Uppercase", "at least one uppercase letter", has(|c| c.is_ascii_uppercase())),
        ("Number", "at least one number", has(|c| c.is_ascii_digit())),
        ("Symbol", "at least one symbol (e.g. \"~!@#$%^&*()\")", has(|c| c == ' ' || c.is_ascii_punctuation())),
    ];
    let missing: Vec<_> =
        kinds.iter().filter(|(name, _, is_there)| !is_there && config.is_on("PasswordSettings", name)).collect();
    let words: Vec<&str> = missing.iter().map(|(_, words, _)| *words).collect();
    let list = match words.as_slice() {
        [] => return Ok(()),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        [first @ .., last] => format!("{}, and {last}", first.join(", ")),
    };
    let ending: String = missing.iter().map(|(name, _, _)| format!("_{}", name.to_lowercase())).collect();
    invalid(&ending, format!("Your password must contain at least {least} characters made up of {list}."))
}

/// Whether an address belongs to one of the domains of a setting. No domain means all.
pub(super) fn is_in_domains(email: &str, domains: &str) -> bool {
    let domains: Vec<String> = domains
        .split([',', ' '])
        .map(|domain| domain.trim().trim_start_matches('@').to_lowercase())
        .filter(|domain| !domain.is_empty())
        .collect();
    let email = email.to_lowercase();
    domains.is_empty() || domains.iter().any(|domain| email.ends_with(&format!("@{domain}")))
}

/// A login provider's name made into a username. `None` where nothing usable is left.
pub(super) fn clean_username(name: &str) -> Option<String> {
    let lower = name.replace(' ', "-").to_lowercase();
    let is_fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
    let cleaned: String = lower.trim().chars().map(|c| if is_fine(c) { c } else { '-' }).collect();
    Some(cleaned.trim_matches('-').to_owned()).filter(|name| is_username(name))
}

/// When somebody is told of what, unless she says otherwise.
pub(super) fn default_notify_props() -> Map<String, Value> {
    texts(&[
        ("channel", "true"),
        ("comments", "never"),
        ("desktop", "mention"),
        ("desktop_sound", "true"),
        ("desktop_threads", "all"),
        ("email", "true"),
        ("email_threads", "all"),
        ("first_name", "false"),
        ("mention_keys", ""),
        ("push", "mention"),
        ("push_status", "online"),
        ("push_threads", "all"),
    ])
}

/// The zone of the browser, until somebody chooses one.
pub(super) fn default_timezone() -> Map<String, Value> {
    texts(&[("automaticTimezone", ""), ("manualTimezone", ""), ("useAutomaticTimezone", "true")])
}

fn texts(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames() {
        for fine in ["0", ".", "-.-", "dash-", "a..b", "7seven"] {
            assert!(is_username(fine), "{fine}");
        }
        for bad in ["", "gina+test", "Gina", "gína", "all", "system", "a b"] {
            assert!(!is_username(bad), "{bad}");
        }
        assert!(is_username(&"u".repeat(64)) && !is_username(&"u".repeat(65)));
    }

    #[test]
    fn addresses() {
        for fine in ["x@localhost", "plus+tag@acme.example", "gína@acme.example"] {
            assert!(is_email(fine), "{fine}");
        }
        for bad in ["gina", "Gina <gina@acme.example>", "a@b@c", "a b@c", "a.@c", "\"a\"@c", ".a@c", "A@c", "@c", "a@"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn names_of_a_provider_are_cleaned() {
        assert_eq!(clean_username("Frank The+Tank").as_deref(), Some("frank-the-tank"));
        assert_eq!(clean_username("-"), None);
    }

    #[test]
    fn domains_are_exact() {
        assert!(is_in_domains("a@acme.example", "other.example, @Acme.example"));
        assert!(!is_in_domains("a@sub.acme.example", "acme.example"));
    }

    #[test]
    fn a_password_says_what_it_lacks() {
        let mut config = Config::default();
        assert!(check_password(&config, "Correct-horse-1").is_ok());
        config.set("PasswordSettings", "Number", true.into());
        config.set("PasswordSettings", "Uppercase", true.into());
        let refusal = check_password(&config, "correct-horse").unwrap_err();
        assert_eq!(refusal.id, "model.user.is_valid.pwd_uppercase_number.app_error");
    }
}
