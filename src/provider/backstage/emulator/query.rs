//! Which entities a question means: filters, predicates, order, fields, pages (guide, section 3).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::{Map, Value, json};

use super::problem::Problem;

/// The longest value that is searched by.
const LONGEST: usize = 200;
/// As the server's runtime reads it: with or without padding, and with bits that fill no byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// How many are answered where nothing is said.
const PAGE: usize = 20;

/// An entity and what it is found by: keys and values in lower case, with the values as they were written.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) entity: Value,
    pub(super) uid: String,
    rows: Vec<(String, Option<String>, Value)>,
}

impl Found {
    pub(super) fn new(entity: Value) -> Self {
        let mut rows = Vec::new();
        let mut note = |key: &str, value: &Value| {
            let text = match value {
                Value::String(text) => Some(text.to_lowercase()),
                Value::Null => None,
                other => Some(other.to_string()),
            };
            let text = text.filter(|it| it.chars().count() <= LONGEST);
            rows.push((key.to_lowercase(), text, value.clone()));
        };
        traverse("", &entity, &mut note);
        let metadata = &entity["metadata"];
        for key in ["name", "namespace", "uid"] {
            note(&format!("metadata.{key}"), &metadata[key]);
        }
        for relation in entity["relations"].as_array().into_iter().flatten() {
            let kind = relation["type"].as_str().unwrap_or_default();
            note(&format!("relations.{kind}"), &relation["targetRef"]);
        }
        let uid = metadata["uid"].as_str().unwrap_or_default().to_owned();
        Self { entity, uid, rows }
    }

    /// The values of a key, folded.
    fn values<'f>(&'f self, key: &str) -> impl Iterator<Item = Option<&'f str>> {
        let key = key.to_lowercase();
        self.rows.iter().filter(move |(name, _, _)| *name == key).map(|(_, value, _)| value.as_deref())
    }

    fn has(&self, key: &str) -> bool {
        self.values(key).next().is_some()
    }

    fn is_any(&self, key: &str, wanted: &[String]) -> bool {
        self.values(key).flatten().any(|value| wanted.iter().any(|it| it.to_lowercase() == value))
    }
}

/// Visits every value below an entity that is searched by.
fn traverse(path: &str, value: &Value, note: &mut impl FnMut(&str, &Value)) {
    const APART: [&str; 7] =
        ["attachments", "relations", "status", "metadata.name", "metadata.namespace", "metadata.uid", "metadata.etag"];
    if APART.contains(&path) {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                traverse(&below, value, note);
            }
        }
        Value::Array(items) => {
            for item in items {
                traverse(path, item, note);
                if let Value::String(text) = item {
                    note(&format!("{path}.{text}"), &Value::Bool(true));
                }
            }
        }
        other => note(path, other),
    }
}

/// One `filter`: all of these hold.
type All = BTreeMap<String, Vec<String>>;

/// Filters as they are written: a comma joins, a second filter is another way, a key alone asks whether it is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters(Vec<All>);

impl Filters {
    pub(super) fn parse<'q>(texts: impl Iterator<Item = &'q str>) -> Self {
        let one = |text: &str| {
            let mut all = All::new();
            for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
                let (key, value) = match part.split_once('=') {
                    Some((key, value)) => (key.trim(), Some(value.trim().to_owned())),
                    None => (part, None),
                };
                all.entry(key.to_owned()).or_default().extend(value);
            }
            all
        };
        Self(texts.map(one).filter(|all| !all.is_empty()).collect())
    }

    pub(super) fn hold(&self, found: &Found) -> bool {
        let holds = |(key, values): (&String, &Vec<String>)| match values.is_empty() {
            true => found.has(key),
            false => found.is_any(key, values),
        };
        self.0.is_empty() || self.0.iter().any(|all| all.iter().all(holds))
    }
}

/// A predicate of `POST …/by-query`.
pub(super) fn predicate(query: &Value, found: &Found) -> Result<bool, Problem> {
    let bad = || Problem::input("Invalid query");
    let Value::Object(parts) = query else { return Err(bad()) };
    for (key, value) in parts {
        let several = || value.as_array().ok_or_else(bad);
        let holds = match key.as_str() {
            "$all" => several()?.iter().try_fold(true, |all, part| Ok(predicate(part, found)? && all))?,
            "$any" => several()?.iter().try_fold(false, |any, part| Ok(predicate(part, found)? || any))?,
            "$not" => !predicate(value, found)?,
            key if key.starts_with('$') => return Err(bad()),
            key => compared(key, value, found).ok_or_else(bad)?,
        };
        if !holds {
            return Ok(false);
        }
    }
    Ok(true)
}

