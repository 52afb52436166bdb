//! The limit of calls: a bucket a caller that leaks at a steady rate, and the headers that tell of it.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};

use super::config::Config;

/// Counts calls by caller. The server keeps this in memory and builds it when it starts.
#[derive(Debug)]
pub(super) struct Limiter {
    /// Milliseconds that one call costs.
    interval: f64,
    /// Calls that may come at once, less one.
    burst: i64,
    varies_by_user: bool,
    varies_by_address: bool,
    /// A header that also tells callers apart; empty for none.
    header: String,
    /// When each bucket will be empty, by caller.
    empty_at: BTreeMap<String, f64>,
}

/// What the limiter says of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    limit: i64,
    remaining: i64,
    /// Seconds until the bucket is empty.
    reset: i64,
    /// Seconds until a call passes again; none for a call that passes.
    retry_after: Option<i64>,
}

impl Limiter {
    /// The limiter that a configuration asks for.
    pub(super) fn of(config: &Config) -> Option<Self> {
        const SECTION: &str = "RateLimitSettings";
        config.is_on(SECTION, "Enable").then(|| Limiter {
            interval: 1000.0 / config.number(SECTION, "PerSec").max(1) as f64,
            burst: config.number(SECTION, "MaxBurst"),
            varies_by_user: config.is_on(SECTION, "VaryByUser"),
            varies_by_address: config.is_on(SECTION, "VaryByRemoteAddr"),
            header: config.text(SECTION, "VaryByHeader").to_owned(),
            empty_at: BTreeMap::new(),
        })
    }

    /// Counts a call before anything else is done with it. Every caller of a sandbox has the same address.
    pub(super) fn admit(&mut self, secret: Option<&str>, headers: &HeaderMap, now: i64) -> Verdict {
        let mut key = match secret {
            Some(secret) if self.varies_by_user => secret.to_owned(),
            _ if self.varies_by_address => "127.0.0.1".to_owned(),
            _ => String::new(),
        };
        if !self.header.is_empty() {
            let value = headers.get(&self.header).and_then(|value| value.to_str().ok()).unwrap_or("");
            key.push_str(&value.to_lowercase());
        }
        self.count(&key, now)
    }

    /// Counts a call a second time under its caller's identifier, once that is known, where users are told apart.
    pub(super) fn admit_user(&mut self, user_id: &str, now: i64) -> Option<Verdict> {
        self.varies_by_user.then(|| self.count(user_id, now))
    }

    fn count(&mut self, key: &str, now: i64) -> Verdict {
        let now = now as f64;
        let tolerance = self.interval * (self.burst + 1) as f64;
        let empty_at = self.empty_at.get(key).copied().unwrap_or(now).max(now);
        let after = empty_at + self.interval;
        let seconds = |milliseconds: f64| (milliseconds / 1000.0).ceil() as i64;
        let passes = after - now <= tolerance;
        let level = if passes { after } else { empty_at };
        self.empty_at.insert(key.to_owned(), level);
        Verdict {
            limit: self.burst + 1,
            remaining: if passes { ((tolerance - (level - now)) / self.interval).floor() as i64 } else { 0 },
            reset: seconds(level - now),
            retry_after: (!passes).then(|| seconds(after - now - tolerance)),
        }
    }
}

impl Verdict {
    pub(super) fn passes(self) -> bool {
        self.retry_after.is_none()
    }

    /// Adds the headers; a second verdict's stand beside the first one's.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        let numbers = [
            (HeaderName::from_static("x-ratelimit-limit"), Some(self.limit)),
            (HeaderName::from_static("x-ratelimit-remaining"), Some(self.remaining)),
            (HeaderName::from_static("x-ratelimit-reset"), Some(self.reset)),
            (header::RETRY_AFTER, self.retry_after),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                headers.append(name, HeaderValue::from(number));
            }
        }
    }
}

/// The answer to a call too many: text, and not the usual body.
pub(super) fn refusal() -> Response<Body> {
    let mut answer = Response::new(Body::from("limit exceeded\n"));
    *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Limiter {
        let mut config = Config::default();
        for (setting, value) in [("Enable", true.into()), ("PerSec", 2.into()), ("MaxBurst", 3.into())] {
            config.set("RateLimitSettings", setting, value);
        }
        Limiter::of(&config).unwrap()
    }

    #[test]
    fn a_burst_and_one_pass_then_one_an_interval() {
        let mut limiter = limiter();
        let headers = HeaderMap::new();
        let left: Vec<i64> = (0..4).map(|n| limiter.admit(None, &headers, n).remaining).collect();
        assert_eq!(left, [3, 2, 1, 0]);
        let refused = limiter.admit(None, &headers, 4);
        assert_eq!((refused.passes(), refused.retry_after, refused.limit), (false, Some(1), 4));
        assert!(limiter.admit(None, &headers, 504).passes());
        assert!(!limiter.admit(None, &headers, 505).passes());
    }

    #[test]
    fn no_limiter_unless_it_is_switched_on() {
        assert!(Limiter::of(&Config::default()).is_none());
    }
}
