//! Our own bugs: reported as such, without a raw panic message, exit code 3.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, PoisonError};

use crate::{Exit, output};

/// Source file and line of the last panic.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Panics print nothing; where they happened is kept for the report.
pub(crate) fn silence() {
    panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
}

/// Run `work`; a panic that nothing else caught becomes a message.
pub(crate) fn guard(work: impl FnOnce() -> Exit) -> Exit {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let place = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        output::say_error(&format!(
            "deconflict {} stopped over a mistake of its own at {}; nothing was decided. Please report it at {}/issues",
            env!("CARGO_PKG_VERSION"),
            place.as_deref().unwrap_or("an unknown place"),
            env!("CARGO_PKG_REPOSITORY"),
        ));
        Exit::Unfinished
    })
}
