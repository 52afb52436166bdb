//! The query language of lists, and the parameters by which they are paged.

use chrono::{DateTime, Utc};

use super::call::{Call, parse_bool};
use super::ids::parse_uuid;
use super::reply::{Refusal, refuse};

/// A query taken apart: every term is `key:value`, in lower case.
#[derive(Debug, Default)]
pub(super) struct Search {
    what: &'static str,
    terms: Vec<(String, String)>,
}

impl Search {
    /// Reads `q`. Words without a key are one text, which goes by `free`.
    pub(super) fn read(call: &Call, what: &'static str, keys: &[&str], free: &str) -> Result<Self, Refusal> {
        let mut search = Search { what, terms: Vec::new() };
        let mut words = Vec::new();
        for element in elements(&call.ask("q").to_lowercase()) {
            let parts = split(&element, ':');
            match &parts[..] {
                [word] => words.push(word.trim_matches('"').to_owned()),
                [key, value] if !key.is_empty() && !value.is_empty() => {
                    search.terms.push((key.clone(), value.trim_matches('"').to_owned()));
                }
                [_, _] => {
                    return Err(search.wrong("q", format!("Query element \"{element}\" cannot start or end with ':'")));
                }
                _ => return Err(search.wrong("q", format!("Query element \"{element}\" can only contain 1 ':'"))),
            }
        }
        if !words.is_empty() {
            let text = words.join(" ");
            match text.split_once('/').filter(|_| what == "workspace") {
                Some((owner, name)) => {
                    search.terms.push(("owner".to_owned(), owner.to_owned()));
                    search.terms.push(("name".to_owned(), name.to_owned()));
                }
                None => search.terms.push((free.to_owned(), text)),
            }
        }
        if let Some((key, _)) = search.terms.iter().find(|(key, _)| key != free && !keys.contains(&key.as_str())) {
            return Err(search.wrong(key, format!("\"{key}\" is not a valid query param")));
        }
        Ok(search)
    }

    /// The value of a key, or nothing.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.terms.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Every value of a key that may come more than once.
    pub(super) fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.terms.iter().filter(move |(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// The values of a list that commas separate, each of which must be among `allowed`.
    pub(super) fn many(&self, key: &str, allowed: &[&str]) -> Result<Option<Vec<String>>, Refusal> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let values: Vec<String> = text.split(',').map(str::to_owned).collect();
        match values.iter().find(|value| !allowed.contains(&value.as_str())) {
            None => Ok(Some(values)),
            Some(other) => {
                let detail = format!("Query param \"{key}\" has invalid values: \"{other}\" is not a valid value");
                Err(self.wrong(key, detail))
            }
        }
    }

    /// One value among `allowed`.
    pub(super) fn one(&self, key: &str, allowed: &[&str]) -> Result<Option<&str>, Refusal> {
        match self.get(key) {
            Some(other) if !allowed.contains(&other) => {
                let detail = format!("Query param \"{key}\" has invalid value: \"{other}\" is not a valid value");
                Err(self.wrong(key, detail))
            }
            value => Ok(value),
        }
    }

    pub(super) fn truth(&self, key: &str) -> Result<Option<bool>, Refusal> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        parse_bool(text).map(Some).ok_or_else(|| {
            let reason = format!("strconv.ParseBool: parsing \"{text}\": invalid syntax");
            self.wrong(key, format!("Query param \"{key}\" must be a valid boolean: {reason}"))
        })
    }

    /// A moment, which must be quoted since it holds colons.
    pub(super) fn moment(&self, key: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(text) = self.get(key) else {
            return Ok(None);
        };
        let moment = DateTime::parse_from_rfc3339(&text.to_uppercase());
        moment.map(|moment| Some(moment.to_utc())).map_err(|_| {
            self.wrong(
                key,
                format!("Query param \"{key}\" must be a valid date format (2006-01-02T15:04:05.999Z07:00)"),
            )
        })
    }

