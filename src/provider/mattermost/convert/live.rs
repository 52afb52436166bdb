//! From what the server shows to live objects.

use crate::engine::model::{Address, Field, Fields, Instance, Live, SINCE, Value};
use crate::provider::days;
use crate::provider::mattermost::api::wire::{Channel, Member, Team, User};
use crate::provider::mattermost::kinds;

/// An address of this provider, from the parts of its key.
pub fn address(instance: &Instance, kind: &str, parts: &[&str]) -> Address {
    Address::new(instance, kind, &parts.join("/"))
}

/// A team.
pub fn team(instance: &Instance, it: &Team) -> Live {
    let fields = fields([
        ("display_name", text(&it.display_name)),
        ("description", text(&it.description)),
        // Open for everybody means both (guide, section 5).
        ("open", Value::Bool(it.kind == "O" && it.allow_open_invite)),
        ("archived", Value::Bool(it.delete_at != 0)),
        ("group_constrained", Value::Bool(it.group_constrained)),
    ]);
    let outputs = self::fields([("name", Value::from(it.name.as_str()))]);
    live(address(instance, kinds::TEAM, &[&it.name]), Some(&it.id), fields, outputs)
}

/// A channel of a team that has this key.
pub fn channel(instance: &Instance, team: &str, it: &Channel) -> Live {
    let fields = fields([
        ("display_name", text(&it.display_name)),
        ("private", Value::Bool(it.kind == "P")),
        ("purpose", text(&it.purpose)),
        ("header", text(&it.header)),
        ("archived", Value::Bool(it.delete_at != 0)),
        ("group_constrained", Value::Bool(it.group_constrained)),
    ]);
    let outputs = self::fields([("name", Value::from(it.name.as_str()))]);
    live(address(instance, kinds::CHANNEL, &[team, &it.name]), Some(&it.id), fields, outputs)
}

/// An account. How it signs in is left out where it is hidden from us: then it looks as if it had a password.
pub fn user(instance: &Instance, it: &User) -> Live {
    let has_password = it.auth_service.is_empty();
    let email = text(&it.email.to_lowercase());
    let mut roles: Vec<&str> = it.roles.split_whitespace().collect();
    roles.sort_unstable();
    let mut fields = fields([
        ("username", Value::from(it.username.as_str())),
        ("email", email.clone()),
        ("initial_email", email),
        ("first_name", text(&it.first_name)),
        ("last_name", text(&it.last_name)),
        ("active", Value::Bool(it.is_active())),
        ("roles", text(&roles.join(" "))),
        (SINCE.name, days::of_millis(it.create_at)),
    ]);
    if !it.is_masked() {
        fields.extend(self::fields([
            ("auth_service", text(&it.auth_service)),
            ("auth_data", text(it.auth_data.as_deref().unwrap_or_default())),
            ("has_password", Value::Bool(has_password)),
        ]));
    }
    let outputs = self::fields([("username", Value::from(it.username.as_str()))]);
    live(address(instance, kinds::USER, &[&it.username]), Some(&it.id), fields, outputs)
}

/// A person in a team that has this key.
pub fn team_member(instance: &Instance, team: &str, user: &str, it: &Member) -> Live {
    let fields = fields([("administers", Value::Bool(it.scheme_admin))]);
    live(address(instance, kinds::TEAM_MEMBER, &[team, user]), None, fields, Fields::new())
}

/// A person in a channel that has this key.
pub fn channel_member(instance: &Instance, channel: &str, user: &str) -> Live {
    live(address(instance, kinds::CHANNEL_MEMBER, &[channel, user]), None, Fields::new(), Fields::new())
}

fn live(address: Address, id: Option<&str>, fields: Fields, outputs: Fields) -> Live {
    Live { address, external_id: id.map(str::to_owned), fields, outputs, mark: None }
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::from(text) }
}

fn fields<const N: usize>(values: [(&'static str, Value); N]) -> Fields {
    values.into_iter().map(|(name, value)| (Field::Borrowed(name), value)).collect()
}
