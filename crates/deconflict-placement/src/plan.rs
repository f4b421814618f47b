//! Finding roots, wave by wave.

mod address;
mod candidates;
mod finish;
mod outline;
mod settle;
mod stands;
#[cfg(test)]
mod tests;
mod unasked;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use deconflict_config::{Codeowners, Config};
use deconflict_files::{Origin, Reads, RepoPath};
use deconflict_findings::PlacementStatus;
use deconflict_yaml::{Library, Node};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::entry::{EntryKind, Raw, raw};
use crate::flux::{Pending, Waiting};
use crate::inventory::Inventory;
use crate::origin::Own;
use crate::survey::{Reach, Survey};
use crate::{Engine, Owners, Placement, Placements, Problem, ProblemKind, Root, RootKind};

/// What came out of a root.
#[derive(Debug)]
pub struct Feed<'a> {
    /// Its objects; what could be built of them, when it was not everything.
    pub objects: &'a [Arc<Node>],
    /// What was read on the way.
    pub reads: &'a Reads,
    /// Whether its objects are known.
    pub status: PlacementStatus,
    /// Why not: a word of the contract (`remote`, `helm`, `plugin`, …) or the error.
    pub reason: Option<String>,
}

/// Objects by namespace and name.
type ByName = BTreeMap<(SmolStr, SmolStr), Arc<Node>>;

/// Hands out roots until nothing new appears. Deterministic: roots of a wave are sorted by path.
///
/// The order: what the configuration lists and everything that follows from it, then raw engine objects that nothing
/// reached, then the remaining kustomizations, then manifests that no root reaches. So a directory that an engine
/// builds in its own way is not built a second time on its own.
#[derive(Debug)]
pub struct Plan {
    /// What the plan itself reads goes through this one, which so knows it.
    pub(crate) library: Arc<Library>,
    /// The files, whoever reads them.
    texts: Arc<Library>,
    pub(crate) config: Arc<Config>,
    pub(crate) survey: Survey,
    pub(crate) inventory: Inventory,
    pub(crate) own: Own,
    /// Engine objects by the file that holds them, before anything is built.
    raw: BTreeMap<RepoPath, Vec<Raw>>,
    /// Roots of the next wave.
    queue: BTreeSet<Arc<Root>>,
    /// Roots that were handed out, and what came back.
    given: BTreeMap<Arc<Root>, Option<Fed>>,
    /// Placements so far.
    sites: Vec<Site>,
    known: FxHashSet<Identity>,
    by_root: FxHashMap<Arc<Root>, Vec<SiteId>>,
    /// Sites whose root came back and whose engine objects are not looked at yet.
    work: VecDeque<SiteId>,
    sets: Vec<Pending>,
    pending: Vec<Pending>,
    releases: Vec<Pending>,
    /// Objects that others look up, by cluster and kind, then namespace and name.
    facts: BTreeMap<(SmolStr, SmolStr), ByName>,
    /// Clusters that ApplicationSets name in lists.
    pub(crate) hints: BTreeSet<String>,
    /// Applications by the Argo CD that holds them and their name.
    pub(crate) applications: BTreeMap<(SmolStr, SmolStr), Origin>,
    /// Applications by what they deploy where.
    pub(crate) deployed: BTreeMap<SmolStr, (SmolStr, Origin)>,
    /// What Flux objects wait for, by cluster, whether they are HelmReleases, and name.
    pub(crate) waiting: BTreeMap<(SmolStr, bool), BTreeMap<SmolStr, Waiting>>,
    /// Clusters that the configuration lists a directory for.
    listed: BTreeMap<RepoPath, BTreeSet<SmolStr>>,
    /// Files and kustomizations that something places already.
    covered: Reach,
    declared: Declared,
    /// Whether the text of a file may lead on; see [`Plan::outline`].
    marked: FxHashMap<RepoPath, bool>,
    stage: Stage,
    result: Placements,
}

/// Engines with declared entry points; other raw objects of theirs deploy nothing.
#[derive(Clone, Copy, Debug, Default)]
struct Declared {
    argo: bool,
    flux: bool,
}

/// What is kept of a root's output.
#[derive(Clone, Debug)]
struct Fed {
    status: PlacementStatus,
    reason: Option<SmolStr>,
    entries: Vec<(EntryKind, Arc<Node>)>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    Listed,
    Candidates,
    Kustomizations,
    Manifests,
    Done,
}

/// Index of a [`Site`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SiteId(usize);

/// A placement on its way, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) placement: Placement,
    from: From,
    depth: u32,
}

/// Why a site is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum From {
    /// The configuration lists it.
    Listed,
    /// It holds raw engine objects, which deploy what they say.
    Candidate,
    /// An engine's object in that site.
    Site(SiteId),
}

