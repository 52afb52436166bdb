//! What a catalogue means at GitHub. Pure; obeys the rules of `engine`.
//!
//! An organisation or person whose document names an account there (`formulary.dev/github`) wants our App installed at it;
//! a repository and an address in the options want a webhook.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::kinds;
use super::options::Options;
use crate::engine::diag::codes::NAME_REFUSED;
use crate::engine::diag::{Diagnostic, Span};
use crate::engine::documents::catalogue::Entity;
use crate::engine::model::{Address, Desired, Owner};
use crate::provider::contract::{LowerInput, Lowered};

/// The option of a document that names its account.
const ACCOUNT: &str = "github";
/// The longest login.
const LONGEST: usize = 39;

/// Lowers a catalogue for one GitHub.
pub fn lower(input: &LowerInput<'_>) -> Lowered {
    let options = match Options::read(input.options) {
        Ok(options) => options,
        Err(error) => return Lowered::unusable(input, &error),
    };
    let mut out = Lowered::default();
    let mut taken = BTreeSet::new();
    let organisations =
        input.catalogue.organisations.iter().filter(|(it, _)| input.placed.organisations.contains(it.name()));
    let people = input.catalogue.people.iter().filter(|(it, _)| input.placed.people.contains(it.name()));
    let entities = organisations.map(|(_, it)| &it.entity).chain(people.map(|(_, it)| &it.entity));
    for entity in entities {
        account(input, &options, entity, &mut taken, &mut out);
    }
    if let (Some(repository), Some(_)) = (&options.repository, &options.webhook) {
        let address = Address::new(input.instance, kinds::WEBHOOK, &format!("{}/push", repository.to_lowercase()));
        let origin = Arc::new(Span::start_of("formulary.yaml"));
        out.desired.push(Desired::new(address, Owner::config(), origin));
    }
    out.desired.sort_by(|a, b| a.address.cmp(&b.address));
    out.diagnostics.sort();
    out
}

/// The installation at the account that a document names, if it names one.
fn account(
    input: &LowerInput<'_>,
    options: &Options,
    entity: &Entity,
    taken: &mut BTreeSet<String>,
    out: &mut Lowered,
) {
    let Some(named) = entity.option(ACCOUNT) else { return };
    let login = named.value.trim().to_lowercase();
    let mut refuse = |message: String, help: &str| {
        out.diagnostics.push(Diagnostic::error(NAME_REFUSED, message).at(named.span.clone()).help(help));
        out.held.insert(entity.reference.clone());
    };
    if !is_login(&login) {
        return refuse(
            format!("'{}' is no name of an account at GitHub", named.value),
            "write it as its page's address does",
        );
    }
    if !taken.insert(login.clone()) {
        return refuse(
            format!("the account '{login}' is another document's already"),
            "an account belongs to one document",
        );
    }
    let address = Address::new(input.instance, kinds::INSTALLATION, &format!("{login}/{}", options.app));
    let owner = Owner(entity.reference.to_string());
    let mut desired = Desired::new(address, owner, Arc::new(named.span.clone()));
    desired.extent = entity.extent_in(input.instance);
    out.desired.push(desired);
}

/// Letters, digits and single hyphens within; an underscore and a short name end those of managed enterprises.
fn is_login(login: &str) -> bool {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let (first, last) = login.split_once('_').unwrap_or((login, "x"));
    login.len() <= LONGEST && plain(first) && plain(last) && !first.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::is_login;

    #[test]
    fn a_login_is_what_github_gives_out() {
        for login in ["acme-corp", "a", "alice_acme", "x1", &"a".repeat(39)] {
            assert!(is_login(login), "{login}");
        }
        for other in ["", "-a", "acme corp", "a/b", "_acme", "alice_", "alice@acme.example", &"a".repeat(40)] {
            assert!(!is_login(other), "{other}");
        }
    }
}
