//! What a path means: an object, or a list of them.

use percent_encoding::percent_decode_str;

use super::resources::{Resource, find, is_served};

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
}

/// Reads a path; `None` where it is none of the API's. Names in it are decoded one by one.
pub(super) fn read(path: &str) -> Option<Place> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (group, version, rest) = match parts.as_slice() {
        ["api", version, rest @ ..] if !rest.is_empty() => ("", *version, rest),
        ["apis", group, version, rest @ ..] if !rest.is_empty() => (*group, *version, rest),
        _ => return None,
    };
    // A slash too many leads to where nothing is.
    if rest.iter().any(|part| part.is_empty()) || rest[0] == "watch" {
        return None;
    }
    let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let (namespace, rest) = match rest {
        ["namespaces", namespace, plural, rest @ ..] if !["finalize", "status"].contains(plural) => {
            (Some(decode(namespace)), [&[*plural], rest].concat())
        }
        rest => (None, rest.to_vec()),
    };
    let [plural, rest @ ..] = rest.as_slice() else { return None };
    if rest.len() > 2 {
        return None;
    }
    Some(Place {
        group: group.to_owned(),
        plural: (*plural).to_owned(),
        served: is_served(group, version),
        resource: find(group, version, plural),
        namespace,
        name: rest.first().map(|it| decode(it)),
        sub: rest.get(1).map(|it| decode(it)),
    })
}
