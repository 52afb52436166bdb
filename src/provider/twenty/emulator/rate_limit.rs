//! The limit of calls: one bucket of tokens for the whole workspace.

use super::refusal::{Refusal, bad};

/// The window of the limit, in milliseconds.
const WINDOW: i64 = 60_000;

/// A bucket that gets whole tokens back.
///
/// A call that passes restarts the clock of the refill, even where it earned nothing: calls that follow each other
/// faster than one token's time get nothing back at all. Refused calls leave the clock alone.
#[derive(Debug)]
pub(super) struct Bucket {
    limit: i64,
    tokens: i64,
    refilled_at: i64,
}

impl Bucket {
    pub(super) fn full(limit: u32, now: i64) -> Self {
        Self { limit: i64::from(limit), tokens: i64::from(limit), refilled_at: now }
    }

    /// Takes the token of one operation.
    pub(super) fn take(&mut self, now: i64) -> Result<(), Refusal> {
        let earned = (now - self.refilled_at).max(0) * self.limit / WINDOW;
        let tokens = (self.tokens + earned).min(self.limit);
        if tokens < 1 {
            return Err(refusal(self.limit));
        }
        (self.tokens, self.refilled_at) = (tokens - 1, now);
        Ok(())
    }
}

/// The answer to a call too many: 429 without any header.
pub(super) fn refusal(limit: i64) -> Refusal {
    let message = format!("Limit reached ({limit} tokens per {WINDOW} ms)");
    let refusal = bad(message).sub("LIMIT_REACHED", "Rate limit reached. Please try again later.");
    Refusal { status: 429, error: "HttpException", ..refusal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(bucket: &mut Bucket, times: impl Iterator<Item = i64>) -> usize {
        times.filter(|now| bucket.take(*now).is_ok()).count()
    }

    #[test]
    fn calls_faster_than_a_token_get_nothing_back() {
        let mut bucket = Bucket::full(100, 0);
        assert_eq!(passed(&mut bucket, (0..101).map(|n| n * 500)), 100);
    }

    #[test]
    fn rest_gives_whole_tokens() {
        let mut bucket = Bucket::full(100, 0);
        assert_eq!(passed(&mut bucket, (0..100).map(|_| 0)), 100);
        assert_eq!(passed(&mut bucket, [650; 3].into_iter()), 1);
        assert_eq!(passed(&mut bucket, [3750; 7].into_iter()), 5);
    }
}
