//! Reading one account.

use super::call::Call;
use super::reply::{Answer, Reply, refuse};
use super::routes::{Route, route};
use super::user_view::{View, tag};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[route("GET", "/api/v4/users/{user_id}", get)];

fn get(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?;
    let user = world.users.get(id);
    let user = user.ok_or_else(|| refuse(404, "app.user.missing_account.const", "Unable to find the user."))?;
    let tag = tag(user);
    if call.header("if-none-match") == tag {
        return Ok(Reply::empty(304).header("etag", tag));
    }
    let view = if id == call.caller() { View::Own } else { View::of_others(world, call) };
    Ok(Reply::json(200, world.show_user(user, view)).header("etag", tag))
}
