//! Where text goes, and what it means when it cannot.

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use deconflict_report::escape;

use crate::Exit;

/// Write `text` to standard output and end with `exit`. A closed pipe is nobody's fault and keeps `exit`; a full disk is
/// [`Exit::Unfinished`].
pub(crate) fn print(text: &str, exit: Exit) -> Exit {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => exit,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => exit,
        Err(error) => {
            say_error(&format!("cannot write to standard output: {error}"));
            Exit::Unfinished
        }
    }
}

/// Write `text` into `file` and end with `exit`, or with [`Exit::Unfinished`] when that fails.
#[expect(clippy::disallowed_methods, reason = "reports go where the command line says")]
pub(crate) fn write_file(file: &Path, text: &str, exit: Exit) -> Exit {
    match std::fs::write(file, text) {
        Ok(()) => exit,
        Err(error) => {
            say_error(&format!("cannot write {}: {error}", file.display()));
            Exit::Unfinished
        }
    }
}

/// Add `text` to `file`, which other steps write to as well.
pub(crate) fn append_file(file: &Path, text: &str, exit: Exit) -> Exit {
    let opened = std::fs::OpenOptions::new().append(true).create(true).open(file);
    match opened.and_then(|mut opened| opened.write_all(text.as_bytes())) {
        Ok(()) => exit,
        Err(error) => {
            say_error(&format!("cannot write {}: {error}", file.display()));
            Exit::Unfinished
        }
    }
}

/// Write `text` into a file that does not exist yet; `false` when it does.
pub(crate) fn create_file(file: &Path, text: &str) -> io::Result<bool> {
    let created = std::fs::File::options().write(true).create_new(true).open(file);
    match created {
        Ok(mut created) => created.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// An error message on standard error.
pub(crate) fn say_error(message: &str) {
    say(&format!("error: {}\n", escape(message)));
}

/// Text for standard error as it is. When that cannot be written nobody is left to tell.
pub(crate) fn say(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
