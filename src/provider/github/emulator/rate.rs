//! The limits of calls: the primary one, counted an hour, and the secondary one of writes (guide, section 3).

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::reply::{Reply, refuse};

/// Which limits there are.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Calls an hour of somebody who signs in.
    pub hourly: u32,
    /// Calls an hour of nobody in particular.
    pub anonymous: u32,
    /// What is made, a minute.
    pub content_a_minute: usize,
    /// What is made, an hour.
    pub content_an_hour: usize,
    /// How a call beyond the secondary limit is answered.
    pub secondary: Secondary,
}

/// How a call beyond the secondary limit is answered: the service does all of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secondary {
    /// 403 with the seconds to wait.
    Forbidden,
    /// 403 and its words alone.
    ForbiddenInWords,
    /// 429 with the seconds to wait.
    TooMany,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            hourly: 5000,
            anonymous: 60,
            content_a_minute: 80,
            content_an_hour: 500,
            secondary: Secondary::Forbidden,
        }
    }
}

/// The page that a refusal by limits names.
const PAGE: &str = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api";
const SECONDARY_PAGE: &str = "https://docs.github.com/free-pro-team@latest/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits";

/// What was counted, by caller.
#[derive(Debug, Default)]
pub(super) struct Counters {
    used: BTreeMap<String, Window>,
    made: BTreeMap<String, VecDeque<DateTime<Utc>>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    used: u32,
    reset: DateTime<Utc>,
}

/// How one caller stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    limit: u32,
    used: u32,
    reset: DateTime<Utc>,
}

impl Standing {
    fn remaining(self) -> u32 {
        self.limit.saturating_sub(self.used)
    }

    /// The headers that tell of it.
    pub(super) fn headers(self) -> [(&'static str, String); 5] {
        [
            ("x-ratelimit-limit", self.limit.to_string()),
            ("x-ratelimit-remaining", self.remaining().to_string()),
            ("x-ratelimit-used", self.used.min(self.limit).to_string()),
            ("x-ratelimit-reset", self.reset.timestamp().to_string()),
            ("x-ratelimit-resource", "core".to_owned()),
        ]
    }

    pub(super) fn show(self) -> Value {
        json!({
            "limit": self.limit, "remaining": self.remaining(), "used": self.used.min(self.limit),
            "reset": self.reset.timestamp(), "resource": "core",
        })
    }
}

impl Counters {
    /// How a caller stands, without counting.
    pub(super) fn standing(&self, caller: &str, limits: &Limits, now: DateTime<Utc>) -> Standing {
        let limit = if caller.is_empty() { limits.anonymous } else { limits.hourly };
        let window = self.used.get(caller).filter(|window| window.reset > now);
        let window = window.copied().unwrap_or(Window { used: 0, reset: now + Duration::hours(1) });
        Standing { limit, used: window.used, reset: window.reset }
    }

    /// Counts a call. Refuses it where the hour's number is used up.
    pub(super) fn count(
        &mut self,
        caller: &str,
        limits: &Limits,
        now: DateTime<Utc>,
    ) -> Result<Standing, (Standing, Box<Reply>)> {
        let mut standing = self.standing(caller, limits, now);
        if standing.remaining() == 0 {
            let whose = if caller.is_empty() { "127.0.0.1" } else { caller };
            return Err((standing, refuse(403, format!("API rate limit exceeded for {whose}.")).page(PAGE)));
        }
        standing.used += 1;
        self.used.insert(caller.to_owned(), Window { used: standing.used, reset: standing.reset });
        Ok(standing)
    }

    /// Takes back what was counted for an answer that costs nothing.
    pub(super) fn give_back(&mut self, caller: &str) {
        if let Some(window) = self.used.get_mut(caller) {
            window.used = window.used.saturating_sub(1);
        }
    }

    /// Counts something that is made. Refuses it where too much was made of late.
    pub(super) fn make(&mut self, caller: &str, limits: &Limits, now: DateTime<Utc>) -> Result<(), Box<Reply>> {
        let made = self.made.entry(caller.to_owned()).or_default();
        while made.front().is_some_and(|first| *first <= now - Duration::hours(1)) {
            made.pop_front();
        }
        let minute = now - Duration::minutes(1);
        let lately = made.iter().filter(|moment| **moment > minute).count();
        let until = if made.len() >= limits.content_an_hour {
            made.front().map(|first| *first + Duration::hours(1))
        } else if lately >= limits.content_a_minute {
            made.iter().find(|moment| **moment > minute).map(|first| *first + Duration::minutes(1))
        } else {
            None
        };
        let Some(until) = until else {
            made.push_back(now);
            return Ok(());
        };
        let status = if limits.secondary == Secondary::TooMany { 429 } else { 403 };
        let words = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
        let mut reply = refuse(status, words).page(SECONDARY_PAGE);
        if limits.secondary != Secondary::ForbiddenInWords {
            let seconds = (until - now).num_seconds().max(1);
            reply.headers.push(("retry-after", seconds.to_string()));
        }
        Err(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_holds_so_many_calls_and_then_begins_anew() {
        let (mut counters, limits) = (Counters::default(), Limits { hourly: 2, ..Limits::default() });
        let now = DateTime::UNIX_EPOCH;
        assert_eq!(counters.count("a", &limits, now).map(Standing::remaining).ok(), Some(1));
        counters.give_back("a");
        assert!(counters.count("a", &limits, now).is_ok() && counters.count("a", &limits, now).is_ok());
        assert!(counters.count("a", &limits, now).is_err() && counters.count("b", &limits, now).is_ok());
        assert!(counters.count("a", &limits, now + Duration::hours(1)).is_ok());
    }

    #[test]
    fn too_much_that_is_made_has_to_wait_for_the_oldest() {
        let (mut counters, limits) = (Counters::default(), Limits { content_a_minute: 1, ..Limits::default() });
        let now = DateTime::UNIX_EPOCH;
        assert!(counters.make("a", &limits, now).is_ok());
        let refused = counters.make("a", &limits, now + Duration::seconds(20)).unwrap_err();
        assert_eq!((refused.status, refused.headers), (403, vec![("retry-after", "40".to_owned())]));
        assert!(counters.make("a", &limits, now + Duration::seconds(60)).is_ok());
    }
}
