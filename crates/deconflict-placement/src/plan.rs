//! Finding roots, wave by wave.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use deconflict_config::{Codeowners, Config};
use deconflict_files::{Reads, RepoPath};
use deconflict_findings::{PlacementStatus, Source};
use deconflict_yaml::{Library, Node};
use smol_str::SmolStr;

use crate::inventory::Inventory;
use crate::survey::{Reach, Survey};
use crate::{Engine, Owners, Placement, PlacementId, Placements, Root, RootKind, layout, listed};

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

/// Hands out roots until nothing new appears. Deterministic: roots of a wave are sorted by path.
///
/// The order: what the configuration lists and everything that follows from it, then raw engine objects that nothing
/// reached, then the remaining kustomizations, then manifests that no root reaches. So a directory that an engine
/// builds in its own way is not built a second time on its own.
#[derive(Debug)]
pub struct Plan {
    pub(crate) library: Arc<Library>,
    pub(crate) config: Arc<Config>,
    pub(crate) survey: Survey,
    pub(crate) inventory: Inventory,
    /// Roots of the next wave.
    queue: BTreeSet<Arc<Root>>,
    /// Roots that were handed out, and what came back.
    given: BTreeMap<Arc<Root>, Option<Fed>>,
    /// Files and kustomizations that something places already.
    covered: Reach,
    stage: Stage,
    pub(crate) result: Placements,
}