impl Site {
    /// A placement that an engine's object in `parent` makes.
    pub(crate) fn within(parent: SiteId, placement: Placement) -> Self {
        Self {
            placement,
            from: From::Site(parent),
            depth: 0,
        }
    }
}

/// What makes two placements one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Identity {
    engine: Engine,
    app: Option<SmolStr>,
    root: Option<RepoPath>,
    render: Option<Arc<Root>>,
    cluster: Option<SmolStr>,
    unnamed: Option<SmolStr>,
    namespace: Option<SmolStr>,
    repo: String,
    revision: Option<String>,
    distinct: SmolStr,
}

/// What stands for a generator in problems about a ResourceSet of the Flux operator.
const RESOURCE_SET: &str = "ResourceSet";

/// Engine objects make each other at most this deep: more is a loop with changing names.
const MAX_DEPTH: u32 = 24;

impl Plan {
    /// A plan for everything below the configuration's Top.
    pub fn new(library: Arc<Library>, config: Arc<Config>, codeowners: Arc<Codeowners>) -> Self {
        let mut survey = Survey::new(&library, &config);
        let result = Placements {
            owners: Owners::new(Arc::clone(&config), codeowners),
            manifests: std::mem::take(&mut survey.manifests),
            problems: std::mem::take(&mut survey.problems),
            ..Placements::default()
        };
        let mut found = BTreeMap::new();
        for path in &survey.objects {
            let Ok(loaded) = library.load(path) else { continue };
            let objects = raw(&loaded);
            if !objects.is_empty() {
                found.insert(path.clone(), objects);
            }
        }
        let texts = library;
        let library = Arc::new(Library::beside(&texts, Arc::clone(texts.snapshot()), []));
        let mut plan = Self {
            inventory: Inventory::new(&config),
            own: Own::new(&config, None),
            library,
            texts,
            config,
            survey,
            raw: found,
            queue: BTreeSet::new(),
            given: BTreeMap::new(),
            sites: Vec::new(),
            known: FxHashSet::default(),
            by_root: FxHashMap::default(),
            work: VecDeque::new(),
            sets: Vec::new(),
            pending: Vec::new(),
            releases: Vec::new(),
            facts: BTreeMap::new(),
            hints: BTreeSet::new(),
            applications: BTreeMap::new(),
            deployed: BTreeMap::new(),
            waiting: BTreeMap::new(),
            listed: BTreeMap::new(),
            covered: Reach::default(),
            declared: Declared::default(),
            marked: FxHashMap::default(),
            stage: Stage::Listed,
            result,
        };
        plan.guess_own();
        plan
    }

