//! How accounts are shown, the caller's own profile, and the few facts that the server tells everybody.

use serde_json::{Value, json};

use super::call::{Call, EPOCH, ZERO_TIME, stamp};
use super::forms::{Form, Kind, Rule, plain, ruled};
use super::gates::Gate;
use super::paging::{DEFAULT_SIZE, MOST};
use super::reply::{Answer, Reply, not_found};
use super::routes::{Route, route};
use super::scopes::Category;
use super::world::{Account, World};

const OWN: &[Gate] = &[Gate::Scope(&[Category::User]), Gate::SignedIn];

pub(super) const ROUTES: &[Route] = &[
    route("GET", "/version", &[], version),
    route("GET", "/settings/api", &[], api_settings),
    route("GET", "/user", OWN, own),
    route("GET", "/user/settings", OWN, own_settings),
    route("PATCH", "/user/settings", OWN, edit_own_settings),
    route("GET", "/users/{username}", &[Gate::Scope(&[Category::User]), Gate::VisibleUser], by_name),
];

/// The release that is imitated.
pub(super) const RELEASE: &str = "1.27.0";

/// The id under which the works of deleted accounts are kept.
pub(super) const GHOST: i64 = -1;

impl World {
    /// An account as `viewer` may see it.
    pub(super) fn show(&self, call: &Call, account: &Account, viewer: Option<i64>) -> Value {
        let is_authorised = viewer == Some(account.id) || self.is_site_admin(viewer);
        render(call, account, viewer.is_some(), is_authorised)
    }

    /// An account as every object shows it whose reader has some right to that object.
    pub(super) fn show_embedded(&self, call: &Call, id: i64) -> Value {
        self.accounts.get(id).map_or_else(|| ghost(call), |account| render(call, account, true, false))
    }

    /// An account as strangers see it: the author of a comment or status.
    pub(super) fn show_to_strangers(&self, call: &Call, id: i64) -> Value {
        self.accounts.get(id).map_or_else(|| ghost(call), |account| render(call, account, false, false))
    }
}

/// Without authority the private fields are there with zero values; without a sign-in the address is a placeholder.
fn render(call: &Call, account: &Account, is_signed_in: bool, is_authorised: bool) -> Value {
    let shown = is_signed_in && (!account.hide_email || is_authorised);
    let email = if shown {
        account.email.clone()
    } else {
        format!("{}+{}@noreply.{}", account.id, account.name.to_lowercase(), call.domain())
    };
    let private = |text: &str| {
        if is_authorised { text.to_owned() } else { String::new() }
    };
    json!({
        "id": account.id,
        "login": account.name,
        "login_name": private(&account.login_name),
        "source_id": if is_authorised { account.source_id } else { 0 },
        "full_name": account.full_name,
        "email": email,
        "avatar_url": format!("{}/avatars/{}", call.base, account.avatar),
        "html_url": format!("{}/{}", call.base, account.name),
        "language": private(&account.language),
        "is_admin": is_authorised && account.is_admin,
        // Nobody signs in to an emulator, so the true value is always "never".
        "last_login": if is_authorised { EPOCH } else { ZERO_TIME },
        "created": stamp(account.created),
        "restricted": account.is_restricted,
        "active": is_authorised && account.is_active,
        "prohibit_login": is_authorised && account.prohibit_login,
        "location": account.location,
        "website": account.website,
        "description": account.description,
        "visibility": account.visibility,
        "followers_count": 0,
        "following_count": 0,
        "starred_repos_count": 0,
        "username": account.name,
    })
}

fn ghost(call: &Call) -> Value {
    let mut account = Account::new("Ghost", chrono::DateTime::UNIX_EPOCH);
    account.id = GHOST;
    let mut shown = render(call, &account, false, false);
    shown["avatar_url"] = Value::from(format!("{}/assets/img/avatar_default.png", call.base));
    shown
}

fn version(_: &mut World, _: &Call) -> Answer {
    Ok(Reply::json(200, json!({"version": RELEASE})))
}

fn api_settings(_: &mut World, _: &Call) -> Answer {
    Ok(Reply::json(
        200,
        json!({
            "max_response_items": MOST,
            "default_paging_num": DEFAULT_SIZE,
            "default_git_trees_per_page": 1000,
            "default_max_blob_size": 10_485_760,
            "default_max_response_size": 104_857_600,
        }),
    ))
}

fn own(world: &mut World, call: &Call) -> Answer {
    let account = world.accounts.at(call.doer.unwrap_or_default());
    Ok(Reply::json(200, world.show(call, account, call.doer)))
}

fn by_name(world: &mut World, call: &Call) -> Answer {
    let account = world.accounts.at(call.user);
    if !world.can_look_up(account, call.doer) {
        return Err(not_found());
    }
    Ok(Reply::json(200, world.show(call, account, call.doer)))
}

fn own_settings(world: &mut World, call: &Call) -> Answer {
    Ok(Reply::json(200, show_settings(world.accounts.at(call.doer.unwrap_or_default()))))
}

static SETTINGS: Form = Form {
    name: "UserSettingsOptions",
    fields: &[
        ruled("full_name", "FullName", Kind::Text, &[Rule::MaxSize(100)]),
        ruled("website", "Website", Kind::Text, &[Rule::Url, Rule::MaxSize(255)]),
        ruled("description", "Description", Kind::Text, &[Rule::MaxSize(255)]),
        ruled("location", "Location", Kind::Text, &[Rule::MaxSize(50)]),
        plain("language", "Language", Kind::Text),
        plain("theme", "Theme", Kind::Text),
        plain("diff_view_style", "DiffViewStyle", Kind::Text),
        plain("hide_email", "HideEmail", Kind::Flag),
        plain("hide_activity", "HideActivity", Kind::Flag),
    ],
};

fn edit_own_settings(world: &mut World, call: &Call) -> Answer {
    let form = call.form(&SETTINGS)?;
    let account = world.accounts.at_mut(call.doer.unwrap_or_default());
    let fields: [(&str, &mut String); 7] = [
        ("full_name", &mut account.full_name),
        ("website", &mut account.website),
        ("description", &mut account.description),
        ("location", &mut account.location),
        ("language", &mut account.language),
        ("theme", &mut account.theme),
        ("diff_view_style", &mut account.diff_view_style),
    ];
    for (name, field) in fields {
        if let Some(text) = form.sent_text(name) {
            *field = text;
        }
    }
    account.hide_email = form.sent_flag("hide_email").unwrap_or(account.hide_email);
    account.hide_activity = form.sent_flag("hide_activity").unwrap_or(account.hide_activity);
    account.email = account.email.to_lowercase();
    world.accounts.tick(call.doer.unwrap_or_default(), call.now, false);
    own_settings(world, call)
}

fn show_settings(account: &Account) -> Value {
    json!({
        "full_name": account.full_name,
        "website": account.website,
        "description": account.description,
        "location": account.location,
        "language": account.language,
        "theme": account.theme,
        "diff_view_style": account.diff_view_style,
        "hide_email": account.hide_email,
        "hide_activity": account.hide_activity,
    })
}
