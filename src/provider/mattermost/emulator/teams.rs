//! Teams: created, changed, archived, restored, deleted for good.

use serde_json::{Value, json};

use super::bodies::{Fields, WrongKind};
use super::call::Call;
use super::place_refusals::{domain_not_allowed, unknown_team, unknown_team_name};
use super::place_rules::{check_team, domains, is_address_allowed, is_team_name};
use super::places::Team;
use super::reply::{Answer, Refusal, Reply, forbidden, invalid_body, invalid_url, refuse};
use super::routes::{Route, route};
use super::world::World;

pub(super) const ROUTES: &[Route] = &[
    route("POST", "/api/v4/teams", create),
    route("GET", "/api/v4/teams/{team_id}", get),
    route("PUT", "/api/v4/teams/{team_id}", update),
    route("DELETE", "/api/v4/teams/{team_id}", delete),
    route("PUT", "/api/v4/teams/{team_id}/patch", patch),
    route("PUT", "/api/v4/teams/{team_id}/privacy", set_privacy),
    route("POST", "/api/v4/teams/{team_id}/restore", restore),
    route("POST", "/api/v4/teams/{team_id}/regenerate_invite_id", regenerate_invite),
    route("GET", "/api/v4/teams/name/{team_name}", get_by_name),
    route("GET", "/api/v4/teams/name/{team_name}/exists", exists),
];

impl World {
    /// A team as JSON. Who may neither manage it nor invite sees neither its address nor its invitation.
    pub(super) fn show_team(&self, team: &Team, viewer: &str) -> Value {
        let shown = |text: &str, permission| match self.may_in_team(viewer, &team.id, permission) {
            true => text.to_owned(),
            false => String::new(),
        };
        json!({
            "id": team.id,
            "create_at": team.create_at,
            "update_at": team.update_at,
            "delete_at": team.delete_at,
            "display_name": team.display_name,
            "name": team.name,
            "description": team.description,
            "email": shown(&team.email, "manage_team"),
            "type": team.kind,
            "company_name": team.company_name,
            "allowed_domains": team.allowed_domains,
            "invite_id": shown(&team.invite_id, "invite_user"),
            "allow_open_invite": team.allow_open_invite,
            "scheme_id": null,
            "group_constrained": team.group_constrained,
            "policy_id": null,
            "cloud_limits_archived": false,
        })
    }

    pub(super) fn team_by_name(&self, name: &str) -> Option<&Team> {
        self.teams.values().find(|team| team.name == name)
    }

    fn team(&self, team_id: &str) -> Result<&Team, Refusal> {
        self.teams.get(team_id).ok_or_else(unknown_team)
    }

    /// Refuses a caller who lacks a permission in a team. Whether the team exists is not asked.
    pub(super) fn require_in_team(&self, call: &Call, team_id: &str, permission: &str) -> Result<(), Refusal> {
        if self.may_in_team(call.caller(), team_id, permission) { Ok(()) } else { Err(forbidden()) }
    }

    /// Stores a team that was changed, at the moment of the call.
    fn store_team(&mut self, mut team: Team, now: i64) -> Result<Team, Refusal> {
        check_team(&mut team)?;
        team.update_at = now;
        self.teams.insert(team.id.clone(), team.clone());
        Ok(team)
    }

    /// Refuses a team's domains that lie outside the server's own.
    fn check_domains(&self, team: &Team) -> Result<(), Refusal> {
        let of_server = domains(self.config.text("TeamSettings", "RestrictCreationToDomains"));
        let outside = domains(&team.allowed_domains).into_iter().find(|domain| !of_server.contains(domain));
        match outside.filter(|_| !of_server.is_empty()) {
            None => Ok(()),
            Some(domain) => {
                let message = format!(
                    "Restricting team to {domain} is not allowed by the system config. Please contact your system \
                     administrator."
                );
                Err(refuse(400, "api.team.update_restricted_domains.mismatch.app_error", message))
            }
        }
    }
}

/// What a body says of a team. `None` is said of what is not in it.
struct Told {
    display_name: Option<String>,
    description: Option<String>,
    company_name: Option<String>,
    allowed_domains: Option<String>,
    allow_open_invite: Option<bool>,
    group_constrained: Option<bool>,
}

impl Told {
    fn read(fields: &Fields) -> Result<Self, Refusal> {
        let wrong = |_: WrongKind| invalid_body("team");
        Ok(Told {
            display_name: fields.text("display_name").map_err(wrong)?,
            description: fields.text("description").map_err(wrong)?,
            company_name: fields.text("company_name").map_err(wrong)?,
            allowed_domains: fields.text("allowed_domains").map_err(wrong)?,
            allow_open_invite: fields.flag("allow_open_invite").map_err(wrong)?,
            group_constrained: fields.flag("group_constrained").map_err(wrong)?,
        })
    }
}

