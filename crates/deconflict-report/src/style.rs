//! How text for people looks.

use miette::{GraphicalTheme, ThemeCharacters, ThemeStyles};

use crate::text::escape;

/// What the terminal can show and how much the reader wants. A report in another format does not depend on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Box characters; otherwise plain ASCII.
    pub unicode: bool,
    /// Columns; used within 80 to 120.
    pub width: usize,
    /// How much the reader wants.
    pub detail: Detail,
    /// Rule ids are hyperlinks to their pages (OSC 8).
    pub links: bool,
}

/// How much the reader wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Findings only, no closing lines.
    Quiet,
    /// Lists are cut after five.
    Normal,
    /// Whole lists.
    Verbose,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            color: false,
            unicode: true,
            width: 100,
            detail: Detail::Normal,
            links: false,
        }
    }
}

impl Style {
    /// The width that text is laid out for. Below 80 frames get unreadable, above 120 lines do.
    pub(crate) fn columns(self) -> usize {
        self.width.clamp(80, 120)
    }

    /// How many sides, steps or paths of a list are shown.
    pub(crate) fn list_limit(self) -> usize {
        if self.detail == Detail::Verbose {
            usize::MAX
        } else {
            5
        }
    }

    /// The characters and colours of frames.
    pub(crate) fn theme(self) -> GraphicalTheme {
        let characters = if self.unicode {
            ThemeCharacters {
                ltop: '┌',
                ..ThemeCharacters::unicode()
            }
        } else {
            ThemeCharacters {
                underline: '^',
                ..ThemeCharacters::ascii()
            }
        };
        let styles = if self.color {
            ThemeStyles::ansi()
        } else {
            ThemeStyles::none()
        };
        GraphicalTheme { characters, styles }
    }

    /// `text` as a hyperlink, where the terminal has them ("Hyperlinks in Terminal Emulators", the OSC 8 sequence).
    pub(crate) fn link(self, text: &str, address: &str) -> String {
        if self.links {
            format!("\u{1b}]8;;{address}\u{1b}\\{text}\u{1b}]8;;\u{1b}\\")
        } else {
            text.to_owned()
        }
    }

    /// Words of ours: escaped, and where there is only ASCII without the signs that they are written with.
    pub(crate) fn words(self, text: &str) -> String {
        let safe = escape(text);
        if self.unicode {
            safe.into_owned()
        } else {
            let signs = [('×', "x"), ('…', "..."), ('→', "->"), ('–', "-")];
            signs.iter().fold(safe.into_owned(), |text, (sign, plain)| {
                text.replace(*sign, plain)
            })
        }
    }

    /// What stands for text that was left out.
    pub(crate) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// What stands for a secret.
    pub(crate) fn dots(self) -> &'static str {
        if self.unicode {
            "••••••••"
        } else {
            "********"
        }
    }
}
