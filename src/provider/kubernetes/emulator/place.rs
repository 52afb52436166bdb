//! What a path means: an object, a part of one, or a list of them.

use percent_encoding::percent_decode_str;

use super::resources::{Resource, find, is_elsewhere, is_served};
use super::status::{Reply, bad_request};

/// An object of the API, or the list of its resource where there is no name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) group: String,
    pub(super) plural: String,
    /// Whether the server has that group in that version at all.
    pub(super) served: bool,
    /// Nothing where the server has no such resource.
    pub(super) resource: Option<&'static Resource>,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    pub(super) sub: Option<String>,
    /// Whether it is watched by its path.
    pub(super) watched: bool,
}

/// Reads a path; `None` where it is none of the API's. Names in it are decoded one by one.
pub(super) fn read(path: &str) -> Option<Place> {
    // A slash at the end is of no account.
    let parts: Vec<&str> = path.strip_suffix('/').unwrap_or(path).split('/').skip(1).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return None,
    };
    let (watched, rest) = match rest {
        ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
        rest => (false, rest),
    };
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    // A slash too many leads to where nothing is.
    let nowhere = rest.iter().any(|part| part.is_empty()) || parts.iter().any(|part| part.is_empty());
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, rest @ ..] if !["finalize", "status"].contains(plural) => {
            (Some(decode(namespace)), [&[*plural], rest].concat())
        }
        rest => (None, rest.to_vec()),
    };
    let (plural, rest) = rest.split_first()?;
    // A name with a slash in it counts as a longer path.
    let long = rest.len() > 2 || rest.iter().any(|part| decode(part).contains('/'));
    Some(Place {
        group: group.to_owned(),
        plural: (*plural).to_owned(),
        served: is_served(group, version),
        resource: find(group, version, plural).filter(|_| !nowhere && !long),
        namespace,
        name: rest.first().map(|it| decode(it)),
        sub: rest.get(1).map(|it| decode(it)),
        watched,
    })
}

impl Place {
    /// Whether something is there, and can be named so.
    pub(super) fn check(&self) -> Result<&'static Resource, Reply> {
        let Some(resource) = self.resource else {
            return Err(if self.served || super::resources::is_group(&self.group) {
                super::status::nowhere()
            } else if is_elsewhere(&self.group) {
                Reply::NotModelled
            } else {
                Reply::Text(404, "404 page not found\n")
            });
        };
        let name = self.name.as_deref().unwrap_or_default();
        let why = match name {
            "." | ".." => format!("may not be '{name}'"),
            name if name.contains('%') => "may not contain '%'".to_owned(),
            _ => return Ok(resource),
        };
        let shown = serde_json::Value::from(name);
        Err(bad_request(format!("Name parameter invalid: {shown}: {why}")))
    }
}
