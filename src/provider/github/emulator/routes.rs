//! The table of operations, and how a path finds its row.

use std::sync::LazyLock;

use axum::http::Method;

use super::access::RepoRole;
use super::call::Call;
use super::permissions::{Level, Need};
use super::reply::Answer;
use super::world::World;

/// An operation: the whole of what happens once a call was let in.
pub(super) type Operation = fn(&mut World, &Call) -> Answer;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    method: &'static str,
    /// `{name}` stands for one part of the path, `{*name}` at the end for all that is left, also nothing.
    path: &'static str,
    /// The page of the documentation that a refusal names, below its root.
    pub(super) docs: &'static str,
    pub(super) operation: Operation,
    pub(super) caller: Caller,
    /// The permissions that are enough in the repository, any of them.
    pub(super) needs: &'static [Need],
    /// What a person has to be in the repository, where that does not follow from the needs.
    pub(super) role: Option<RepoRole>,
    /// Whether it makes something that the secondary limit counts.
    pub(super) makes: bool,
}

/// Who may call an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    Anybody,
    /// Whoever has a token.
    SignedIn,
    /// An App, by a token that it signed itself.
    App,
}

/// A row, as the files of operations write it.
pub(super) const fn route(method: &'static str, path: &'static str, docs: &'static str, operation: Operation) -> Route {
    Route { method, path, docs, operation, caller: Caller::Anybody, needs: &[], role: None, makes: false }
}

impl Route {
    pub(super) const fn app(self) -> Self {
        Self { caller: Caller::App, ..self }
    }

    pub(super) const fn signed_in(self) -> Self {
        Self { caller: Caller::SignedIn, ..self }
    }

    pub(super) const fn needs(self, needs: &'static [Need]) -> Self {
        Self { needs, ..self }
    }

    pub(super) const fn by(self, role: RepoRole) -> Self {
        Self { role: Some(role), ..self }
    }

    /// How much the first of the needs asks for.
    pub(super) fn wants(&self) -> Level {
        self.needs.first().map_or(Level::Read, |(_, level)| *level)
    }

    pub(super) const fn makes(self) -> Self {
        Self { makes: true, ..self }
    }
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let areas: &[&'static [Route]] = &[
        super::accounts::ROUTES,
        super::apps::ROUTES,
        super::branches::ROUTES,
        super::checks::ROUTES,
        super::comments::ROUTES,
        super::commits::ROUTES,
        super::contents::ROUTES,
        super::git_data::ROUTES,
        super::graphql::ROUTES,
        super::hooks::ROUTES,
        super::issues::ROUTES,
        super::members::ROUTES,
        super::meta::ROUTES,
        super::pulls::ROUTES,
        super::refs::ROUTES,
        super::repos::ROUTES,
        super::statuses::ROUTES,
        super::teams::ROUTES,
    ];
    areas.iter().flat_map(|area| area.iter().copied()).map(Row::of).collect()
});

struct Row {
    route: Route,
    parts: Vec<Part>,
}

enum Part {
    Fixed(&'static str),
    One(&'static str),
    Rest(&'static str),
}

impl Row {
    fn of(route: Route) -> Self {
        let part = |text: &'static str| match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
            Some(name) => name.strip_prefix('*').map_or(Part::One(name), Part::Rest),
            None => Part::Fixed(text),
        };
        Self { route, parts: route.path.split('/').skip(1).map(part).collect() }
    }

    /// How exactly the row fits: one digit a part, fixed parts first.
    fn fit(&self, segments: &[String]) -> Option<Vec<u8>> {
        let mut fit = Vec::with_capacity(self.parts.len());
        for (at, part) in self.parts.iter().enumerate() {
            match part {
                Part::Rest(_) => {
                    fit.push(2);
                    return Some(fit);
                }
                Part::Fixed(text) if segments.get(at).is_some_and(|segment| segment == text) => fit.push(0),
                Part::One(_) if segments.get(at).is_some_and(|segment| !segment.is_empty()) => fit.push(1),
                _ => return None,
            }
        }
        (segments.len() == self.parts.len()).then_some(fit)
    }

    fn params(&self, segments: &[String]) -> Vec<(&'static str, String)> {
        let params = self.parts.iter().enumerate().filter_map(|(at, part)| match part {
            Part::Fixed(_) => None,
            Part::One(name) => Some((*name, segments[at].clone())),
            Part::Rest(name) => Some((*name, segments.get(at..).unwrap_or_default().join("/"))),
        });
        params.collect()
    }
}

/// Finds the operation of a method and a path. `HEAD` is answered as `GET`.
pub(super) fn find(method: &Method, segments: &[String]) -> Option<(Route, Vec<(&'static str, String)>)> {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let fitting = TABLE.iter().filter(|row| row.route.method == method);
    let best = fitting.filter_map(|row| Some((row.fit(segments)?, row))).min_by(|a, b| a.0.cmp(&b.0))?.1;
    Some((best.route, best.params(segments)))
}
