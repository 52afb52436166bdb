//! The body of an apply. The server reads it as YAML 1.1 even where it is JSON, and changes some characters in silence
//! (guide, section 3): these travel escaped, and nothing else does.

use bytes::Bytes;
use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// JSON that means the same to a reader of YAML.
pub fn apply(object: &Json) -> Bytes {
    let text = object.to_string();
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => {
                safe.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => safe.push(c),
        }
    }
    Bytes::from(safe)
}

/// The SHA-256 of named texts, in hex: of names and texts, each with its length before it, in the order of names.
pub fn digest(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_yaml_would_change_travels_escaped_and_means_the_same() {
        let object = json!({ "data": { "a": "x \u{2028} y\u{85}\u{7f}\u{ffff}é🙂\u{feff}/\n\t" } });
        let sent = apply(&object);
        let text = std::str::from_utf8(&sent).unwrap();
        assert!(text.contains("\\u2028") && text.contains("\\u0085") && text.contains("\\u007f"), "{text}");
        assert!(text.contains("é🙂\u{feff}/\\n\\t"), "{text}");
        assert_eq!(serde_json::from_str::<Json>(text).unwrap(), object);
    }

    #[test]
    fn no_two_sets_of_files_have_one_digest_for_where_they_are_cut() {
        let of = |name: &str, text: &str| digest(&BTreeMap::from([(name.to_owned(), text.to_owned())]));
        assert_ne!(of("ab", "c"), of("a", "bc"));
        assert_eq!(of("a", "b").len(), 64);
    }
}
