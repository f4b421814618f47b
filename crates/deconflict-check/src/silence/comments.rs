//! `# deconflict: ignore[rule-id] reason`.

use std::collections::BTreeSet;

use deconflict_config::{ConfigProblem, Ignore, ignores};
use deconflict_files::{FileId, Origin, RepoPath};
use deconflict_findings::{Finding, RuleMeta};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Lint;
use crate::judge::Judge;
use crate::sides::{cross_teams, labels};
use crate::{lint, select};

/// The ignore comments of all files that were read.
pub(super) struct Comments {
    /// In the order of paths and lines.
    all: Vec<(FileId, Ignore, bool)>,
    by_file: FxHashMap<FileId, Vec<usize>>,
    problems: Vec<ConfigProblem>,
}

/// What every such comment holds; files without it need no parsing.
pub(crate) const MARK: &str = "deconflict:";

impl Comments {
    pub(super) fn read(judge: &Judge<'_>) -> Self {
        let mut paths: BTreeSet<&RepoPath> = judge.deployed.placements.manifests.iter().collect();
        for built in &judge.deployed.roots {
            let found = built.reads.found.iter();
            paths.extend(found.filter(|path| matches!(path.extension(), Some("yaml" | "yml"))));
        }
        let library = &judge.input.library;
        let paths: Vec<&RepoPath> = paths.into_iter().collect();
        let read: Vec<_> = paths
            .par_iter()
            .filter_map(|path| {
                let loaded = library.load(path).ok()?;
                if !loaded.text.contains(MARK) {
                    return None;
                }
                let lost = || format!("ignore comments in {}: they are lost", path.display());
                let found = judge
                    .losses
                    .guard(lost, || ignores(loaded.file, &loaded.text, loaded.parsed()));
                Some((loaded.file, found?))
            })
            .collect();
        let mut comments = Self {
            all: Vec::new(),
            by_file: FxHashMap::default(),
            problems: Vec::new(),
        };
        for (file, found) in read {
            for ignore in found.all {
                comments.by_file.entry(file).or_default().push(comments.all.len());
                comments.all.push((file, ignore, false));
            }
            comments.problems.extend(found.problems);
        }
        comments
    }

    /// True when comments silence the finding: one on every side when it is between teams, else one on any of its
    /// lines. A comment that alone is not enough is named in a note.
    pub(super) fn silence(&mut self, judge: &Judge<'_>, finding: &mut Finding) -> bool {
        if self.all.is_empty() {
            return false;
        }
        let sides: Vec<Origin> = labels(finding).map(|label| label.at).collect();
        let rule = finding.rule;
        if !cross_teams(finding) {
            let related = finding.related.iter().map(|label| label.at);
            let trail = finding.trail.iter().map(|step| step.at);
            let lines: Vec<Origin> = sides.into_iter().chain(related).chain(trail).collect();
            return lines
                .into_iter()
                .filter(|at| self.covers(judge, rule, *at).is_some())
                .count()
                > 0;
        }
        let covered: Vec<Option<Origin>> = sides.iter().map(|at| self.covers(judge, rule, *at)).collect();
        if covered.iter().all(Option::is_some) {
            return true;
        }
        if let Some(at) = covered.into_iter().flatten().next() {
            let place = judge.place(at);
            finding.notes.push(format!(
                "the comment at {}:{} alone does not silence it: a finding between teams needs one on every side, or a contract",
                place.path, place.line
            ));
        }
        false
    }

    /// The comment for `rule` that speaks about a line of `at`, which counts as used from now on.
    fn covers(&mut self, judge: &Judge<'_>, rule: &str, at: Origin) -> Option<Origin> {
        let known = self.by_file.get(&at.file)?;
        let place = judge.place(at);
        let mut found = None;
        for index in known {
            let (_, ignore, used) = &mut self.all[*index];
            if ignore.rule == rule && ignore.covers(place.line, place.end_line) {
                *used = true;
                found.get_or_insert(ignore.at);
            }
        }
        found
    }

    /// Comments that silence nothing, and those that cannot be read.
    pub(super) fn unused(self, judge: &Judge<'_>) -> Vec<Lint> {
        let meta = &lint::UNUSED_IGNORE;
        if !select::runs(meta, &judge.input.config, judge.options) {
            return Vec::new();
        }
        let rules = crate::rules();
        let known =
            |id: &str| -> Option<&'static RuleMeta> { rules.iter().find(|rule| rule.id == id).copied() };
        let mut found: Vec<Lint> = Vec::new();
        for (_, ignore, used) in self.all {
            let (message, help) = match known(&ignore.rule) {
                _ if used => continue,
                None => (
                    format!("this comment names no rule: there is no `{}`", ignore.rule),
                    "`deconflict rules` lists them all",
                ),
                Some(rule) if !select::runs(rule, &judge.input.config, judge.options) => continue,
                Some(rule) => (
                    format!("this comment silences nothing: `{}` finds nothing here", rule.id),
                    "delete the comment",
                ),
            };
            let mut finding = Finding::new(meta.id, meta.severity, message, ignore.at);
            finding.key = Some(ignore.rule.to_string());
            finding.help = Some(help.to_owned());
            found.push((meta, finding));
        }
        for problem in self.problems {
            let mut finding = Finding::new(meta.id, meta.severity, problem.message, problem.at);
            finding.help = problem.help;
            found.push((meta, finding));
        }
        found
    }
}
