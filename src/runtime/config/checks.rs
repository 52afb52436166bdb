//! What the parts of a config must say about each other: one table of named checks, each run in full.

use std::collections::BTreeSet;

use serde_json::Value;
use url::Host;

use crate::engine::diag::{Diagnostic, Span, codes, did_you_mean};
use crate::engine::model::entity::EntityRef;
use crate::runtime::sys::Environment;

use super::services::{Credentials, ServiceType};
use super::settings::{Config, LedgerPlace, Protected};
use super::structure::{Structure, escaped};

/// What a check looks at, and where it says what it found.
pub(super) struct Checked<'a> {
    pub(super) config: &'a mut Config,
    /// The file as it stands.
    pub(super) value: &'a Value,
    pub(super) types: &'a [ServiceType],
    pub(super) environment: &'a dyn Environment,
    pub(super) problems: Vec<Diagnostic>,
}

/// All checks. Two of them fill in what follows from the whole: the roles, and what is protected.
pub(super) const CHECKS: &[fn(&mut Checked<'_>)] = &[
    instances_are_not_called_like_something_else,
    types_exist,
    kinds_exist,
    options_fit_the_type,
    credentials_suffice,
    defaults_name_instances,
    roles_are_played,
    protected_things_can_be_told,
    credentials_travel_encrypted,
    secrets_are_kept_from_others,
];

/// Kinds of Backstage entities, which references begin with.
const ENTITY_KINDS: [&str; 9] =
    ["api", "component", "domain", "group", "location", "resource", "system", "template", "user"];

fn instances_are_not_called_like_something_else(checked: &mut Checked<'_>) {
    let roles = all_roles(checked.types);
    let mut problems = Vec::new();
    for name in checked.config.services.keys() {
        let what = match name.as_str() {
            "none" => "the word for no service at all",
            it if ENTITY_KINDS.contains(&it) => "a kind of entity",
            it if roles.contains(it) => "a role",
            _ => continue,
        };
        let message = format!("an instance cannot be called '{name}', which is {what}");
        let place = checked.key(&format!("/services/{name}"));
        problems.push(
            Diagnostic::error(codes::RESERVED_NAME, message).at(place).help("choose another name, such as the type's"),
        );
    }
    checked.problems.extend(problems);
}

fn types_exist(checked: &mut Checked<'_>) {
    let known: Vec<&str> = checked.types.iter().map(|it| it.name).collect();
    let mut problems = Vec::new();
    for service in checked.config.services.values() {
        if known.contains(&service.service_type.as_str()) {
            continue;
        }
        let pointer = format!("/services/{}", service.name);
        let stated = checked.config.spans.value(&format!("{pointer}/type"));
        let listed = format!("known: {}", known.join(", "));
        let help = match (&stated, did_you_mean(&service.service_type, known.iter().copied())) {
            (Some(_), Some(help)) => help,
            (Some(_), None) => listed,
            (None, _) => format!("say which service it is with 'type'; {listed}"),
        };
        let message = format!("there is no type of service '{}'", service.service_type);
        let place = stated.unwrap_or_else(|| checked.key(&pointer));
        problems.push(Diagnostic::error(codes::UNKNOWN_SERVICE_TYPE, message).at(place).help(help));
    }
    checked.problems.extend(problems);
}

fn kinds_exist(checked: &mut Checked<'_>) {
    let mut problems = Vec::new();
    for service in checked.config.services.values() {
        let Some(known) = type_of(checked.types, &service.service_type) else {
            continue;
        };
        let unknown = |kind: &str, place: Span| {
            let message = format!("'{}' has no kind '{kind}'", service.service_type);
            let help = did_you_mean(kind, known.kinds.iter().copied())
                .unwrap_or_else(|| format!("known: {}", known.kinds.join(", ")));
            Diagnostic::error(codes::UNKNOWN_KIND_OF_SERVICE, message).at(place).help(help)
        };
        let section = format!("/services/{}", service.name);
        // As the file has them: a kind whose mode cannot be read is checked as well.
        let named = checked.value.pointer(&format!("{section}/kinds")).and_then(Value::as_object);
        for kind in named.into_iter().flat_map(|it| it.keys()) {
            if !known.kinds.contains(&kind.as_str()) {
                problems.push(unknown(kind, checked.key(&format!("{section}/kinds/{}", escaped(kind)))));
            }
        }
        let rules = checked.value.pointer(&format!("{section}/ignore")).and_then(Value::as_array);
        for (index, rule) in rules.into_iter().flatten().enumerate() {
            let Some(address) = rule.get("address").and_then(Value::as_str) else {
                continue;
            };
            let address = address.strip_prefix(&format!("{}:", service.name)).unwrap_or(address);
            let kind = address.split('/').next().unwrap_or(address);
            if !kind.contains(['*', ':']) && !known.kinds.contains(&kind) {
                problems
                    .push(unknown(kind, checked.config.spans.nearest(&format!("{section}/ignore/{index}/address"))));
            }
        }
    }
    checked.problems.extend(problems);
}

fn options_fit_the_type(checked: &mut Checked<'_>) {
    let mut problems = Vec::new();
    for service in checked.config.services.values() {
        let Some(known) = type_of(checked.types, &service.service_type) else {
            continue;
        };
        let prefix = format!("/services/{}/options", service.name);
        match Structure::new(&known.options, Some(codes::BAD_OPTION)) {
            // What is no mapping at all was found by the schema of the config.
            Ok(structure) if service.options.is_object() => {
                problems.extend(structure.check(&service.options, &prefix, &checked.config.spans));
            }
            Ok(_) => {}
            Err(reason) => {
                let message = format!("the schema of the options of '{}' is broken: {reason}", known.name);
                problems.push(Diagnostic::error(codes::BAD_OPTION, message));
            }
        }
    }
    checked.problems.extend(problems);
}

fn credentials_suffice(checked: &mut Checked<'_>) {
    let mut problems = Vec::new();
    for service in checked.config.services.values() {
        let Some(known) = type_of(checked.types, &service.service_type) else {
            continue;
        };
        let pointer = format!("/services/{}/credentials", service.name);
        // As the file has them: one that cannot be read has its own problem.
        let Some(given) = checked.value.pointer(&pointer).and_then(Value::as_object) else {
            continue;
        };
        let given: BTreeSet<&str> = given.keys().map(String::as_str).collect();
        let sets = known.credentials.iter().map(|set| set.iter().copied().collect::<BTreeSet<&str>>());
        if known.credentials.is_empty() || sets.clone().any(|set| set == given) {
            continue;
        }
        let ways: Vec<String> = known
            .credentials
            .iter()
            .map(|set| set.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(" and "))
            .collect();
        let named = |names: BTreeSet<&str>| names.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(" and ");
        // The way that asks for the least more is the one that was meant.
        let nearest =
            sets.min_by_key(|set| (set.difference(&given).count(), given.difference(set).count())).unwrap_or_default();
        let missing: BTreeSet<&str> = nearest.difference(&given).copied().collect();
        let (place, message) = if missing.is_empty() {
            let extra: BTreeSet<&str> =
                given.difference(&nearest).copied().filter(|it| Credentials::NAMES.contains(it)).collect();
            let Some(first) = extra.first() else {
                // Only names that do not exist are too many, and the schema has said so.
                continue;
            };
            let place = checked.key(&format!("{pointer}/{first}"));
            (place, format!("'{}' has no use for {}", service.name, named(extra)))
        } else {
            (checked.key(&pointer), format!("'{}' cannot sign in without {}", service.name, named(missing)))
        };
        problems.push(Diagnostic::error(codes::CREDENTIALS_INSUFFICIENT, message).at(place).help(format!(
            "'{}' takes {}",
            known.name,
            ways.join(", or ")
        )));
    }
    checked.problems.extend(problems);
}

fn defaults_name_instances(checked: &mut Checked<'_>) {
    let listed = checked.value.pointer("/defaults/services").and_then(Value::as_array);
    let mut problems = Vec::new();
    for (index, name) in listed.into_iter().flatten().enumerate() {
        let Some(name) = name.as_str() else { continue };
        if !checked.config.services.contains_key(name) {
            problems.push(checked.unknown_instance(name, &format!("/defaults/services/{index}")));
        }
    }
    checked.problems.extend(problems);
}

/// Binds every role: as `roles` says, or to the only instance whose type can play it.
fn roles_are_played(checked: &mut Checked<'_>) {
    let all = all_roles(checked.types);
    let stated = checked.value.get("roles").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut problems = Vec::new();
    for (role, instance) in &stated {
        let pointer = format!("/roles/{}", escaped(role));
        if !all.contains(role.as_str()) {
            let help = did_you_mean(role, all.iter().copied())
                .unwrap_or_else(|| format!("known: {}", all.iter().copied().collect::<Vec<_>>().join(", ")));
            let message = format!("there is no role '{role}'");
            problems.push(Diagnostic::error(codes::ROLE_NOT_PLAYED, message).at(checked.key(&pointer)).help(help));
            continue;
        }
        let Some(instance) = instance.as_str() else {
            continue;
        };
        match checked.config.services.get(instance) {
            None => problems.push(checked.unknown_instance(instance, &pointer)),
            Some(service) => {
                if type_of(checked.types, &service.service_type).is_some_and(|it| !it.roles.contains(&role.as_str())) {
                    let message = format!("'{instance}' cannot play the role '{role}'");
                    let players: Vec<&str> =
                        checked.types.iter().filter(|it| it.roles.contains(&role.as_str())).map(|it| it.name).collect();
                    problems.push(
                        Diagnostic::error(codes::ROLE_NOT_PLAYED, message)
                            .at(checked.config.spans.nearest(&pointer))
                            .help(format!("it is played by {}", players.join(" or "))),
                    );
                }
            }
        }
        checked.config.roles.insert(role.clone(), instance.to_owned());
    }
    for role in all {
        if stated.contains_key(role) {
            continue;
        }
        let players: Vec<&String> = checked
            .config
            .services
            .values()
            .filter(|service| type_of(checked.types, &service.service_type).is_some_and(|it| it.roles.contains(&role)))
            .map(|service| &service.name)
            .collect();
        match players.as_slice() {
            [] => {}
            [one] => {
                let one = (*one).clone();
                checked.config.roles.insert(role.to_owned(), one);
            }
            [first, ..] => {
                let names = players.iter().map(|it| format!("'{it}'")).collect::<Vec<_>>().join(" and ");
                let message = format!("{names} could each play the role '{role}'");
                problems.push(
                    Diagnostic::error(codes::ROLE_NOT_PLAYED, message)
                        .at(checked.key("/services"))
                        .help(format!("say which one does: `roles: {{{role}: {first}}}`")),
                );
            }
        }
    }
    checked.problems.extend(problems);
}

fn protected_things_can_be_told(checked: &mut Checked<'_>) {
    let listed = checked.value.get("protected").and_then(Value::as_array);
    let (mut problems, mut protected) = (Vec::new(), Vec::new());
    for (index, text) in listed.into_iter().flatten().enumerate() {
        let Some(text) = text.as_str() else { continue };
        let place = || checked.config.spans.nearest(&format!("/protected/{index}"));
        let bad = |message: String| Diagnostic::error(codes::BAD_PROTECTED, message).at(place());
        let Some((first, rest)) = text.split_once(':') else {
            problems.push(bad(format!("'{text}' does not say what it is")).help(format!(
                "write 'user:default/{text}' for a person, or 'gitea:user/{text}' for an object of one service"
            )));
            continue;
        };
        if ENTITY_KINDS.contains(&first.to_lowercase().as_str()) {
            match text.parse::<EntityRef>() {
                Ok(entity) => protected.push(Protected::Entity(entity)),
                Err(error) => problems.push(bad(error.to_string())),
            }
        } else if checked.config.services.contains_key(first) || checked.config.roles.contains_key(first) {
            match rest.split_once('/') {
                Some((kind, key)) if !kind.is_empty() && !key.is_empty() => {
                    // A role stands for its instance; addresses begin with the instance.
                    let instance = checked.config.roles.get(first).map_or(first, String::as_str);
                    protected.push(Protected::Address(format!("{instance}:{rest}")));
                }
                _ => problems.push(bad(format!("'{text}' is no address")).help("an address is 'instance:kind/key'")),
            }
        } else {
            let known = checked.config.services.keys().map(String::as_str).chain(ENTITY_KINDS);
            problems.push(
                bad(format!("'{first}' is neither an instance nor a kind of entity"))
                    .maybe_help(did_you_mean(first, known)),
            );
        }
    }
    protected.sort();
    protected.dedup();
    checked.config.protected = protected;
    checked.problems.extend(problems);
}

fn credentials_travel_encrypted(checked: &mut Checked<'_>) {
    let mut problems = Vec::new();
    for service in checked.config.services.values() {
        let here = match service.url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => true,
        };
        if service.url.scheme() == "http" && !here {
            let message = format!("the credentials of '{}' travel unencrypted", service.name);
            problems.push(
                Diagnostic::warning(codes::UNENCRYPTED, message)
                    .at(checked.config.spans.nearest(&format!("/services/{}/url", service.name)))
                    .help("use https, unless something below encrypts"),
            );
        }
    }
    checked.problems.extend(problems);
}

