//! The steps in order.

use std::sync::Arc;

use deconflict_claims::ClusterIndex;
use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{Place, Report, Secrets, Summary};
use rustc_hash::FxHashSet;

use crate::build::{self, Deployed, Extent, Known, Next};
use crate::change::{self, Blame, Change, Inputs, Moved};
use crate::found::{self, Found};
use crate::guard::Losses;
use crate::instance::Instance;
use crate::judge::Judge;
use crate::world::{Surroundings, World};
use crate::{Input, Options, coverage, fold, lint, rows, secrets, severity, silence, world};

/// See [`crate::check`] and [`crate::check_change`].
pub(crate) fn check(input: &Input, change: Option<&Change>, options: &Options) -> Report {
    if let Some(change) = change.filter(|_| options.only_new && !looks_at_all_objects(input)) {
        // What the change cannot reach brings nothing new, so that it is enough to know that nothing is new elsewhere.
        let next = Next {
            library: &input.library,
            changed: &change.changed,
        };
        let report = attempt(input, Some(change), options, Extent::Leading(Some(next)));
        if let Some(report) = report {
            return report;
        }
    }
    attempt(input, change, options, Extent::All).unwrap_or_else(|| empty(input))
}

/// True when a file that no root reads says what objects must be like: a schema for kinds.
fn looks_at_all_objects(input: &Input) -> bool {
    input.config.schemas.iter().any(|entry| !entry.kinds.is_empty())
}

/// The report; `None` when it holds anything new and not all of it was looked at.
fn attempt(input: &Input, change: Option<&Change>, options: &Options, extent: Extent<'_>) -> Option<Report> {
    let losses = Losses::default();
    let before = change.map(|change| Input {
        library: Arc::clone(&change.base),
        ..input.clone()
    });
    let is_partial = matches!(extent, Extent::Leading(_));
    let mut before = before.map(|input| (deploy(&input, None, extent, &losses), input));
    let inputs = change.map(|change| Inputs::new(change, input.library.snapshot()));
    let share = inputs.as_ref().filter(|_| !options.apart);
    let known = before.as_ref().zip(share).map(|((deployed, _), inputs)| Known {
        roots: &deployed.roots,
        inputs,
    });
    let moved = change.map(|change| Moved::new(change, input.library.files()));
    let carried = before.as_ref().zip(share);
    let carried = carried.and_then(|((base, _), inputs)| build::carried(base, inputs));
    let own = match extent {
        Extent::All => Extent::All,
        Extent::Leading(_) => Extent::Leading(None),
    };
    let mut deployed = carried.unwrap_or_else(|| deploy(input, known.as_ref(), own, &losses));
    if let (true, Some((base, base_input)), Some(inputs)) = (is_partial, &mut before, &inputs) {
        let (here, there) = world::wanted(&deployed, base);
        build::complete(base, &there, base_input, None, &losses);
        let roots = &base.roots;
        build::complete(
            &mut deployed,
            &here,
            input,
            Some(&Known { roots, inputs }),
            &losses,
        );
    }
    let here = Tree::new(&deployed, &losses);
    let there = before.as_ref().map(|(deployed, _)| Tree::new(deployed, &losses));
    let kept = there.as_ref().map(|there| here.kept(there)).unwrap_or_default();
    let kept_there = there.as_ref().map(|there| there.kept(&here)).unwrap_or_default();
    let is_known = here.is_complete(&kept) && there.iter().all(|there| there.is_complete(&kept_there));
    if is_partial && !is_known {
        return None;
    }
    let unchecked = coverage::Unchecked::default();
    let same_files = match (&before, share) {
        (Some((base, _)), Some(inputs)) => same_files(&deployed, base, inputs),
        _ => FxHashSet::default(),
    };
    let judge = Judge {
        input,
        options,
        change,
        deployed: &deployed,
        clusters: &here.clusters,
        surroundings: &here.surroundings,
        kept: &kept,
        same_files: &same_files,
        skips_kept: is_partial,
        losses: &losses,
        unchecked: &unchecked,
    };
    let base = before.as_ref().zip(there.as_ref());
    let base = base.map(|((deployed, input), there)| (deployed, input, there));
    let mut all = judge.all();
    if let (Some(change), Some(moved), Some(there)) = (change, &moved, &there) {
        let changes = judge.changes(&there.clusters, &kept_there, (change, moved));
        change::leave_out_said(&mut all, &changes);
        all.extend(changes);
    }
    let (mut stay, silent) = judged(&judge, all);
    stay.extend(change.and_then(|change| change::conflict(input, change)));
    stay.extend(
        change
            .zip(moved.as_ref())
            .into_iter()
            .flat_map(|change| change::weakened(input, change, options, &silent)),
    );
    let place = |at: Origin| judge.place(at);
    let mut found = found::found(stay, &place, &str::to_owned);
    if let (Some(moved), Some(inputs), Some((deployed, input, there))) = (&moved, &inputs, &base) {
        let base = Judge {
            input,
            deployed,
            clusters: &there.clusters,
            surroundings: &there.surroundings,
            kept: &kept_there,
            skips_kept: true,
            unchecked: &coverage::Unchecked::default(),
            ..judge
        };
        compare(&judge, &base, moved, inputs, &mut found);
    }
    let mut report = report(&judge, &found, silent, &here);
    report.coverage = coverage::coverage(&deployed, unchecked);
    if let Some(change) = change {
        coverage::conflicts(&mut report.coverage, change);
    }
    if options.is_last {
        std::mem::forget((found, here, there));
        std::mem::forget((deployed, before));
    }
    report.unfinished = losses.into_sorted();
    let is_new = report.findings.iter().any(|finding| !finding.old);
    let is_certain = !is_new && report.unfinished.is_empty();
    (!is_partial || is_certain).then_some(report)
}

