//! Values that servers make (ids, tokens, hashes): the recorded one to the one met in this replay.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::recording::Expected;

const UUID: &str = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/// The fields that name an item, the best first.
///
/// `resourceName` is not among the reference's: it names the results of an import, which come in any order.
pub const NAMES: [&str; 13] = [
    "name",
    "username",
    "login",
    "full_name",
    "rule_name",
    "filename",
    "path",
    "alias",
    "clientId",
    "email",
    "key",
    "resourceName",
    "id",
];

static UUIDS: LazyLock<Regex> = LazyLock::new(|| regex(UUID));
static MADE: LazyLock<Regex> = LazyLock::new(|| {
    regex(&format!(
        r#"^({UUID}|[0-9a-f]{{40}}|[0-9a-f]{{64}}|[a-z0-9]{{26}}|[a-z0-9]{{21}}|[a-z0-9]{{12}}|[0-9]{{4}}-[0-9][0-9]-[0-9][0-9]T[0-9:.]+(Z|[+-][0-9][0-9]:[0-9][0-9])|<.*>|W?/?"[^"]*")\n?$"#
    ))
});
static TIME_KEYS: LazyLock<Regex> = LazyLock::new(|| {
    regex("(_at|At|Timestamp|timestamp|_date|Date|time|Time|expires?|exp|iat|auth_time|resourceVersion|generation)$")
});
static ID_KEYS: LazyLock<Regex> = LazyLock::new(|| regex("(^id$|_id$|Id$|^uid$|^number$|^sub$)"));
static CUT: LazyLock<Regex> = LazyLock::new(|| regex("^([^…]+)…<([0-9]+) characters in all>$"));
static ORIGIN: LazyLock<Regex> = LazyLock::new(|| regex(r"https?://[A-Za-z0-9.\-\[\]:]+"));
static TIME: LazyLock<Regex> =
    LazyLock::new(|| regex("[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9:.]+(Z|[+-][0-9][0-9]:[0-9][0-9])?"));
static NUMBERS: LazyLock<Regex> = LazyLock::new(|| regex(r"\b[0-9]+\b"));
static MADE_WITHIN: LazyLock<Regex> =
    LazyLock::new(|| regex(&format!(r"{UUID}|\b[0-9a-f]{{40}}\b|\b[a-z0-9]{{26}}\b")));

/// Whether a text looks like one that a server makes, or is a placeholder for one.
pub fn is_made(text: &str) -> bool {
    MADE.is_match(text)
}

/// Whether a field of this name holds a time or a counter of changes.
pub fn is_time_key(key: &str) -> bool {
    TIME_KEYS.is_match(key)
}

/// Whether a field of this name holds an id.
pub fn is_id_key(key: &str) -> bool {
    ID_KEYS.is_match(key)
}

/// The text without the origins of URLs, and with times and made values replaced by a word.
pub fn origin_free(text: &str) -> String {
    let text = ORIGIN.replace_all(text, "");
    let text = TIME.replace_all(&text, "<time>");
    MADE_WITHIN.replace_all(&text, "<made>").into_owned()
}

/// Recorded values and those that stand for them in this replay.
#[derive(Debug, Default)]
pub struct Map {
    known: HashMap<String, String>,
    /// The keys that are replaced within texts, the longest first.
    long: Vec<String>,
    /// Counters of changes, which some messages name.
    versions: HashMap<String, String>,
}

impl Map {
    /// Notes that `met` stands for `recorded`. The first that was noted stays.
    pub fn note(&mut self, recorded: &str, met: &str) {
        if recorded == met || self.known.contains_key(recorded) {
            return;
        }
        self.known.insert(recorded.to_owned(), met.to_owned());
        if recorded.chars().count() >= 8 {
            let at = self.long.partition_point(|key| key.len() >= recorded.len());
            self.long.insert(at, recorded.to_owned());
        }
    }

    /// Notes a counter of changes, which is replaced within messages too.
    pub fn note_version(&mut self, recorded: &str, met: &str) {
        self.note(recorded, met);
        self.versions.entry(recorded.to_owned()).or_insert_with(|| met.to_owned());
    }

    /// A recorded message with the counters of changes in it replaced.
    pub fn put_versions(&self, text: &str) -> String {
        if self.versions.is_empty() {
            return text.to_owned();
        }
        let stands_for =
            |found: &regex::Captures<'_>| self.versions.get(&found[0]).map_or(&found[0], |it| it).to_owned();
        NUMBERS.replace_all(text, stands_for).into_owned()
    }

    /// Notes the token of a principal, and its part before the dash, by their placeholders.
    pub fn note_token(&mut self, name: &str, token: &str) {
        self.note(&format!("<token:{name}>"), token);
        if let Some((id, _)) = token.split_once('-') {
            self.note(&format!("<token:{name}:id>"), id);
        }
    }

    /// What stands for a recorded value.
    pub fn get(&self, recorded: &str) -> Option<&str> {
        self.known.get(recorded).map(String::as_str)
    }

