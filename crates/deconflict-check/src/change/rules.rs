//! Rules about the change itself.

use std::collections::{BTreeMap, BTreeSet};

use deconflict_claims::ClusterIndex;
use deconflict_files::Origin;
use deconflict_findings::{Finding, ObjectRef};
use deconflict_kube::Scopes;
use deconflict_placement::{Owners, Placement};
use deconflict_rules::{ChangeContext, Check, Reach, ReachContext, Rule, judge_updates, rule_of};
use rayon::prelude::*;
use smol_str::SmolStr;

use super::{Change, Moved};
use crate::instance::{Instance, Seen};
use crate::judge::Judge;
use crate::select;
use crate::servers::{Compiled, Server};
use crate::world::root_of;

impl Judge<'_> {
    /// What API servers refuse of the change from the clusters `before`, and what other rules find in it; nothing in those
    /// that are `kept`. Of a root that nothing places only the API server's word counts: what is no longer there may be
    /// anywhere.
    pub(crate) fn changes(
        &self,
        before: &[ClusterIndex<'_>],
        kept: &[bool],
        change: (&Change, &Moved<'_>),
    ) -> Vec<Instance> {
        let kept = kept.iter().copied().chain(std::iter::repeat(false));
        let before: Vec<&ClusterIndex<'_>> = before
            .iter()
            .zip(kept)
            .filter_map(|(index, kept)| (!kept).then_some(index))
            .collect();
        let mut known: BTreeMap<Which<'_>, &ClusterIndex<'_>> = BTreeMap::new();
        for index in self.clusters {
            known.entry(which(index)).or_insert(index);
        }
        let gone: Vec<ClusterIndex<'_>> = before
            .iter()
            .filter(|before| before.is_placed() && !known.contains_key(&which(before)))
            .map(|before| emptied(before))
            .collect();
        let mut gone = gone.iter();
        let compared: Vec<(&ClusterIndex<'_>, &ClusterIndex<'_>)> = before
            .iter()
            .filter_map(|before| match known.get(&which(before)) {
                Some(after) => Some((*before, *after)),
                None if before.is_placed() => Some((*before, gone.next()?)),
                None => None,
            })
            .collect();
        let mut compiled = Compiled::default();
        let servers: Vec<Server> = compared
            .iter()
            .map(|(_, after)| self.server(after, &mut compiled))
            .collect();
        let contexts: Vec<ChangeContext<'_>> = compared
            .par_iter()
            .zip(&servers)
            .map(|(both, server)| {
                let rest = (&*self.input.config, &**self.input.library.files());
                ChangeContext::new(*both, (server.kubernetes, &server.definitions), rest)
            })
            .collect();
        let mut found: Vec<Instance> = contexts
            .par_iter()
            .flat_map_iter(|context| self.in_one(context))
            .collect();
        self.doubt_what_nobody_applies(&mut found);
        found.extend(self.reached(&contexts, change));
        found
    }

    /// Rules that run.
    fn chosen(&self) -> impl Iterator<Item = &'static Rule> {
        let all = deconflict_rules::ALL.iter().copied();
        all.filter(|rule| select::runs(&rule.meta, &self.input.config, self.options))
    }

    fn in_one(&self, context: &ChangeContext<'_>) -> Vec<Instance> {
        let which = which(context.before);
        let what = || {
            format!(
                "the change of {}",
                which.name.or(which.unnamed).unwrap_or(which.root)
            )
        };
        let mut found: Vec<Finding> = Vec::new();
        for rule in self.chosen().filter(|_| context.before.is_placed()) {
            if let Check::Change(check) = rule.check {
                found.extend(self.ask(rule, &what, &|sink| check(context, sink)));
            }
        }
        let mut updates = self
            .chosen()
            .filter(|rule| matches!(rule.check, Check::Update | Check::Server));
        if let Some(first) = updates.next() {
            found.extend(self.ask(first, &what, &|sink| judge_updates(context, sink)));
        }
        let instance = |finding: Finding| {
            let runs = |rule: &&Rule| select::runs(&rule.meta, &self.input.config, self.options);
            let rule = rule_of(finding.rule).filter(runs)?;
            let root = finding.objects.first().and_then(|object| object.root.clone());
            Some(Instance {
                seen: vec![Seen {
                    cluster: which.name.map(str::to_owned),
                    root: root.unwrap_or_default(),
                }],
                finding,
                meta: &rule.meta,
                kept: false,
            })
        };
        found.into_iter().filter_map(instance).collect()
    }

    fn reached(&self, contexts: &[ChangeContext<'_>], change: (&Change, &Moved<'_>)) -> Vec<Instance> {
        let is_one = |rule: &&'static Rule| matches!(rule.check, Check::Reach(_));
        let rules: Vec<&'static Rule> = self.chosen().filter(is_one).collect();
        if rules.is_empty() {
            return Vec::new();
        }
        let reaches = self.reaches(contexts, change);
        let context = ReachContext {
            reaches: &reaches,
            config: &self.input.config,
            files: self.input.library.files(),
        };
        let mut instances = Vec::new();
        for rule in rules {
            let Check::Reach(check) = rule.check else { continue };
            let what = || "the whole change".to_owned();
            let found = self.ask(rule, &what, &|sink| check(&context, sink));
            instances.extend(found.into_iter().map(|finding| Instance {
                finding,
                meta: &rule.meta,
                seen: Vec::new(),
                kept: false,
            }));
        }
        instances
    }

    /// Edited files, those that reach the same deployments together.
    fn reaches<'c>(
        &self,
        contexts: &[ChangeContext<'c>],
        (change, moved): (&Change, &Moved<'_>),
    ) -> Vec<Reach<'c>> {
        let mut touched: BTreeMap<Deployment, Vec<&'c deconflict_claims::Placed<'c>>> = BTreeMap::new();
        for context in contexts.iter().filter(|context| context.before.is_placed()) {
            for placed in context.touched() {
                touched
                    .entry(deployment(placed.placement))
                    .or_default()
                    .push(placed);
            }
        }
        let mut readers: BTreeMap<&deconflict_files::RepoPath, BTreeSet<Deployment>> = BTreeMap::new();
        let mut note = |path, placement| {
            let deployment = deployment(placement);
            if touched.contains_key(&deployment) {
                readers.entry(path).or_default().insert(deployment);
            }
        };
        for built in &self.deployed.roots {
            let read = change
                .changed
                .iter()
                .filter(|path| built.reads.found.contains(*path));
            for path in read {
                for placement in self.deployed.placements.of_root(&built.root) {
                    note(path, placement);
                }
            }
        }
        let files = self.input.library.files();
        for placement in &self.deployed.placements.all {
            let Some(at) = placement.declared_at else { continue };
            let path = &files.get(at.file).path;
            if let Ok(known) = change.changed.binary_search(path)
                && moved.is_touched(at)
            {
                note(&change.changed[known], placement);
            }
        }
        let mut together: BTreeMap<BTreeSet<Deployment>, Vec<Origin>> = BTreeMap::new();
        for (path, deployments) in readers {
            if let Some(at) = self
                .input
                .library
                .load(path)
                .ok()
                .and_then(|file| moved.first_touched(file.file))
            {
                together.entry(deployments).or_default().push(at);
            }
        }
        let mut reaches: Vec<Reach<'c>> = together
            .into_iter()
            .map(|(deployments, files)| Reach {
                files,
                objects: deployments
                    .iter()
                    .filter_map(|it| touched.get(it))
                    .flatten()
                    .copied()
                    .collect(),
            })
            .collect();
        let path = |reach: &Reach<'_>| reach.files.first().map(|at| files.get(at.file).path.clone());
        reaches.sort_by_cached_key(path);
        reaches
    }
}