fn create(world: &mut World, call: &Call) -> Answer {
    let fields = call.fields()?.ok_or_else(|| invalid_body("team"))?;
    let wrong = |_: WrongKind| invalid_body("team");
    let told = Told::read(&fields)?;
    let id = fields.text_or_empty("id").map_err(wrong)?;
    let user = world.account(call.caller())?;
    let mut team = Team {
        create_at: call.now,
        update_at: call.now,
        // Taken from the body, so that a team can be born archived.
        delete_at: fields.whole("delete_at").map_err(wrong)?.unwrap_or(0),
        display_name: told.display_name.unwrap_or_default(),
        name: fields.text_or_empty("name").map_err(wrong)?,
        description: told.description.unwrap_or_default(),
        email: user.email.clone(),
        kind: fields.text_or_empty("type").map_err(wrong)?,
        company_name: told.company_name.unwrap_or_default(),
        allowed_domains: told.allowed_domains.unwrap_or_default(),
        allow_open_invite: told.allow_open_invite.unwrap_or(false),
        group_constrained: told.group_constrained,
        ..Team::default()
    };
    if !world.may(call.caller(), "create_team") {
        let message = "Team creation has been disabled. Please ask your System Administrator for details.";
        return Err(refuse(403, "api.team.is_team_creation_allowed.disabled.app_error", message));
    }
    let of_server = world.config.text("TeamSettings", "RestrictCreationToDomains");
    if !world.is_bot(call.caller()) && !is_address_allowed(&user.email, [&team.allowed_domains, of_server]) {
        return Err(domain_not_allowed("api.team.is_team_creation_allowed.domain.app_error"));
    }
    let taken = || refuse(400, "store.sql_team.save_team.existing.app_error", "A team with this URL already exists.");
    if !id.is_empty() {
        return Err(taken());
    }
    check_team(&mut team)?;
    if world.team_by_name(&team.name).is_some() {
        return Err(taken());
    }
    team.id = world.new_id();
    team.invite_id = world.new_id();
    world.teams.insert(team.id.clone(), team.clone());
    for name in world.default_channel_names() {
        let display_name = match name.as_str() {
            "town-square" => "Town Square",
            "off-topic" => "Off-Topic",
            name => name,
        };
        world.store_default_channel(&team.id, &name, display_name)?;
    }
    world.join_team(&team.id, call.caller(), None, call.now)?;
    let mut shown = world.show_team(&team, call.caller());
    // What was just made is not masked, even where its maker lacks the rights of an administrator there.
    shown["email"] = team.email.into();
    shown["invite_id"] = team.invite_id.into();
    Ok(Reply::json(201, shown))
}

fn get(world: &mut World, call: &Call) -> Answer {
    let team = world.team(call.id("team_id")?)?;
    let is_public = team.allow_open_invite && team.kind == "O";
    let may_look = world.may_in_team(call.caller(), &team.id, "view_team")
        || (is_public && world.may(call.caller(), "list_public_teams"));
    if !may_look {
        return Err(forbidden());
    }
    Ok(Reply::json(200, world.show_team(team, call.caller())))
}

/// The name in the path, in whatever case.
pub(super) fn team_name(call: &Call) -> Result<String, Refusal> {
    let name = call.param("team_name").to_lowercase();
    if is_team_name(&name) { Ok(name) } else { Err(invalid_url("team_name")) }
}

fn get_by_name(world: &mut World, call: &Call) -> Answer {
    let team = world.team_by_name(&team_name(call)?).ok_or_else(unknown_team_name)?;
    let is_public = team.allow_open_invite && team.kind == "O";
    if !is_public && !world.may_in_team(call.caller(), &team.id, "view_team") {
        return Err(forbidden());
    }
    Ok(Reply::json(200, world.show_team(team, call.caller())))
}

/// A team that the caller may not know of does not exist.
fn exists(world: &mut World, call: &Call) -> Answer {
    let exists = world.team_by_name(&team_name(call)?).is_some_and(|team| {
        let permission = if team.allow_open_invite { "list_public_teams" } else { "list_private_teams" };
        world.team_member(&team.id, call.caller()).is_some() || world.may(call.caller(), permission)
    });
    Ok(Reply::json(200, json!({ "exists": exists })))
}

/// The whole update: what is missing is emptied. Name, type and address cannot be changed.
fn update(world: &mut World, call: &Call) -> Answer {
    let id = call.id("team_id")?;
    let fields = call.fields()?.ok_or_else(|| invalid_body("team"))?;
    let told = Told::read(&fields)?;
    if fields.text_or_empty("id").map_err(|_| invalid_body("team"))? != id {
        return Err(invalid_body("id"));
    }
    world.require_in_team(call, id, "manage_team")?;
    let mut team = world.team(id)?.clone();
    let (open, domains) = (told.allow_open_invite.unwrap_or(false), told.allowed_domains.unwrap_or_default());
    if open != team.allow_open_invite || domains != team.allowed_domains {
        world.require_in_team(call, id, "invite_user")?;
    }
    team.display_name = told.display_name.unwrap_or_default();
    team.description = told.description.unwrap_or_default();
    team.company_name = told.company_name.unwrap_or_default();
    team.allowed_domains = domains;
    team.allow_open_invite = open;
    team.group_constrained = told.group_constrained;
    world.check_domains(&team)?;
    let team = world.store_team(team, call.now)?;
    Ok(Reply::json(200, world.show_team(&team, call.caller())))
}

