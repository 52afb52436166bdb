//! E-mail addresses, links and phone numbers: what is refused, how the rest is normalised, and what a partial write
//! resets. Of each the returned parts are those that are overwritten.

use serde_json::{Map, Value, json};

use super::refusal::{Refusal, bad_value, coded, named};
use super::values::{invalid, shown};

/// Countries by calling code, the longest code first. Where several share one, the largest stands for all.
const CALLING_CODES: &[(&str, &str)] = &[
    ("+351", "PT"),
    ("+352", "LU"),
    ("+353", "IE"),
    ("+354", "IS"),
    ("+358", "FI"),
    ("+380", "UA"),
    ("+385", "HR"),
    ("+386", "SI"),
    ("+420", "CZ"),
    ("+421", "SK"),
    ("+423", "LI"),
    ("+971", "AE"),
    ("+972", "IL"),
    ("+30", "GR"),
    ("+31", "NL"),
    ("+32", "BE"),
    ("+33", "FR"),
    ("+34", "ES"),
    ("+36", "HU"),
    ("+39", "IT"),
    ("+40", "RO"),
    ("+41", "CH"),
    ("+43", "AT"),
    ("+44", "GB"),
    ("+45", "DK"),
    ("+46", "SE"),
    ("+47", "NO"),
    ("+48", "PL"),
    ("+49", "DE"),
    ("+52", "MX"),
    ("+55", "BR"),
    ("+61", "AU"),
    ("+64", "NZ"),
    ("+65", "SG"),
    ("+81", "JP"),
    ("+82", "KR"),
    ("+86", "CN"),
    ("+91", "IN"),
    ("+1", "US"),
];

/// The primary address is emptied unless it is sent; the others stay unless they are.
pub(super) fn emails(sent: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    let mut stored = Map::new();
    let primary = match sent.get("primaryEmail") {
        None | Some(Value::Null) => String::new(),
        Some(value) => address(value, &format!("{name}.primaryEmail"))?,
    };
    stored.insert("primaryEmail".into(), primary.into());
    if let Some(value) = sent.get("additionalEmails") {
        let path = format!("{name}.additionalEmails");
        let list = listed(value, &path)?;
        let list: Result<Vec<_>, _> = list.iter().map(|value| address(value, &path)).collect();
        stored.insert("additionalEmails".into(), json!(list?));
    }
    Ok(stored)
}

/// An address in lower case. The empty one stands for none.
fn address(value: &Value, path: &str) -> Result<String, Refusal> {
    let text = value.as_str().filter(|text| text.is_empty() || is_address(text));
    text.map(str::to_lowercase)
        .ok_or_else(|| invalid(format!("Invalid string value {} for email field \"{path}\"", shown(value)), value))
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"@,;:<>()[]\"\\".contains(c);
    let labels: Vec<&str> = domain.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    !local.is_empty()
        && local.chars().all(is_plain)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && labels.len() > 1
        && labels.iter().all(is_label)
        && labels.last().is_some_and(|last| last.chars().count() > 1)
}

/// A list within a composite; a text is read as JSON.
fn listed(value: &Value, path: &str) -> Result<Vec<Value>, Refusal> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => Ok(items.clone()),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Array(items)) => Ok(items),
            Ok(_) => Err(bad_value(format!("Invalid array value '{text}' for field \"{path}\""), text.as_str())),
            Err(_) => {
                let first = text.chars().next().map_or_else(String::new, |first| first.to_string());
                let message = match first.as_str() {
                    "" => "Unexpected end of JSON input".to_owned(),
                    first => format!("Unexpected token '{first}', \"{text}\" is not valid JSON"),
                };
                Err(named("SyntaxError", message))
            }
        },
        _ => Err(invalid(format!("Invalid array value {} for field \"{path}\"", shown(value)), value)),
    }
}

/// Every part is overwritten. Without an address the label goes too; a second link takes the place of a missing first.
pub(super) fn links(sent: &Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    let text = |part: &str| match sent.get(part) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value) => {
            let message = format!("Invalid string value {} for text field \"{name}.{part}\"", shown(value));
            Err(invalid(message, value))
        }
    };
    let mut url = link(&text("primaryLinkUrl")?)?;
    let mut label = text("primaryLinkLabel")?;
    let mut second = Vec::new();
    let list = sent.get("secondaryLinks").map(|value| listed(value, &format!("{name}.secondaryLinks"))).transpose()?;
    for item in list.unwrap_or_default() {
        let address = link(item.get("url").and_then(Value::as_str).unwrap_or_default())?;
        if !address.is_empty() {
            second.push(json!({ "url": address, "label": item.get("label").cloned().unwrap_or_default() }));
        }
    }
    if url.is_empty() {
        label.clear();
        if !second.is_empty() {
            let first = second.remove(0);
            url = first["url"].as_str().unwrap_or_default().to_owned();
            label = first["label"].as_str().unwrap_or_default().to_owned();
        }
    }
    let stored =
        [("primaryLinkLabel", json!(label)), ("primaryLinkUrl", json!(url)), ("secondaryLinks", json!(second))];
    Ok(stored.into_iter().map(|(part, value)| (part.to_owned(), value)).collect())
}

