//! The steps in order.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_findings::{Finding, Place, Report, Secrets, Severity, Summary};

use crate::build::{Deployed, build};
use crate::guard::Losses;
use crate::judge::Judge;
use crate::{Input, Options, coverage, fold, rows, secrets, severity, silence, world};

/// See [`crate::check`].
pub(crate) fn check(input: &Input, options: &Options) -> Report {
    let losses = Losses::default();
    let deployed = deploy(input, &losses);
    let lost = || "joining what is deployed: collisions are lost".to_owned();
    let clusters = losses
        .guard(lost, || world::clusters(&deployed))
        .unwrap_or_default();
    let unchecked = coverage::Unchecked::default();
    let judge = Judge {
        input,
        options,
        deployed: &deployed,
        clusters: &clusters,
        losses: &losses,
        unchecked: &unchecked,
    };
    let mut found = judge.all();
    for instance in &mut found {
        let moved = severity::severity(
            &instance.finding,
            instance.meta,
            &input.config,
            &deployed.placements,
        );
        instance.finding.severity = moved;
    }
    let (mut stay, silent) = silence::silence(&judge, found);
    for instance in &mut stay {
        if let Some(asked) = input
            .config
            .rules
            .get(instance.meta.id)
            .and_then(|setting| setting.severity)
        {
            instance.finding.severity = asked;
        }
    }
    let place = |at: Origin| judge.place(at);
    let mut findings = fold::fold(stay, &place);
    judge.compare_with_baseline(&mut findings);
    let suppressed = fold::fold(silent, &place).len();
    let secrets = secrets::secrets(&deployed, &input.library, &input.config);
    let placements = rows::placements(&deployed);
    let cluster_rows = rows::clusters(&deployed, &clusters);
    let mut report = empty(input);
    report.coverage = coverage::coverage(&deployed, unchecked);
    report.summary = summary(input, &deployed, &cluster_rows);
    report.summary.suppressed = suppressed;
    report.placements = placements;
    report.clusters = cluster_rows;
    report.secrets = secrets;
    report.findings = findings
        .into_iter()
        .filter(|finding| fold::is_below(finding, &options.below, &report))
        .collect();
    count(&mut report);
    report.unfinished = losses.into_sorted();
    report
}

/// See [`crate::map`].
pub(crate) fn map(input: &Input) -> Report {
    let losses = Losses::default();
    let deployed = deploy(input, &losses);
    let lost = || "joining what is deployed: counts are lost".to_owned();
    let clusters = losses
        .guard(lost, || world::clusters(&deployed))
        .unwrap_or_default();
    let mut report = empty(input);
    report.coverage = coverage::coverage(&deployed, coverage::Unchecked::default());
    report.placements = rows::placements(&deployed);
    report.clusters = rows::clusters(&deployed, &clusters);
    report.summary = summary(input, &deployed, &report.clusters);
    report.unfinished = losses.into_sorted();
    report
}

fn deploy(input: &Input, losses: &Losses) -> Deployed {
    let lost = || "finding what is deployed: nothing was checked".to_owned();
    losses.guard(lost, || build(input, losses)).unwrap_or_default()
}

fn empty(input: &Input) -> Report {
    Report {
        judged: input.judged.clone(),
        summary: Summary::default(),
        coverage: deconflict_findings::Coverage::default(),
        findings: Vec::new(),
        placements: Vec::new(),
        clusters: Vec::new(),
        unfinished: Vec::new(),
        secrets: Secrets::new(),
        files: Arc::clone(input.library.files()),
    }
}

fn summary(input: &Input, deployed: &Deployed, clusters: &[deconflict_findings::ClusterRow]) -> Summary {
    Summary {
        files: input.library.files().count(),
        placements: deployed.placements.all.len(),
        objects: deployed
            .roots
            .iter()
            .map(|built| built.footprint.objects.len())
            .sum(),
        clusters: clusters.iter().filter(|cluster| cluster.placements > 0).count(),
        ..Summary::default()
    }
}

fn count(report: &mut Report) {
    let of = |findings: &[Finding], severity: Severity| {
        findings
            .iter()
            .filter(|finding| !finding.old && finding.severity == severity)
            .count()
    };
    report.summary.errors = of(&report.findings, Severity::Error);
    report.summary.warnings = of(&report.findings, Severity::Warning);
    report.summary.infos = of(&report.findings, Severity::Info);
    report.summary.old = report.findings.iter().filter(|finding| finding.old).count();
}

impl Judge<'_> {
    /// Resolve a place.
    pub(crate) fn place(&self, at: Origin) -> Place {
        Place::of(&self.input.library.files().get(at.file), at.span)
    }
}