/// The cluster when nothing is left in it.
fn emptied<'d>(before: &ClusterIndex<'d>) -> ClusterIndex<'d> {
    ClusterIndex::new(before.cluster, &[], &Owners::default(), &Scopes::new())
}

/// What a root becomes in one cluster; equal before and after a change.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Deployment {
    root: String,
    cluster: Option<SmolStr>,
    app: Option<SmolStr>,
}

fn deployment(placement: &Placement) -> Deployment {
    Deployment {
        root: root_of(placement),
        cluster: placement.cluster.clone().or_else(|| placement.unnamed.clone()),
        app: placement.app.clone(),
    }
}

/// What makes two indexes one cluster before and after a change: its name, else what stands for the name, else the root
/// that nothing places.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Which<'i> {
    name: Option<&'i str>,
    unnamed: Option<&'i str>,
    root: &'i str,
}

fn which<'i>(index: &'i ClusterIndex<'_>) -> Which<'i> {
    let placement = index.objects.first().map(|placed| placed.placement);
    let name = index.name();
    let unnamed = placement.and_then(|placement| placement.unnamed.as_deref());
    let root = placement.and_then(|placement| placement.root.as_ref());
    Which {
        name,
        unnamed: unnamed.filter(|_| name.is_none()),
        root: match (name, unnamed, root) {
            (None, None, Some(root)) => root.as_str(),
            _ => "",
        },
    }
}

/// A rule about a change, and the one that says of each object what the change has made of it.
const SAID: [(&str, &str); 2] = [
    ("cfg-key-removed-in-use", "ref-key-missing"),
    ("crd-served-version-removed", "crd-version-not-served"),
];

/// Leave out of `all` what `changes` says of the same object in the same cluster: one defect, one finding.
pub(crate) fn leave_out_said(all: &mut Vec<Instance>, changes: &[Instance]) {
    type About<'f> = (&'static str, Option<&'f str>, [&'f str; 4], Option<&'f str>);
    fn about<'f>(rule: &'static str, finding: &'f Finding, object: &'f ObjectRef) -> About<'f> {
        // An object has one version, and any number of keys to ask for.
        let key = finding.key.as_deref().filter(|_| rule == "ref-key-missing");
        let namespace = object.namespace.as_deref().unwrap_or_default();
        let object = (
            object.cluster.as_deref(),
            [object.group.as_str(), &object.kind, namespace, &object.name],
        );
        (rule, object.0, object.1, key)
    }
    let mut said: BTreeSet<About<'_>> = BTreeSet::new();
    for finding in changes.iter().map(|instance| &instance.finding) {
        if let Some((_, general)) = SAID.iter().find(|(rule, _)| *rule == finding.rule) {
            said.extend(
                finding
                    .objects
                    .iter()
                    .map(|object| about(general, finding, object)),
            );
        }
    }
    if said.is_empty() {
        return;
    }
    all.retain(|Instance { finding, .. }| {
        let own = finding.objects.first();
        !own.is_some_and(|own| said.contains(&about(finding.rule, finding, own)))
    });
}
