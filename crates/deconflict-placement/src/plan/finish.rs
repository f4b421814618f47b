//! The end: releases, what nothing places, owners, order.

use std::collections::BTreeSet;
use std::sync::Arc;

use deconflict_files::RepoPath;
use smol_str::SmolStr;

use super::{From, Plan, Site};
use crate::entry::{EntryKind, full_name};
use crate::survey::Reach;
use crate::{Asked, Engine, Placement, PlacementId, Placements, ProblemKind, Root, RootKind, layout};

impl Plan {
    /// The result.
    pub fn finish(mut self) -> Placements {
        for release in std::mem::take(&mut self.releases) {
            self.helm_release(&release);
        }
        self.report_dependencies();
        self.report_orphans();
        self.result.engine_objects |= self
            .sites
            .iter()
            .any(|site| site.placement.engine != Engine::Plain);
        let sites = std::mem::take(&mut self.sites);
        let (kept, ignored) = self.without_doubles(sites);
        self.result.all = kept;
        self.place_the_rest(&ignored);
        self.report_double_paths();
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
        self.result.close(all);
        self.result.clusters = self.inventory.into_clusters();
        let mut skipped = self.survey.skipped;
        skipped.sort();
        skipped.dedup();
        self.result.skipped = skipped;
        self.result
    }

    /// Engine objects in roots that deploy nothing.
    fn report_orphans(&mut self) {
        let mut orphans = Vec::new();
        for (root, fed) in &self.given {
            if self.by_root.contains_key(root) {
                continue;
            }
            for (kind, object) in fed.iter().flat_map(|fed| &fed.entries) {
                self.result.engine_objects |= *kind != EntryKind::Fact;
                if !kind.leads_on() {
                    continue;
                }
                let Some((namespace, name)) = full_name(object, None) else {
                    continue;
                };
                let app = if namespace.is_empty() {
                    name
                } else {
                    format!("{namespace}/{name}").into()
                };
                let engine = if kind.is_argo() {
                    Engine::ArgoCd
                } else {
                    Engine::Flux
                };
                let at = object
                    .at_path(&["metadata", "name"])
                    .map_or(object.at, |name| name.at);
                let root = root.path.clone();
                orphans.push((ProblemKind::Orphan { engine, app, root }, at));
            }
        }
        for (kind, at) in orphans {
            self.problem(kind, Some(at));
        }
    }

    /// A root that an engine deploys too is one placement, the engine's; and a root that was only looked into because
    /// it holds engine objects is none when something deploys its files. The roots of those are returned.
    fn without_doubles(&self, sites: Vec<Site>) -> (Vec<Placement>, BTreeSet<Arc<Root>>) {
        let mut deployed = BTreeSet::new();
        let mut reached = Reach::default();
        for site in &sites {
            if let From::Site(_) = site.from {
                deployed.insert((site.placement.root.clone(), site.placement.cluster.clone()));
            }
            if site.from != From::Candidate
                && let Some(root) = &site.placement.render
            {
                reached.extend(&self.reach_of(root));
            }
        }
        let mut kept = Vec::new();
        let mut ignored = BTreeSet::new();
        for site in sites {
            let placement = site.placement;
            let is_double = match site.from {
                From::Listed => deployed.contains(&(placement.root.clone(), placement.cluster.clone())),
                From::Candidate => placement.render.as_ref().is_some_and(|root| match root.kind {
                    RootKind::Directory => root.files.iter().all(|file| reached.files.contains(file)),
                    _ => reached.directories.contains(&root.path),
                }),
                From::Site(_) => false,
            };
            if is_double {
                ignored.extend(placement.render);
            } else {
                kept.push(placement);
            }
        }
        for placement in &kept {
            if let Some(root) = &placement.render {
                ignored.remove(root);
            }
        }
        (kept, ignored)
    }

