//! Days on which things were made, from the forms in which services tell moments.

use chrono::{DateTime, Utc};

use crate::engine::model::Value;

/// The day of a moment in milliseconds since 1970; nothing for 0, which stands for none.
pub fn of_millis(moment: i64) -> Value {
    day(DateTime::from_timestamp_millis(moment))
}

/// The day, by UTC, of a moment as RFC 3339 writes it; nothing for any other text.
pub fn of_text(moment: &str) -> Value {
    day(DateTime::parse_from_rfc3339(moment).ok().map(|moment| moment.to_utc()))
}

/// Services tell the beginning of time, theirs or that of 1970, where there is no moment or it is hidden from us.
fn day(moment: Option<DateTime<Utc>>) -> Value {
    let told = moment.filter(|moment| moment.timestamp() > 0);
    told.map_or(Value::Null, |moment| moment.format("%F").to_string().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_that_is_none_has_no_day() {
        assert_eq!(of_millis(1_709_251_200_000), "2024-03-01".into());
        assert_eq!(of_text("2024-03-01T00:30:00+01:00"), "2024-02-29".into());
        for none in [of_millis(0), of_text("0001-01-01T00:00:00Z"), of_text("1970-01-01T00:00:00Z"), of_text("")] {
            assert_eq!(none, Value::Null);
        }
    }
}