fn compared(key: &str, value: &Value, found: &Found) -> Option<bool> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let Value::Object(operator) = value else { return Some(found.is_any(key, &[text(value)?])) };
    let mut parts = operator.iter();
    let (name, value) = parts.next()?;
    if parts.next().is_some() {
        return None;
    }
    match name.as_str() {
        "$exists" => Some(found.has(key) == value.as_bool()?),
        "$in" => Some(found.is_any(key, &value.as_array()?.iter().map(text).collect::<Option<Vec<_>>>()?)),
        "$contains" => Some(found.is_any(key, &[text(value)?])),
        "$hasPrefix" => {
            let prefix = text(value)?.to_lowercase();
            Some(found.values(key).flatten().any(|it| it.starts_with(&prefix)))
        }
        _ => None,
    }
}

/// The fields that are asked for, each as it is nested.
pub(super) fn selected(entity: &Value, fields: &[String]) -> Value {
    if fields.is_empty() {
        return entity.clone();
    }
    let mut out = Value::Object(Map::new());
    for field in fields {
        if let Some((path, value)) = find(entity, field) {
            place(&mut out, &path, value);
        }
    }
    out
}

/// A value by its path; keys may have dots of their own.
fn find<'e>(value: &'e Value, path: &str) -> Option<(Vec<String>, &'e Value)> {
    let map = value.as_object()?;
    if let Some(found) = map.get(path) {
        return Some((vec![path.to_owned()], found));
    }
    let dots = path.match_indices('.').map(|(at, _)| at);
    dots.into_iter().find_map(|at| {
        let (mut keys, found) = find(map.get(&path[..at])?, &path[at + 1..])?;
        keys.insert(0, path[..at].to_owned());
        Some((keys, found))
    })
}

fn place(out: &mut Value, path: &[String], value: &Value) {
    let Some((key, rest)) = path.split_first() else { return };
    let Some(map) = out.as_object_mut() else { return };
    if rest.is_empty() {
        map.insert(key.clone(), value.clone());
    } else {
        place(map.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())), rest, value);
    }
}

/// A question for a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) filters: Vec<String>,
    pub(super) query: Option<Value>,
    /// Field, and whether it falls.
    pub(super) order: Vec<(String, bool)>,
    pub(super) term: String,
    pub(super) term_fields: Vec<String>,
    pub(super) fields: Vec<String>,
    pub(super) limit: Option<usize>,
    pub(super) offset: usize,
    pub(super) no_total: bool,
}

/// Where a page begins, and on which side of that it lies.
#[derive(Debug, Clone)]
struct At {
    values: Vec<Option<String>>,
    backwards: bool,
    first: Vec<Option<String>>,
    total: usize,
}

/// A page of what was found, with the cursors to the next and the one before.
pub(super) fn page(all: Vec<Found>, asked: Asked, cursor: Option<&str>) -> Result<Value, Problem> {
    let (asked, at) = match cursor {
        Some(cursor) => {
            let (mut stored, at) = read_cursor(cursor)?;
            stored.fields = asked.fields;
            stored.limit = asked.limit;
            (stored, Some(at))
        }
        None => (asked, None),
    };
    let filters = Filters::parse(asked.filters.iter().map(String::as_str));
    let mut found = Vec::new();
    for it in all {
        let asked_for = asked.query.as_ref().map_or(Ok(true), |query| predicate(query, &it))?;
        if asked_for
            && filters.hold(&it)
            && has_term(&it, &asked)
            && asked.order.first().is_none_or(|(key, _)| it.has(key))
        {
            found.push((sort_values(&it, &asked.order), it));
        }
    }
    found.sort_by(|(a, _), (b, _)| compare(a, b, &asked.order));
    let total = at.as_ref().map_or(if asked.no_total { 0 } else { found.len() }, |it| it.total);
    let limit = asked.limit.unwrap_or(PAGE);
    if limit == 0 {
        return Ok(json!({ "items": [], "totalItems": total, "pageInfo": {} }));
    }
    let start = match &at {
        None => asked.offset.min(found.len()),
        Some(at) if at.backwards => {
            let before = found.partition_point(|(values, _)| compare(values, &at.values, &asked.order).is_lt());
            before.saturating_sub(limit)
        }
        Some(at) => found.partition_point(|(values, _)| compare(values, &at.values, &asked.order).is_le()),
    };
    let end = match &at {
        Some(at) if at.backwards => {
            found.partition_point(|(values, _)| compare(values, &at.values, &asked.order).is_lt())
        }
        _ => (start + limit).min(found.len()),
    };
    let first = at
        .as_ref()
        .map_or_else(|| found.get(start).map(|(values, _)| values.clone()).unwrap_or_default(), |it| it.first.clone());
    let shown = &found[start..end];
    let cursor = |values: &[Option<String>], backwards: bool| {
        let at = At { values: values.to_vec(), backwards, first: first.clone(), total };
        Value::from(write_cursor(&asked, &at))
    };
    let mut info = Map::new();
    if let Some((last, _)) = shown.last().filter(|_| end < found.len()) {
        info.insert("nextCursor".to_owned(), cursor(last, false));
    }
    if let Some((begin, _)) = shown.first().filter(|(values, _)| at.is_some() && *values != first) {
        info.insert("prevCursor".to_owned(), cursor(begin, true));
    }
    let items: Vec<Value> = shown.iter().map(|(_, it)| selected(&it.entity, &asked.fields)).collect();
    Ok(json!({ "items": items, "totalItems": total, "pageInfo": info }))
}

