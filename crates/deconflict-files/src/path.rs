//! Paths inside a snapshot.

use std::borrow::Borrow;
use std::fmt;

use smol_str::{SmolStr, format_smolstr};

/// A path inside a snapshot: `/`-separated, relative to the snapshot's top, normalised (no `.`, `..`, empty or
/// trailing parts). The top itself is the empty path. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct RepoPath(SmolStr);

impl RepoPath {
    /// The top of the snapshot.
    pub fn top() -> Self {
        Self::default()
    }

    /// Normalise `path`; `None` when it climbs above the top. A leading `/` is ignored.
    pub fn new(path: &str) -> Option<Self> {
        Self::top().join(path)
    }

    /// `path` seen from this directory, with `.` and `..` resolved by text; `None` when it climbs above the top.
    pub fn join(&self, path: &str) -> Option<Self> {
        if path.split('/').all(|part| !matches!(part, "" | "." | "..")) {
            return Some(if self.is_top() {
                Self(path.into())
            } else {
                Self(format_smolstr!("{}/{path}", self.0))
            });
        }
        let mut parts: Vec<&str> = self.parts().collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                name => parts.push(name),
            }
        }
        Some(Self(parts.join("/").into()))
    }

    /// The text, `""` for the top.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, `.` for the top: what a person is shown.
    pub fn display(&self) -> &str {
        if self.0.is_empty() { "." } else { &self.0 }
    }

    /// True for the top.
    pub fn is_top(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts, outermost first.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/').filter(|part| !part.is_empty())
    }

    /// The directory that holds this path; `None` for the top.
    pub fn parent(&self) -> Option<Self> {
        if self.is_top() {
            return None;
        }
        Some(Self(
            self.0.rsplit_once('/').map_or("", |(parent, _)| parent).into(),
        ))
    }

    /// The last part, `""` for the top.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// What follows the last dot of the file name, if anything does.
    pub fn extension(&self) -> Option<&str> {
        self.file_name().rsplit_once('.').map(|(_, extension)| extension)
    }

    /// True when `self` is `directory` or lies below it.
    pub fn is_within(&self, directory: &RepoPath) -> bool {
        directory.is_top()
            || self
                .0
                .strip_prefix(directory.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path as seen from `directory`; `None` when it does not lie within.
    pub fn below(&self, directory: &RepoPath) -> Option<RepoPath> {
        if !self.is_within(directory) {
            return None;
        }
        Some(Self(self.0[directory.0.len()..].trim_start_matches('/').into()))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.display())
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Borrow<str> for RepoPath {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::RepoPath;

    #[test]
    fn joins_are_normalised_and_stay_inside() {
        let check = |from: &str, to: &str, want: Option<&str>| {
            let got = RepoPath::new(from).and_then(|path| path.join(to));
            assert_eq!(got.as_ref().map(RepoPath::as_str), want, "{from} + {to}");
        };
        check("a/b", "../c", Some("a/c"));
        check("a/b", "./c//d/", Some("a/b/c/d"));
        check("a", "../..", None);
        check("", "..", None);
        check("a", "..", Some(""));
    }

    #[test]
    fn within_counts_whole_parts() {
        let path = |text| RepoPath::new(text).expect("a path inside");
        assert!(path("a/b").is_within(&path("a")));
        assert!(path("a").is_within(&path("a")));
        assert!(!path("ab").is_within(&path("a")));
        assert!(path("x").is_within(&RepoPath::top()));
        assert_eq!(path("a/b/c").below(&path("a")), Some(path("b/c")));
    }
}