    /// A recorded text with every long recorded value in it replaced.
    pub fn put(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match self.long.iter().find(|key| rest.starts_with(key.as_str())) {
                Some(key) => {
                    out.push_str(&self.known[key]);
                    rest = &rest[key.len()..];
                }
                None => {
                    out.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        out
    }

    /// The same for a path, in which short numbers are ids when they stand as whole segments or query values.
    pub fn put_path(&self, path: &str) -> String {
        let path = self.put(path);
        let mut out = String::with_capacity(path.len());
        let mut rest = path.as_str();
        let mut before = ' ';
        while let Some(first) = rest.chars().next() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                let (number, after) = rest.split_at(digits);
                let whole = matches!(before, '/' | '=')
                    && digits <= 12
                    && matches!(after.chars().next(), None | Some('/' | '?' | '&'));
                out.push_str(self.get(number).filter(|_| whole).unwrap_or(number));
                before = '0';
                rest = after;
            } else {
                out.push(first);
                before = first;
                rest = &rest[first.len_utf8()..];
            }
        }
        out
    }

    /// The same for a body, in which integers are ids in fields that are named so.
    pub fn put_json(&self, value: &Value, key: &str) -> Value {
        match value {
            Value::Object(fields) => fields.iter().map(|(k, v)| (self.put(k), self.put_json(v, k))).collect(),
            Value::Array(items) => items.iter().map(|item| self.put_json(item, key)).collect(),
            Value::String(text) => {
                let text = &whole(text);
                Value::String(self.get(text).map_or_else(|| self.put(text), str::to_owned))
            }
            Value::Number(number) if !number.is_f64() && is_id_key(key) => {
                let met = self.get(&number.to_string()).and_then(|met| met.parse::<i64>().ok());
                met.map_or_else(|| value.clone(), Value::from)
            }
            other => other.clone(),
        }
    }

    /// Learns from an answer which met value stands for which recorded one: by position, and in a list without order
    /// by what its items are sorted by.
    pub fn learn(&mut self, recorded: &Value, met: &Value, loose: &Expected) {
        self.learn_at(recorded, met, "", loose, "");
    }

    /// Learns the id at the end of a `Location`.
    pub fn learn_location(&mut self, recorded: &str, met: &str) {
        let last = |text: &str| text.rsplit('/').next().filter(|last| !last.is_empty()).map(str::to_owned);
        if let (Some(recorded), Some(met)) = (last(recorded), last(met))
            && (is_made(&recorded) || recorded.chars().all(|c| c.is_ascii_digit()))
        {
            self.note(&recorded, &met);
        }
    }

    fn learn_at(&mut self, recorded: &Value, met: &Value, key: &str, loose: &Expected, at: &str) {
        match (recorded, met) {
            (Value::Object(recorded), Value::Object(met)) => {
                // Where the beginning of a name was said, the server made up the rest.
                if let (Some(_), Some(Value::String(recorded)), Some(Value::String(met))) =
                    (recorded.get("generateName"), recorded.get("name"), met.get("name"))
                {
                    self.note(recorded, met);
                }
                for (k, value) in recorded {
                    if let Some(met) = met.get(k) {
                        self.learn_at(value, met, k, loose, &format!("{at}/{k}"));
                    }
                }
            }
            (Value::Array(recorded), Value::Array(met)) if recorded.len() == met.len() => {
                // The reference goes by position in a list that varies; but what varies there is the order.
                let is_set = loose.unordered.iter().chain(&loose.varies).any(|pointer| pointer == at);
                let (recorded, met) = if is_set {
                    (sorted(recorded, Some(self)), sorted(met, None))
                } else {
                    (recorded.iter().collect(), met.iter().collect())
                };
                for (recorded, met) in recorded.into_iter().zip(met) {
                    self.learn_at(recorded, met, key, loose, &format!("{at}/*"));
                }
            }
            (Value::String(recorded), Value::String(met)) => {
                let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
                // A counter of changes is each server's own, and guards writes.
                let is_version = key == "resourceVersion" && is_number(recorded) && is_number(met);
                if is_version {
                    self.note_version(recorded, met);
                } else if key == "continue" || (is_made(recorded) && !is_time_key(key)) {
                    self.note(recorded, met);
                }
                for (recorded, met) in UUIDS.find_iter(recorded).zip(UUIDS.find_iter(met)) {
                    self.note(recorded.as_str(), met.as_str());
                }
            }
            (Value::Number(recorded), Value::Number(met)) if !recorded.is_f64() && !met.is_f64() && is_id_key(key) => {
                self.note(&recorded.to_string(), &met.to_string());
            }
            _ => {}
        }
    }
}

/// A long text of one character that a recording cut, as it was: `xxxxx…<1048577 characters in all>`.
pub fn whole(text: &str) -> String {
    let cut = CUT.captures(text).and_then(|found| {
        let length: usize = found[2].parse().ok()?;
        let first = found[1].chars().next().filter(|first| found[1].chars().all(|it| it == *first))?;
        Some(first.to_string().repeat(length))
    });
    cut.unwrap_or_else(|| text.to_owned())
}

/// The items of a list that is a set, in the order of [`order_key`].
pub fn sorted<'v>(items: &'v [Value], map: Option<&Map>) -> Vec<&'v Value> {
    let mut sorted: Vec<_> = items.iter().collect();
    sorted.sort_by_cached_key(|item| order_key(item, map));
    sorted
}

/// What an unordered list is sorted by: a name where there is one, else the whole.
fn order_key(value: &Value, map: Option<&Map>) -> String {
    let named =
        value.as_object().and_then(|fields| NAMES.iter().filter_map(|name| fields.get(*name)).find(|v| is_truthy(v)));
    let value = named.unwrap_or(value);
    let text = match value {
        Value::String(text) => text.clone(),
        other => canonical(other),
    };
    map.map_or_else(|| text.clone(), |map| map.put(&text))
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// The value as text with its keys sorted.
fn canonical(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string()
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is fixed and valid")
}