fn has_term(found: &Found, asked: &Asked) -> bool {
    let term = asked.term.trim().to_lowercase();
    if term.is_empty() {
        return true;
    }
    let by_order = asked.order.first().map_or("metadata.uid", |(field, _)| field.as_str()).to_owned();
    let fields = if asked.term_fields.is_empty() { vec![by_order] } else { asked.term_fields.clone() };
    fields.iter().any(|field| found.values(field).flatten().any(|value| value.contains(&term)))
}

/// What an entity is ordered by; its uid decides in the end.
fn sort_values(found: &Found, order: &[(String, bool)]) -> Vec<Option<String>> {
    let by = order.iter().map(|(field, _)| found.values(field).flatten().next().map(str::to_owned));
    by.chain([Some(found.uid.clone())]).collect()
}

fn compare(a: &[Option<String>], b: &[Option<String>], order: &[(String, bool)]) -> std::cmp::Ordering {
    for (at, (a, b)) in a.iter().zip(b).enumerate() {
        // What lacks a field stands behind what has it.
        let by = match (a, b) {
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(_), None) => std::cmp::Ordering::Less,
            (a, b) => a.cmp(b),
        };
        let falls = order.get(at).is_some_and(|(_, falls)| *falls);
        let by = if falls { by.reverse() } else { by };
        if by.is_ne() {
            return by;
        }
    }
    std::cmp::Ordering::Equal
}

fn write_cursor(asked: &Asked, at: &At) -> String {
    let order: Vec<Value> = asked
        .order
        .iter()
        .map(|(field, falls)| json!({ "field": field, "order": if *falls { "desc" } else { "asc" } }))
        .collect();
    let mut cursor = json!({
        "orderFields": order, "isPrevious": at.backwards,
        "fullTextFilter": { "term": asked.term }, "orderFieldValues": at.values,
        "firstSortFieldValues": at.first, "totalItems": at.total,
    });
    if !asked.filters.is_empty() {
        cursor["filter"] = json!(asked.filters);
    }
    if let Some(query) = &asked.query {
        cursor["query"] = query.clone();
    }
    if !asked.term_fields.is_empty() {
        cursor["fullTextFilter"]["fields"] = json!(asked.term_fields);
    }
    STANDARD.encode(cursor.to_string())
}

fn read_cursor(text: &str) -> Result<(Asked, At), Problem> {
    let plain = String::from_utf8_lossy(&LENIENT.decode(text).unwrap_or_default()).into_owned();
    let malformed = || {
        let first =
            plain.chars().next().map_or("end of JSON input".to_owned(), |c| format!("token '{c}', \"{plain}\""));
        Problem::input(format!("Malformed cursor: SyntaxError: Unexpected {first} is not valid JSON"))
    };
    let cursor: Value = serde_json::from_str(&plain).map_err(|_| malformed())?;
    let texts = |value: &Value| -> Vec<Option<String>> {
        value.as_array().into_iter().flatten().map(|it| it.as_str().map(str::to_owned)).collect()
    };
    let words = |value: &Value| texts(value).into_iter().flatten().collect::<Vec<String>>();
    if !cursor["orderFields"].is_array() {
        return Err(Problem::input("Malformed cursor"));
    }
    let order = cursor["orderFields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| Some((it["field"].as_str()?.to_owned(), it["order"] == "desc")));
    let asked = Asked {
        filters: words(&cursor["filter"]),
        query: cursor.get("query").cloned(),
        order: order.collect(),
        term: cursor["fullTextFilter"]["term"].as_str().unwrap_or_default().to_owned(),
        term_fields: words(&cursor["fullTextFilter"]["fields"]),
        ..Asked::default()
    };
    let at = At {
        values: texts(&cursor["orderFieldValues"]),
        backwards: cursor["isPrevious"] == true,
        first: texts(&cursor["firstSortFieldValues"]),
        total: cursor["totalItems"].as_u64().unwrap_or_default() as usize,
    };
    Ok((asked, at))
}

/// How often each value of these keys occurs, as it was written.
pub(super) fn facets<'q>(found: &[Found], keys: impl Iterator<Item = &'q str>) -> Value {
    let mut facets = Map::new();
    for key in keys {
        let folded = key.to_lowercase();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for it in found {
            let values = it.rows.iter().filter(|(name, value, _)| *name == folded && value.is_some());
            let values: BTreeSet<String> =
                values.map(|(_, _, value)| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
            values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
        }
        let counts: Vec<Value> =
            counts.into_iter().map(|(value, count)| json!({ "value": value, "count": count })).collect();
        facets.insert(key.to_owned(), counts.into());
    }
    json!({ "facets": facets })
}
