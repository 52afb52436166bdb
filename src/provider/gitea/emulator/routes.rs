//! The table of operations, and how a path finds its row.

use std::sync::LazyLock;

use axum::http::Method;

use super::call::Call;
use super::gates::Gate;
use super::reply::Answer;
use super::world::World;

/// An operation: the whole of what happens once the gates have let a call pass.
pub(super) type Operation = fn(&mut World, &Call) -> Answer;

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    method: &'static str,
    /// `{name}` stands for one part of the path, `{*name}` at the end for all that is left, at least one.
    path: &'static str,
    pub(super) gates: &'static [Gate],
    pub(super) operation: Operation,
}

/// A row, as the files of operations write it.
pub(super) const fn route(
    method: &'static str,
    path: &'static str,
    gates: &'static [Gate],
    operation: Operation,
) -> Route {
    Route { method, path, gates, operation }
}

/// What a method and a path lead to.
pub(super) enum Match {
    Route(Route, Vec<(&'static str, String)>),
    /// The path is known under these methods only.
    OtherMethods(Vec<&'static str>),
    Nothing,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let areas: &[&'static [Route]] = &[
        super::admin_tasks::ROUTES,
        super::admin_users::ROUTES,
        super::branches::ROUTES,
        super::changes::ROUTES,
        super::collaborators::ROUTES,
        super::comments::ROUTES,
        super::contents::ROUTES,
        super::emails::ROUTES,
        super::hooks::ROUTES,
        super::issues::ROUTES,
        super::keys::ROUTES,
        super::merges::ROUTES,
        super::org_members::ROUTES,
        super::orgs::ROUTES,
        super::profiles::ROUTES,
        super::protections::ROUTES,
        super::pulls::ROUTES,
        super::repo_copies::ROUTES,
        super::repo_create::ROUTES,
        super::repo_edit::ROUTES,
        super::repo_lists::ROUTES,
        super::statuses::ROUTES,
        super::team_members::ROUTES,
        super::team_repos::ROUTES,
        super::teams::ROUTES,
        super::templates::ROUTES,
        super::tokens::ROUTES,
        super::topics::ROUTES,
        super::user_lists::ROUTES,
    ];
    let imitated = areas.iter().flat_map(|area| area.iter().copied());
    imitated.chain(super::not_imitated::routes()).map(Row::of).collect()
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
                Part::Rest(_) if segments.len() > at => {
                    fit.push(2);
                    return Some(fit);
                }
                Part::Fixed(text) if segments.get(at).is_some_and(|segment| segment == text) => fit.push(0),
                Part::One(_) if segments.get(at).is_some() => fit.push(1),
                _ => return None,
            }
        }
        (segments.len() == self.parts.len()).then_some(fit)
    }

    fn params(&self, segments: &[String]) -> Vec<(&'static str, String)> {
        let params = self.parts.iter().enumerate().filter_map(|(at, part)| match part {
            Part::Fixed(_) => None,
            Part::One(name) => Some((*name, segments[at].clone())),
            Part::Rest(name) => Some((*name, segments[at..].join("/"))),
        });
        params.collect()
    }
}

/// Finds the operation of a method and a path. `HEAD` is answered as `GET`.
pub(super) fn find(method: &Method, segments: &[String]) -> Match {
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let mut best: Option<(Vec<u8>, Vec<&'static Row>)> = None;
    for row in TABLE.iter() {
        let Some(fit) = row.fit(segments) else {
            continue;
        };
        match &mut best {
            Some((known, rows)) if *known == fit => rows.push(row),
            Some((known, _)) if *known < fit => {}
            _ => best = Some((fit, vec![row])),
        }
    }
    let Some((_, rows)) = best else {
        return Match::Nothing;
    };
    match rows.iter().find(|row| row.route.method == method) {
        Some(row) => Match::Route(row.route, row.params(segments)),
        None => {
            let known = ["GET", "POST", "PUT", "PATCH", "DELETE"];
            let is_known = |method: &&str| rows.iter().any(|row| row.route.method == *method);
            Match::OtherMethods(known.into_iter().filter(is_known).collect())
        }
    }
}
