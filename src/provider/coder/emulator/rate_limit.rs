//! The limit of calls: sliding windows of a minute, by caller and path.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use chrono::{DateTime, Utc};

const MINUTE: i64 = 60_000;

/// Counts calls in this minute and the one before.
#[derive(Debug, Default)]
pub(super) struct Limiter {
    /// By caller and path: the minute, the calls in it, and those in the minute before.
    windows: BTreeMap<(String, String), (i64, i64, i64)>,
}

/// What the limiter says of one call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    pub(super) limit: i64,
    remaining: i64,
    /// Seconds since 1970: the next full minute.
    reset: i64,
    pub(super) passes: bool,
}

impl Limiter {
    /// Counts a call. Refused ones count too.
    pub(super) fn admit(&mut self, who: &str, path: &str, limit: u32, now: DateTime<Utc>) -> Verdict {
        let now = now.timestamp_millis();
        let minute = now.div_euclid(MINUTE);
        let window = self.windows.entry((who.to_owned(), path.to_owned())).or_insert((minute, 0, 0));
        if window.0 != minute {
            let before = if window.0 + 1 == minute { window.1 } else { 0 };
            *window = (minute, 0, before);
        }
        // The minute before weighs as much of it as the sliding window still covers.
        let left = MINUTE - now.rem_euclid(MINUTE);
        let rate = window.1 + window.2 * left / MINUTE;
        let limit = i64::from(limit);
        let passes = rate < limit;
        window.1 += 1;
        Verdict { limit, remaining: (limit - rate - 1).max(0), reset: (minute + 1) * 60, passes }
    }
}

impl Verdict {
    /// Adds the headers.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        let numbers = [
            (HeaderName::from_static("x-ratelimit-limit"), Some(self.limit)),
            (HeaderName::from_static("x-ratelimit-remaining"), Some(self.remaining)),
            (HeaderName::from_static("x-ratelimit-reset"), Some(self.reset)),
            (header::RETRY_AFTER, (!self.passes).then_some(60)),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                headers.insert(name, HeaderValue::from(number));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_window_slides() {
        let mut limiter = Limiter::default();
        let at = |second: i64| Utc.timestamp_opt(600 + second, 0).single().expect("a moment");
        let passes: Vec<bool> = (0..3).map(|_| limiter.admit("a", "/p", 2, at(0)).passes).collect();
        assert_eq!(passes, [true, true, false]);
        assert!(limiter.admit("b", "/p", 2, at(0)).passes && limiter.admit("a", "/q", 2, at(0)).passes);
        assert!(!limiter.admit("a", "/p", 2, at(61)).passes, "three calls a second ago weigh still");
        assert!(limiter.admit("a", "/p", 2, at(300)).passes);
    }
}
