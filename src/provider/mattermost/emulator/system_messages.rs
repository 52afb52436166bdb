//! What the server writes into channels itself, in the name of who caused it.

use serde_json::{Map, Value, json};

use super::accounts::User;
use super::place_rules::TOWN_SQUARE;
use super::post_table::Post;
use super::world::World;

impl World {
    /// Writes a message of the server into a channel, in somebody's name.
    fn tell(&mut self, channel_id: &str, author: &str, kind: &str, message: String, props: Value) {
        let props = match props {
            Value::Object(props) => props,
            _ => Map::new(),
        };
        let create_at = self.moment_later();
        self.store_post(Post {
            create_at,
            user_id: author.to_owned(),
            channel_id: channel_id.to_owned(),
            message,
            kind: kind.to_owned(),
            props,
            ..Post::default()
        });
    }

    /// A message whose props name its author, as most do.
    fn tell_of(&mut self, channel_id: &str, author: &User, kind: &str, message: String) {
        self.tell(channel_id, &author.id, kind, message, json!({ "username": author.username }));
    }

    pub(super) fn tell_joined_channel(&mut self, channel_id: &str, user: &User) {
        self.tell_of(channel_id, user, "system_join_channel", format!("{} joined the channel.", user.username));
    }

    pub(super) fn tell_left_channel(&mut self, channel_id: &str, user: &User) {
        self.tell_of(channel_id, user, "system_leave_channel", format!("{} left the channel.", user.username));
    }

    /// Somebody was added by somebody else. Who was added is mentioned by it.
    pub(super) fn tell_added_to_channel(&mut self, channel_id: &str, by: &User, added: &User) {
        let message = format!("{} added to the channel by {}.", added.username, by.username);
        self.tell(channel_id, &by.id, "system_add_to_channel", message, added_props(by, added));
        if let Some(row) = self.channel_rows.get_mut(&(channel_id.to_owned(), added.id.clone())) {
            row.mention_count += 1;
            row.mention_count_root += 1;
        }
    }

    /// Somebody was removed, by somebody or by the server itself, which writes in its bot's name.
    pub(super) fn tell_removed_from_channel(&mut self, channel_id: &str, by: Option<&str>, removed: &User) {
        let bot = self.user_by_name("system-bot").map(|bot| bot.id.clone()).unwrap_or_default();
        let message = format!("@{} removed from the channel.", removed.username);
        let props = json!({ "removedUserId": removed.id, "removedUsername": removed.username });
        self.tell(channel_id, by.unwrap_or(&bot), "system_remove_from_channel", message, props);
    }

    /// Somebody joined a default channel along with the team: by herself, or added by `by`.
    pub(super) fn tell_joined_default_channel(&mut self, channel_id: &str, user: &User, by: Option<&User>) {
        let is_town_square = self.channels.get(channel_id).is_some_and(|channel| channel.name == TOWN_SQUARE);
        match by {
            None if is_town_square => {
                let message = format!("{} joined the team.", user.username);
                self.tell_of(channel_id, user, "system_join_team", message);
            }
            None => self.tell_joined_channel(channel_id, user),
            Some(by) if is_town_square => {
                let message = format!("{} added to the team by {}.", user.username, by.username);
                self.tell(channel_id, &by.id, "system_add_to_team", message, added_props(by, user));
            }
            Some(by) => self.tell_added_to_channel(channel_id, by, user),
        }
    }

    /// Somebody left a team, by herself or not: told in its first channel.
    pub(super) fn tell_left_team(&mut self, channel_id: &str, user: &User, by_herself: bool) {
        let (kind, words) = match by_herself {
            true => ("system_leave_team", "left the team."),
            false => ("system_remove_from_team", "removed from the team."),
        };
        self.tell_of(channel_id, user, kind, format!("{} {words}", user.username));
    }

    pub(super) fn tell_display_name(&mut self, channel_id: &str, by: &User, old: &str, new: &str) {
        let message = format!("{} updated the channel display name from: {old} to: {new}", by.username);
        let props = json!({ "username": by.username, "old_displayname": old, "new_displayname": new });
        self.tell(channel_id, &by.id, "system_displayname_change", message, props);
    }

    pub(super) fn tell_header(&mut self, channel_id: &str, by: &User, old: &str, new: &str) {
        let props = json!({ "username": by.username, "old_header": old, "new_header": new });
        self.tell(channel_id, &by.id, "system_header_change", changed("header", by, old, new), props);
    }

    pub(super) fn tell_purpose(&mut self, channel_id: &str, by: &User, old: &str, new: &str) {
        let props = json!({ "username": by.username, "old_purpose": old, "new_purpose": new });
        self.tell(channel_id, &by.id, "system_purpose_change", changed("purpose", by, old, new), props);
    }

    pub(super) fn tell_privacy(&mut self, channel_id: &str, by: &User, is_public: bool) {
        let message = match is_public {
            true => "This channel has been converted to a Public Channel and can be joined by any team member.",
            false => "This channel has been converted to a Private Channel.",
        };
        self.tell_of(channel_id, by, "system_change_chan_privacy", message.to_owned());
    }

    pub(super) fn tell_archived(&mut self, channel_id: &str, by: &User) {
        self.tell_of(channel_id, by, "system_channel_deleted", format!("{} archived the channel.", by.username));
    }

    pub(super) fn tell_restored(&mut self, channel_id: &str, by: &User) {
        self.tell_of(channel_id, by, "system_channel_restored", format!("{} unarchived the channel.", by.username));
    }
}

fn added_props(by: &User, added: &User) -> Value {
    json!({
        "userId": by.id, "username": by.username, "addedUserId": added.id, "addedUsername": added.username,
    })
}

fn changed(what: &str, by: &User, old: &str, new: &str) -> String {
    let name = &by.username;
    match (old, new) {
        ("", _) => format!("{name} updated the channel {what} to: {new}"),
        (_, "") => format!("{name} removed the channel {what} (was: {old})"),
        _ => format!("{name} updated the channel {what} from: {old} to: {new}"),
    }
}
