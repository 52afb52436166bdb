//! Times as people write them: `90s`, and crontab's `0 3 * * *`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// A time such as `90s`, `10m` or `1h`; a number alone is seconds.
///
/// # Errors
/// What is wrong with it, in words.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds: u64 = match unit {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(format!("'{unit}' is no unit of time; write 90s, 10m or 1h")),
    };
    let number: Option<u64> = number.parse().ok();
    let all = number.and_then(|number| number.checked_mul(seconds));
    all.map(Duration::from_secs).ok_or_else(|| format!("'{text}' is no time; write 90s, 10m or 1h"))
}

/// Moments that come again, in UTC, which has no hour twice and leaves none out.
///
/// Written as in a crontab, with five fields, or with a sixth one for seconds before them. The parser below wants
/// seconds, and counts the days of the week from Sunday = 1; here Sunday is 0 or 7, as in every crontab.
#[derive(Debug, Clone)]
pub struct Cron(cron::Schedule);

impl Cron {
    /// The first moment after another, if there is one.
    pub fn after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.0.after(&moment).next()
    }
}

/// How a [`Cron`] is written. What was written is not repeated: in the config, any text could be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write it as in a crontab, in UTC: '0 3 * * *' is every night at three, '0 */6 * * 1-5' four times on weekdays"
)]
pub struct NotACron;

impl FromStr for Cron {
    type Err = NotACron;

    fn from_str(text: &str) -> Result<Self, NotACron> {
        let mut fields: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if fields.len() == 5 {
            fields.insert(0, "0".to_owned());
        }
        let [.., days] = fields.as_mut_slice() else { return Err(NotACron) };
        let named: Option<Vec<String>> = days.split(',').map(named_days).collect();
        *days = named.ok_or(NotACron)?.join(",");
        // The parser takes a year as a seventh field, which no crontab has.
        if fields.len() != 6 {
            return Err(NotACron);
        }
        cron::Schedule::from_str(&fields.join(" ")).map(Self).map_err(|_| NotACron)
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.source())
    }
}

/// Days of the week by name instead of number: `5-7` is `Fri,Sat,Sun`. Names and `*` stay. `None` for what is no day.
fn named_days(item: &str) -> Option<String> {
    const NAMES: [&str; 8] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let (days, step) = item.split_once('/').map_or((item, None), |(days, step)| (days, Some(step)));
    let (first, last) = days.split_once('-').map_or((days, None), |(first, last)| (first, Some(last)));
    if !first.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(item.to_owned());
    }
    let first: usize = first.parse().ok()?;
    let last: usize = match (last, step) {
        (Some(last), _) => last.parse().ok()?,
        // `2/2` is every second day from Tuesday on.
        (None, Some(_)) => 6,
        (None, None) => first,
    };
    let step: usize = step.unwrap_or("1").parse().ok().filter(|step| *step > 0)?;
    let days = NAMES.get(first..=last).filter(|days| !days.is_empty())?;
    Some(days.iter().step_by(step).copied().collect::<Vec<&str>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(cron: &str, after: &str) -> String {
        let cron: Cron = cron.parse().expect("it is well written");
        let after = after.parse::<DateTime<Utc>>().expect("it is a moment");
        cron.after(after).map(|it| it.format("%a %F %T").to_string()).unwrap_or_default()
    }

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("2h"), Ok(Duration::from_secs(7200)));
        assert!(duration("1d").is_err() && duration("m").is_err() && duration("99999999999999999999h").is_err());
    }

    #[test]
    fn five_fields_are_a_crontab_and_six_have_seconds() {
        assert_eq!(next("0 3 * * *", "2026-11-26T02:59:59Z"), "Thu 2026-11-26 03:00:00");
        assert_eq!(next("30 0 3 * * *", "2026-11-26T03:00:30Z"), "Fri 2026-11-27 03:00:30");
    }

    #[test]
    fn the_days_of_the_week_are_those_of_a_crontab() {
        // 2026-11-26 is a Thursday.
        for (days, expected) in
            [("1", "Mon"), ("0", "Sun"), ("7", "Sun"), ("5-7", "Fri"), ("Sat", "Sat"), ("1-5", "Fri")]
        {
            let next = next(&format!("0 0 * * {days}"), "2026-11-26T12:00:00Z");
            assert!(next.starts_with(expected), "{days}: {next}");
        }
        assert!(next("0 0 * * 1-5/2", "2026-11-26T12:00:00Z").starts_with("Fri"));
    }

    #[test]
    fn what_is_no_schedule_says_why() {
        for text in ["", "0 3 * *", "0 3 * * 8", "0 3 * * 5-1", "61 3 * * *", "@daily"] {
            assert!(text.parse::<Cron>().is_err(), "{text}");
        }
    }
}
