//! Coming into teams and channels and leaving them, with all that goes with it.

use super::accounts::User;
use super::place_refusals::{domain_not_allowed, unknown_channel_member, unknown_team, unknown_team_member};
use super::place_rules::{TOWN_SQUARE, is_address_allowed};
use super::places::{Channel, ChannelRow, TeamRow};
use super::reply::{Refusal, refuse};
use super::world::World;

impl World {
    /// The channels that everybody of a team is in: town-square, and off-topic unless others are configured.
    pub(super) fn default_channel_names(&self) -> Vec<String> {
        let configured = self.config.list("TeamSettings", "ExperimentalDefaultChannels");
        let others = if configured.is_empty() { vec!["off-topic"] } else { configured };
        let mut names = vec![TOWN_SQUARE.to_owned()];
        for name in others {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        names
    }

    /// A team's channel of a name, archived or not.
    pub(super) fn channel_by_name(&self, team_id: &str, name: &str) -> Option<&Channel> {
        self.channels.values().find(|channel| channel.team_id == team_id && channel.name == name)
    }

    /// The live membership rows of a team.
    pub(super) fn members_of_team(&self, team_id: &str) -> impl Iterator<Item = &TeamRow> {
        let rows = self.team_rows.range((team_id.to_owned(), String::new())..);
        let rows = rows.take_while(move |((team, _), _)| team == team_id).map(|(_, row)| row);
        rows.filter(|row| row.delete_at == 0)
    }

    /// The membership rows of a channel.
    pub(super) fn members_of_channel(&self, channel_id: &str) -> impl Iterator<Item = &ChannelRow> {
        let rows = self.channel_rows.range((channel_id.to_owned(), String::new())..);
        rows.take_while(move |((channel, _), _)| channel == channel_id).map(|(_, row)| row)
    }

    fn has_place(&self, team_id: &str) -> bool {
        let limit = self.config.number("TeamSettings", "MaxUsersPerTeam");
        let is_below = |count: usize| i64::try_from(count).unwrap_or(i64::MAX) < limit;
        // Deactivated members take no place; who is active need only be asked when the rows are many enough.
        let is_active = |row: &&TeamRow| self.users.get(&row.user_id).is_some_and(User::is_active);
        is_below(self.members_of_team(team_id).count())
            || is_below(self.members_of_team(team_id).filter(is_active).count())
    }

    /// Puts somebody into a team and its default channels. Who is in already stays as she is.
    ///
    /// `by` is who added her where the server tells so: in a batch.
    pub(super) fn join_team(
        &mut self,
        team_id: &str,
        user_id: &str,
        by: Option<&str>,
        now: i64,
    ) -> Result<TeamRow, Refusal> {
        let team = self.teams.get(team_id).ok_or_else(unknown_team)?;
        let user = self.account(user_id)?.clone();
        let of_server = self.config.text("TeamSettings", "RestrictCreationToDomains");
        if !self.is_bot(user_id) && !is_address_allowed(&user.email, [&team.allowed_domains, of_server]) {
            return Err(domain_not_allowed("api.team.join_user_to_team.allowed_domains.app_error"));
        }
        // Whoever has the address of the team is its administrator: as a rule who made it.
        let is_admin = team.email == user.email;
        let key = (team_id.to_owned(), user_id.to_owned());
        match self.team_rows.get(&key) {
            Some(row) if row.delete_at == 0 => return Ok(row.clone()),
            Some(_) if !self.has_place(team_id) => {
                let message = "This team has reached the maximum number of allowed accounts. Contact your System \
                               Administrator to set a higher limit.";
                return Err(refuse(400, "app.team.join_user_to_team.max_accounts.app_error", message));
            }
            None if self.config.number("TeamSettings", "MaxUsersPerTeam") >= 0 && !self.has_place(team_id) => {
                let message = "Unable to create the new team membership because the team has reached the limit of \
                               members";
                return Err(refuse(400, "app.team.join_user_to_team.save_member.max_accounts.app_error", message));
            }
            _ => {}
        }
        let row = TeamRow {
            team_id: team_id.to_owned(),
            user_id: user_id.to_owned(),
            delete_at: 0,
            create_at: now,
            is_user: true,
            is_admin,
            explicit_roles: String::new(),
        };
        self.team_rows.insert(key, row.clone());
        self.touch(user_id, now);
        self.join_default_channels(team_id, &user, is_admin, by);
        Ok(row)
    }

    fn join_default_channels(&mut self, team_id: &str, user: &User, is_admin: bool, by: Option<&str>) {
        let by = by.and_then(|by| self.users.get(by)).cloned();
        for name in self.default_channel_names() {
            let channel = self.channel_by_name(team_id, &name);
            let Some(channel) = channel.filter(|channel| channel.delete_at == 0 && channel.kind == "O") else {
                continue;
            };
            let channel_id = channel.id.clone();
            if self.channel_member(&channel_id, &user.id).is_none() {
                self.enter(&channel_id, &user.id, is_admin);
            }
            if self.config.is_on("ServiceSettings", "ExperimentalEnableDefaultChannelLeaveJoinMessages") {
                self.tell_joined_default_channel(&channel_id, user, by.as_ref());
            }
        }
    }

    /// Takes somebody out of a team and all its channels. Only who never was in is refused.
    pub(super) fn leave_team(&mut self, team_id: &str, user_id: &str, by: &str, now: i64) -> Result<(), Refusal> {
        let user = self.account(user_id)?.clone();
        let key = (team_id.to_owned(), user_id.to_owned());
        if !self.team_rows.contains_key(&key) {
            let message = "The user does not appear to be part of this team.";
            return Err(refuse(400, "api.team.remove_user_from_team.missing.app_error", message));
        }
        let channels: Vec<String> =
            self.channels.values().filter(|channel| channel.team_id == team_id).map(|c| c.id.clone()).collect();
        for channel_id in channels {
            self.channel_rows.remove(&(channel_id, user_id.to_owned()));
        }
        let first = self.channel_by_name(team_id, TOWN_SQUARE).map(|channel| channel.id.clone());
        if self.config.is_on("ServiceSettings", "ExperimentalEnableDefaultChannelLeaveJoinMessages")
            && let Some(first) = first
        {
            self.tell_left_team(&first, &user, by == user_id);
        }
        if let Some(row) = self.team_rows.get_mut(&key) {
            row.delete_at = now;
        }
        self.touch(user_id, now);
        Ok(())
    }

    /// Puts somebody into a channel of her team, added by `by`. Who is in already stays as she is.
    pub(super) fn join_channel(&mut self, channel_id: &str, user_id: &str, by: &str) -> Result<ChannelRow, Refusal> {
        if let Some(row) = self.channel_member(channel_id, user_id) {
            return Ok(row.clone());
        }
        let user = self.account(user_id)?.clone();
        if !user.is_active() {
            let message = "Unable to add the user as a member of the channel.";
            return Err(refuse(403, "app.channel.add_member.deleted_user.app_error", message));
        }
        let team_id = self.channels.get(channel_id).map(|channel| channel.team_id.clone()).unwrap_or_default();
        let of_team = self.team_rows.get(&(team_id, user_id.to_owned())).ok_or_else(unknown_team_member)?;
        if of_team.delete_at > 0 {
            let message = "Failed to add user to channel because they have been removed from the team.";
            return Err(refuse(400, "api.channel.add_user.to.channel.failed.deleted.app_error", message));
        }
        let row = self.enter(channel_id, user_id, false);
        match self.users.get(by).filter(|by| by.id != user_id).cloned() {
            Some(by) => self.tell_added_to_channel(channel_id, &by, &user),
            None => self.tell_joined_channel(channel_id, &user),
        }
        Ok(row)
    }

    /// Makes the row of a member.
    pub(super) fn enter(&mut self, channel_id: &str, user_id: &str, is_admin: bool) -> ChannelRow {
        let row = ChannelRow::new(channel_id, user_id, is_admin, self.moment_later());
        self.channel_rows.insert((channel_id.to_owned(), user_id.to_owned()), row.clone());
        row
    }

    /// Takes somebody out of a channel. `by` is nobody where the server does it by itself.
    pub(super) fn leave_channel(&mut self, channel_id: &str, user_id: &str, by: Option<&str>) -> Result<(), Refusal> {
        let user = self.account(user_id)?.clone();
        if self.channels.get(channel_id).is_some_and(|channel| channel.name == TOWN_SQUARE) {
            let message = format!("Unable to remove user from the default channel {TOWN_SQUARE}.");
            return Err(refuse(400, "api.channel.remove.default.app_error", message));
        }
        let row = self.channel_rows.remove(&(channel_id.to_owned(), user_id.to_owned()));
        row.ok_or_else(unknown_channel_member)?;
        match by {
            Some(by) if by == user_id => self.tell_left_channel(channel_id, &user),
            by => self.tell_removed_from_channel(channel_id, by, &user),
        }
        Ok(())
    }

    /// Empties a team that is now bound to groups: without a licence nobody is in one. Bots stay.
    pub(super) fn empty_constrained_team(&mut self, team_id: &str, now: i64) {
        if self.teams.get(team_id).is_some_and(|team| team.delete_at == 0) {
            let people = self.members_of_team(team_id).filter(|row| !self.is_bot(&row.user_id));
            for user_id in people.map(|row| row.user_id.clone()).collect::<Vec<_>>() {
                // A refusal stops nobody but this one, and nobody is told of it.
                let _ = self.leave_team(team_id, &user_id, "", now);
            }
        }
    }

    /// Empties a channel that is now bound to groups. Bots stay, and town-square cannot be left.
    pub(super) fn empty_constrained_channel(&mut self, channel_id: &str) {
        let people = self.members_of_channel(channel_id).filter(|row| !self.is_bot(&row.user_id));
        for user_id in people.map(|row| row.user_id.clone()).collect::<Vec<_>>() {
            // As above.
            let _ = self.leave_channel(channel_id, &user_id, None);
        }
    }

    /// Joining and leaving a team counts as a change of the person.
    fn touch(&mut self, user_id: &str, now: i64) {
        if let Some(user) = self.users.get_mut(user_id) {
            user.update_at = now;
        }
    }
}
