//! Bots: accounts that belong to a person, cannot sign in, and go with their owner.

use serde_json::{Map, Value, json};

use super::accounts::{Bot, User};
use super::call::Call;
use super::config::VERSION;
use super::paging::Page;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, refuse};
use super::routes::{Route, route};
use super::user_form::UserPatch;
use super::user_rules::{check_password, is_username};
use super::user_view::View;
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v4/bots", create),
    route("GET", "/api/v4/bots", list),
    route("GET", "/api/v4/bots/{bot_user_id}", get),
    route("PUT", "/api/v4/bots/{bot_user_id}", patch),
    route("POST", "/api/v4/bots/{bot_user_id}/disable", disable),
    route("POST", "/api/v4/bots/{bot_user_id}/enable", enable),
    route("POST", "/api/v4/bots/{bot_user_id}/assign/{user_id}", assign),
    route("POST", "/api/v4/bots/{bot_user_id}/convert_to_user", to_user),
    route("POST", "/api/v4/users/{user_id}/convert_to_bot", to_bot),
];

/// The bot that the server makes by itself, and how long after its start, in milliseconds.
const SYSTEM_BOT: &str = "system-bot";
const SYSTEM_BOT_AFTER: i64 = 5 * 60 * 1000;

/// What a call wants a bot to be called.
struct BotPatch {
    username: Option<String>,
    display_name: Option<String>,
    description: Option<String>,
}

impl BotPatch {
    fn of(call: &Call) -> Result<Self, Refusal> {
        let wrong = || invalid_body("bot");
        let value: Value = call.json()?.ok_or_else(wrong)?;
        let fields = call.fields()?.filter(|_| !value.is_null()).ok_or_else(wrong)?;
        let text = |name| fields.text(name).map_err(|_| wrong());
        Ok(BotPatch {
            username: text("username")?,
            display_name: text("display_name")?,
            description: text("description")?,
        })
    }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let patch = BotPatch::of(call)?;
    world.require(call, "create_bot")?;
    if world.is_bot(call.caller()) {
        return Err(forbidden());
    }
    if !world.config.is_on("ServiceSettings", "EnableBotAccountCreation") {
        return Err(refuse(403, "api.bot.create_disabled", "Bot creation has been disabled."));
    }
    let id = world.make_bot(
        &patch.username.unwrap_or_default(),
        &patch.display_name.unwrap_or_default(),
        &patch.description.unwrap_or_default(),
        call.caller(),
        call.now,
    )?;
    Ok(Reply::json(201, world.show_bot(world.bot(&id, true)?)))
}

/// Refuses a name, a display name or a description that a bot may not have.
fn check(username: &str, display_name: &str, description: &str) -> Result<(), Refusal> {
    let invalid =
        |field: &str, message: &str| Err(refuse(400, format!("model.bot.is_valid.{field}.app_error"), message));
    if !is_username(username) {
        return invalid("username", "Invalid username.");
    }
    if display_name.chars().count() > 64 {
        return invalid("user_id", "Invalid user id.");
    }
    if description.chars().count() > 1024 {
        return invalid("description", "Invalid description.");
    }
    Ok(())
}

