//! The table of operations, and how a method and a path find their row.

use std::sync::LazyLock;

use super::call::Call;
use super::not_imitated;
use super::reply::Answer;
use super::world::World;

/// An operation: the whole of what happens once the caller is known.
pub(super) type Operation = fn(&mut World, &Call) -> Answer;

/// Whether an operation needs a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// A valid session, or 401.
    Session,
    /// Everybody. A session that is invalid counts as none.
    Anybody,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// `{name}` stands for one part of the path, of the characters that the name may hold.
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) operation: Operation,
}

/// A row of an operation that needs a session.
pub(super) const fn route(method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route { method, path, access: Access::Session, operation }
}

/// A row of an operation that anybody may call.
pub(super) const fn open(method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route { method, path, access: Access::Anybody, operation }
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let areas: &[&'static [Route]] = &[
        super::bots::ROUTES,
        super::channel_lists::ROUTES,
        super::channel_members::ROUTES,
        super::channels::ROUTES,
        super::deliveries::ROUTES,
        super::incoming_hooks::ROUTES,
        super::logins::ROUTES,
        super::outgoing_hooks::ROUTES,
        super::post_lists::ROUTES,
        super::posts::ROUTES,
        super::single_sign_on::ROUTES,
        super::system::ROUTES,
        super::team_lists::ROUTES,
        super::team_members::ROUTES,
        super::teams::ROUTES,
        super::tokens::ROUTES,
        super::user_changes::ROUTES,
        super::user_create::ROUTES,
        super::user_lists::ROUTES,
        super::user_reads::ROUTES,
        super::user_search::ROUTES,
        super::user_state::ROUTES,
    ];
    let imitated = areas.iter().flat_map(|area| area.iter().copied());
    imitated.chain(not_imitated::routes()).map(Row::of).collect()
});

struct Row {
    route: Route,
    parts: Vec<Part>,
}

enum Part {
    Fixed(&'static str),
    Named(&'static str),
}

impl Row {
    fn of(route: Route) -> Self {
        let part = |text: &'static str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => Part::Named(name),
            None => Part::Fixed(text),
        };
        Self { route, parts: route.path.split('/').skip(1).map(part).collect() }
    }

    /// How exactly the row fits: one digit a part, fixed parts first. `None` where it does not.
    fn fit(&self, segments: &[&str]) -> Option<Vec<u8>> {
        if segments.len() != self.parts.len() {
            return None;
        }
        let fits = self.parts.iter().zip(segments).map(|(part, segment)| match part {
            Part::Fixed(text) => (text == segment).then_some(0),
            Part::Named(name) => may_hold(name, segment).then_some(1),
        });
        fits.collect()
    }

    fn params(&self, segments: &[&str]) -> Vec<(&'static str, String)> {
        let named = self.parts.iter().zip(segments).filter_map(|(part, segment)| match part {
            Part::Fixed(_) => None,
            Part::Named(name) => Some((*name, (*segment).to_owned())),
        });
        named.collect()
    }
}

/// Whether a part of a path has the characters that the parameter may hold. A part that has not leads to no route.
fn may_hold(name: &str, segment: &str) -> bool {
    let also: &[u8] = match name {
        "email" => return !segment.is_empty(),
        "username" | "plugin_id" => b"_-.",
        "team_name" | "channel_name" | "name" | "service" | "category" | "role_name" => b"_-",
        name if name.ends_with("_id") => b"",
        _ => b"_-.+",
    };
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || also.contains(&byte))
}

/// Finds the operation of a method and a path that is decoded. A path that is known under other methods only is unknown.
pub(super) fn find(method: &str, path: &str) -> Option<(Route, Vec<(&'static str, String)>)> {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let of_method = TABLE.iter().filter(|row| row.route.method == method);
    // Of equal fits the first row wins: what is imitated stands before what is not.
    let (_, row) = of_method.filter_map(|row| Some((row.fit(&segments)?, row))).min_by(|a, b| a.0.cmp(&b.0))?;
    Some((row.route, row.params(&segments)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: &str, path: &str) -> Option<&'static str> {
        find(method, path).map(|(route, _)| route.path)
    }

    #[test]
    fn fixed_parts_go_before_names() {
        assert_eq!(found("GET", "/api/v4/users/abc"), Some("/api/v4/users/{user_id}"));
        assert_eq!(found("POST", "/api/v4/users/ids"), Some("/api/v4/users/ids"));
    }

    #[test]
    fn a_path_leads_nowhere_under_another_method_or_with_other_characters() {
        assert_eq!(found("PATCH", "/api/v4/users/me"), None);
        assert_eq!(found("GET", "/api/v4/users/not-an-id"), None);
        assert_eq!(found("GET", "/api/v4/users/"), None);
        assert_eq!(found("HEAD", "/api/v4/users/me"), None);
    }
}
