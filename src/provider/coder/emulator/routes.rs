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
    /// A valid token, or 401.
    Session,
    /// Everybody; a token is not looked at.
    Anybody,
}

/// A row of the table. `Allow` lists the methods of a path in the order of the rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    pub(super) method: &'static str,
    /// `{name}` stands for one part of the path.
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) operation: Operation,
}

/// A row of an operation that needs a token.
pub(super) const fn route(method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route { method, path, access: Access::Session, operation }
}

/// A row of an operation that anybody may call.
pub(super) const fn open(method: &'static str, path: &'static str, operation: Operation) -> Route {
    Route { method, path, access: Access::Anybody, operation }
}

/// What a method and a path lead to.
pub(super) enum Found {
    Route(Route, Vec<(&'static str, String)>),
    /// The path is there with other methods.
    OtherMethods(Vec<&'static str>),
    Nothing,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let areas: &[&'static [Route]] = &[
        super::authcheck::ROUTES,
        super::builds::ROUTES,
        super::external_auth::ROUTES,
        super::files::ROUTES,
        super::groups::ROUTES,
        super::licensed::ROUTES,
        super::logins::ROUTES,
        super::members::ROUTES,
        super::organizations::ROUTES,
        super::provisioners::ROUTES,
        super::single_sign_on::ROUTES,
        super::system::ROUTES,
        super::template_changes::ROUTES,
        super::templates::ROUTES,
        super::tokens::ROUTES,
        super::user_changes::ROUTES,
        super::user_create::ROUTES,
        super::user_reads::ROUTES,
        super::version_changes::ROUTES,
        super::version_reads::ROUTES,
        super::versions::ROUTES,
        super::workspace_create::ROUTES,
        super::workspaces::ROUTES,
        super::workspace_settings::ROUTES,
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
            Part::Named(_) => (!segment.is_empty()).then_some(1),
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

/// The row of a method and a path without doubled slashes and without one at its end.
pub(super) fn find(method: &str, path: &str) -> Found {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let mut fits: Vec<(Vec<u8>, &Row)> = TABLE.iter().filter_map(|row| Some((row.fit(&segments)?, row))).collect();
    let Some(best) = fits.iter().map(|(fit, _)| fit).min().cloned() else {
        return Found::Nothing;
    };
    let of_method = fits.iter().filter(|(_, row)| row.route.method == method).min_by_key(|(fit, _)| fit.clone());
    if let Some((_, row)) = of_method {
        return Found::Route(row.route, row.params(&segments));
    }
    fits.retain(|(fit, _)| *fit == best);
    Found::OtherMethods(fits.iter().map(|(_, row)| row.route.method).collect())
}