    /// Roots that were rendered and nothing placed: what the layout says.
    fn place_the_rest(&mut self, ignored: &BTreeSet<Arc<Root>>) {
        let placed: BTreeSet<&Arc<Root>> = self.result.all.iter().filter_map(|p| p.render.as_ref()).collect();
        let roots: Vec<Arc<Root>> = self
            .given
            .keys()
            .filter(|root| !placed.contains(root) && !ignored.contains(*root))
            .cloned()
            .collect();
        let mut places = Vec::new();
        for root in roots {
            let reading = layout::read(&self.config, &root.path);
            let cluster = self.cluster_of(&reading);
            if let Some(cluster) = &cluster {
                self.inventory.name(cluster, &self.config);
            }
            places.push((root, reading, cluster));
        }
        let everywhere = self.inventory.names();
        for (root, reading, cluster) in places {
            let mut placement = self.plain(root);
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
        let mut all = std::mem::take(&mut self.result.all);
        for placement in &mut all {
            placement.project_owner = self.owner_of_project(placement);
            placement.owner = self.result.owners.owner(&Asked {
                root: placement.root.as_ref(),
                project: placement.project_owner.as_ref(),
                cluster: placement.cluster.as_deref(),
                namespace: placement.namespace.as_deref(),
                layout: placement.owner.as_ref(),
                ..Asked::default()
            });
        }
        self.result.all = all;
    }

    /// The team of an Application's project: a label or annotation of the AppProject, else its name when that is a team.
    fn owner_of_project(&self, placement: &Placement) -> Option<SmolStr> {
        let project = placement.project.as_ref()?;
        let holder = placement.request.as_ref()?.holder.clone()?;
        let known = self.facts.get(&(holder, "AppProject".into()));
        let object = known.and_then(|known| known.iter().find(|((_, name), _)| name == project));
        object
            .and_then(|(_, object)| self.result.owners.of_object(object))
            .or_else(|| self.result.owners.known(project))
    }

    /// The cluster that a path names. With an engine, directories say where its entry objects lie, never where
    /// something is deployed; and a configuration that lists roots has said all there is to say.
    fn cluster_of(&self, reading: &layout::Reading) -> Option<SmolStr> {
        if reading.cluster.is_some() {
            return reading.cluster.clone().filter(|_| !self.result.engine_objects);
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

    /// Flux Kustomizations of one cluster that build the same directory the same way.
    fn report_double_paths(&mut self) {
        let mut problems = Vec::new();
        let flux: Vec<&Placement> = self
            .result
            .all
            .iter()
            .filter(|placement| placement.engine == Engine::Flux && placement.render.is_some())
            .collect();
        for (at, one) in flux.iter().enumerate() {
            for other in &flux[at + 1..] {
                let place = |p: &Placement| (p.cluster.clone(), p.unnamed.clone());
                let is_same_place =
                    place(one) == place(other) && (one.cluster.is_some() || one.unnamed.is_some());
                if !is_same_place || one.app == other.app || one.namespace != other.namespace {
                    continue;
                }
                let (Some(a), Some(b)) = (&one.render, &other.render) else {
                    continue;
                };
                let is_twice = a == b || self.builds(a, b) || self.builds(b, a);
                let (Some(first), Some(app), Some(second)) = (one.declared_at, &other.app, &one.app) else {
                    continue;
                };
                if is_twice {
                    let path = if a.path.is_within(&b.path) {
                        a.path.clone()
                    } else {
                        b.path.clone()
                    };
                    let (app, other_app) = (app.clone(), second.clone());
                    let kind = ProblemKind::PathTwice {
                        app,
                        other: other_app,
                        path,
                        first,
                    };
                    problems.push((kind, other.declared_at));
                }
            }
        }
        for (kind, at) in problems {
            self.problem(kind, at);
        }
    }

    /// True when `outer` builds the directory of `inner`, which lies below it, as it stands.
    fn builds(&self, outer: &Root, inner: &Root) -> bool {
        let is_below = inner.path != outer.path && inner.path.is_within(&outer.path);
        is_below && self.reach_of(outer).directories.contains(&inner.path)
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
