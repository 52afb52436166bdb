//! The order in which the server's hash sets and maps give what is in them: it shows through in some answers.

use serde_json::{Value, json};

/// Where a text lands in a table of `size` places, a power of two.
pub(super) fn bucket(text: &str, size: u32) -> u32 {
    let hash = text.encode_utf16().fold(0u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) & (size - 1)
}

/// Texts in the order in which a set gives them, each once.
pub(super) fn of(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut distinct: Vec<String> = Vec::new();
    for text in texts {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    // A table grows when it is three quarters full.
    let mut size = 16;
    while distinct.len() as u32 * 4 > size * 3 {
        size *= 2;
    }
    distinct.sort_by_key(|text| bucket(text, size));
    distinct
}

/// As [`of`], for a list in JSON.
pub(super) fn of_value(list: &Value) -> Value {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    json!(of(texts))
}