    /// The next wave of roots to render; empty when there are no more. Every root of the wave must be fed back first.
    #[expect(
        clippy::should_implement_trait,
        reason = "a wave depends on what was fed back in between"
    )]
    pub fn next(&mut self) -> Vec<Root> {
        loop {
            self.settle();
            if !self.queue.is_empty() || self.stage == Stage::Done {
                break;
            }
            self.stage = match self.stage {
                Stage::Listed => {
                    self.take_listed();
                    Stage::Candidates
                }
                Stage::Candidates => {
                    if self.take_candidates() {
                        Stage::Candidates
                    } else {
                        Stage::Kustomizations
                    }
                }
                Stage::Kustomizations => {
                    self.take_kustomizations();
                    Stage::Manifests
                }
                Stage::Manifests => {
                    self.take_manifests();
                    Stage::Done
                }
                Stage::Done => Stage::Done,
            };
        }
        let wave = std::mem::take(&mut self.queue);
        wave.into_iter()
            .map(|root| {
                let copy = Root::clone(&root);
                self.given.insert(root, None);
                copy
            })
            .collect()
    }

    /// What is known so far about where `root` goes. Roots that no engine deploys get their placements in
    /// [`Plan::finish`], so ask [`Placements::of_root`] in the end.
    pub fn placements_of<'p>(&'p self, root: &'p Root) -> impl Iterator<Item = &'p Placement> {
        let sites = self.by_root.get(root).map(Vec::as_slice).unwrap_or_default();
        sites.iter().map(|site| &self.site(*site).placement)
    }

    /// Tell what came out of a root.
    pub fn feed(&mut self, root: &Root, feed: &Feed<'_>) {
        let Some(slot) = self.given.get_mut(root) else {
            return;
        };
        let mut entries: Vec<(EntryKind, Arc<Node>)> = feed
            .objects
            .iter()
            .filter_map(|object| Some((EntryKind::of(object)?, Arc::clone(object))))
            .collect();
        // Of a root that could not be built completely, patches may be missing. What is an entry point by its nature
        // is followed all the same; an engine object among workloads is not.
        let leading = entries.iter().filter(|(kind, _)| kind.leads_on()).count();
        if feed.status != PlacementStatus::Rendered && leading * 2 < feed.objects.len() {
            entries.retain(|(kind, _)| !kind.leads_on());
        }
        *slot = Some(Fed {
            status: feed.status,
            reason: feed.reason.as_deref().map(SmolStr::from),
            entries,
        });
        self.covered.files.extend(feed.reads.found.iter().cloned());
        let sites = self.by_root.get(root).map(Vec::as_slice).unwrap_or_default();
        self.work.extend(sites);
    }

    pub(crate) fn site(&self, id: SiteId) -> &Site {
        &self.sites[id.0]
    }

    pub(crate) fn problem(&mut self, kind: ProblemKind, at: Option<Origin>) {
        if let (ProblemKind::GeneratorNotEvaluated { app, generator }, Some(at)) = (&kind, at) {
            let file = self.library.files().get(at.file);
            let detail = if generator == RESOURCE_SET {
                format!("ResourceSet {app} makes its objects in the cluster: it is not evaluated")
            } else {
                format!("the {generator} generator of ApplicationSet {app} is not evaluated")
            };
            self.survey.skip(&file.path, "unsupported", detail);
        }
        let problem = Problem { kind, at };
        if !self.result.problems.contains(&problem) {
            self.result.problems.push(problem);
        }
    }

    /// Add a placement, unless it is there already. `distinct` tells apart what the placement itself does not.
    pub(crate) fn add(&mut self, mut site: Site, distinct: SmolStr) {
        site.depth = match site.from {
            From::Site(parent) => self.site(parent).depth + 1,
            From::Listed | From::Candidate => 0,
        };
        let placement = &site.placement;
        if site.depth > MAX_DEPTH {
            let kind = ProblemKind::TooDeep {
                app: placement.app.clone().unwrap_or_default(),
            };
            let at = placement.declared_at;
            self.problem(kind, at);
            return;
        }
        let identity = Identity {
            engine: placement.engine,
            app: placement.app.clone(),
            root: placement.root.clone(),
            render: placement.render.clone(),
            cluster: placement.cluster.clone(),
            unnamed: placement.unnamed.clone(),
            namespace: placement.namespace.clone(),
            repo: placement.source.repo.clone(),
            revision: placement.source.revision.clone(),
            distinct,
        };
        if !self.known.insert(identity) {
            return;
        }
        let id = SiteId(self.sites.len());
        if let Some(root) = placement.render.clone() {
            let reach = self.reach_of(&root);
            self.covered.extend(&reach);
            self.by_root.entry(Arc::clone(&root)).or_default().push(id);
            if self.given.get(&root).is_some_and(Option::is_some) {
                self.work.push_back(id);
            } else {
                self.request(root);
            }
        }
        self.sites.push(site);
    }

    /// Have `root` rendered, unless it is already.
    fn request(&mut self, root: Arc<Root>) {
        let can_render = matches!(root.kind, RootKind::Kustomize | RootKind::Directory);
        if can_render && !self.given.contains_key(&root) {
            self.queue.insert(root);
        }
    }

    /// Mark what a kustomization or a directory holds as deployed by somebody.
    pub(crate) fn cover(&mut self, path: &RepoPath) {
        let mut reach = self.survey.reach(path);
        if reach.directories.is_empty() {
            reach.files.extend(self.survey.below(path).iter().cloned());
        }
        self.covered.extend(&reach);
    }

    /// The one cluster that the configuration lists a directory for.
    pub(crate) fn listed_cluster(&self, path: &RepoPath) -> Option<SmolStr> {
        let mut clusters = self.listed.get(path)?.iter();
        let first = clusters.next()?;
        clusters.next().is_none().then(|| first.clone())
    }

    /// What a root is made of, as far as its text says.
    fn reach_of(&self, root: &Root) -> Reach {
        let mut reach = self.survey.reach(&root.path);
        reach.files.extend(root.files.iter().cloned());
        if let Some(edited) = &root.build.kustomization {
            for list in ["resources", "components"] {
                let named = edited
                    .content
                    .get(list)
                    .map(|list| list.items())
                    .unwrap_or_default();
                for path in named.iter().filter_map(|item| root.path.join(item.text()?)) {
                    reach.extend(&self.survey.reach(&path));
                    reach.files.insert(path);
                }
            }
            let patches = edited.content.get("patches").map(|list| list.items());
            let named = patches
                .unwrap_or_default()
                .iter()
                .filter_map(|patch| patch.get("path"));
            reach
                .files
                .extend(named.filter_map(|path| root.path.join(path.text()?)));
        }
        reach
    }
}