/// A link in the form that is stored: scheme and host in lower case, no slash at the end. One without a scheme stays as
/// it was typed.
pub(super) fn link(text: &str) -> Result<String, Refusal> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let refusal = || coded("INVALID_URL", "The URL of the link is not valid");
    let has_scheme = text.contains("://");
    let absolute = if has_scheme { text.to_owned() } else { format!("https://{text}") };
    let is_odd = text.chars().any(|c| c.is_whitespace() || c.is_control());
    let parsed = url::Url::parse(&absolute).ok().filter(|url| {
        let is_named = url.host_str().is_some_and(|host| host.contains('.') || (has_scheme && host == "localhost"));
        is_named && !is_odd && ["http", "https"].contains(&url.scheme())
    });
    if parsed.is_none() {
        return Err(refusal());
    }
    if !has_scheme {
        return Ok(text.to_owned());
    }
    let (scheme, rest) = text.split_once("://").ok_or_else(refusal)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let path = if path.contains(['?', '#']) { path } else { path.strip_suffix('/').unwrap_or(path) };
    Ok(format!("{}://{}{path}", scheme.to_lowercase(), host.to_lowercase()))
}

/// Country and calling code are read from an international number; further numbers are emptied unless they are sent.
pub(super) fn phones(sent: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    let text = |part: &str| sent.get(part).and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    let mut stored = Map::new();
    let country = text("primaryPhoneCountryCode");
    if let Some(number) = sent.get("primaryPhoneNumber") {
        let number = number.as_str().unwrap_or_default();
        let phone = Phone::read(number, &country, &text("primaryPhoneCallingCode"))?;
        stored.insert("primaryPhoneNumber".into(), phone.number.into());
        stored.insert("primaryPhoneCountryCode".into(), phone.country.into());
        stored.insert("primaryPhoneCallingCode".into(), phone.calling_code.into());
    } else {
        for part in ["primaryPhoneCountryCode", "primaryPhoneCallingCode"] {
            if sent.contains_key(part) {
                stored.insert(part.into(), text(part).into());
            }
        }
    }
    let more = sent.get("additionalPhones").map(|value| listed(value, "additionalPhones")).transpose()?;
    let mut list = Vec::new();
    for item in more.unwrap_or_default() {
        let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let phone = Phone::read(&text("number"), &text("countryCode"), &text("callingCode"))?;
        list.push(json!({ "number": phone.number, "countryCode": phone.country, "callingCode": phone.calling_code }));
    }
    stored.insert("additionalPhones".into(), list.into());
    Ok(stored)
}

#[derive(Debug, Default)]
struct Phone {
    number: String,
    country: String,
    calling_code: String,
}

impl Phone {
    fn read(number: &str, country: &str, calling_code: &str) -> Result<Phone, Refusal> {
        if number.is_empty() {
            return Ok(Phone {
                country: country.to_owned(),
                calling_code: calling_code.to_owned(),
                ..Phone::default()
            });
        }
        let invalid = || coded("INVALID_PHONE_NUMBER", format!("Provided phone number is invalid {number}"));
        let digits: String = number.chars().filter(|c| !" -().".contains(*c)).collect();
        let (known, national) = match digits.strip_prefix('+') {
            Some(_) => {
                let found = CALLING_CODES.iter().find(|(code, _)| digits.starts_with(code)).ok_or_else(invalid)?;
                (Some(found), digits[found.0.len()..].to_owned())
            }
            None => (CALLING_CODES.iter().find(|(code, of)| *of == country || *code == calling_code), digits.clone()),
        };
        if !(4..=14).contains(&national.len()) || !national.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        let (code, of) = known.copied().ok_or_else(invalid)?;
        if !country.is_empty() && country != of {
            let message = "Provided and inferred country code are conflicting";
            return Err(coded("CONFLICTING_PHONE_COUNTRY_CODE", message));
        }
        if !calling_code.is_empty() && calling_code != code {
            let message = "Provided and inferred calling code are conflicting";
            return Err(coded("CONFLICTING_PHONE_CALLING_CODE", message));
        }
        Ok(Phone { number: national, country: of.to_owned(), calling_code: code.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_they_must() {
        let stored = |text: &str| link(text).unwrap();
        assert_eq!(stored("HTTPS://Acme.COM/"), "https://acme.com");
        assert_eq!(stored("Acme.com"), "Acme.com");
        assert_eq!(stored("https://ACME.com/About/Us/?Q=A#F"), "https://acme.com/About/Us/?Q=A#F");
        assert_eq!(stored("https://acme.com/a/"), "https://acme.com/a");
        assert!(link("not a url").is_err() && link("ftp://acme.com").is_err());
    }

    #[test]
    fn addresses() {
        assert!(["a+b@acme.com", "zoë@acme.com", "a.b@x-y.example"].iter().all(|text| is_address(text)));
        let bad = ["alice.acme.com", " b@acme.com", "a@acme", "a@@acme.com", ".a@acme.com", "a@-acme.com"];
        assert!(bad.iter().all(|text| !is_address(text)));
    }
}
