//! REST's own filter language, read into GraphQL's form.

use serde_json::{Map, Value, json};

use super::refusal::{Refusal, bad};

const COMPARATORS: &[&str] =
    &["eq", "neq", "in", "containsAny", "is", "gt", "gte", "lt", "lte", "startsWith", "endsWith", "like", "ilike"];

/// What a filter means: a filter in GraphQL's form, or, where a list to be in is empty, that nothing is found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Meaning {
    Filter(Value),
    Nothing,
}

/// Reads a filter. Conditions that are joined by commas must all hold.
pub(super) fn read(text: &str) -> Result<Meaning, Refusal> {
    let whole = if conjunction(text).is_some() { text.to_owned() } else { format!("and({text})") };
    let (open, close) = (whole.matches('(').count(), whole.matches(')').count());
    let missing = |count: usize, what: &str| {
        let (brackets, verb) = if count > 1 { ("brackets", "are") } else { ("bracket", "is") };
        Err(bad(format!("'filter' invalid. {count} {what} {brackets} {verb} missing in the query")))
    };
    if open > close {
        return missing(open - close, "close");
    }
    if close > open {
        return missing(close - open, "open");
    }
    let filter = content(&whole)?;
    Ok(if has_empty_list(&filter) { Meaning::Nothing } else { Meaning::Filter(filter) })
}

/// `and`, `or` or `not` that the text begins with, as a call.
fn conjunction(text: &str) -> Option<&str> {
    let name = text.split('(').next()?;
    (name.len() < text.len() && ["and", "or", "not"].contains(&name)).then_some(name)
}

fn content(text: &str) -> Result<Value, Refusal> {
    let Some(name) = conjunction(text) else {
        return condition(text);
    };
    let inner = text[name.len() + 1..].strip_suffix(')').filter(|inner| !inner.is_empty());
    let Some(inner) = inner else {
        return Err(invalid(text));
    };
    let items: Result<Vec<Value>, _> = split(inner).into_iter().map(content).collect();
    let mut items = items?;
    if name == "not" {
        if items.len() != 1 {
            let message = "'filter' invalid. 'not' conjunction should contain only 1 condition. eg: not(field[eq]:1)";
            return Err(bad(message));
        }
        return Ok(json!({ "not": items.remove(0) }));
    }
    Ok(json!({ name: items }))
}

/// Splits at commas outside of quotes and brackets.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut depth, mut quote) = (0, 0_i32, None);
    for (n, c) in text.char_indices() {
        match c {
            '"' | '\'' if quote == Some(c) && ends_quote(&text[n + 1..]) => quote = None,
            '"' | '\'' if quote.is_none() && begins_value(&text[..n]) => quote = Some(c),
            _ if quote.is_some() => {}
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..n]);
                from = n + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

/// A quote counts as one at the beginning of a value only, and closes before a comma or bracket or at the end.
fn begins_value(before: &str) -> bool {
    before.ends_with([':', '[', ','])
}

fn ends_quote(after: &str) -> bool {
    after.is_empty() || after.starts_with([',', ')', ']'])
}

fn invalid(text: &str) -> Refusal {
    bad(format!("'filter' invalid for '{text}'. eg: price[gte]:10"))
}

fn condition(text: &str) -> Result<Value, Refusal> {
    let parts = text.split_once('[').and_then(|(path, rest)| {
        let (comparator, value) = rest.split_once("]:")?;
        (!path.is_empty() && !path.contains(['{', ':', '"'])).then_some((path, comparator, value))
    });
    let Some((path, comparator, value)) = parts.filter(|(.., value)| !value.is_empty()) else {
        return Err(invalid(text));
    };
    if !COMPARATORS.contains(&comparator) {
        let known = COMPARATORS.join(", ");
        return Err(bad(format!("'filter' invalid for '{text}', comparator {comparator} not in {known}")));
    }
    let value = match comparator {
        "in" | "containsAny" => {
            let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).ok_or_else(|| {
                bad(format!(
                    "'filter' invalid for '{comparator}' operator. Received '{value}' but array value expected eg: 'field[{comparator}]:[value_1,value_2]'"
                ))
            })?;
            let items = inner.split(',').filter(|item| !item.is_empty());
            Value::Array(items.map(|item| unquoted(item).into()).collect())
        }
        "is" => value.into(),
        _ => unquoted(value).into(),
    };
    let leaf = json!({ comparator: value });
    Ok(path.rsplit('.').fold(leaf, |inner, part| Value::Object(Map::from_iter([(part.to_owned(), inner)]))))
}

fn unquoted(text: &str) -> &str {
    let inside = |quote: char| text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
    inside('"').or_else(|| inside('\'')).unwrap_or(text)
}

/// Whether a list to be in is empty: REST answers an empty page, unlike GraphQL.
fn has_empty_list(filter: &Value) -> bool {
    match filter {
        Value::Object(keys) => keys
            .iter()
            .any(|(key, value)| (key == "in" && value.as_array().is_some_and(Vec::is_empty)) || has_empty_list(value)),
        Value::Array(items) => items.iter().any(has_empty_list),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(text: &str) -> Value {
        match read(text) {
            Ok(Meaning::Filter(filter)) => filter,
            Ok(Meaning::Nothing) => json!("nothing"),
            Err(refusal) => json!(refusal.message),
        }
    }

    #[test]
    fn conditions_and_conjunctions() {
        assert_eq!(meaning("a[eq]:1,b.c[is]:NULL"), json!({"and": [{"a": {"eq": "1"}}, {"b": {"c": {"is": "NULL"}}}]}));
        assert_eq!(
            meaning("or(a[eq]:1,not(b[in]:[x,\"y\"]))"),
            json!({"or": [{"a": {"eq": "1"}}, {"not": {"b": {"in": ["x", "y"]}}}]})
        );
        assert_eq!(meaning("a[eq]:\"x,(y)\""), json!({"and": [{"a": {"eq": "x,(y)"}}]}));
        assert_eq!(meaning("t[gte]:2026-01-01T00:00:00Z"), json!({"and": [{"t": {"gte": "2026-01-01T00:00:00Z"}}]}));
        assert_eq!(meaning("a[in]:[]"), json!("nothing"));
    }

    #[test]
    fn refusals() {
        assert_eq!(meaning(""), json!("'filter' invalid for 'and()'. eg: price[gte]:10"));
        assert_eq!(meaning("a[eq]:x,b"), json!("'filter' invalid for 'b'. eg: price[gte]:10"));
        assert_eq!(meaning("or(a[eq]:x"), json!("'filter' invalid. 1 close bracket is missing in the query"));
    }
}