fn patch(world: &mut World, call: &Call) -> Answer {
    let id = call.id("team_id")?;
    let told = Told::read(&call.fields()?.ok_or_else(|| invalid_body("team"))?)?;
    world.require_in_team(call, id, "manage_team")?;
    if told.allow_open_invite.is_some() || told.allowed_domains.is_some() {
        world.require_in_team(call, id, "invite_user")?;
    }
    let mut team = world.team(id)?.clone();
    let was_constrained = team.group_constrained == Some(true);
    let put = |place: &mut String, told: Option<String>| {
        if let Some(told) = told {
            *place = told;
        }
    };
    put(&mut team.display_name, told.display_name);
    put(&mut team.description, told.description);
    put(&mut team.company_name, told.company_name);
    put(&mut team.allowed_domains, told.allowed_domains);
    if let Some(open) = told.allow_open_invite {
        team.allow_open_invite = open;
        // Closing a team makes old invitations void, even if it was closed already.
        if !open {
            team.invite_id = world.new_id();
        }
    }
    team.group_constrained = told.group_constrained.or(team.group_constrained);
    world.check_domains(&team)?;
    let team = world.store_team(team, call.now)?;
    let shown = world.show_team(&team, call.caller());
    if team.group_constrained == Some(true) && !was_constrained {
        world.empty_constrained_team(&team.id, call.now);
    }
    Ok(Reply::json(200, shown))
}

fn set_privacy(world: &mut World, call: &Call) -> Answer {
    let id = call.id("team_id")?;
    let body = call.value_map();
    let kind = body.get("privacy").and_then(Value::as_str).filter(|kind| ["O", "I"].contains(kind));
    let kind = kind.ok_or_else(|| invalid_body("privacy"))?;
    world.require_in_team(call, id, "manage_team")?;
    world.require_in_team(call, id, "invite_user")?;
    let mut team = world.team(id)?.clone();
    let open = kind == "O";
    if !open && (team.allow_open_invite || team.kind != kind) {
        team.invite_id = world.new_id();
    }
    team.kind = kind.to_owned();
    team.allow_open_invite = open;
    let team = world.store_team(team, call.now)?;
    Ok(Reply::json(200, world.show_team(&team, call.caller())))
}

fn restore(world: &mut World, call: &Call) -> Answer {
    let id = call.id("team_id")?;
    world.require_in_team(call, id, "manage_team")?;
    let mut team = world.team(id)?.clone();
    team.delete_at = 0;
    let team = world.store_team(team, call.now)?;
    Ok(Reply::json(200, world.show_team(&team, call.caller())))
}

fn regenerate_invite(world: &mut World, call: &Call) -> Answer {
    let id = call.id("team_id")?;
    world.require_in_team(call, id, "manage_team")?;
    world.require_in_team(call, id, "invite_user")?;
    let mut team = world.team(id)?.clone();
    team.invite_id = world.new_id();
    let team = world.store_team(team, call.now)?;
    Ok(Reply::json(200, world.show_team(&team, call.caller())))
}

fn delete(world: &mut World, call: &Call) -> Answer {
    let id = call.id("team_id")?;
    world.require_in_team(call, id, "manage_team")?;
    if !call.asks("permanent") {
        let mut team = world.team(id)?.clone();
        team.delete_at = call.now;
        world.store_team(team, call.now)?;
        return Ok(Reply::ok());
    }
    if !world.config.is_on("ServiceSettings", "EnableAPITeamDeletion") {
        return Err(not_deletable(world, call));
    }
    world.team(id)?;
    let channels: Vec<String> =
        world.channels.values().filter(|channel| channel.team_id == id).map(|channel| channel.id.clone()).collect();
    for channel_id in channels {
        world.delete_channel_for_good(&channel_id);
    }
    world.team_rows.retain(|(team_id, _), _| team_id != id);
    world.teams.remove(id);
    Ok(Reply::ok())
}

/// An administrator is told which setting forbids it.
fn not_deletable(world: &World, call: &Call) -> Refusal {
    if world.users.get(call.caller()).is_some_and(|user| user.has_role("system_admin")) {
        let message = "Permanent team deletion feature is not enabled. ServiceSettings.EnableAPITeamDeletion must be \
                       set to true to use this command. See \
                       https://mattermost.com/pl/environment-configuration-settings for more information.";
        refuse(401, "api.user.delete_team.not_enabled.for_admin.app_error", message)
    } else {
        let message = "Permanent team deletion feature is not enabled. Please contact your System Administrator.";
        refuse(401, "api.user.delete_team.not_enabled.app_error", message)
    }
}
