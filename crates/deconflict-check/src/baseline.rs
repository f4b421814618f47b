//! `deconflict-baseline.yaml`: what it accepts is old, and what it accepts in vain is said.

use std::collections::BTreeSet;

use deconflict_config::{Baseline, BaselineEntry};
use deconflict_files::Origin;
use deconflict_findings::{Finding, Label, Place, Report};
use rustc_hash::FxHashMap;

use crate::instance::Instance;
use crate::judge::Judge;
use crate::{Input, Options, fold, found, lint, select};

impl Judge<'_> {
    /// Mark what the baseline accepts as old, cluster by cluster, and add what it accepts in vain to `findings`.
    pub(crate) fn compare_with_baseline(&self, findings: &mut Vec<Finding>) {
        let baseline = &self.input.config.baseline;
        if baseline.entries.is_empty() {
            return;
        }
        let accepted = by_fingerprint(baseline);
        for finding in &mut *findings {
            let Some(entry) = accepted.get(finding.fingerprint.as_str()) else {
                continue;
            };
            for seen in &mut finding.seen_in {
                let cluster = seen.cluster.as_deref();
                seen.old |= cluster.is_none_or(|cluster| entry.clusters.contains(cluster));
            }
            finding.old |= finding.seen_in.iter().all(|seen| seen.old);
        }
        let stale = self.stale(baseline, findings);
        let place = |at: Origin| Place::of(&self.input.library.files().get(at.file), at.span);
        let stale = found::found(stale.into_iter().collect(), &place, &str::to_owned);
        findings.extend(fold::fold(&stale, &place));
        findings.sort_by_cached_key(|finding| {
            let place = place(finding.primary.at);
            (place.path, place.start, finding.rule, finding.fingerprint.clone())
        });
    }

    /// One finding about all entries that are of no use any more, at the first of them.
    fn stale(&self, baseline: &Baseline, findings: &[Finding]) -> Option<Instance> {
        let meta = &lint::UNUSED_BASELINE;
        // What was lost may be what an entry speaks of.
        if !select::runs(meta, &self.input.config, self.options) || !self.losses.is_empty() {
            return None;
        }
        let left = prune(baseline, findings, &|id| {
            select::ran(id, &self.input.config, self.options)
        });
        let left: FxHashMap<Option<Origin>, &BaselineEntry> =
            left.entries.iter().map(|entry| (entry.at, entry)).collect();
        let gone = baseline
            .entries
            .iter()
            .filter(|entry| left.get(&entry.at) != Some(entry));
        let gone: Vec<(&BaselineEntry, Origin)> = gone.filter_map(|entry| Some((entry, entry.at?))).collect();
        let (first, at) = *gone.first()?;
        let message = match gone.len() {
            1 => format!("the baseline accepts a finding of `{}` that is gone", first.rule),
            more => format!("the baseline accepts {more} findings that are gone"),
        };
        let mut finding = Finding::new(meta.id, meta.severity, message, at);
        finding.related = gone[1..]
            .iter()
            .map(|(entry, at)| Label::new(*at, format!("`{}`", entry.rule)))
            .collect();
        finding.notes = vec!["if one of them comes back, it comes back unseen".to_owned()];
        finding.help = Some("run `deconflict baseline prune`".to_owned());
        Some(Instance {
            finding,
            meta,
            seen: Vec::new(),
            kept: false,
        })
    }
}

fn by_fingerprint(baseline: &Baseline) -> FxHashMap<&str, &BaselineEntry> {
    let entries = baseline.entries.iter();
    entries.map(|entry| (entry.fingerprint.as_str(), entry)).collect()
}

/// What of `baseline` the findings still show; an entry is kept as it is when its rule did not run.
fn prune(baseline: &Baseline, findings: &[Finding], ran: &dyn Fn(&str) -> bool) -> Baseline {
    let found: FxHashMap<&str, &Finding> = findings
        .iter()
        .map(|finding| (finding.fingerprint.as_str(), finding))
        .collect();
    let entries = baseline.entries.iter().filter_map(|entry| {
        if !ran(&entry.rule) {
            return Some(entry.clone());
        }
        let finding = found.get(entry.fingerprint.as_str())?;
        let seen = clusters(finding);
        // What has no cluster any more is accepted all the same.
        let mut entry = entry.clone();
        if !seen.is_empty() {
            entry.clusters.retain(|cluster| seen.contains(cluster.as_str()));
            if entry.clusters.is_empty() {
                return None;
            }
        }
        Some(entry)
    });
    Baseline {
        entries: entries.collect(),
    }
}

fn clusters(finding: &Finding) -> BTreeSet<&str> {
    let seen = finding.seen_in.iter();
    seen.filter_map(|seen| seen.cluster.as_deref()).collect()
}

/// Everything that `report` finds, whatever the configuration's baseline accepts, but what is about the baseline itself.
pub fn make_baseline(report: &Report) -> Baseline {
    let findings = report
        .findings
        .iter()
        .filter(|finding| finding.rule != lint::UNUSED_BASELINE.id);
    let entries = findings.map(|finding| BaselineEntry {
        rule: finding.rule.into(),
        fingerprint: finding.fingerprint.as_str().into(),
        clusters: clusters(finding).into_iter().map(Into::into).collect(),
        path: report.place(finding.primary.at).path.into(),
        at: None,
    });
    Baseline {
        entries: entries.collect(),
    }
}

/// What of the configuration's baseline `report` still shows, and how many entries are gone or narrower.
pub fn prune_baseline(input: &Input, options: &Options, report: &Report) -> (Baseline, usize) {
    let old = &input.config.baseline;
    let left = prune(old, &report.findings, &|id| {
        select::ran(id, &input.config, options)
    });
    let kept = old
        .entries
        .iter()
        .filter(|entry| left.entries.contains(entry))
        .count();
    (left, old.entries.len() - kept)
}
