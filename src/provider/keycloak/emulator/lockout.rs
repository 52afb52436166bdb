//! Brute-force protection: counting wrong passwords, locking for a while or for good.

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, done};
use super::call::Call;
use super::profile::DISABLED_REASON;
use super::tokens::Oidc;
use super::world::{Failures, Realm, User};

impl Oidc<'_> {
    /// Whether the password is not even looked at.
    pub fn is_locked(&self, user: &User) -> bool {
        if !self.realm.is("bruteForceProtected") {
            return false;
        }
        let for_good =
            self.realm.is("permanentLockout") && !user.enabled && user.attributes.contains_key(DISABLED_REASON);
        for_good || self.realm.is_locked_out(&user.id, self.now)
    }

    /// Counts a wrong password and locks when the realm's limit is reached.
    pub fn count_failure(&mut self, user: &User) {
        if !self.realm.is("bruteForceProtected") || self.realm.is_locked_out(&user.id, self.now) {
            return;
        }
        let limit = self.realm.count_setting("failureFactor").max(1);
        let permanent = self.realm.is("permanentLockout");
        let temporary_first = self.realm.count_setting("maxTemporaryLockouts");
        let step = self.realm.count_setting("waitIncrementSeconds");
        let longest = self.realm.count_setting("maxFailureWaitSeconds");
        let quick = self.realm.count_setting("quickLoginCheckMilliSeconds");
        let quick_wait = self.realm.count_setting("minimumQuickLoginWaitSeconds");
        let forget_after = self.realm.count_setting("maxDeltaTimeSeconds") * 1000;
        let now = self.now;
        let failures = self.realm.failures.entry(user.id.clone()).or_default();
        if failures.last > 0 && now - failures.last > forget_after {
            failures.count = 0;
        }
        let is_quick = failures.last > 0 && now - failures.last < quick;
        failures.count += 1;
        failures.last = now;
        let wait = match (step * (failures.count / limit)).min(longest) {
            0 if is_quick => quick_wait,
            wait => wait,
        };
        let for_good = permanent && failures.count >= limit && failures.lockouts >= temporary_first;
        if for_good {
            if let Some(user) = self.realm.users.get_mut(&user.id) {
                user.enabled = false;
                user.attributes.insert(DISABLED_REASON.into(), vec!["permanentLockout".into()]);
            }
        } else if wait > 0 {
            failures.locked_until = now / 1000 + wait;
            failures.lockouts += 1;
        }
    }
}

impl Realm {
    fn is_locked_out(&self, user: &str, now: i64) -> bool {
        self.failures.get(user).is_some_and(|failures| failures.locked_until * 1000 > now)
    }
}

impl Call<'_> {
    /// What is counted; people who do not exist have a clean record.
    pub fn failures_of(&self, user: &str) -> Outcome {
        self.caller.demand(&["view-users", "manage-users"])?;
        let counted = if self.realm.is("bruteForceProtected") { self.realm.failures.get(user) } else { None };
        let Some(failures) = counted else {
            return Ok(Answer::json(clean()));
        };
        let disabled = self.realm.is_locked_out(user, self.now)
            || self.realm.users.get(user).is_some_and(|user| user.attributes.contains_key(DISABLED_REASON));
        Ok(Answer::json(shown(failures, disabled)))
    }

    pub fn clear_failures_of(&mut self, user: &str) -> Outcome {
        self.caller.demand(&["manage-users"])?;
        if self.realm.failures.remove(user).is_some() {
            let path = Some(format!("attack-detection/brute-force/users/{user}"));
            self.record("DELETE", "USER_LOGIN_FAILURE", path, None);
        }
        done()
    }

    pub fn clear_all_failures(&mut self) -> Outcome {
        self.caller.demand(&["manage-users"])?;
        self.realm.failures.clear();
        self.record("DELETE", "USER_LOGIN_FAILURE", Some("attack-detection/brute-force/users".into()), None);
        done()
    }
}

fn clean() -> Value {
    json!({"failedLoginNotBefore": 0, "numFailures": 0, "numTemporaryLockouts": 0, "disabled": false,
           "numSecondaryAuthFailures": 0, "lastIPFailure": "n/a", "lastFailure": 0})
}

fn shown(failures: &Failures, disabled: bool) -> Value {
    json!({"failedLoginNotBefore": failures.locked_until, "numFailures": failures.count,
           "numTemporaryLockouts": failures.lockouts, "disabled": disabled, "numSecondaryAuthFailures": 0,
           "lastIPFailure": "127.0.0.1", "lastFailure": failures.last})
}
