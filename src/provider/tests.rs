//! What holds for every provider's description of its kinds.

use std::collections::{BTreeMap, BTreeSet};

use super::ALL;
use super::contract::LowerInput;
use crate::engine::desired::placed;
use crate::engine::documents::{Options, load};
use crate::engine::model::{Allotments, Capabilities, Evidence, Instance, KindSpec};
use crate::engine::source::{Revision, Snapshot};

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

#[test]
fn options_that_cannot_be_used_leave_everything_as_it_is() {
    let text = "kind: Group\napiVersion: backstage.io/v1alpha1\nmetadata: { name: acme }\n\
                spec: { type: organization, children: [] }\n";
    let snapshot = Snapshot::from_texts(Revision::default(), [("users/acme/organisation.yaml", text)]);
    let catalogue = load(&snapshot, &Options::default()).catalogue;
    let declared: Vec<_> = catalogue.entities().map(|it| it.reference.clone()).collect();
    assert_eq!(declared.len(), 1);
    for provider in ALL {
        let instance = Instance::new(provider.service());
        let lowered = provider.lower(&LowerInput {
            instance: &instance,
            platform: "acme",
            catalogue: &catalogue,
            placed: &placed(&catalogue, &instance, &BTreeSet::from([provider.service().to_owned()])),
            options: &serde_json::json!("no options"),
            capabilities: &Capabilities::default(),
            allotments: &Allotments::default(),
            roles: &BTreeMap::new(),
            identity_offers: &[],
            claims: &[],
        });
        assert!(lowered.desired.is_empty() && lowered.sets.is_empty(), "{instance}");
        assert!(declared.iter().all(|it| lowered.held.contains(it)), "{instance}");
        let told: Vec<&str> = lowered.diagnostics.iter().map(|it| it.message.as_str()).collect();
        let said = format!("the options of '{instance}' cannot be used");
        assert!(matches!(told[..], [told] if told.starts_with(&said)), "{told:?}");
    }
}