fn secrets_are_kept_from_others(checked: &mut Checked<'_>) {
    let mut sections: Vec<(String, &Credentials)> = checked
        .config
        .services
        .values()
        .map(|it| (format!("/services/{}/credentials", it.name), &it.credentials))
        .collect();
    sections
        .extend(checked.config.repository.as_ref().map(|it| ("/repository/credentials".to_owned(), &it.credentials)));
    if let LedgerPlace::Url { credentials, .. } = &checked.config.ledger {
        sections.push(("/ledger/credentials".to_owned(), credentials));
    }
    let mut problems = Vec::new();
    for (pointer, credentials) in sections {
        for (name, reference) in credentials.references() {
            if let Some(exposure) = reference.exposure(checked.environment) {
                problems.push(
                    Diagnostic::warning(
                        codes::SECRET_EXPOSED,
                        format!("'{}' may be read by everyone on this machine", exposure.file.display()),
                    )
                    .at(checked.config.spans.nearest(&format!("{pointer}/{name}")))
                    .help(exposure.remedy()),
                );
            }
        }
    }
    checked.problems.extend(problems);
}

impl Checked<'_> {
    /// The place of a key, or of what is nearest to it.
    fn key(&self, pointer: &str) -> Span {
        self.config.spans.key(pointer).unwrap_or_else(|| self.config.spans.nearest(pointer))
    }

    fn unknown_instance(&self, name: &str, pointer: &str) -> Diagnostic {
        let known: Vec<&str> = self.config.services.keys().map(String::as_str).collect();
        let help =
            did_you_mean(name, known.iter().copied()).unwrap_or_else(|| format!("instances: {}", known.join(", ")));
        Diagnostic::error(codes::UNKNOWN_INSTANCE, format!("there is no instance '{name}'"))
            .at(self.config.spans.nearest(pointer))
            .help(help)
    }
}

fn type_of<'a>(types: &'a [ServiceType], name: &str) -> Option<&'a ServiceType> {
    types.iter().find(|it| it.name == name)
}

fn all_roles(types: &[ServiceType]) -> BTreeSet<&'static str> {
    types.iter().flat_map(|it| it.roles).copied().collect()
}
