//! Scalars as written.

use std::sync::Arc;

use smol_str::SmolStr;

/// How a scalar was written.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Style {
    /// Bare text; a dialect decides what it means.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// A scalar: its text after unescaping and folding, how it was written, and its explicit tag.
/// Equality is that of text, style and tag.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Scalar {
    /// The text, escapes and line folding resolved.
    pub text: SmolStr,
    /// How it was written.
    pub style: Style,
    /// An explicit tag as written after resolution of handles, for example `tag:yaml.org,2002:str`, or `!x`.
    pub tag: Option<Arc<str>>,
}

impl Scalar {
    /// Bare text, to be read with a dialect.
    pub fn plain(text: impl Into<SmolStr>) -> Self {
        Self {
            text: text.into(),
            style: Style::Plain,
            tag: None,
        }
    }

    /// A string whatever it looks like: written in double quotes.
    pub fn string(text: impl Into<SmolStr>) -> Self {
        Self {
            text: text.into(),
            style: Style::DoubleQuoted,
            tag: None,
        }
    }

    /// True when it has no tag and was not quoted: only then does the dialect matter.
    pub fn is_bare(&self) -> bool {
        self.style == Style::Plain && self.tag.is_none()
    }
}
