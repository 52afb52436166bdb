//! The posts of a channel: a page of them, those around one, those since a moment.

use super::call::Call;
use super::config::VERSION;
use super::ids::is_id;
use super::paging::Page;
use super::post_table::Post;
use super::post_view::show_list;
use super::reply::{Answer, Reply, forbidden, invalid_body};
use super::routes::{Route, route};
use super::world::World;

/// How many posts a list since a moment holds at most.
const MOST_SINCE: usize = 1000;

pub(super) const ROUTES: &[Route] = &[route("GET", "/api/v4/channels/{channel_id}/posts", list)];

/// The newest first. With them come the threads that they belong to, which are not in the order.
fn list(world: &mut World, call: &Call) -> Answer {
    let channel_id = call.id("channel_id")?;
    let (after, before) = (call.ask("after"), call.ask("before"));
    for (name, id) in [("after", after), ("before", before)] {
        if !id.is_empty() && !is_id(id) {
            return Err(invalid_body(name));
        }
    }
    let since = match call.ask("since") {
        "" => 0,
        text => text.parse::<i64>().map_err(|_| invalid_body("since"))?,
    };
    let with_deleted = call.asks("include_deleted");
    if with_deleted {
        world.require(call, "manage_system")?;
    }
    world.channel(channel_id)?;
    if !world.may_read_channel(call.caller(), channel_id) {
        return Err(forbidden());
    }
    let mut all = world.posts.of_channel(channel_id);
    all.reverse();
    if since > 0 {
        // Deleted ones are among them, so that a client learns of it.
        let changed: Vec<&Post> = all.iter().copied().filter(|post| post.update_at > since).take(MOST_SINCE).collect();
        return Ok(Reply::json(200, show_list(&changed, &roots(&all, &changed), "", "")));
    }
    let tag = format!("{VERSION}.{}", all.iter().map(|post| post.update_at).max().unwrap_or(call.now));
    if call.header("if-none-match") == tag {
        return Ok(Reply::empty(304).header("etag", tag));
    }
    let shown: Vec<&Post> = all.into_iter().filter(|post| with_deleted || post.delete_at == 0).collect();
    let at = |id: &str| shown.iter().position(|post| post.id == id);
    let page = Page::of(call);
    let order: Vec<&Post> = match (at(after), at(before)) {
        (Some(at), _) => {
            // Those after a post are counted from it, and shown in the order of all.
            let newer: Vec<&Post> = shown[..at].iter().rev().copied().collect();
            page.cut(&newer).iter().rev().copied().collect()
        }
        (None, Some(at)) => page.cut(&shown[at + 1..]).to_vec(),
        (None, None) if after.is_empty() && before.is_empty() => page.cut(&shown).to_vec(),
        (None, None) => Vec::new(),
    };
    let neighbour = |post: Option<&&Post>, step: isize| {
        let at = post.and_then(|post| at(&post.id)).and_then(|at| at.checked_add_signed(step));
        at.and_then(|at| shown.get(at)).map_or("", |post| post.id.as_str())
    };
    let is_short = order.len() < usize::try_from(page.size).unwrap_or(0);
    let (mut next, mut previous) = (neighbour(order.first(), -1), neighbour(order.last(), 1));
    if !after.is_empty() {
        next = if is_short { "" } else { next };
        previous = if page.number == 0 { after } else { previous };
    } else if !before.is_empty() {
        next = if page.number == 0 { before } else { next };
        previous = if is_short { "" } else { previous };
    }
    let body = show_list(&order, &threads(&shown, &order), next, previous);
    Ok(Reply::json(200, body).header("etag", tag))
}

/// The posts of the threads in which some of these are answers.
fn threads<'p>(all: &[&'p Post], of: &[&Post]) -> Vec<&'p Post> {
    let is_in = |post: &&&Post| {
        of.iter().any(|known| !known.root_id.is_empty() && (known.root_id == post.id || known.root_id == post.root_id))
    };
    all.iter().filter(is_in).copied().collect()
}

/// The posts that some of these answer.
fn roots<'p>(all: &[&'p Post], of: &[&Post]) -> Vec<&'p Post> {
    all.iter().filter(|post| of.iter().any(|known| known.root_id == post.id)).copied().collect()
}
