//! The time: the day by which contracts expire, and how old a commit is. Read here and nowhere else.

use std::time::{SystemTime, UNIX_EPOCH};

/// Today in UTC, `YYYY-MM-DD`; `None` when the clock stands before 1970. `SOURCE_DATE_EPOCH` (seconds since 1970,
/// reproducible-builds.org) is honoured, so that a report can be made again.
pub(crate) fn today() -> Option<String> {
    let seconds = match crate::environment::set("SOURCE_DATE_EPOCH").and_then(|text| text.parse().ok()) {
        Some(seconds) => seconds,
        None => now()?,
    };
    Some(day(seconds / 86_400))
}

/// Seconds since 1970; `None` when the clock stands before.
pub(crate) fn now() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(since.as_secs())
}

/// The date of a day since 1970-01-01, by the proleptic Gregorian calendar (H. Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", `civil_from_days`).
fn day(days: u64) -> String {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{date:02}")
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_have_dates() {
        let check = |days: u64, want: &str| assert_eq!(day(days), want, "{days}");
        check(0, "1970-01-01");
        check(58, "1970-02-28");
        check(59, "1970-03-01");
        check(11_016, "2000-02-29");
        check(11_017, "2000-03-01");
        check(20_783, "2026-11-26");
    }
}
