//! Jobs and CronJobs.

use super::cursor::Cursor;
use super::names::is_dns_label;
use super::pod::{Restart, template};
use super::workload::not_negative;
use super::{Sink, meta};

/// Job or CronJob.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    if sink.subject.kind == "CronJob" {
        schedule(sink, &spec);
        for field in [
            "successfulJobsHistoryLimit",
            "failedJobsHistoryLimit",
            "startingDeadlineSeconds",
        ] {
            not_negative(sink, &spec.get(field));
        }
        let job = spec.get("jobTemplate");
        let metadata = job.get("metadata");
        meta::labels(sink, &metadata.get("labels"), super::Effect::Refused);
        job_spec(sink, &job.get("spec"), true);
    } else {
        job_spec(sink, &spec, false);
        indexed_name(sink, root);
    }
}

/// The pods of an Indexed Job are called after it and their index, as host names (`ValidateJob`).
fn indexed_name(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    let (mode, completions) = (spec.get("completionMode"), spec.get("completions"));
    let name = root.path(&["metadata", "name"]);
    let (Some(count), Some(text)) = (completions.int().filter(|count| *count > 0), name.str()) else {
        return;
    };
    let last = format!("{text}-{}", count - 1);
    if mode.text() == "Indexed" && text.len() <= 63 && !is_dns_label(&last) {
        sink.refuse(
            "name-length-job",
            &name,
            format!("the last pod of this Indexed Job would be called `{last}`, which is no host name: at most 63 of a-z, 0-9 and `-`"),
        )
        .relate(completions.at(), "so many indices");
    }
}

fn job_spec(sink: &mut Sink<'_>, spec: &Cursor<'_>, scheduled: bool) {
    for field in [
        "parallelism",
        "completions",
        "backoffLimit",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
        "ttlSecondsAfterFinished",
    ] {
        not_negative(sink, &spec.get(field));
    }
    let deadline = spec.get("activeDeadlineSeconds");
    if deadline.int().is_some_and(|seconds| seconds < 0) {
        sink.refuse("active-deadline", &deadline, "less than nothing");
    }
    let mode = spec.get("completionMode");
    let completions = spec.get("completions");
    let parallel = spec.get("parallelism");
    if mode.text() == "Indexed" && !completions.exists() && (scheduled || parallel.exists()) {
        sink.refuse_missing(
            "job-indexed",
            spec,
            "completions",
            "an Indexed job needs `completions`",
        )
        .relate(mode.at(), "the mode");
    }
    let failure = spec.get("podFailurePolicy");
    let policy = spec.path(&["template", "spec", "restartPolicy"]);
    if failure.exists() && policy.text() != "Never" {
        sink.refuse(
            "job-indexed",
            &failure,
            "`podFailurePolicy` needs `restartPolicy: Never`",
        )
        .relate(policy.at(), "the restart policy");
    }
    let selector = spec.get("selector");
    if selector.exists() && spec.get("manualSelector").bool() != Some(true) {
        sink.refuse(
            "job-selector",
            &selector,
            "the controller chooses a Job's selector",
        )
        .help("remove `selector`");
    }
    template(sink, &spec.get("template"), Restart::Finite);
}

fn schedule(sink: &mut Sink<'_>, spec: &Cursor<'_>) {
    let schedule = spec.get("schedule");
    let Some(text) = schedule.str() else {
        if spec.exists() && !schedule.exists() {
            sink.refuse_missing("cron-schedule", spec, "schedule", "a CronJob needs a `schedule`");
        }
        return;
    };
    if let Some(rest) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) {
        let zone = rest.split_whitespace().next().unwrap_or_default();
        sink.refuse(
            "cron-schedule",
            &schedule,
            "the time zone does not belong in the schedule",
        )
        .help(format!("set `timeZone: {zone}`"));
    } else if let Err(why) = cron(text) {
        sink.refuse(
            "cron-schedule",
            &schedule,
            format!("`{text}` is no cron schedule: {why}"),
        );
    }
    let zone = spec.get("timeZone");
    if let Some(name) = zone.str() {
        if name.is_empty() {
            sink.refuse("cron-timezone", &zone, "the time zone is empty")
                .help("remove `timeZone`");
        } else if name.eq_ignore_ascii_case("local") {
            sink.refuse("cron-timezone", &zone, "`Local` is no time zone the server takes")
                .help("name one, for example `Europe/Berlin` or `Etc/UTC`");
        } else if !is_zone(name) {
            sink.refuse(
                "cron-timezone",
                &zone,
                format!("`{name}` is no name of a time zone"),
            )
            .help("an IANA name such as `Europe/Berlin` or `Etc/UTC`");
        }
    }
}

