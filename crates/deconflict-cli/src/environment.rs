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
        links: false,
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
        links: is_terminal && color && !dumb && has_links(set),
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

/// True when the terminal that `variable` describes is known to have hyperlinks: some print what they do not understand.
/// `FORCE_HYPERLINK` decides where it is set, as for other programs; the log of a CI is no terminal whatever it says.
fn has_links(variable: impl Fn(&str) -> Option<String>) -> bool {
    if variable("CI").is_some() {
        return false;
    }
    if let Some(forced) = variable("FORCE_HYPERLINK") {
        return forced != "0";
    }
    let term = variable("TERM").unwrap_or_default();
    // Between us and the terminal whose variables these are stands another one.
    if ["screen", "tmux"].iter().any(|name| term.starts_with(name)) {
        return false;
    }
    let program = variable("TERM_PROGRAM").unwrap_or_default();
    // The first release of the library behind GNOME's terminals that has them is 0.50.
    let vte = variable("VTE_VERSION").and_then(|version| version.parse::<u32>().ok());
    vte.is_some_and(|version| version >= 5000)
        || ["WT_SESSION", "KONSOLE_VERSION", "DOMTERM"]
            .iter()
            .any(|name| variable(name).is_some())
        || ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby"].contains(&program.as_str())
        || [
            "xterm-kitty",
            "xterm-ghostty",
            "alacritty",
            "foot",
            "contour",
            "wezterm",
        ]
        .contains(&term.as_str())
}

/// The value of a variable that is set and not empty.
pub(crate) fn set(name: &str) -> Option<String> {
    let value = std::env::var_os(name)?.to_string_lossy().into_owned();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::has_links;

    #[test]
    fn terminals_that_are_known_have_links() {
        let check = |variables: &str, want: bool| {
            let value = |name: &str| {
                let mut pairs = variables.split(' ').filter_map(|pair| pair.split_once('='));
                pairs
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| value.to_owned())
            };
            assert_eq!(has_links(value), want, "{variables}");
        };
        check("TERM=xterm-256color", false);
        check("TERM=xterm-kitty", true);
        check("TERM=xterm-kitty CI=true", false);
        check("TERM=xterm-256color VTE_VERSION=7600", true);
        check("TERM=xterm-256color VTE_VERSION=4999", false);
        check("TERM=tmux-256color VTE_VERSION=7600", false);
        check("TERM=xterm-256color TERM_PROGRAM=vscode", true);
        check("TERM=xterm-256color FORCE_HYPERLINK=1", true);
        check("TERM=xterm-kitty FORCE_HYPERLINK=0", false);
        check("TERM=xterm-256color FORCE_HYPERLINK=1 CI=true", false);
    }
}
