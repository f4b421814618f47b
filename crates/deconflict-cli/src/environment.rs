//! What the environment says about colours and width. Read here and nowhere else.

use std::io::IsTerminal as _;

use deconflict_report::{Detail, Style};

use crate::args::{Color, Look};

/// The style for text on standard output.
pub(crate) fn stdout_style(look: &Look) -> Style {
    style(look, std::io::stdout().is_terminal())
}

/// The style for messages on standard error.
pub(crate) fn stderr_style(look: &Look) -> Style {
    style(look, std::io::stderr().is_terminal())
}

/// The style for a report in a file: the same bytes whatever the terminal is.
pub(crate) fn file_style(look: &Look) -> Style {
    Style {
        color: false,
        unicode: true,
        width: Style::default().width,
        ..style(look, false)
    }
}

fn style(look: &Look, is_terminal: bool) -> Style {
    let dumb = set("TERM").is_some_and(|term| term == "dumb");
    let color = match look.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => wants_color(is_terminal, dumb),
    };
    let width = terminal_size::terminal_size().filter(|_| is_terminal);
    Style {
        color,
        unicode: !dumb,
        width: width.map_or(Style::default().width, |(width, _)| usize::from(width.0)),
        detail: match (look.quiet, look.verbose) {
            (true, _) => Detail::Quiet,
            (false, true) => Detail::Verbose,
            (false, false) => Detail::Normal,
        },
    }
}

/// `NO_COLOR` (no-color.org) beats `FORCE_COLOR` (force-color.org): text without colours is readable everywhere.
fn wants_color(is_terminal: bool, dumb: bool) -> bool {
    if set("NO_COLOR").is_some() {
        return false;
    }
    if set("FORCE_COLOR").is_some_and(|value| value != "0") {
        return true;
    }
    is_terminal && !dumb
}

/// The value of a variable that is set and not empty.
pub(crate) fn set(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}
