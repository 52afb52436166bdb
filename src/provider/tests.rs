//! What holds for every provider's description of its kinds.

use std::collections::BTreeSet;

use super::ALL;
use crate::engine::model::{Evidence, KindSpec};

fn kinds() -> impl Iterator<Item = (String, &'static KindSpec)> {
    ALL.iter().flat_map(|it| it.kinds().iter().map(move |kind| (format!("{}:{}", it.service(), kind.name), kind)))
}

#[test]
fn every_kind_and_field_is_named_once() {
    let mut seen = BTreeSet::new();
    for (name, kind) in kinds() {
        let fields: BTreeSet<_> = kind.fields.iter().map(|field| field.name).collect();
        assert_eq!(fields.len(), kind.fields.len(), "{name}");
        assert!(seen.insert(name.clone()), "{name} is described twice");
    }
}

#[test]
fn what_a_kind_refers_to_exists() {
    for (name, kind) in kinds() {
        let mut named: Vec<&str> = kind.goes_with.iter().filter_map(|it| it.when).map(|(field, _)| field).collect();
        for evidence in kind.identity.iter().copied().flatten() {
            if let Evidence::Same(field) | Evidence::IsTrue(field) = evidence {
                named.push(field);
            }
        }
        named.extend(kind.removal.switch().map(|(field, _)| field));
        for field in named {
            assert!(kind.field(field).is_some(), "{name} has no field {field}");
        }
    }
}
