//! Files of this repository that a Flux source leaves out: `.sourceignore` and `GitRepository.spec.ignore`.

use deconflict_files::RepoPath;
use deconflict_yaml::Library;
use globset::{GlobBuilder, GlobMatcher};

use crate::survey::Survey;

/// Patterns in order; the last that matches decides (source-controller, `sourceignore`, with go-git's reading of patterns).
#[derive(Debug, Default)]
pub(crate) struct Ignore {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    /// The directory that it counts from.
    base: RepoPath,
    glob: GlobMatcher,
    /// It names directories only.
    is_directory: bool,
    /// `!pattern`
    includes: bool,
}

impl Ignore {
    /// What a source of the directory at `base` leaves out; `more` is its `spec.ignore`.
    pub(crate) fn of(survey: &Survey, library: &Library, base: &RepoPath, more: Option<&str>) -> Self {
        let mut found = Self::default();
        for file in survey.source_ignores.iter().filter(|file| file.is_within(base)) {
            if let (Ok(loaded), Some(directory)) = (library.load(file), file.parent()) {
                found.read(&directory, &loaded.text);
            }
        }
        found.read(base, more.unwrap_or_default());
        found
    }

    fn read(&mut self, base: &RepoPath, text: &str) {
        for line in text.lines().map(str::trim_end) {
            let (line, includes) = match line.strip_prefix('!') {
                Some(rest) => (rest, true),
                None => (line, false),
            };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, is_directory) = match line.strip_suffix('/') {
                Some(rest) => (rest, true),
                None => (line, false),
            };
            let glob = if name.contains('/') {
                name.trim_start_matches('/').to_owned()
            } else {
                format!("**/{name}")
            };
            // A pattern that cannot be read ignores nothing.
            if let Ok(glob) = GlobBuilder::new(&glob).literal_separator(true).build() {
                self.patterns.push(Pattern {
                    base: base.clone(),
                    glob: glob.compile_matcher(),
                    is_directory,
                    includes,
                });
            }
        }
    }

    /// True when the file at `path` is left out.
    pub(crate) fn drops(&self, path: &RepoPath) -> bool {
        let decides = self.patterns.iter().rev().find(|pattern| pattern.is_match(path));
        decides.is_some_and(|pattern| !pattern.includes)
    }
}

impl Pattern {
    /// True when the file, or a directory above it, matches.
    fn is_match(&self, path: &RepoPath) -> bool {
        let Some(inside) = path.below(&self.base) else {
            return false;
        };
        let text = inside.as_str();
        let above = text.match_indices('/').map(|(end, _)| &text[..end]);
        let file = (!self.is_directory).then_some(text);
        above.chain(file).any(|part| self.glob.is_match(part))
    }
}

#[cfg(test)]
mod tests {
    use deconflict_files::RepoPath;

    use super::Ignore;

    fn check(patterns: &str, dropped: &[&str], kept: &[&str]) {
        let mut ignore = Ignore::default();
        ignore.read(&RepoPath::new("base").unwrap(), patterns);
        let drops = |path: &&str| ignore.drops(&RepoPath::new(path).unwrap());
        assert_eq!(dropped.iter().find(|path| !drops(path)), None, "{patterns}");
        assert_eq!(kept.iter().find(|path| drops(path)), None, "{patterns}");
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        check(
            "# all but\n/*\n\n!/apps/\n!/infra/\n",
            &["base/readme.yaml", "base/docs/a.yaml"],
            &["base/apps/a.yaml", "base/infra/b/c.yaml", "elsewhere/x.yaml"],
        );
        check(
            "*.md\n.ci\ntest/\n/only/here/*.yaml\n",
            &[
                "base/a/b.md",
                "base/a/.ci/x.yaml",
                "base/test/x.yaml",
                "base/only/here/x.yaml",
            ],
            &["base/a/test", "base/a/only/here/x.yaml", "base/x.yaml"],
        );
    }
}
