//! Selectors: which objects a list, a watch or a deletion is about, by labels and by name; and what is wrong with one.

use serde_json::Value;

use super::names;
use super::resources::Resource;
use super::status::{Reply, bad_request};

/// One condition on a label, or on a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// It is there, with one of these values.
    In(Vec<String>),
    /// It is not there, or with another value.
    NotIn(Vec<String>),
    Exists,
    Missing,
    /// It is there, a number, and above this one.
    Above(i64),
    Below(i64),
}

impl Condition {
    fn holds(&self, value: Option<&str>) -> bool {
        match self {
            Self::In(values) => value.is_some_and(|it| values.iter().any(|known| known == it)),
            Self::NotIn(values) => value.is_none_or(|it| values.iter().all(|known| known != it)),
            Self::Exists => value.is_some(),
            Self::Missing => value.is_none(),
            Self::Above(least) => value.and_then(|it| it.parse::<i64>().ok()).is_some_and(|it| it > *least),
            Self::Below(most) => value.and_then(|it| it.parse::<i64>().ok()).is_some_and(|it| it < *most),
        }
    }
}

/// What objects must be like: all conditions hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selector {
    labels: Vec<(String, Condition)>,
    fields: Vec<(String, Condition)>,
}

impl Selector {
    /// Both selectors of a query.
    pub(super) fn read(resource: &Resource, labels: Option<&str>, fields: Option<&str>) -> Result<Self, Reply> {
        Ok(Self {
            labels: labels.map(labels_of).transpose()?.unwrap_or_default(),
            fields: fields.map(|it| fields_of(resource, it)).transpose()?.unwrap_or_default(),
        })
    }

    /// Whether everything is meant.
    pub(super) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn takes(&self, object: &Value) -> bool {
        let metadata = &object["metadata"];
        self.labels.iter().all(|(key, condition)| condition.holds(metadata["labels"][key].as_str()))
            && self.fields.iter().all(|(path, condition)| {
                let name = path.rsplit('.').next().unwrap_or_default();
                condition.holds(metadata[name].as_str().or(Some("")))
            })
    }
}

/// The one name that a selector of fields lets through, where it does: rules for that name allow it.
pub(super) fn exact_name(fields: &str) -> Option<String> {
    let terms = fields.split(',').filter_map(|term| term.split_once('='));
    let mut names = terms.filter(|(field, _)| *field == "metadata.name").map(|(_, name)| name.trim_start_matches('='));
    names.next().map(str::to_owned)
}

fn fields_of(resource: &Resource, text: &str) -> Result<Vec<(String, Condition)>, Reply> {
    // What is escaped within values is not imitated.
    if text.contains('\\') {
        return Err(Reply::NotModelled);
    }
    let mut terms: Vec<&str> = text.split(',').filter(|it| !it.is_empty()).collect();
    terms.sort_unstable();
    let mut found = Vec::new();
    for term in terms {
        let Some(at) =
            term.find(['=', '!']).filter(|at| !term[*at..].starts_with('!') || term[*at..].starts_with("!="))
        else {
            return Err(bad_request(format!("invalid selector: '{text}'; can't understand '{term}'")));
        };
        let (field, rest) = term.split_at(at);
        let condition = match rest.strip_prefix("!=") {
            Some(value) => Condition::NotIn(vec![value.to_owned()]),
            None => Condition::In(vec![rest.strip_prefix("==").unwrap_or(&rest[1..]).to_owned()]),
        };
        if !["metadata.name", "metadata.namespace"].contains(&field) {
            // These two know more fields, and say it in other words.
            if ["events", "namespaces"].contains(&resource.plural) {
                return Err(Reply::NotModelled);
            }
            let known = "only \"metadata.name\", \"metadata.namespace\"";
            return Err(bad_request(format!("\"{field}\" is not a known field selector: {known}")));
        }
        found.push((field.to_owned(), condition));
    }
    Ok(found)
}

fn labels_of(text: &str) -> Result<Vec<(String, Condition)>, Reply> {
    let mut words = Words { all: words(text)?, at: 0 };
    let mut found = Vec::new();
    loop {
        match words.peek() {
            Word::Name(_) | Word::Sign("!") => {
                found.push(words.requirement()?);
                match words.next() {
                    Word::End => return Ok(found),
                    Word::Sign(",") if matches!(words.peek(), Word::Name(_) | Word::Sign("!")) => {}
                    Word::Sign(",") => {
                        let next = words.peek();
                        return Err(bad_request(format!("found '{}', expected: identifier after ','", next.text())));
                    }
                    other => {
                        let text = other.text();
                        return Err(bad_request(format!("found '{text}', expected: ',' or 'end of string'")));
                    }
                }
            }
            Word::End => return Ok(found),
            other => {
                let text = other.text();
                return Err(bad_request(format!("found '{text}', expected: !, identifier, or 'end of string'")));
            }
        }
    }
}

