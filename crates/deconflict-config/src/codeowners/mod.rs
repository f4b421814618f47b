//! CODEOWNERS, as GitHub and GitLab read it.
//!
//! GitHub: <https://docs.github.com/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners>,
//! GitLab: <https://docs.gitlab.com/user/project/codeowners/reference/>.

mod index;
mod line;
mod parse;
mod pattern;
#[cfg(test)]
mod tests;

use deconflict_files::{Origin, RepoPath};
use deconflict_yaml::Library;
use smol_str::SmolStr;

use crate::{ANY_FILE, ConfigProblem, team_name};
use index::Index;
use pattern::Pattern;

/// Where GitHub looks, then where GitLab does (both know the top and `docs/`); the first that exists is read.
pub const CODEOWNERS_FILES: [&str; 4] = [
    ".github/CODEOWNERS",
    "CODEOWNERS",
    "docs/CODEOWNERS",
    ".gitlab/CODEOWNERS",
];

/// Who owns which paths, from a CODEOWNERS file. Empty when there is none.
#[derive(Clone, Debug, Default)]
pub struct Codeowners {
    /// The directory that patterns count from.
    pub top: RepoPath,
    /// The file.
    pub file: Option<RepoPath>,
    /// Rules in the order of the file; within a section the last that matches decides.
    pub rules: Vec<OwnerRule>,
    /// Lines that GitHub or GitLab skip.
    pub problems: Vec<ConfigProblem>,
    sections: Vec<Section>,
    index: Index,
}

/// One line.
#[derive(Clone, Debug)]
pub struct OwnerRule {
    /// The pattern as written.
    pub pattern: SmolStr,
    /// Owners as written (`@org/team`, `@user`, an address), those of the section when the line names none; empty when
    /// the line takes ownership away.
    pub owners: Vec<SmolStr>,
    /// The pattern's text.
    pub at: Origin,
    /// The index of its section.
    section: usize,
    /// True for GitLab's `!pattern`: what it matches has no owner in its section, whatever follows.
    excludes: bool,
    matcher: Pattern,
}

/// A section of GitLab's; GitHub's files have one.
#[derive(Clone, Debug)]
struct Section {
    /// True for `^[Section]`, whose approval nobody has to wait for.
    is_optional: bool,
}

impl Codeowners {
    /// The file of the repository whose top is `top`.
    pub fn find(library: &Library, top: &RepoPath) -> Self {
        for name in CODEOWNERS_FILES {
            let Some(path) = top.join(name) else { continue };
            if let Ok(loaded) = library.load(&path) {
                let is_gitlab = match name {
                    ".github/CODEOWNERS" => Some(false),
                    ".gitlab/CODEOWNERS" => Some(true),
                    _ => None,
                };
                return Self::parse(loaded.file, &loaded.text, is_gitlab).at(top, path);
            }
        }
        Self {
            top: top.clone(),
            ..Self::default()
        }
    }

    fn at(self, top: &RepoPath, path: RepoPath) -> Self {
        Self {
            top: top.clone(),
            file: Some(path),
            ..self
        }
    }

    /// The team that owns the file at `path` (of the snapshot): its first owner, `@org/` and `@` taken off.
    pub fn team_of(&self, path: &RepoPath) -> Option<SmolStr> {
        self.owners_of(path).first().map(|owner| team_name(owner).into())
    }

    /// The team that owns what lies in the directory at `path`, unless its name says otherwise.
    pub fn team_of_directory(&self, path: &RepoPath) -> Option<SmolStr> {
        let file = path.join(ANY_FILE)?;
        self.team_of(&file)
    }

    /// The owners of the file at `path` (of the snapshot). In a file with sections each section gives owners of its own; these
    /// are those of the last section that gives any, because general ones tend to come first, and of an optional
    /// section only when there is no other.
    pub fn owners_of(&self, path: &RepoPath) -> &[SmolStr] {
        let Some(path) = path.below(&self.top).filter(|_| !self.rules.is_empty()) else {
            return &[];
        };
        let parts: Vec<&str> = path.parts().collect();
        let mut decided: Vec<Option<&OwnerRule>> = vec![None; self.sections.len()];
        let mut candidates = self.index.candidates(&parts);
        candidates.sort_unstable();
        for rule in candidates.into_iter().map(|index| &self.rules[index as usize]) {
            let decided = &mut decided[rule.section];
            if decided.is_none_or(|before| !before.excludes) && rule.matcher.is_match(&parts) {
                *decided = Some(rule);
            }
        }
        let with_owners = || {
            let sections = self.sections.iter().zip(&decided).rev();
            sections.filter_map(|(section, rule)| {
                let rule = (*rule).filter(|rule| !rule.excludes && !rule.owners.is_empty())?;
                Some((section, rule))
            })
        };
        with_owners()
            .find(|(section, _)| !section.is_optional)
            .or_else(|| with_owners().next())
            .map_or(&[], |(_, rule)| &rule.owners)
    }
}
