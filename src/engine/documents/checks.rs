//! What the documents say about each other: one table of named rules, each a plain function.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::diag::{Diagnostic, codes, did_you_mean};
use crate::engine::model::entity::EntityRef;

use super::Options;
use super::catalogue::{Catalogue, Entity};

/// A rule: looks at the whole catalogue and says what it finds.
pub type Check = fn(&Catalogue, &Options, &mut Findings);

/// Every rule, by name. To add one, add a line.
pub const CHECKS: &[(&str, Check)] = &[
    ("names are unique over namespaces", shared_names),
    ("an e-mail address belongs to one person", duplicate_emails),
    ("members of a team are in its organisation", outside_organisation),
    ("a former name is claimed once", former_names),
    ("addresses lie in the organisation's domains", foreign_emails),
    ("services exist", unknown_services),
];

/// What rules find.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) refused: BTreeSet<EntityRef>,
    pub(super) memberships: BTreeSet<EntityRef>,
}

impl Findings {
    /// A problem that leaves everything in the plan.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// An error that takes an entity, and what depends on it, out of the plan.
    pub fn refuse(&mut self, entity: &EntityRef, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
        self.refused.insert(entity.clone());
    }

    /// Takes another entity out because of an error that is reported already.
    pub fn refuse_too(&mut self, entity: &EntityRef) {
        self.refused.insert(entity.clone());
    }

    /// An error that leaves a group's set of memberships as it is, and everything else in the plan.
    pub fn refuse_memberships(&mut self, group: &EntityRef, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
        self.memberships.insert(group.clone());
    }
}

pub(super) fn run(catalogue: &Catalogue, options: &Options, findings: &mut Findings) {
    for (_, check) in CHECKS {
        check(catalogue, options, findings);
    }
}

fn shared_names(catalogue: &Catalogue, _: &Options, findings: &mut Findings) {
    let mut first: BTreeMap<(&str, &str), &Entity> = BTreeMap::new();
    let people = catalogue.people.values().map(|it| &it.entity);
    let groups =
        catalogue.organisations.values().map(|it| &it.entity).chain(catalogue.teams.values().map(|it| &it.entity));
    for entity in people.chain(groups) {
        let reference = &entity.reference;
        let Some(other) = first.insert((reference.kind(), reference.name()), entity) else {
            continue;
        };
        let message = format!("'{reference}' has the name of '{}'", other.reference);
        let problem = Diagnostic::error(codes::SHARED_NAME, message)
            .at(entity.name.span.clone())
            .help("a name is an account name everywhere on the platform: rename one of them")
            .related(other.name.span.clone(), "the other one");
        findings.refuse(reference, problem);
        findings.refuse_too(&other.reference);
    }
}

fn duplicate_emails(catalogue: &Catalogue, _: &Options, findings: &mut Findings) {
    let mut first = BTreeMap::new();
    for (reference, person) in &catalogue.people {
        let Some(email) = &person.email else { continue };
        let Some((other, span)) = first.insert(email.value.to_lowercase(), (reference, &email.span)) else {
            continue;
        };
        let message = format!("'{reference}' has the e-mail address of '{other}': {}", email.value);
        let problem = Diagnostic::error(codes::DUPLICATE_EMAIL, message)
            .at(email.span.clone())
            .help("give each the address that is theirs alone")
            .related(span.clone(), "the other one");
        findings.refuse(reference, problem);
        findings.refuse_too(other);
    }
}

fn outside_organisation(catalogue: &Catalogue, _: &Options, findings: &mut Findings) {
    for (reference, person) in &catalogue.people {
        for (group, span) in &person.teams {
            let Some(team) = catalogue.teams.get(group) else {
                continue;
            };
            if person.organisations.contains_key(&team.organisation) {
                continue;
            }
            let organisation = team.organisation.name();
            let message =
                format!("'{reference}' is in team '{}' and not in its organisation '{organisation}'", group.name());
            let problem = Diagnostic::error(codes::OUTSIDE_ORGANISATION, message).at(span.clone());
            let problem = problem.help(format!("add '{organisation}' to their 'memberOf', or take the team out"));
            // Said in the team's document it must not take the person out of everything.
            if span.file == team.entity.span.file && span.file != person.entity.span.file {
                findings.refuse_memberships(group, problem);
            } else {
                findings.refuse(reference, problem);
            }
        }
    }
}

fn former_names(catalogue: &Catalogue, _: &Options, findings: &mut Findings) {
    let mut first: BTreeMap<(String, String), &Entity> = BTreeMap::new();
    for entity in catalogue.entities() {
        for former in &entity.previously {
            let key = (entity.reference.kind().to_owned(), former.value.to_lowercase());
            let Some(other) = first.insert(key, entity) else {
                continue;
            };
            let message = format!(
                "'{}' and '{}' both claim the former name '{}'",
                entity.reference, other.reference, former.value
            );
            let problem = Diagnostic::error(codes::PREVIOUS_TWICE, message)
                .at(former.span.clone())
                .help("keep it where the accounts are meant to go");
            findings.refuse(&entity.reference, problem.related(other.name.span.clone(), "the other one"));
            findings.refuse_too(&other.reference);
        }
    }
}

fn foreign_emails(catalogue: &Catalogue, _: &Options, findings: &mut Findings) {
    for person in catalogue.people.values() {
        let Some((email, home)) = person.email.as_ref().zip(catalogue.organisations.get(&person.home)) else {
            continue;
        };
        let domain = email.value.rsplit('@').next().unwrap_or_default().to_lowercase();
        let known = || home.email_domains.iter().map(|it| it.value.as_str());
        if home.email_domains.is_empty() || known().any(|it| it == domain) {
            continue;
        }
        let message = format!("address '{}' is outside the domains of '{}'", email.value, person.home.name());
        let help = did_you_mean(&domain, known())
            .unwrap_or_else(|| "add the domain to the organisation if it is right".to_owned());
        findings.report(Diagnostic::warning(codes::FOREIGN_EMAIL, message).at(email.span.clone()).help(help));
    }
}

fn unknown_services(catalogue: &Catalogue, options: &Options, findings: &mut Findings) {
    let Some(services) = &options.services else {
        return;
    };
    for entity in catalogue.entities() {
        let placed = entity.placement.iter().flat_map(|it| it.value.names().map(|name| (name, &it.span)));
        let managed = entity.manage.iter().flat_map(|it| it.value.names().map(|name| (name, &it.span)));
        for (service, span) in placed.chain(managed).filter(|(service, _)| !services.contains(*service)) {
            let known = || services.iter().map(String::as_str);
            let help = did_you_mean(service, known())
                .unwrap_or_else(|| format!("the config has {}", known().collect::<Vec<_>>().join(", ")));
            let message = format!("service '{service}' does not exist");
            let problem = Diagnostic::error(codes::UNKNOWN_SERVICE, message).at(span.clone()).help(help);
            findings.refuse(&entity.reference, problem);
        }
    }
}
