//! Who calls, and what they may do.

use serde_json::json;

use super::place::Place;
use super::settings::Grant;
use super::status::{Reply, failure};

/// Somebody who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// In the group that may do everything.
    Admin,
    /// Our service account.
    Daemon,
    /// Known, and without any role.
    Nobody,
    /// Without a token.
    Anonymous,
}

const TOKENS: &[(&str, &str, Caller)] = &[
    ("admin (group system:masters)", "sandbox-admin-token", Caller::Admin),
    ("admin", "sandbox-admin-token", Caller::Admin),
    ("daemon", "sandbox-daemon-token", Caller::Daemon),
    ("service account formulary/formulary", "sandbox-daemon-token", Caller::Daemon),
    ("service account with list and watch on that name only", "sandbox-daemon-token", Caller::Daemon),
    ("user nobody (known, no role)", "sandbox-nobody-token", Caller::Nobody),
    // Of no use here, and known by their names alone: the server takes none of these tokens.
    ("unknown bearer", "unknown", Caller::Anonymous),
    ("expired service account token", "expired", Caller::Anonymous),
    ("service account token, nbf in the future", "early", Caller::Anonymous),
    ("service account token for another audience", "elsewhere", Caller::Anonymous),
    ("token of a deleted and re-created service account", "former", Caller::Anonymous),
    ("service account token, signature broken", "broken", Caller::Anonymous),
];

/// What counts as no token, and what counts as one.
const HEADERS: &[(&str, &str)] = &[
    ("admin, scheme in lower case", "bearer sandbox-admin-token"),
    ("basic", "Basic YTpi"),
    ("empty bearer", "Bearer "),
];

/// What those who are known to a cluster from its beginning send, by their names.
pub(super) fn credentials() -> impl Iterator<Item = (&'static str, String)> {
    let tokens = TOKENS.iter().map(|(name, token, _)| (*name, format!("Bearer {token}")));
    tokens.chain(HEADERS.iter().map(|(name, value)| (*name, (*value).to_owned())))
}

/// Who calls; `Err` where a token is sent that the server does not take. Another scheme counts as no token.
pub(super) fn identify(header: Option<&str>, lapsed: bool) -> Result<Caller, Reply> {
    let token = header.and_then(|it| it.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let Some(token) = token.map(|(_, token)| token.trim()).filter(|it| !it.is_empty()) else {
        return Ok(Caller::Anonymous);
    };
    let known = TOKENS.iter().find(|(_, known, caller)| *known == token && *caller != Caller::Anonymous);
    match known.filter(|(.., caller)| !lapsed || *caller == Caller::Admin) {
        Some((.., caller)) => Ok(*caller),
        None => Err(failure(401, "Unauthorized", "Unauthorized", None)),
    }
}

impl Caller {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Daemon => "system:serviceaccount:formulary:formulary",
            Self::Nobody => "nobody",
            Self::Anonymous => "system:anonymous",
        }
    }

    /// Whether a verb is allowed, by rules of Roles.
    pub(super) fn may(self, grants: &[Grant], verb: &str, place: &Place) -> bool {
        let resource = match &place.sub {
            Some(sub) => format!("{}/{sub}", place.plural),
            None => place.plural.clone(),
        };
        // A namespace itself lies in itself, for those who have a Role there.
        let namespace = if place.plural == "namespaces" { place.name.as_ref() } else { place.namespace.as_ref() };
        let by_role = |it: &Grant| {
            Some(&it.namespace) == namespace
                && it.group == place.group
                && it.resource == resource
                && it.verbs.iter().any(|known| known == verb || known == "*")
                && (it.names.is_empty() || place.name.as_ref().is_some_and(|name| it.names.contains(name)))
        };
        match self {
            Self::Admin => true,
            Self::Daemon => grants.iter().any(by_role) || is_a_question(place),
            Self::Nobody => is_a_question(place),
            Self::Anonymous => false,
        }
    }
}

/// Everybody known may ask what they may.
fn is_a_question(place: &Place) -> bool {
    place.plural.starts_with("selfsubject")
}

/// A verb is not allowed: existence is not told.
pub(super) fn forbidden(caller: Caller, verb: &str, place: &Place) -> Reply {
    let Place { group, plural, .. } = place;
    let resource = place.sub.as_ref().map_or_else(|| plural.clone(), |sub| format!("{plural}/{sub}"));
    let qualified = if group.is_empty() { plural.clone() } else { format!("{plural}.{group}") };
    let namespace = if plural == "namespaces" { place.name.as_ref() } else { place.namespace.as_ref() };
    let scope = namespace.map_or_else(|| "at the cluster scope".to_owned(), |it| format!("in the namespace \"{it}\""));
    let named = place.name.as_ref().map(|name| format!(" \"{name}\"")).unwrap_or_default();
    let message = format!(
        "{qualified}{named} is forbidden: User \"{}\" cannot {verb} resource \"{resource}\" in API group \"{group}\" {scope}",
        caller.name()
    );
    let mut details = json!({});
    if let Some(name) = &place.name {
        details["name"] = name.as_str().into();
    }
    if !group.is_empty() {
        details["group"] = group.as_str().into();
    }
    details["kind"] = plural.as_str().into();
    failure(403, message, "Forbidden", Some(details))
}

/// A path that is no resource.
pub(super) fn forbidden_path(caller: Caller, verb: &str, path: &str) -> Reply {
    let message = format!("forbidden: User \"{}\" cannot {verb} path \"{path}\"", caller.name());
    failure(403, message, "Forbidden", Some(json!({})))
}
