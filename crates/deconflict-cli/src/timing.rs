//! `--timing`: how long each step took, on standard error, because a report is the same bytes every time.

use std::time::{Duration, Instant};

use crate::output;

/// A stopwatch with named laps.
#[derive(Debug)]
pub(crate) struct Timing {
    wanted: bool,
    last: Instant,
    laps: Vec<(&'static str, Duration)>,
}

impl Timing {
    /// Start; nothing is said unless `wanted`.
    pub(crate) fn start(wanted: bool) -> Self {
        Self {
            wanted,
            last: Instant::now(),
            laps: Vec::new(),
        }
    }

    /// The step that ends now.
    pub(crate) fn lap(&mut self, name: &'static str) {
        let now = Instant::now();
        self.laps.push((name, now - self.last));
        self.last = now;
    }

    /// One line with all steps.
    pub(crate) fn say(&self) {
        if self.wanted {
            let laps: Vec<String> = self
                .laps
                .iter()
                .map(|(name, time)| format!("{name} {:.1} ms", time.as_secs_f64() * 1e3))
                .collect();
            output::say(&format!("time: {}\n", laps.join(", ")));
        }
    }
}
