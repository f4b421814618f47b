//! What a person at a terminal sees while it takes long: one line on standard error, gone when the work is done.

use std::io::IsTerminal as _;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use deconflict_files::Files;

use crate::args::Look;
use crate::{environment, output};

/// Runs that are shorter say nothing.
const PATIENCE: Duration = Duration::from_millis(500);

/// Time between two lines.
const PACE: Duration = Duration::from_millis(100);

/// Back to the start of the line, and clear it (ECMA-48: EL).
const CLEAR: &str = "\r\u{1b}[K";

/// Do `work`, and say how many of `files` were read meanwhile. Nothing is said in CI, whose logs keep every line.
pub(crate) fn during<T>(look: &Look, files: &Files, work: impl FnOnce() -> T) -> T {
    let is_watched = std::io::stderr().is_terminal()
        && !look.quiet
        && environment::set("CI").is_none()
        && environment::set("TERM").is_some_and(|term| term != "dumb");
    if is_watched {
        watch(files, &output::say, work)
    } else {
        work()
    }
}

/// A second thread says how far it is until `work` is done, however it ends.
fn watch<T>(files: &Files, say: &(dyn Fn(&str) + Sync), work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    std::thread::scope(|scope| {
        // Dropped with `work`'s end, also by a panic.
        let (_running, done) = channel::<()>();
        scope.spawn(move || {
            let mut wait = PATIENCE;
            let mut said = false;
            while done.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                let read = files.count();
                let seconds = start.elapsed().as_secs_f32();
                say(&format!("{CLEAR}checking: {read} files read, {seconds:.1} s"));
                (said, wait) = (true, PACE);
            }
            if said {
                say(CLEAR);
            }
        });
        work()
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use deconflict_files::Files;

    use super::{CLEAR, PATIENCE, watch};

    fn said(work: impl FnOnce()) -> String {
        let text = Mutex::new(String::new());
        watch(
            &Files::new(),
            &|more| text.lock().expect("no panic").push_str(more),
            work,
        );
        text.into_inner().expect("no panic")
    }

    #[test]
    fn only_long_work_is_told_and_leaves_nothing() {
        assert_eq!(said(|| ()), "");
        let text = said(|| std::thread::sleep(PATIENCE + Duration::from_millis(50)));
        assert!(
            text.starts_with(&format!("{CLEAR}checking: 0 files read, 0.")),
            "{text:?}"
        );
        assert!(text.ends_with(CLEAR), "{text:?}");
    }
}