fn list(world: &mut World, call: &Call) -> Answer {
    world.require(call, "read_others_bots")?;
    let is_gone = |owner: &str| world.users.get(owner).is_some_and(|user| !user.is_active());
    let mut bots: Vec<&Bot> = world.bots.values().collect();
    bots.retain(|bot| {
        (call.asks("include_deleted") || bot.delete_at == 0) && (!call.asks("only_orphaned") || is_gone(&bot.owner_id))
    });
    bots.sort_by_key(|bot| (bot.create_at, world.users.get(&bot.user_id).map(|user| &user.username)));
    let page = Page::of(call).cut(&bots);
    // The first of the newest, as the server finds it.
    let newest = page.iter().rev().max_by_key(|bot| bot.update_at);
    let (id, time) = newest.map_or(("0", 0), |bot| (bot.user_id.as_str(), bot.update_at));
    let tag = format!("{VERSION}.{id}.{time}.0.{}", page.len());
    if call.header("if-none-match") == tag {
        return Ok(Reply::empty(304).header("etag", tag));
    }
    Ok(Reply::json(200, page.iter().map(|bot| world.show_bot(bot)).collect()))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let bot = world.bot(call.id("bot_user_id")?, call.asks("include_deleted"))?;
    if !world.may(call.caller(), "read_others_bots") {
        return Err(no_bot());
    }
    let tag = format!("{VERSION}.{}.{}", bot.user_id, bot.update_at);
    if call.header("if-none-match") == tag {
        return Ok(Reply::empty(304).header("etag", tag));
    }
    Ok(Reply::json(200, world.show_bot(bot)))
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let id = call.id("bot_user_id")?.to_owned();
    let patch = BotPatch::of(call)?;
    world.may_manage_bot(call, &id)?;
    let bot = world.bot(&id, true)?.clone();
    let user = world.account(&id)?.clone();
    let username = patch.username.unwrap_or_else(|| user.username.clone());
    let display_name = patch.display_name.unwrap_or_else(|| user.first_name.clone());
    let description = patch.description.unwrap_or_else(|| bot.description.clone());
    if username == user.username && display_name == user.first_name && description == bot.description {
        return Ok(Reply::json(200, world.show_bot(&bot)));
    }
    let email = format!("{}@localhost", username.to_lowercase());
    world.store_user(
        User { username: username.clone(), first_name: display_name.clone(), email, ..user },
        true,
        call.now,
    )?;
    check(&username, &display_name, &description)?;
    world.bots.insert(id.clone(), Bot { description, update_at: call.now, ..bot });
    Ok(Reply::json(200, world.show_bot(world.bot(&id, true)?)))
}

fn disable(world: &mut World, call: &Call) -> Answer {
    switch(world, call, false)
}

fn enable(world: &mut World, call: &Call) -> Answer {
    switch(world, call, true)
}

fn switch(world: &mut World, call: &Call, active: bool) -> Answer {
    let id = call.id("bot_user_id")?.to_owned();
    world.may_manage_bot(call, &id)?;
    world.set_bot_active(&id, active, call.now)?;
    Ok(Reply::json(200, world.show_bot(world.bot(&id, true)?)))
}

fn assign(world: &mut World, call: &Call) -> Answer {
    let owner = call.user_id()?.to_owned();
    let id = call.id("bot_user_id")?.to_owned();
    world.may_manage_bot(call, &id)?;
    if world.is_bot(&owner) {
        return Err(forbidden());
    }
    let bot = world.bot(&id, true)?.clone();
    world.bots.insert(id.clone(), Bot { owner_id: owner, update_at: call.now, ..bot });
    Ok(Reply::json(200, world.show_bot(world.bot(&id, true)?)))
}

/// Makes a bot of a person, who keeps address, tokens and memberships, and owns herself.
fn to_bot(world: &mut World, call: &Call) -> Answer {
    let id = call.user_id()?.to_owned();
    let user = world.account(&id)?.clone();
    world.require(call, "manage_system")?;
    if !user.auth_service.is_empty() {
        world.hand_over(&id, "", None, call.now)?;
    }
    if world.is_bot(&id) {
        return Err(refuse(500, "app.bot.createbot.internal_error", "Unable to save the bot."));
    }
    let bot = Bot {
        user_id: id.clone(),
        description: String::new(),
        owner_id: id.clone(),
        create_at: call.now,
        update_at: call.now,
        delete_at: 0,
    };
    world.bots.insert(id.clone(), bot.clone());
    world.end_sessions(&id);
    let mut shown = world.show_bot(&bot);
    shown["display_name"] = json!(user.username);
    Ok(Reply::json(200, shown))
}

