//! Writing accounts: what is folded, checked and reset on the way into the table, and what must be unique there.

use serde_json::Value;

use super::accounts::User;
use super::mail::MailAbout;
use super::reply::{Refusal, refuse};
use super::user_rules::{check, check_password, default_notify_props, default_timezone, is_in_domains};
use super::world::World;

/// How many people may be active without a licence. Bots and people of other servers do not count.
pub(super) const HARD_LIMIT: usize = 250;
/// From how many people on the server warns its administrators.
pub(super) const SOFT_LIMIT: usize = 200;

/// Why a write was not done.
#[derive(Debug)]
pub(super) enum Clash {
    Username,
    Email,
    /// The database refuses for a reason that the server does not tell apart.
    Unmapped,
}

/// 400: the name belongs to somebody, active or not.
pub(super) fn username_exists() -> Refusal {
    refuse(400, "app.user.save.username_exists.app_error", "An account with that username already exists.")
}

/// 400: the address belongs to somebody, active or not.
pub(super) fn email_exists(email: &str) -> Refusal {
    let refusal = refuse(400, "app.user.save.email_exists.app_error", "An account with that email already exists.");
    refusal.detail(format!("invalid input: entity: User field: email value: {email}"))
}

impl World {
    /// How many people are active.
    pub(super) fn active_people(&self) -> usize {
        let counts = |user: &&User| user.is_active() && !user.is_remote() && !self.is_bot(&user.id);
        self.users.values().filter(counts).count()
    }

    /// Whether one more cannot be active.
    pub(super) fn is_full(&self) -> bool {
        !self.is_licensed && self.active_people() >= HARD_LIMIT
    }

    /// Makes an account as an administrator, a sign-up or a sign-in does.
    pub(super) fn create_user(&mut self, mut user: User, password: &str, now: i64) -> Result<String, Refusal> {
        if self.is_full() {
            let message = "Can't create user. Server exceeds safe user limit. Contact your administrator with: \
                           ERROR_SAFETY_LIMITS_EXCEEDED.";
            return Err(refuse(400, "api.user.create_user.user_limits.exceeded", message));
        }
        let is_directory = ["ldap", "saml"].contains(&user.auth_service.as_str());
        let domains = self.config.text("TeamSettings", "RestrictCreationToDomains");
        if !is_directory && !is_in_domains(&user.email, domains) {
            return Err(outside_domains("api.user.create_user.accepted_domain.app_error"));
        }
        let is_first = self.users.keys().all(|id| self.is_bot(id));
        user.roles = if is_first { "system_admin system_user" } else { "system_user" }.to_owned();
        user.locale = super::user_rules::supported_locale(&self.config, &user.locale);
        if user.auth_service.is_empty() {
            check_password(&self.config, password)?;
        }
        self.save_user(user, password, now)
    }

    /// Puts a new account into the table.
    pub(super) fn save_user(&mut self, mut user: User, password: &str, now: i64) -> Result<String, Refusal> {
        if !user.id.is_empty() && !user.is_remote() {
            return Err(refuse(400, "app.user.save.existing.app_error", "Must call update for existing user."));
        }
        user.id = self.new_id();
        if user.username.is_empty() {
            user.username = format!("a{}", self.new_id());
        }
        fold(&mut user);
        (user.create_at, user.update_at, user.last_password_update) = (now, now, now);
        user.last_login = 0;
        if user.locale.is_empty() {
            user.locale = "en".to_owned();
        }
        if user.notify_props.is_empty() {
            user.notify_props = default_notify_props();
        }
        user.timezone.get_or_insert_with(default_timezone);
        check(&user, password)?;
        user.password = Some(password.to_owned()).filter(|password| !password.is_empty());
        match self.clash_of(&user) {
            None => {}
            Some(Clash::Username) => return Err(username_exists()),
            Some(Clash::Email) => return Err(email_exists(&user.email)),
            Some(Clash::Unmapped) => {
                return Err(refuse(500, "app.user.save.app_error", "Unable to save the account."));
            }
        }
        let id = user.id.clone();
        self.users.insert(id.clone(), user);
        Ok(id)
    }

    /// What the table's indexes say against an account, in the order in which they are asked.
    fn clash_of(&self, user: &User) -> Option<Clash> {
        let others = || self.users.values().filter(|other| other.id != user.id);
        if user.auth_service.len() > 32 {
            return Some(Clash::Unmapped);
        }
        if others().any(|other| other.username == user.username) {
            return Some(Clash::Username);
        }
        if user.auth_data.is_some() && others().any(|other| other.auth_data == user.auth_data) {
            return Some(Clash::Unmapped);
        }
        others().any(|other| other.email == user.email).then_some(Clash::Email)
    }

