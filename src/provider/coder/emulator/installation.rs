//! What a new installation begins with: the accounts that the recordings call their principals.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::accounts::{Key, User};
use super::settings::Settings;
use super::world::World;
use crate::provider::emulator::Credentials;

/// The password of every account that is there from the beginning.
pub(super) const PASSWORD: &str = "SomeSecurePassword!23";

/// Username, name, site roles, organisation roles.
type Person = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const PEOPLE: [Person; 7] = [
    ("admin", "Ada Admin", &["owner"], &[]),
    ("formulary", "Formulary", &["user-admin", "template-admin"], &["organization-admin"]),
    ("ulla", "Ulla User-Admin", &["user-admin"], &[]),
    ("tom", "Tom Template-Admin", &["template-admin"], &[]),
    ("olga", "Olga Org-Admin", &[], &["organization-admin"]),
    ("alice", "Alice Example", &[], &[]),
    ("bob", "Bob Example", &[], &[]),
];

/// Who the recordings say calls, where that is not the username.
const DAEMON: (&str, &str) = ("daemon", "formulary");

impl World {
    /// A new installation as `settings` describe it.
    pub(super) fn installed(now: DateTime<Utc>, settings: &Settings) -> Self {
        let mut world = World::empty(settings.clone(), now);
        if settings.is_empty {
            return world;
        }
        for (n, (username, name, site, organization)) in (0..).zip(PEOPLE) {
            // One after the other, so that the order of creation can be told by time.
            let moment = now - Duration::microseconds(100 - n);
            let id = world.ids.uuid();
            let user = User {
                id: id.clone(),
                username: username.to_owned(),
                email: format!("{username}@acme.example"),
                name: name.to_owned(),
                avatar_url: String::new(),
                password: PASSWORD.to_owned(),
                status: "active".to_owned(),
                login_type: "password".to_owned(),
                roles: site.iter().map(|role| (*role).to_owned()).collect(),
                created_at: moment,
                updated_at: moment,
                last_seen_at: Some(moment),
                is_deleted: false,
                linked_id: None,
                claims: Value::Null,
                external_auth: Vec::new(),
            };
            world.users.insert(id.clone(), user);
            world.join(&id, moment);
            if let Some(row) = world.organization.members.get_mut(&id) {
                row.roles = organization.iter().map(|role| (*role).to_owned()).collect();
            }
            let (key_id, secret) = token_of(n);
            world.keys.insert(key_id.clone(), first_key(key_id, secret, id, moment));
        }
        world
    }
}

/// The tokens that the first accounts have, by the name of their principal.
pub(super) fn initial_credentials(settings: &Settings) -> Credentials {
    if settings.is_empty {
        return Credentials::new();
    }
    let people = (0..).zip(PEOPLE).map(|(n, (username, ..))| {
        let (id, secret) = token_of(n);
        let principal = if username == DAEMON.1 { DAEMON.0 } else { username };
        (principal.to_owned(), BTreeMap::from([("Coder-Session-Token".to_owned(), format!("{id}-{secret}"))]))
    });
    people.collect()
}

fn token_of(n: i64) -> (String, String) {
    (format!("sandboxid{n}"), format!("sandboxsandboxsecret0{n}"))
}

fn first_key(id: String, secret: String, user_id: String, now: DateTime<Utc>) -> Key {
    Key {
        id,
        secret,
        user_id,
        login_type: "token".to_owned(),
        token_name: "lab".to_owned(),
        scopes: vec!["coder:all".to_owned()],
        lifetime_seconds: 17_280_000,
        created_at: now,
        updated_at: now,
        expires_at: now + Duration::days(200),
        last_used: None,
    }
}
