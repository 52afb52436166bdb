//! Companies: organisations, each with the first of its domains that no other one took.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Lowering;
use crate::engine::diag::Diagnostic;
use crate::engine::diag::codes::NOT_POSSIBLE_THERE;
use crate::engine::documents::catalogue::{Organisation, Spanned};
use crate::provider::twenty::{kinds, names};

impl Lowering<'_> {
    pub(super) fn companies(&mut self) {
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for (reference, organisation) in &self.input.catalogue.organisations {
            if self.input.placed.organisations.contains(reference.name()) {
                self.company(organisation, &mut taken);
            }
        }
    }

    fn company(&mut self, organisation: &Organisation, taken: &mut BTreeMap<String, String>) {
        let entity = &organisation.entity;
        let name = entity.reference.name();
        let mut desired = self.record(kinds::COMPANY, name, entity);
        let called = organisation.display_name.as_ref().or(entity.title.as_ref()).unwrap_or(&entity.name);
        desired = desired.field("name", called.value.trim(), Some(Arc::new(called.span.clone())));
        if let Some((domain, span)) = self.domain(organisation, taken) {
            desired.known_as.insert(0, domain.clone());
            taken.insert(domain.clone(), name.to_owned());
            desired = desired.field("domain", domain, Some(Arc::new(span)));
        }
        desired.previously = entity.previously.iter().map(|name| name.value.to_lowercase()).collect();
        self.companies.insert(entity.reference.clone());
        self.out.desired.push(desired);
    }

    /// The first domain that nobody has. Twenty lets no two companies have one.
    fn domain(
        &mut self,
        organisation: &Organisation,
        taken: &BTreeMap<String, String>,
    ) -> Option<(String, crate::engine::diag::Span)> {
        let mut others: Option<(&Spanned<String>, &String)> = None;
        for written in &organisation.email_domains {
            let domain = names::domain(&written.value);
            match taken.get(&domain) {
                None if names::fits_a_filter(&domain) => return Some((domain, written.span.clone())),
                None => {}
                Some(other) => others = others.or(Some((written, other))),
            }
        }
        let (written, other) = others?;
        let name = organisation.entity.reference.name();
        let message =
            format!("'{name}' is a company without a domain in Twenty: '{other}' has '{}' already", written.value);
        let help = "Twenty lets no two companies have one domain; give one of them another first";
        self.out.diagnostics.push(Diagnostic::warning(NOT_POSSIBLE_THERE, message).at(written.span.clone()).help(help));
        None
    }
}
