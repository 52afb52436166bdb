//! Pages: how `page` and `per_page` are read, and the `Link` that tells a client where it stands (guide, section 1).

use serde_json::{Value, json};

use super::call::Call;
use super::reply::Reply;
use super::world::World;

const DEFAULT_SIZE: usize = 30;
const MOST: usize = 100;

/// The part of a list that a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// Counted from 1.
    pub(super) number: usize,
    pub(super) size: usize,
}

impl Page {
    /// Anything but a number counts as not said; too large a size is cut without a word.
    pub(super) fn of(call: &Call) -> Self {
        let asked = |name: &str| call.ask(name).parse::<usize>().unwrap_or(0);
        let size = match asked("per_page") {
            0 => DEFAULT_SIZE,
            size => size.min(MOST),
        };
        Self { number: asked("page").max(1), size }
    }

    /// The items of this page.
    pub(super) fn cut<T>(self, items: &[T]) -> &[T] {
        let start = (self.number - 1).saturating_mul(self.size).min(items.len());
        &items[start..(start + self.size).min(items.len())]
    }
}

/// A bare list: one page, rendered, with links.
pub(super) fn list<T>(world: &World, call: &Call, items: &[T], show: impl FnMut(&T) -> Value) -> Reply {
    let page = Page::of(call);
    linked(world, call, page, items.len(), page.cut(items).iter().map(show).collect())
}

/// A list in an envelope that tells how many there are.
pub(super) fn wrapped<T>(world: &World, call: &Call, name: &str, items: &[T], show: impl FnMut(&T) -> Value) -> Reply {
    let page = Page::of(call);
    let shown: Value = page.cut(items).iter().map(show).collect();
    linked(world, call, page, items.len(), json!({ "total_count": items.len(), name: shown }))
}

fn linked(world: &World, call: &Call, page: Page, total: usize, body: Value) -> Reply {
    let reply = Reply::json(200, body);
    let last = total.div_ceil(page.size);
    let mut links = Vec::new();
    if page.number > 1 {
        links.push((page.number - 1, "prev"));
    }
    if page.number < last {
        links.push((page.number + 1, "next"));
        links.push((last, "last"));
    }
    if page.number > 1 {
        links.push((1, "first"));
    }
    if last <= 1 && page.number == 1 {
        return reply;
    }
    let place = numeric(world, call);
    let links: Vec<String> = links
        .into_iter()
        .map(|(number, relation)| format!("<{}>; rel=\"{relation}\"", address(call, &place, number, false)))
        .collect();
    reply.header("link", links.join(", "))
}

/// A list that does not know its end: a full page leads on, even where nothing comes after it.
pub(super) fn unended<T>(call: &Call, items: &[T], show: impl FnMut(&T) -> Value) -> Reply {
    let page = Page::of(call);
    let shown = page.cut(items);
    let is_full = shown.len() == page.size;
    let reply = Reply::json(200, shown.iter().map(show).collect());
    if !is_full {
        return reply;
    }
    let next = address(call, &format!("{}{}", call.base, call.path), page.number + 1, true);
    reply.header("link", format!("<{next}>; rel=\"next\""))
}

/// The address by numbers, which links lead to: `/repositories/1000/issues`.
fn numeric(world: &World, call: &Call) -> String {
    let below = |skipped: usize| -> String {
        let parts: Vec<&str> = call.path.trim_start_matches('/').split('/').skip(skipped).collect();
        if parts.is_empty() { String::new() } else { format!("/{}", parts.join("/")) }
    };
    if call.repo != 0 && call.path.starts_with("/repos/") {
        return format!("{}/repositories/{}{}", call.base, call.repo, below(3));
    }
    if call.org != 0 && call.path.starts_with("/orgs/") {
        let team = world.team_of(call).filter(|_| !call.param("team_slug").is_empty());
        return match team {
            Some(team) => format!("{}/organizations/{}/team/{}{}", call.base, call.org, team.id, below(4)),
            None => format!("{}/organizations/{}{}", call.base, call.org, below(2)),
        };
    }
    format!("{}{}", call.base, call.path)
}

/// The address of another page, everything else as it was sent.
fn address(call: &Call, place: &str, number: usize, page_first: bool) -> String {
    let mut pairs: Vec<(String, String)> = call.query.iter().filter(|(name, _)| name != "page").cloned().collect();
    let page = ("page".to_owned(), number.to_string());
    if page_first {
        pairs.insert(0, page)
    } else {
        pairs.push(page)
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{place}?{query}")
}
