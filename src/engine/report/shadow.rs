//! Why a resource differs, and of one that nobody declared what is known: whose it is, and how long it has been there.

use chrono::{DateTime, NaiveDate, Utc};

use crate::engine::diff::Change;

/// Why nothing is done about it, or else why it differs.
pub(super) fn why(change: &Change, now: DateTime<Utc>) -> String {
    let why = change.left.as_ref().unwrap_or(&change.why);
    let known = known(change, now);
    if known.is_empty() { why.clone() } else { format!("{why}: {known}") }
}

/// What is known of what nobody declared; nothing for anything else.
pub(super) fn known(change: &Change, now: DateTime<Utc>) -> String {
    let Some(shadow) = &change.shadow else { return String::new() };
    let since = shadow.since.map(|day| format!("since {day} ({})", age(day, now.date_naive())));
    shadow.whose.iter().cloned().chain(since).collect::<Vec<_>>().join(", ")
}

/// How long ago a day was, in the largest unit that still tells something.
fn age(day: NaiveDate, today: NaiveDate) -> String {
    let days = (today - day).num_days();
    let years = i64::from(today.years_since(day).unwrap_or_default());
    let (count, unit) = match (days, years) {
        (..1, _) => return "today".to_owned(),
        (..60, _) => (days, "day"),
        (_, ..2) => (days / 30, "month"),
        _ => (years, "year"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_largest_unit_that_tells_something() {
        let today: NaiveDate = "2026-11-26".parse().expect("a day");
        for (day, told) in [
            ("2026-11-26", "today"),
            ("2026-12-01", "today"),
            ("2026-11-25", "1 day"),
            ("2026-10-01", "56 days"),
            ("2026-05-26", "6 months"),
            ("2024-11-26", "2 years"),
            ("2017-03-01", "9 years"),
        ] {
            assert_eq!(age(day.parse().expect("a day"), today), told, "{day}");
        }
    }
}
