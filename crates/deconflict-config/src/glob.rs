//! Globs of the configuration.

use deconflict_files::RepoPath;
use globset::{GlobBuilder, GlobMatcher};

/// A glob. `*` and `?` stay within one part of a path, `**` as a whole part stands for any number of parts, `[…]` is
/// a class, `{a,b}` alternatives. A leading `./` or `/` and a trailing `/` do not count. Names of files match with
/// case. Written without a wildcard it names exactly one path.
#[derive(Clone, Debug)]
pub struct Glob {
    text: String,
    matcher: GlobMatcher,
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Glob {
    /// The glob of that text, or what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let normal = normal(text);
        let glob = GlobBuilder::new(&normal)
            .literal_separator(true)
            .backslash_escape(true)
            .build();
        match glob {
            Ok(glob) => Ok(Self {
                matcher: glob.compile_matcher(),
                text: normal,
            }),
            Err(error) => Err(error.kind().to_string()),
        }
    }

    /// The text, normalised.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// True when the whole of `text` matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.matcher.is_match(text)
    }

    /// True when it matches `path` or a directory above it: a glob that names a directory covers what is in it.
    pub fn covers(&self, path: &RepoPath) -> bool {
        let mut at = Some(path.clone());
        while let Some(path) = at {
            if self.is_match(path.as_str()) {
                return true;
            }
            at = path.parent().filter(|parent| !parent.is_top());
        }
        self.text.is_empty()
    }

    /// True when it has a wildcard.
    pub fn is_wild(&self) -> bool {
        self.literal_prefix().len() < self.text.len()
    }

    /// The text before the first wildcard.
    pub fn literal_prefix(&self) -> &str {
        let end = self
            .text
            .find(['*', '?', '[', '{', '\\'])
            .unwrap_or(self.text.len());
        &self.text[..end]
    }
}

fn normal(text: &str) -> String {
    let mut text = text.trim_start_matches('/');
    while let Some(rest) = text.strip_prefix("./") {
        text = rest.trim_start_matches('/');
    }
    let text = text.trim_end_matches('/');
    if text == "." {
        String::new()
    } else {
        text.to_owned()
    }
}
