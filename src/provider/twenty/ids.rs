//! What a record carries that is ours: an id that we choose, and a mark.
//!
//! The id is made of the record's name in the mono-repo, so that a creation whose answer was lost cannot make a second
//! one (guide, section 5). The mark stands in a custom text field that is unique over deleted records too.

use uuid::Uuid;

use crate::engine::model::Instance;

/// The id that a record is made with: of version 5, because version 7 is refused.
pub fn chosen(platform: &str, instance: &Instance, kind: &str, key: &str) -> String {
    let name = format!("formulary:{platform}/{instance}:{kind}/{key}");
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// The mark of a ledger on a record.
pub fn mark(ledger: &str, key: &str) -> String {
    format!("{ledger}/{key}")
}

/// The ledger and the key that a mark tells.
pub fn read_mark(mark: &str) -> Option<(&str, &str)> {
    mark.split_once('/').filter(|(ledger, key)| !ledger.is_empty() && !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_each_time_and_no_one_elses() {
        let twenty = Instance::new("twenty");
        let id = chosen("acme", &twenty, "person", "alice");
        assert_eq!(id, chosen("acme", &twenty, "person", "alice"));
        assert_eq!(id.as_bytes()[14], b'5', "version 5");
        let others = [("acme", "company", "alice"), ("acme", "person", "bob"), ("staging", "person", "alice")];
        assert!(others.iter().all(|(platform, kind, key)| id != chosen(platform, &twenty, kind, key)));
        assert_ne!(id, chosen("acme", &Instance::new("crm"), "person", "alice"));
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        assert_eq!(read_mark(&mark("lx", "alice/ml")), Some(("lx", "alice/ml")));
        for nothing in ["", "lx", "/alice", "lx/"] {
            assert_eq!(read_mark(nothing), None);
        }
    }
}