/// What is kept of a root's output.
#[derive(Clone, Debug)]
struct Fed {
    status: PlacementStatus,
    reason: Option<SmolStr>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Stage {
    Listed,
    Kustomizations,
    Manifests,
    Done,
}

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
        Self {
            inventory: Inventory::new(&config),
            library,
            config,
            survey,
            queue: BTreeSet::new(),
            given: BTreeMap::new(),
            covered: Reach::default(),
            stage: Stage::Listed,
            result,
        }
    }

    /// The next wave of roots to render; empty when there are no more. Every root of the wave must be fed back first.
    pub fn next(&mut self) -> Vec<Root> {
        while self.queue.is_empty() && self.stage != Stage::Done {
            self.stage = match self.stage {
                Stage::Listed => {
                    self.take_listed();
                    Stage::Kustomizations
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
        self.result.of_root(root)
    }

    /// Tell what came out of a root.
    pub fn feed(&mut self, root: &Root, feed: &Feed<'_>) {
        let Some(slot) = self.given.get_mut(root) else {
            return;
        };
        *slot = Some(Fed {
            status: feed.status,
            reason: feed.reason.as_deref().map(SmolStr::from),
        });
        self.covered.files.extend(feed.reads.found.iter().cloned());
    }

    /// The result.
    pub fn finish(mut self) -> Placements {
        self.place_the_rest();
        let mut all = std::mem::take(&mut self.result.all);
        all.sort_by(|a, b| order(a).cmp(&order(b)));
        for (at, placement) in all.iter_mut().enumerate() {
            placement.id = PlacementId(at as u32);
            let fed = placement.render.as_ref().and_then(|root| self.given.get(root));
            if let Some(fed) = fed.and_then(Option::as_ref) {
                placement.status = fed.status;
                placement.reason.clone_from(&fed.reason);
            }
        }
        self.result.all = all;
        self.result.clusters = self.inventory.into_clusters();
        let mut skipped = self.survey.skipped;
        skipped.sort();
        skipped.dedup();
        self.result.skipped = skipped;
        self.result
    }

    fn take_listed(&mut self) {
        let config = Arc::clone(&self.config);
        for cluster in &config.clusters {
            for entry in &cluster.roots {
                let roots = match listed::roots(&self.survey, &config, cluster, entry) {
                    Ok(roots) => roots,
                    Err(problem) => {
                        self.result.problems.push(problem);
                        continue;
                    }
                };
                for root in roots {
                    let mut placement = self.placement(Arc::new(root));
                    placement.engine = match entry.engine.as_deref() {
                        Some("argocd") => Engine::ArgoCd,
                        Some("flux") => Engine::Flux,
                        _ => Engine::Plain,
                    };
                    if let Some(app) = &entry.app {
                        placement.app = Some(app.clone());
                        placement.declared_app = true;
                    }
                    placement.cluster = Some(cluster.name.clone());
                    placement.namespace.clone_from(&entry.namespace);
                    placement.declared_at = Some(entry.at);
                    self.add(placement);
                }
            }
        }
    }

    /// Kustomizations that nobody builds on and nothing placed.
    fn take_kustomizations(&mut self) {
        for path in self.survey.leaves() {
            if !self.covered.directories.contains(&path) {
                self.request(Arc::new(Root::new(path, RootKind::Kustomize)));
            }
        }
    }

    /// Manifests that no kustomization names and nothing placed.
    fn take_manifests(&mut self) {
        let mut named = Reach::default();
        for path in self.survey.kustomizations.keys() {
            named.extend(&self.survey.reach(path));
        }
        let free = self
            .survey
            .objects
            .iter()
            .filter(|file| !named.files.contains(*file) && !self.covered.files.contains(*file));
        for root in listed::by_directory(free) {
            self.request(Arc::new(root));
        }
    }

    /// Have `root` rendered, unless it is already.
    fn request(&mut self, root: Arc<Root>) {
        match root.kind {
            RootKind::Kustomize | RootKind::Directory => {
                if !self.given.contains_key(&root) {
                    self.queue.insert(root);
                }
            }
            RootKind::Helm | RootKind::Jsonnet | RootKind::Plugin => {}
        }
    }

    /// A placement of `root` as a plain one that nobody declared.
    fn placement(&self, root: Arc<Root>) -> Placement {
        let reading = layout::read(&self.config, &root.path);
        let (status, reason) = match root.kind {
            RootKind::Helm => (PlacementStatus::Skipped, Some("helm".into())),
            RootKind::Jsonnet => (PlacementStatus::Skipped, Some("unsupported".into())),
            RootKind::Plugin => (PlacementStatus::Skipped, Some("plugin".into())),
            RootKind::Kustomize | RootKind::Directory => (PlacementStatus::Rendered, None),
        };
        Placement {
            id: PlacementId(0),
            engine: Engine::Plain,
            app: Some(layout::app_of(&self.config, &root.path, &reading)),
            declared_app: false,
            root: Some(root.path.clone()),
            root_kind: root.kind,
            render: Some(root),
            cluster: None,
            namespace: None,
            project: None,
            environment: reading.environment,
            owner: reading.team,
            declared_at: None,
            status,
            reason,
            source: Source {
                repo: "self".to_owned(),
                revision: None,
                deployed_by_merge: true,
            },
        }
    }

    fn add(&mut self, placement: Placement) {
        if let Some(root) = &placement.render {
            self.covered.extend(&self.reach_of(root));
            self.request(Arc::clone(root));
        }
        self.result.all.push(placement);
    }

    /// What a root is made of, as far as its text says.
    fn reach_of(&self, root: &Root) -> Reach {
        let mut reach = self.survey.reach(&root.path);
        reach.files.extend(root.files.iter().cloned());
        if let Some(edited) = &root.build.kustomization {
            let resources = edited
                .content
                .get("resources")
                .map(|list| list.items())
                .unwrap_or_default();
            for path in resources.iter().filter_map(|item| root.path.join(item.text()?)) {
                reach.extend(&self.survey.reach(&path));
                reach.files.insert(path);
            }
        }
        reach
    }

    /// Roots that were rendered and nothing placed: what the layout says.
    fn place_the_rest(&mut self) {
        let roots: Vec<Arc<Root>> = self.given.keys().cloned().collect();
        let mut places = Vec::new();
        for root in roots {
            if self.result.of_root(&root).next().is_some() {
                continue;
            }
            let reading = layout::read(&self.config, &root.path);
            let cluster = self.cluster_of(&reading);
            if let Some(cluster) = &cluster {
                self.inventory.name(cluster, &self.config);
            }
            places.push((root, reading, cluster));
        }
        let everywhere = self.inventory.names();
        for (root, reading, cluster) in places {
            let mut placement = self.placement(root);
            let shared = reading.everywhere && !self.result.engine_objects && cluster.is_none();
            if shared && !everywhere.is_empty() {
                for name in &everywhere {
                    placement.cluster = Some(name.clone());
                    self.result.all.push(placement.clone());
                }
            } else {
                placement.cluster = cluster;
                self.result.all.push(placement);
            }
        }
        for placement in &mut self.result.all {
            let root = placement.root.as_ref();
            let said = self.result.owners.owner(
                root,
                None,
                placement.cluster.as_deref(),
                placement.namespace.as_deref(),
                placement.owner.as_ref(),
            );
            placement.owner = said;
        }
    }

    /// The cluster that a path names. With an engine, directories say where its entry objects lie, never where
    /// something is deployed; and a configuration that lists roots has said all there is to say.
    fn cluster_of(&self, reading: &layout::Reading) -> Option<SmolStr> {
        if reading.cluster.is_some() {
            return reading.cluster.clone();
        }
        let environment = reading.environment.as_ref()?;
        let lists_roots = self
            .config
            .clusters
            .iter()
            .any(|cluster| !cluster.roots.is_empty());
        let says = !self.result.engine_objects
            && (reading.in_layout || !lists_roots || self.inventory.is_declared(environment));
        says.then(|| environment.clone())
    }
}

/// By cluster, engine, application, root: the order of the tables that people read.
fn order(placement: &Placement) -> impl Ord + use<'_> {
    (
        placement.cluster.as_ref(),
        placement.engine,
        placement.app.as_ref(),
        placement.root.as_ref().map(RepoPath::as_str),
        placement.render.as_ref(),
        &placement.source,
        placement.namespace.as_ref(),
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::Setup;

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

    #[test]
    fn environments_are_clusters_and_infra_is_everywhere() {
        Setup::new(&format!(
            "//- apps/web/base/kustomization.yaml\nresources: [pod.yaml]\n//- apps/web/base/pod.yaml\n{POD}\
             //- apps/web/overlays/dev/kustomization.yaml\nresources: [../../base]\n\
             //- apps/web/overlays/prod/kustomization.yaml\nresources: [../../base]\n\
             //- infra/redis/pod.yaml\n{POD}//- other/pod.yaml\n{POD}//- clusters/prod/pod.yaml\n{POD}"
        ))
        .check(
            "plain other other directory - -
             plain infra/redis infra/redis directory dev -
             plain web apps/web/overlays/dev kustomize dev -
             plain clusters/prod clusters/prod directory prod -
             plain infra/redis infra/redis directory prod -
             plain web apps/web/overlays/prod kustomize prod -",
        );
    }

    #[test]
    fn listed_roots_are_placed_where_they_are_listed() {
        Setup::new(&format!(
            "//- a/b/kustomization.yaml\nresources: [pod.yaml]\n//- a/b/pod.yaml\n{POD}\
             //- a/c/overlays/x/kustomization.yaml\n//- d/pod.yaml\n{POD}//- d/e/pod.yaml\n{POD}\
             //- g/pod.yaml\n{POD}//- g/h/kustomization.yaml\n//- chart/Chart.yaml\nname: c\n"
        ))
        .cluster("one", &["a/*", "d", "g", "missing", "nothing/**", "chart"])
        .check(
            "plain a/c a/c/overlays/x kustomize - -
             plain a/b a/b kustomize one -
             plain chart chart helm one - skipped: helm
             plain d d directory one -
             plain g g kustomize one -
             problem: ListedRootMissing { cluster: \"one\", path: \"missing\" }
             problem: ListedGlobEmpty { cluster: \"one\", glob: \"nothing/**\" }",
        );
    }

    #[test]
    fn a_directory_listed_for_two_clusters_has_two_placements() {
        Setup::new(&format!(
            "//- a/pod.yaml\n{POD}//- b/pod.yaml\n{POD}//- b/c/kustomization.yaml\n"
        ))
        .cluster("one", &["a", "b/**"])
        .cluster("two", &["a"])
        .check(
            "plain a a directory one -
                 plain b b directory one -
                 plain b/c b/c kustomize one -
                 plain a a directory two -",
        );
    }
}
