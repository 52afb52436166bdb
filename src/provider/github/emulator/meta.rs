//! What the service says of itself: its root, its versions, its limits.

use serde_json::{Value, json};

use super::call::{Call, Who};
use super::reply::{Answer, Reply, not_found};
use super::routes::{Route, route};
use super::tokens::Grant;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/", "", root),
    route("GET", "/meta", "meta/meta#get-apiname-meta-information", meta),
    route("GET", "/versions", "meta/meta#get-all-api-versions", versions),
    route("GET", "/rate_limit", "rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user", rate_limit),
];

const LINKS: &[(&str, &str)] = &[
    ("current_user_url", "/user"),
    ("authorizations_url", "/authorizations"),
    ("code_search_url", "/search/code?q={query}{&page,per_page,sort,order}"),
    ("commit_search_url", "/search/commits?q={query}{&page,per_page,sort,order}"),
    ("emails_url", "/user/emails"),
    ("emojis_url", "/emojis"),
    ("events_url", "/events"),
    ("feeds_url", "/feeds"),
    ("followers_url", "/user/followers"),
    ("following_url", "/user/following{/target}"),
    ("gists_url", "/gists{/gist_id}"),
    ("hub_url", "/hub"),
    ("issue_search_url", "/search/issues?q={query}{&page,per_page,sort,order}"),
    ("issues_url", "/issues"),
    ("keys_url", "/user/keys"),
    ("notifications_url", "/notifications"),
    ("organization_url", "/orgs/{org}"),
    ("organization_repositories_url", "/orgs/{org}/repos{?type,page,per_page,sort}"),
    ("organization_teams_url", "/orgs/{org}/teams"),
    ("rate_limit_url", "/rate_limit"),
    ("repository_url", "/repos/{owner}/{repo}"),
    ("user_url", "/users/{user}"),
    ("user_organizations_url", "/user/orgs"),
];

fn root(_world: &mut World, call: &Call) -> Answer {
    let links = LINKS.iter().map(|(name, below)| ((*name).to_owned(), json!(format!("{}{below}", call.base))));
    Ok(Reply::json(200, Value::Object(links.collect())))
}

fn meta(world: &mut World, _call: &Call) -> Answer {
    let mut shown = json!({ "verifiable_password_authentication": false });
    if let Some(version) = &world.settings.enterprise_version {
        shown["installed_version"] = json!(version);
    }
    Ok(Reply::json(200, shown))
}

fn versions(_world: &mut World, _call: &Call) -> Answer {
    Ok(Reply::json(200, json!(["2026-03-10", "2022-11-28"])))
}

/// Costs nothing; missing where limits are off.
fn rate_limit(world: &mut World, call: &Call) -> Answer {
    let limits = world.settings.limits.clone().ok_or_else(not_found)?;
    let caller = match call.who {
        Who::Token(at) => match world.tokens.grant(at) {
            Grant::Installation { id, .. } => format!("installation ID {id}"),
            grant => format!("user ID {}", grant.account().unwrap_or_default()),
        },
        _ => String::new(),
    };
    let core = world.counters.standing(&caller, &limits, call.now).show();
    let mut shown = json!({ "resources": { "core": core }, "rate": core });
    if call.is_2026 {
        shown.as_object_mut().map(|fields| fields.shift_remove("rate"));
    }
    Ok(Reply::json(200, shown))
}