/// Manifests that are the same in both trees, and looked at in both.
fn same_files<'d>(deployed: &'d Deployed, base: &Deployed, inputs: &Inputs<'_>) -> FxHashSet<&'d RepoPath> {
    let there = &base.placements.manifests;
    let here = deployed.placements.manifests.iter();
    let in_both = here.filter(|path| there.binary_search(path).is_ok());
    in_both.filter(|path| inputs.is_same(path)).collect()
}

/// What was found, and what it was found in; without the coverage.
fn report(judge: &Judge<'_>, found: &[Found], silent: Vec<Instance>, tree: &Tree<'_>) -> Report {
    let (input, deployed) = (judge.input, judge.deployed);
    let place = |at: Origin| judge.place(at);
    let mut findings = fold::fold(found, &place);
    judge.compare_with_baseline(&mut findings);
    let mut report = empty(input);
    report.placements = rows::placements(deployed);
    report.clusters = rows::clusters(deployed, &tree.clusters);
    report.summary = summary(input, deployed, &report.clusters);
    report.summary.suppressed = fold::fold(&found::found(silent, &place, &str::to_owned), &place).len();
    report.secrets = secrets::secrets(deployed, &input.library, &input.config);
    report.findings = findings
        .into_iter()
        .filter(|finding| {
            // There is no tree after the merge, wherever one looks.
            let everywhere = finding.rule == lint::MERGE_CONFLICT.id;
            everywhere || fold::is_below(finding, &judge.options.below, &report)
        })
        .collect();
    report.count();
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
fn compare(judge: &Judge<'_>, base: &Judge<'_>, moved: &Moved<'_>, inputs: &Inputs<'_>, found: &mut [Found]) {
    let (mut before, _) = judged(base, base.all());
    let kept = found.iter().map(|found| &found.instance);
    before.extend(kept.filter(|instance| instance.kept).cloned());
    let before = found::found(before, &|at| base.place(at), &|path| moved.renamed(path));
    change::mark(found, &before, moved);
    let blame = Blame::new(moved, inputs, judge.deployed);
    for one in found.iter_mut().filter(|one| !one.is_old()) {
        blame.turn(&mut one.instance.finding);
    }
}

/// See [`crate::map`].
pub(crate) fn map(input: &Input) -> Report {
    let losses = Losses::default();
    let deployed = deploy(input, None, Extent::All, &losses);
    let tree = Tree::new(&deployed, &losses);
    let mut report = empty(input);
    report.coverage = coverage::coverage(&deployed, coverage::Unchecked::default());
    report.placements = rows::placements(&deployed);
    report.clusters = rows::clusters(&deployed, &tree.clusters);
    report.summary = summary(input, &deployed, &report.clusters);
    report.unfinished = losses.into_sorted();
    report
}

pub(crate) fn deploy(
    input: &Input,
    known: Option<&Known<'_>>,
    extent: Extent<'_>,
    losses: &Losses,
) -> Deployed {
    let lost = || "finding what is deployed: nothing was checked".to_owned();
    losses
        .guard(lost, || build::build(input, known, extent, losses))
        .unwrap_or_default()
}

/// What stands where, in one tree.
pub(crate) struct Tree<'d> {
    surroundings: Surroundings,
    worlds: Vec<World<'d>>,
    /// The index of each of `worlds`.
    pub(crate) clusters: Vec<ClusterIndex<'d>>,
}

impl<'d> Tree<'d> {
    pub(crate) fn new(deployed: &'d Deployed, losses: &Losses) -> Self {
        let surroundings = Surroundings::new(deployed);
        let worlds = world::worlds(deployed);
        let lost = || "joining what is deployed: collisions are lost".to_owned();
        let clusters = losses.guard(lost, || world::clusters(deployed, &worlds, &surroundings));
        Self {
            clusters: clusters.unwrap_or_default(),
            surroundings,
            worlds,
        }
    }

    /// True when everything was rendered that stands in a cluster that is not `kept`.
    fn is_complete(&self, kept: &[bool]) -> bool {
        let mut all = self.worlds.iter().zip(kept);
        all.all(|(world, kept)| *kept || world.is_complete())
    }

    /// For each of its clusters, whether `other` has the same.
    fn kept(&self, other: &Tree<'_>) -> Vec<bool> {
        world::kept(
            (&self.worlds, &self.surroundings),
            (&other.worlds, &other.surroundings),
        )
    }
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
        files: input.library.count(),
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