    /// The organisation, which must be the one there is.
    pub(super) fn organization(&self, ours: &[&str]) -> Result<(), Refusal> {
        match self.get("organization").filter(|asked| !ours.contains(asked)) {
            None => Ok(()),
            Some(other) => {
                let reason =
                    format!("organization \"{other}\" either does not exist, or you are unauthorized to view it");
                Err(self.wrong("organization", format!("Query param \"organization\" has invalid value: {reason}")))
            }
        }
    }

    fn wrong(&self, field: &str, detail: String) -> Refusal {
        refuse(400, format!("Invalid {} search query.", self.what)).field(field, detail)
    }
}

/// The elements of a query: spaces separate them, except within quotes.
fn elements(text: &str) -> Vec<String> {
    split(text, ' ').into_iter().filter(|element| !element.is_empty()).collect()
}

/// The parts of a text between separators that stand in no quotes.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for c in text.chars() {
        is_quoted ^= c == '"';
        match parts.last_mut() {
            Some(part) if c != separator || is_quoted => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts
}

/// Whether a text contains a pattern as SQL's ILIKE has it: `_` is one character, `%` any number.
pub(super) fn contains(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let pattern: Vec<char> = format!("%{}%", pattern.to_lowercase()).chars().collect();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for p in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match p {
                '%' => reached[at] || at > 0 && next[at - 1],
                '_' => at > 0 && reached[at - 1],
                p => at > 0 && reached[at - 1] && text[at - 1] == p,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

/// The page that a caller asks for.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Nothing, or 0, is everything.
    limit: usize,
    offset: usize,
    pub(super) after_id: Option<String>,
}

impl Page {
    /// Reads `limit`, `offset` and `after_id`.
    pub(super) fn read(call: &Call) -> Result<Self, Refusal> {
        let mut page = Page::default();
        let mut refusal = refuse(400, "Query parameters have invalid values.");
        match call.ask("after_id") {
            "" => {}
            text => match parse_uuid(text) {
                Ok(id) => page.after_id = Some(id),
                Err(_) => refusal = refusal.field("after_id", "Query param \"after_id\" must be a valid uuid"),
            },
        }
        for (name, slot) in [("limit", &mut page.limit), ("offset", &mut page.offset)] {
            match positive(call.ask(name)) {
                Ok(number) => *slot = number,
                Err(reason) => {
                    let detail = format!("Query param \"{name}\" must be a valid 32-bit positive integer: {reason}");
                    refusal = refusal.field(name, detail);
                }
            }
        }
        if refusal.validations.is_empty() { Ok(page) } else { Err(refusal) }
    }

    /// The items of the page.
    pub(super) fn cut<T>(&self, items: Vec<T>) -> Vec<T> {
        let limit = if self.limit == 0 { usize::MAX } else { self.limit };
        items.into_iter().skip(self.offset).take(limit).collect()
    }
}

fn positive(text: &str) -> Result<usize, String> {
    if text.is_empty() {
        return Ok(0);
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("strconv.ParseInt: parsing \"{text}\": invalid syntax"));
    }
    match text.parse::<i32>() {
        Err(_) => Err(format!("strconv.ParseInt: parsing \"{text}\": value out of range")),
        Ok(number) => usize::try_from(number).map_err(|_| "value is negative".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_keep_what_is_quoted() {
        assert_eq!(elements("name:\"zed person\" a  b"), ["name:\"zed person\"", "a", "b"]);
        assert_eq!(split("after:\"2026-01-01t00:00:00z\"", ':').len(), 2);
    }

    #[test]
    fn wildcards() {
        assert!(contains("alice@acme.example", "A_I") && contains("alice", "%") && contains("alice", ""));
        assert!(!contains("bob", "a_i"));
    }

    #[test]
    fn numbers() {
        assert_eq!(positive("-1"), Err("value is negative".to_owned()));
        assert_eq!(positive("ten"), Err("strconv.ParseInt: parsing \"ten\": invalid syntax".to_owned()));
        assert_eq!(positive("5"), Ok(5));
    }
}