/// A word of a selector.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    Name(String),
    Sign(&'static str),
    End,
}

impl Word {
    fn text(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Sign(sign) => sign,
            Self::End => "",
        }
    }
}

/// Longer signs first.
const SIGNS: [&str; 9] = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"];

fn words(text: &str) -> Result<Vec<Word>, Reply> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
        if let Some(sign) = sign {
            found.push(Word::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "=!(),><".contains(c)).unwrap_or(rest.len());
            found.push(Word::Name(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    // Some of these the server reads as one sign that it does not know.
    let odd = |pair: &[Word]| matches!(pair, [Word::Sign(one), Word::Sign(two)] if "=!><".contains(&one[..1]) && "=!><".contains(&two[..1]));
    if found.windows(2).any(odd) { Err(Reply::NotModelled) } else { Ok(found) }
}

struct Words {
    all: Vec<Word>,
    at: usize,
}

impl Words {
    fn peek(&self) -> Word {
        self.all.get(self.at).cloned().unwrap_or(Word::End)
    }

    fn next(&mut self) -> Word {
        let word = self.peek();
        self.at += 1;
        word
    }

    fn requirement(&mut self) -> Result<(String, Condition), Reply> {
        let refuse = |why: &str| Err(bad_request(format!("unable to parse requirement: {why}")));
        let is_missing = self.peek() == Word::Sign("!");
        if is_missing {
            self.at += 1;
        }
        let word = self.next();
        let Word::Name(key) = word else {
            return refuse(&format!("found '{}', expected: identifier", word.text()));
        };
        let wrongs = names::qualified_wrongs(&key);
        if !wrongs.is_empty() {
            return refuse(&format!("<nil>: Invalid value: {}: {}", Value::from(key), wrongs.join("; ")));
        }
        if is_missing {
            return Ok((key, Condition::Missing));
        }
        if matches!(self.peek(), Word::End | Word::Sign(",")) {
            return Ok((key, Condition::Exists));
        }
        let operator = self.next();
        let condition = match operator.text() {
            "in" => Condition::In(self.values()?),
            "notin" => Condition::NotIn(self.values()?),
            "=" | "==" => Condition::In(vec![self.value()?]),
            "!=" => Condition::NotIn(vec![self.value()?]),
            sign @ (">" | "<") => {
                let value = self.value()?;
                let Ok(number) = value.parse() else {
                    let why = "for 'Gt', 'Lt' operators, the value must be an integer";
                    return refuse(&format!("values[0]: Invalid value: {}: {why}", Value::from(value)));
                };
                if sign == ">" { Condition::Above(number) } else { Condition::Below(number) }
            }
            other => return refuse(&format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        match &condition {
            // A value that no label can have is refused in words that are not known here.
            Condition::In(values) | Condition::NotIn(values)
                if values.is_empty() || values.iter().any(|it| !names::label_value("", it).is_empty()) =>
            {
                Err(Reply::NotModelled)
            }
            _ => Ok((key, condition)),
        }
    }

    fn value(&mut self) -> Result<String, Reply> {
        if matches!(self.peek(), Word::End | Word::Sign(",")) {
            return Ok(String::new());
        }
        match self.next() {
            Word::Name(value) => Ok(value),
            other => {
                let text = other.text();
                Err(bad_request(format!("unable to parse requirement: found '{text}', expected: identifier")))
            }
        }
    }

    fn values(&mut self) -> Result<Vec<String>, Reply> {
        let refuse = |word: &Word, wanted: &str| {
            let text = word.text();
            Err(bad_request(format!("unable to parse requirement: found '{text}'{wanted}")))
        };
        let first = self.next();
        if first != Word::Sign("(") {
            return refuse(&first, " expected: '('");
        }
        let mut found = Vec::new();
        loop {
            match self.next() {
                Word::Name(value) => found.push(value),
                // Lists with gaps hold an empty value, by rules of their own.
                Word::Sign("," | ")") => return Err(Reply::NotModelled),
                other if found.is_empty() => return refuse(&other, ", expected: ',', ')' or identifier"),
                other => return refuse(&other, ", expected: ',', or identifier"),
            }
            match self.peek() {
                Word::Sign(",") => self.at += 1,
                Word::Sign(")") => {
                    self.at += 1;
                    return Ok(found);
                }
                other => return refuse(&other, ", expected: ',' or ')'"),
            }
        }
    }
}
