//! The steps in order.

use std::sync::Arc;

use deconflict_claims::ClusterIndex;
use deconflict_files::Origin;
use deconflict_findings::{Place, Report, Secrets, Summary};

use crate::build::{Deployed, build};
use crate::change::{self, Blame, Change, Inputs, Moved};
use crate::found::{self, Found};
use crate::guard::Losses;
use crate::instance::Instance;
use crate::judge::Judge;
use crate::{Input, Options, coverage, fold, lint, rows, secrets, severity, silence, world};

/// See [`crate::check`] and [`crate::check_change`].
pub(crate) fn check(input: &Input, change: Option<&Change>, options: &Options) -> Report {
    let losses = Losses::default();
    let deployed = deploy(input, &losses);
    let before = change.map(|change| Input {
        library: Arc::clone(&change.base),
        ..input.clone()
    });
    let before = before.map(|input| (deploy(&input, &losses), input));
    let clusters_before = before.as_ref().map(|(deployed, _)| clusters(deployed, &losses));
    let clusters = clusters(&deployed, &losses);
    let unchecked = coverage::Unchecked::default();
    let judge = Judge {
        input,
        options,
        deployed: &deployed,
        clusters: &clusters,
        losses: &losses,
        unchecked: &unchecked,
    };
    let mut all = judge.all();
    if let (Some(change), Some(before)) = (change, &clusters_before) {
        let changes = judge.changes(before, change);
        change::leave_out_said(&mut all, &changes);
        all.extend(changes);
    }
    let (mut stay, silent) = judged(&judge, all);
    stay.extend(change.and_then(|change| change::conflict(input, change)));
    stay.extend(
        change
            .iter()
            .flat_map(|change| change::weakened(input, change, options, &silent)),
    );
    let place = |at: Origin| judge.place(at);
    let mut found = found::found(stay, &place, &str::to_owned);
    if let (Some(change), Some((deployed, input)), Some(clusters)) = (change, &before, &clusters_before) {
        let base = Judge {
            input,
            deployed,
            clusters,
            unchecked: &coverage::Unchecked::default(),
            ..judge
        };
        compare(&judge, &base, change, &mut found);
    }
    let mut findings = fold::fold(&found, &place);
    judge.compare_with_baseline(&mut findings);
    let suppressed = fold::fold(&found::found(silent, &place, &str::to_owned), &place).len();
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
        .filter(|finding| {
            // There is no tree after the merge, wherever one looks.
            let everywhere = finding.rule == lint::MERGE_CONFLICT.id;
            everywhere || fold::is_below(finding, &options.below, &report)
        })
        .collect();
    if let Some(change) = change {
        coverage::conflicts(&mut report.coverage, change);
    }
    report.count();
    if options.is_last {
        std::mem::forget((found, clusters));
        std::mem::forget(deployed);
    }
    report.unfinished = losses.into_sorted();
    report
}

/// What `found` says with its severity; then what comments and contracts silence.
fn judged(judge: &Judge<'_>, mut found: Vec<Instance>) -> (Vec<Instance>, Vec<Instance>) {
    let config = &judge.input.config;
    for instance in &mut found {
        let moved = severity::severity(
            &instance.finding,
            instance.meta,
            config,
            &judge.deployed.placements,
        );
        instance.finding.severity = moved;
    }
    let (mut stay, silent) = silence::silence(judge, found);
    for instance in &mut stay {
        let setting = config.rules.get(instance.meta.id);
        if let Some(asked) = setting.and_then(|setting| setting.severity) {
            instance.finding.severity = asked;
        }
    }
    (stay, silent)
}

/// Mark what the base has too, and let the rest stand at the side that the change touched.
fn compare(judge: &Judge<'_>, base: &Judge<'_>, change: &Change, found: &mut [Found]) {
    let moved = Moved::new(change, judge.input.library.files());
    let (before, _) = judged(base, base.all());
    let before = found::found(before, &|at| base.place(at), &|path| moved.renamed(path));
    change::mark(found, &before, &moved);
    let inputs = Inputs::new(change, judge.input.library.snapshot());
    let blame = Blame::new(&moved, &inputs, judge.deployed);
    for one in found.iter_mut().filter(|one| !one.is_old()) {
        blame.turn(&mut one.instance.finding);
    }
}

/// See [`crate::map`].
pub(crate) fn map(input: &Input) -> Report {
    let losses = Losses::default();
    let deployed = deploy(input, &losses);
    let clusters = clusters(&deployed, &losses);
    let mut report = empty(input);
    report.coverage = coverage::coverage(&deployed, coverage::Unchecked::default());
    report.placements = rows::placements(&deployed);
    report.clusters = rows::clusters(&deployed, &clusters);
    report.summary = summary(input, &deployed, &report.clusters);
    report.unfinished = losses.into_sorted();
    report
}

pub(crate) fn deploy(input: &Input, losses: &Losses) -> Deployed {
    let lost = || "finding what is deployed: nothing was checked".to_owned();
    losses.guard(lost, || build(input, losses)).unwrap_or_default()
}

pub(crate) fn clusters<'d>(deployed: &'d Deployed, losses: &Losses) -> Vec<ClusterIndex<'d>> {
    let lost = || "joining what is deployed: collisions are lost".to_owned();
    losses
        .guard(lost, || world::clusters(deployed))
        .unwrap_or_default()
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

impl Judge<'_> {
    /// Resolve a place.
    pub(crate) fn place(&self, at: Origin) -> Place {
        Place::of(&self.input.library.files().get(at.file), at.span)
    }
}