fn to_user(world: &mut World, call: &Call) -> Answer {
    let id = call.id("bot_user_id")?.to_owned();
    world.bot(&id, false)?;
    let wrong = || invalid_body("userPatch");
    let patch = UserPatch::read(&call.fields()?.ok_or_else(wrong)?).map_err(|_| wrong())?;
    let password = patch.password.clone().filter(|password| !password.is_empty()).ok_or_else(wrong)?;
    world.require(call, "manage_system")?;
    let mut user = world.account(&id)?.clone();
    if call.asks("set_system_admin") && !user.has_role(super::rights::SYSTEM_ADMIN) {
        user.roles = format!("{} {}", user.roles, super::rights::SYSTEM_ADMIN);
    }
    check_password(&world.config, &password)?;
    patch.apply(&mut user);
    world.store_user(user, true, call.now)?;
    if let Some(user) = world.users.get_mut(&id) {
        user.password = Some(password);
    }
    // The answer still calls it a bot.
    let shown = world.show_user(world.account(&id)?, View::Whole);
    world.bots.remove(&id);
    Ok(Reply::json(200, shown))
}

/// 404: no bot has this identifier, or the caller may not know of it.
fn no_bot() -> Refusal {
    refuse(404, "store.sql_bot.get.missing.app_error", "Bot does not exist.")
}

impl World {
    /// A bot that is enabled, or any.
    pub(super) fn bot(&self, id: &str, any: bool) -> Result<&Bot, Refusal> {
        self.bots.get(id).filter(|bot| any || bot.delete_at == 0).ok_or_else(no_bot)
    }

    /// Only administrators manage bots without a licence, their own ones too: no other role has the right.
    pub(super) fn may_manage_bot(&self, call: &Call, id: &str) -> Result<(), Refusal> {
        self.bot(id, true)?;
        if self.may(call.caller(), "manage_others_bots") { Ok(()) } else { Err(no_bot()) }
    }

    /// Makes a bot and the account that it acts by.
    fn make_bot(
        &mut self,
        username: &str,
        display_name: &str,
        description: &str,
        owner: &str,
        now: i64,
    ) -> Result<String, Refusal> {
        check(username, display_name, description)?;
        let user = User {
            username: username.to_owned(),
            email: format!("{username}@localhost"),
            first_name: display_name.to_owned(),
            roles: super::rights::SYSTEM_USER.to_owned(),
            ..User::default()
        };
        let id = self.save_user(user, "", now)?;
        let bot = Bot {
            user_id: id.clone(),
            description: description.to_owned(),
            owner_id: owner.to_owned(),
            create_at: now,
            update_at: now,
            delete_at: 0,
        };
        self.bots.insert(id.clone(), bot);
        Ok(id)
    }

    /// Makes the bot that the server has of its own, some minutes after its start, once there is an administrator.
    pub(super) fn make_system_bot_in_time(&mut self, now: i64) {
        if now < self.started_at + SYSTEM_BOT_AFTER || self.user_by_name(SYSTEM_BOT).is_some() {
            return;
        }
        let admin = self.users.values().find(|user| user.has_role(super::rights::SYSTEM_ADMIN));
        if let Some(owner) = admin.map(|user| user.id.clone()) {
            // Somebody may have its name or address; then there is none.
            let _ = self.make_bot(SYSTEM_BOT, "System", "", &owner, now);
        }
    }

    /// Enables or disables a bot: its account first, then its record, which may be so already.
    pub(super) fn set_bot_active(&mut self, id: &str, active: bool, now: i64) -> Result<(), Refusal> {
        self.set_active(id, active, now)?;
        if let Some(bot) = self.bots.get_mut(id)
            && active != (bot.delete_at == 0)
        {
            bot.delete_at = if active { 0 } else { now };
            bot.update_at = now;
        }
        Ok(())
    }

    fn show_bot(&self, bot: &Bot) -> Value {
        let user = self.users.get(&bot.user_id);
        let mut shown = Map::new();
        let mut put = |key: &str, value: Value| {
            shown.insert(key.to_owned(), value);
        };
        put("user_id", bot.user_id.as_str().into());
        put("username", user.map_or("", |user| &user.username).into());
        let display_name = user.map_or("", |user| &user.first_name);
        if !display_name.is_empty() {
            put("display_name", display_name.into());
        }
        if !bot.description.is_empty() {
            put("description", bot.description.as_str().into());
        }
        put("owner_id", bot.owner_id.as_str().into());
        put("create_at", bot.create_at.into());
        put("update_at", bot.update_at.into());
        put("delete_at", bot.delete_at.into());
        Value::Object(shown)
    }
}