    /// Changes an account as a person or an administrator does, and tells the person by mail.
    pub(super) fn update_user(&mut self, mut user: User, now: i64) -> Result<(), Refusal> {
        let old = self.account(&user.id)?.clone();
        let mut awaits = None;
        if user.email != old.email {
            let is_directory = ["ldap", "saml"].contains(&old.auth_service.as_str());
            let domains = self.config.text("TeamSettings", "RestrictCreationToDomains");
            if !is_directory && !is_in_domains(&user.email, domains) {
                return Err(outside_domains("api.user.update_user.accepted_domain.app_error"));
            }
            if self.config.is_on("EmailSettings", "RequireEmailVerification") {
                if self.user_by_email(&user.email).is_some() {
                    return Err(email_exists(&user.email));
                }
                awaits = Some(user.email.clone());
                if !self.is_bot(&user.id) {
                    user.email.clone_from(&old.email);
                }
            }
        }
        let id = user.id.clone();
        self.store_user(user, false, now)?;
        let new = &self.users[&id];
        let (email, is_renamed) = (new.email.clone(), new.username != old.username);
        match awaits {
            Some(address) => self.send(&address, MailAbout::Verification),
            None if email != old.email => self.send(&old.email, MailAbout::EmailChanged),
            None => {}
        }
        if is_renamed {
            self.send(&email, MailAbout::UsernameChanged);
        }
        Ok(())
    }

    /// Puts a changed account into the table. What no call may change is taken from the old one; roles and the
    /// deactivation too, unless the change is a trusted one.
    pub(super) fn store_user(&mut self, mut user: User, is_trusted: bool, now: i64) -> Result<(), Refusal> {
        fold(&mut user);
        user.update_at = now;
        if user.notify_props.is_empty() {
            user.notify_props = default_notify_props();
        } else if let Some(keys) = user.notify_props.get("mention_keys").and_then(Value::as_str) {
            let keys: Vec<String> = keys.split(',').filter(|key| !key.is_empty()).map(str::to_lowercase).collect();
            user.notify_props.insert("mention_keys".to_owned(), keys.join(",").into());
        }
        let old = self.account(&user.id)?.clone();
        check(&user, "")?;
        user.create_at = old.create_at;
        user.auth_data = old.auth_data;
        user.auth_service = old.auth_service;
        user.password = old.password;
        user.last_password_update = old.last_password_update;
        user.last_picture_update = old.last_picture_update;
        user.last_login = old.last_login;
        user.email_verified = old.email_verified;
        user.failed_attempts = old.failed_attempts;
        if !is_trusted {
            user.roles = old.roles;
            user.delete_at = old.delete_at;
            if user.is_by_oauth() {
                user.email.clone_from(&old.email);
            }
            if user.auth_service == "ldap" && (user.username != old.username || user.email != old.email) {
                let message = "Unable to find the existing account to update.";
                return Err(refuse(400, "app.user.update.find.app_error", message));
            }
            if user.email != old.email {
                user.email_verified = false;
            }
        }
        if !user.auth_service.is_empty() && user.auth_service != "email" {
            user.email_verified = true;
        }
        if user.username != old.username {
            let keys = user.notify_props.get("mention_keys").and_then(Value::as_str).unwrap_or("");
            let at_old = format!("@{}", old.username);
            let kept = keys.split(',').filter(|key| !key.is_empty() && *key != old.username && *key != at_old);
            let kept: String = kept.map(|key| format!(",{key}")).collect();
            user.notify_props.insert("mention_keys".to_owned(), kept.into());
            if user.last_picture_update <= 0 {
                user.last_picture_update = -now;
            }
        }
        match self.clash_of(&user) {
            Some(Clash::Username) => return Err(username_exists()),
            Some(Clash::Email) => return Err(email_exists(&user.email)),
            // Sign-in fields stay as they are in the table, so they clash with nothing.
            Some(Clash::Unmapped) | None => {}
        }
        self.users.insert(user.id.clone(), user);
        Ok(())
    }
}

/// What the table keeps of texts: names and addresses in lower case, no empty subject.
fn fold(user: &mut User) {
    user.username = user.username.to_lowercase();
    user.email = user.email.to_lowercase();
    user.auth_data = user.auth_data.take().filter(|subject| !subject.is_empty());
}

fn outside_domains(id: &'static str) -> Refusal {
    let message = "The email you provided does not belong to an accepted domain. Please contact your administrator or \
                   sign up with a different email.";
    refuse(400, id, message)
}
