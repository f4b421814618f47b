//! From text to rules.

use deconflict_files::{FileId, Origin, Span};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::index::Index;
use super::line::{head, words};
use super::pattern::Pattern;
use super::{Codeowners, OwnerRule, Section};
use crate::ConfigProblem;

impl Codeowners {
    /// The rules of `text`. `is_gitlab` says whose reading counts; nobody knows: GitLab's when there are sections.
    pub(super) fn parse(file: FileId, text: &str, is_gitlab: Option<bool>) -> Self {
        let is_gitlab = is_gitlab.unwrap_or_else(|| text.lines().any(|line| head(line).is_some()));
        let mut reader = Reader {
            file,
            is_gitlab,
            found: Self {
                sections: vec![Section { is_optional: false }],
                ..Self::default()
            },
            names: FxHashMap::default(),
            section: 0,
            defaults: Vec::new(),
        };
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let skip = if start == 0 && line.starts_with('\u{feff}') {
                3
            } else {
                0
            };
            reader.line(&line[skip..], start + skip);
            start += line.len();
        }
        let mut found = reader.found;
        found.index = Index::new(&found.rules);
        found
    }
}

struct Reader {
    file: FileId,
    is_gitlab: bool,
    found: Codeowners,
    /// Sections by name: two of one name are one.
    names: FxHashMap<String, usize>,
    section: usize,
    /// Owners of lines of this section that name none.
    defaults: Vec<SmolStr>,
}

impl Reader {
    fn origin(&self, at: usize, text: &str) -> Origin {
        Origin::new(self.file, Span::new(at, at + text.len()))
    }

    fn problem(&mut self, at: usize, text: &str, message: impl Into<String>, help: &str) {
        let problem = ConfigProblem::new(self.origin(at, text), message).help(help);
        self.found.problems.push(problem);
    }

    fn line(&mut self, line: &str, start: usize) {
        if self.is_gitlab
            && let Some(head) = head(line)
        {
            return self.open(head.is_optional, head.name, head.rest);
        }
        let words = words(line);
        let Some((at, word)) = words.first().copied() else {
            return;
        };
        let at = start + at;
        let mut pattern = word;
        let mut excludes = false;
        if let Some(rest) = word.strip_prefix('!') {
            if !self.is_gitlab {
                let message = format!("`{word}`: GitHub skips this line, because patterns cannot be negated");
                return self.problem(
                    at,
                    word,
                    message,
                    "give the path to nobody: write it in a later line without owner",
                );
            }
            excludes = true;
            pattern = rest;
        }
        let mut owners: Vec<SmolStr> = Vec::new();
        for (offset, owner) in &words[1..] {
            if is_owner(owner) {
                owners.push((*owner).into());
                continue;
            }
            let help = "owners are written as @user, @org/team or an address";
            if self.is_gitlab {
                self.problem(
                    start + offset,
                    owner,
                    format!("`{owner}` is no owner and does not count"),
                    help,
                );
            } else {
                let message = format!("`{owner}` is no owner: GitHub skips this line");
                return self.problem(start + offset, owner, message, help);
            }
        }
        if owners.is_empty() {
            owners.clone_from(&self.defaults);
        }
        let matcher = if self.is_gitlab {
            Pattern::gitlab(pattern)
        } else {
            Pattern::github(pattern)
        };
        self.found.rules.push(OwnerRule {
            pattern: word.into(),
            owners,
            at: self.origin(at, word),
            section: self.section,
            excludes,
            matcher,
        });
    }

    fn open(&mut self, is_optional: bool, name: &str, rest: &str) {
        let new = self.found.sections.len();
        self.section = *self.names.entry(name.to_lowercase()).or_insert(new);
        if self.section == new {
            self.found.sections.push(Section { is_optional });
        } else {
            // One head without `^` makes the whole section count.
            self.found.sections[self.section].is_optional &= is_optional;
        }
        let owners = words(rest).into_iter().map(|(_, owner)| owner);
        self.defaults = owners
            .filter(|owner| is_owner(owner))
            .map(SmolStr::from)
            .collect();
    }
}

/// `@user`, `@org/team`, `@@role` of GitLab's, or an address.
fn is_owner(text: &str) -> bool {
    match text.split_once('@') {
        Some(("", handle)) => !handle.trim_start_matches('@').is_empty() && !handle.ends_with('/'),
        Some((_, host)) => !host.is_empty() && !host.contains('@'),
        None => false,
    }
}
