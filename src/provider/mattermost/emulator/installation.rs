//! A new server: what it is configured to, and the one account that it may begin with.

use chrono::{DateTime, Utc};

use super::accounts::{AccessToken, User};
use super::rate_limit::Limiter;
use super::settings::{Person, Settings};
use super::user_rules::{default_notify_props, default_timezone};
use super::world::World;

/// The administrator that a server begins with. The identifier is the one that the recordings name in words.
const ADMIN_ID: &str = "omzy8sp1ntfq7nru3kadqy9ryh";
const ADMIN_NAME: &str = "sysadmin";
const ADMIN_PASSWORD: &str = "Sysadmin-pass-1";
const PASSWORD: &str = "Correct-horse-1";
const ADMIN_TOKEN: &str = "sandboxadm1n1stratortoken9";

/// What the recordings call their first principal, and the secret that it sends.
pub(super) fn initial_credentials(settings: &Settings) -> Option<(&'static str, &'static str)> {
    (!settings.is_empty).then_some(("admin token", ADMIN_TOKEN))
}

impl World {
    /// A new server as `settings` describe it.
    pub(super) fn installed(now: DateTime<Utc>, settings: &Settings) -> Self {
        let mut world = World::empty();
        for (section, values) in settings.config.as_object().into_iter().flatten() {
            for (setting, value) in values.as_object().into_iter().flatten() {
                world.config.set(section, setting, value.clone());
            }
        }
        let now = world.moment(now);
        world.is_licensed = settings.is_licensed;
        world.started_at = now - settings.running_for.num_milliseconds();
        if !settings.is_empty {
            world.add_administrator(now);
        }
        for person in &settings.people {
            world.add_person(person);
        }
        world.limiter = Limiter::of(&world.config);
        world
    }

    /// Adds somebody as if an administrator had made the account.
    fn add_person(&mut self, person: &Person) {
        let (auth_service, auth_data) = person.auth.clone().unzip();
        let password = if auth_service.is_some() { "" } else { PASSWORD };
        let user = User {
            username: person.username.clone(),
            email: format!("{}@acme.example", person.username),
            auth_service: auth_service.unwrap_or_default(),
            auth_data,
            remote_id: Some(String::new()),
            ..User::default()
        };
        let now = self.moment_later();
        let made = self.create_user(user, password, now).expect("the people of an installation are valid and few");
        if let Some(id) = &person.id
            && let Some(user) = self.users.remove(&made)
        {
            self.users.insert(id.clone(), User { id: id.clone(), ..user });
        }
    }

    fn add_administrator(&mut self, now: i64) {
        let admin = User {
            id: ADMIN_ID.to_owned(),
            create_at: now,
            update_at: now,
            username: ADMIN_NAME.to_owned(),
            password: Some(ADMIN_PASSWORD.to_owned()),
            email: format!("{ADMIN_NAME}@acme.example"),
            roles: "system_admin system_user".to_owned(),
            notify_props: default_notify_props(),
            last_password_update: now,
            locale: "en".to_owned(),
            timezone: Some(default_timezone()),
            remote_id: Some(String::new()),
            ..User::default()
        };
        self.users.insert(admin.id.clone(), admin);
        let id = self.new_id();
        self.tokens.push(AccessToken {
            id,
            secret: ADMIN_TOKEN.to_owned(),
            user_id: ADMIN_ID.to_owned(),
            description: "formulary".to_owned(),
            is_active: true,
        });
    }
}
