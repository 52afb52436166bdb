//! Our mark: one key of an object's custom data, which says whose the object is and what it is called in the mono-repo.
//!
//! `{"formulary": {"ledger": "…", "handle": "alice"}}` at a person, `slug` at an organisation, `key` at an application. A
//! name without a ledger is somebody's word for what the object is, and no mark. Custom data is served to services whole:
//! there is nothing secret in it.

use serde_json::{Value, json};

use super::api::wire::Object;

/// The one key of the custom data that is ours.
pub const KEY: &str = "formulary";

/// What the name is called in the mark, by the sort of the object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Of a person.
    Handle,
    /// Of an organisation.
    Slug,
    /// Of an application.
    Key,
}

impl Name {
    fn word(self) -> &'static str {
        match self {
            Name::Handle => "handle",
            Name::Slug => "slug",
            Name::Key => "key",
        }
    }

    /// The name that custom data tells.
    pub fn of(self, data: &Object) -> Option<&str> {
        data.get(KEY)?.get(self.word())?.as_str().filter(|name| !name.is_empty())
    }

    /// Custom data in which our key says this, with what else stood under it. Other keys are not in it: the merging
    /// routes leave them alone.
    pub fn written(self, there: &Object, ledger: &str, name: &str) -> Object {
        let mut ours = there.get(KEY).and_then(Value::as_object).cloned().unwrap_or_default();
        ours.insert("ledger".to_owned(), json!(ledger));
        ours.insert(self.word().to_owned(), json!(name));
        Object::from_iter([(KEY.to_owned(), Value::Object(ours))])
    }
}

/// The ledger that custom data names.
pub fn ledger(data: &Object) -> Option<&str> {
    data.get(KEY)?.get("ledger")?.as_str().filter(|ledger| !ledger.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_under_our_key_stays() {
        let there: Object =
            serde_json::from_value(json!({"formulary": {"note": 1, "handle": "old"}, "app": 2})).unwrap();
        let written = Name::Handle.written(&there, "ours", "alice");
        assert_eq!(
            Value::Object(written.clone()),
            json!({"formulary": {"note": 1, "handle": "alice", "ledger": "ours"}})
        );
        assert_eq!((ledger(&written), Name::Handle.of(&written)), (Some("ours"), Some("alice")));
        assert_eq!((ledger(&there), Name::Handle.of(&there)), (None, Some("old")));
        assert_eq!(Name::Slug.of(&written), None);
    }
}