/// The shape of an IANA time zone name: an area of the database and a place, or one of the short names.
/// The database itself is not embedded, so a misspelt place passes.
fn is_zone(name: &str) -> bool {
    const AREAS: &[&str] = &[
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Brazil",
        "Canada",
        "Chile",
        "Etc",
        "Europe",
        "Indian",
        "Mexico",
        "Pacific",
        "US",
    ];
    const SHORT: &[&str] = &[
        "CET",
        "CST6CDT",
        "Cuba",
        "EET",
        "EST",
        "EST5EDT",
        "Egypt",
        "Eire",
        "Factory",
        "GB",
        "GB-Eire",
        "GMT",
        "GMT+0",
        "GMT-0",
        "GMT0",
        "Greenwich",
        "HST",
        "Hongkong",
        "Iceland",
        "Iran",
        "Israel",
        "Jamaica",
        "Japan",
        "Kwajalein",
        "Libya",
        "MET",
        "MST",
        "MST7MDT",
        "NZ",
        "NZ-CHAT",
        "Navajo",
        "PRC",
        "PST8PDT",
        "Poland",
        "Portugal",
        "ROC",
        "ROK",
        "Singapore",
        "Turkey",
        "UCT",
        "UTC",
        "Universal",
        "W-SU",
        "WET",
        "Zulu",
    ];
    match name.split_once('/') {
        Some((area, place)) => {
            AREAS.contains(&area)
                && !place.is_empty()
                && place
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/'))
        }
        None => SHORT.contains(&name),
    }
}

const NAMES: [&str; 5] = ["minute", "hour", "day of month", "month", "day of week"];
const BOUNDS: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)];
const MONTHS: &[&str] = &[
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];
const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// robfig/cron's standard parser: five fields or a descriptor.
fn cron(text: &str) -> Result<(), String> {
    let text = text.trim();
    if let Some(descriptor) = text.strip_prefix('@') {
        if let Some(period) = descriptor.strip_prefix("every ") {
            return if crate::schema::is_duration(period) {
                Ok(())
            } else {
                Err(format!("`{period}` is no duration"))
            };
        }
        return match descriptor {
            "yearly" | "annually" | "monthly" | "weekly" | "daily" | "midnight" | "hourly" => Ok(()),
            _ => Err("no such descriptor".to_owned()),
        };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(format!(
            "it has {} fields, not five (minute, hour, day, month, weekday)",
            fields.len()
        ));
    }
    for (number, field) in fields.iter().enumerate() {
        let words: &[&str] = match number {
            3 => MONTHS,
            4 => DAYS,
            _ => &[],
        };
        let (low, high) = BOUNDS[number];
        for part in field.split(',') {
            if !cron_part(part, low, high, words) {
                return Err(format!(
                    "`{part}` does not fit the {} ({low} to {high})",
                    NAMES[number]
                ));
            }
        }
    }
    Ok(())
}

fn cron_part(part: &str, low: u32, high: u32, words: &[&str]) -> bool {
    let (range, step) = part
        .split_once('/')
        .map_or((part, None), |(range, step)| (range, Some(step)));
    if step.is_some_and(|step| step.parse::<u32>().map_or(true, |number| number == 0)) {
        return false;
    }
    if matches!(range, "*" | "?") {
        return true;
    }
    let value = |text: &str| -> Option<u32> {
        let word = words.iter().position(|word| word.eq_ignore_ascii_case(text));
        // Months count from 1, weekdays from 0: both start at the field's lower bound.
        word.map_or_else(|| text.parse().ok(), |index| Some(index as u32 + low))
    };
    let (from, to) = range.split_once('-').map_or((range, range), |ends| ends);
    matches!((value(from), value(to)), (Some(from), Some(to)) if low <= from && from <= to && to <= high)
}

#[cfg(test)]
mod tests {
    use super::{cron, is_zone};

    #[test]
    fn schedules() {
        for (text, want) in [
            ("*/5 * * * *", true),
            ("0 3 1-7 jan,Feb mon-fri", true),
            ("@hourly", true),
            ("@every 1h30m", true),
            ("0 0 * * 7", false),
            ("60 * * * *", false),
            ("* * * *", false),
            ("* * * * * *", false),
            ("*/0 * * * *", false),
            ("5-1 * * * *", false),
            ("@sometimes", false),
        ] {
            assert_eq!(cron(text).is_ok(), want, "{text}");
        }
    }

    #[test]
    fn zones() {
        assert!(is_zone("Europe/Berlin") && is_zone("UTC") && is_zone("America/Argentina/Salta"));
        assert!(!is_zone("Mars/Olympus") && !is_zone("CEST"));
    }
}
