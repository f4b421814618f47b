//! Rules by what they see.

use std::sync::Arc;

use deconflict_claims::{ClusterIndex, Facts};
use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{Certainty, Finding, ObjectRef};
use deconflict_placement::Root;
use deconflict_rules::{
    Check, ClusterContext, FileContext, FleetContext, ObjectContext, RootContext, Rule, Sink,
};
use deconflict_yaml::Node;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::build::Deployed;
use crate::change::Change;
use crate::coverage::Unchecked;
use crate::guard::Losses;
use crate::instance::{Instance, Seen};
use crate::world::{Surroundings, placements_of, root_of};
use crate::{Input, Options, select, sides};

/// Everything that rules look at.
pub(crate) struct Judge<'a> {
    pub(crate) input: &'a Input,
    pub(crate) options: &'a Options,
    /// What is judged, if it is not a tree alone.
    pub(crate) change: Option<&'a Change>,
    pub(crate) deployed: &'a Deployed,
    pub(crate) clusters: &'a [ClusterIndex<'a>],
    pub(crate) surroundings: &'a Surroundings,
    /// For each of `clusters`, whether the other tree of a change has the same; empty without a change.
    pub(crate) kept: &'a [bool],
    /// Manifests that the other tree of a change has too.
    pub(crate) same_files: &'a FxHashSet<&'a RepoPath>,
    /// Rules that see no more than one cluster or file skip those that are kept: the other tree's judge has their findings.
    pub(crate) skips_kept: bool,
    pub(crate) losses: &'a Losses,
    pub(crate) unchecked: &'a Unchecked,
}

impl Judge<'_> {
    /// What all rules that run find, in an order that depends on the input alone.
    pub(crate) fn all(&self) -> Vec<Instance> {
        let rules = || {
            let all = deconflict_rules::ALL.iter().copied();
            all.filter(|rule| select::runs(&rule.meta, &self.input.config, self.options))
        };
        let pick = |wanted: fn(&Check) -> bool| -> Vec<&'static Rule> {
            rules().filter(|rule| wanted(&rule.check)).collect()
        };
        let mut found = self.objects(&pick(|check| matches!(check, Check::Object(_))));
        found.extend(self.servers());
        found.extend(self.roots(&pick(|check| matches!(check, Check::Root(_)))));
        found.extend(self.in_clusters(&pick(|check| matches!(check, Check::Cluster(_)))));
        self.doubt_what_nobody_applies(&mut found);
        found.extend(self.files(&pick(|check| matches!(check, Check::File(_)))));
        found.extend(self.fleet(&pick(|check| matches!(check, Check::Fleet(_)))));
        found
    }

    /// The clusters that rules about one cluster look at, and whether the other tree has the same.
    pub(crate) fn each_cluster(&self) -> impl Iterator<Item = (&ClusterIndex<'_>, bool)> {
        let kept = self.kept.iter().copied().chain(std::iter::repeat(false));
        let all = self.clusters.iter().zip(kept);
        all.filter(|(_, kept)| !(self.skips_kept && *kept))
    }

    /// Where an engine, the configuration or the layout places something, a root that nothing places is a base, an
    /// example or test data as likely as something that is applied: what is found there is only possible.
    pub(crate) fn doubt_what_nobody_applies(&self, found: &mut [Instance]) {
        let applied = &self.surroundings.applied;
        if applied.is_empty() {
            return;
        }
        for instance in found {
            let doubtful = |seen: &Seen| seen.cluster.is_none() && !applied.contains(&seen.root);
            if !instance.seen.is_empty() && instance.seen.iter().all(doubtful) {
                instance.finding.certainty = Certainty::Possible;
            }
        }
    }

    /// Run `check` of `rule`; when it panics its findings about `what` are lost.
    pub(crate) fn ask(
        &self,
        rule: &'static Rule,
        what: &dyn Fn() -> String,
        check: &dyn Fn(&mut Sink),
    ) -> Vec<Finding> {
        let lost = || format!("rule `{}` on {}: its findings are lost", rule.meta.id, what());
        let found = self.losses.guard(lost, || {
            let mut sink = Sink::new();
            check(&mut sink);
            sink.into_findings()
        });
        found.unwrap_or_default()
    }

    fn files(&self, rules: &[&'static Rule]) -> Vec<Instance> {
        let manifests = &self.deployed.placements.manifests;
        let library = &self.input.library;
        let per_file = manifests.par_iter().map(|path| {
            let kept = self.same_files.contains(path);
            if kept && self.skips_kept {
                return Vec::new();
            }
            // What cannot be read is a problem of the placements.
            let Ok(loaded) = library.load(path) else {
                return Vec::new();
            };
            let context = FileContext {
                path,
                loaded: &loaded,
                config: &self.input.config,
                files: library.files(),
            };
            let mut found = Vec::new();
            for rule in rules {
                let Check::File(check) = rule.check else { continue };
                let findings = self.ask(rule, &|| path.display().to_owned(), &|sink| check(&context, sink));
                found.extend(findings.into_iter().map(|finding| Instance {
                    finding,
                    meta: &rule.meta,
                    seen: Vec::new(),
                    kept,
                }));
            }
            if !found.is_empty() {
                let readers = self
                    .deployed
                    .roots
                    .iter()
                    .filter(|built| built.reads.found.contains(path));
                let seen: Vec<Seen> = readers.flat_map(|built| self.seen(&built.root)).collect();
                for instance in &mut found {
                    instance.seen.clone_from(&seen);
                }
            }
            found
        });
        per_file.flatten_iter().collect()
    }

    /// Where a root ends up.
    fn seen(&self, root: &Root) -> Vec<Seen> {
        let placements = self.deployed.placements.of_root(root);
        let seen = placements.map(|placement| Seen {
            cluster: placement.cluster.as_ref().map(ToString::to_string),
            root: root_of(placement),
        });
        seen.collect()
    }

    /// Object rules see one body and nothing else, so that each body is judged once, however many roots share it.
    fn objects(&self, rules: &[&'static Rule]) -> Vec<Instance> {
        type Found = Vec<(&'static Rule, Finding)>;
        let mut known: FxHashMap<*const Node, usize> = FxHashMap::default();
        let mut bodies: Vec<(&Facts, &Root)> = Vec::new();
        let wanted = self.each_cluster().flat_map(|(index, _)| &index.objects);
        let wanted: FxHashSet<*const Node> = wanted
            .map(|placed| Arc::as_ptr(&placed.facts.object.body))
            .collect();
        let is_wanted = |facts: &&Facts| wanted.contains(&Arc::as_ptr(&facts.object.body));
        for built in &self.deployed.roots {
            for facts in built.footprint.objects.iter().filter(is_wanted) {
                known.entry(Arc::as_ptr(&facts.object.body)).or_insert_with(|| {
                    bodies.push((facts, &built.root));
                    bodies.len() - 1
                });
            }
        }
        let found: Vec<Found> = bodies
            .par_iter()
            .map(|(facts, root)| self.object(rules, facts, root))
            .collect();
        let mut instances = Vec::new();
        let placed = self
            .each_cluster()
            .flat_map(|(index, kept)| index.objects.iter().map(move |placed| (placed, kept)));
        for (placed, kept) in placed {
            let Some(at) = known.get(&Arc::as_ptr(&placed.facts.object.body)) else {
                continue;
            };
            for (rule, finding) in &found[*at] {
                let mut finding = finding.clone();
                let reference = placed.reference();
                let seen = vec![Seen {
                    cluster: reference.cluster.clone(),
                    root: root_of(placed.placement),
                }];
                place(&mut finding, reference);
                instances.push(Instance {
                    finding,
                    meta: &rule.meta,
                    seen,
                    kept,
                });
            }
        }
        instances
    }

    fn object(&self, rules: &[&'static Rule], facts: &Facts, root: &Root) -> Vec<(&'static Rule, Finding)> {
        // Values of an encrypted object are not what will be applied.
        if facts.object.body.at_path(&["sops", "mac"]).is_some() {
            return Vec::new();
        }
        let context = ObjectContext {
            object: &facts.object,
            root,
            config: &self.input.config,
            files: self.input.library.files(),
        };
        let mut found = Vec::new();
        for rule in rules {
            let Check::Object(check) = rule.check else {
                continue;
            };
            let what = || format!("{} of {}", facts.object.key, root.path.display());
            let findings = self.ask(rule, &what, &|sink| check(&context, sink));
            found.extend(findings.into_iter().map(|finding| (*rule, finding)));
        }
        found
    }

    fn roots(&self, rules: &[&'static Rule]) -> Vec<Instance> {
        let used = self.deployed.roots.iter().flat_map(|built| &built.used);
        let used: FxHashSet<Origin> = used.copied().collect();
        let placed = self.deployed.roots.iter().filter_map(|built| {
            let placements = placements_of(self.deployed, built);
            // Where there is none, something else deploys its files, and is judged.
            (!placements.is_empty()).then_some((built, placements))
        });
        let mut told = FxHashSet::default();
        let placed: Vec<_> = placed
            .map(|(built, placements)| {
                let warnings = built.warnings.iter();
                let new = warnings.filter(|warning| told.insert((warning.at, warning.kind)));
                (built, placements, new.collect::<Vec<_>>())
            })
            .collect();
        let per_root = placed.par_iter().map(|(built, placements, warnings)| {
            let context = RootContext {
                root: &built.root,
                problems: &built.problems,
                warnings,
                used: &used,
                placements,
                config: &self.input.config,
                library: &self.input.library,
                changed: self.change.map(|change| change.changed.as_slice()),
            };
            let mut found = Vec::new();
            for rule in rules {
                let Check::Root(check) = rule.check else { continue };
                let what = || built.root.path.display().to_owned();
                let findings = self.ask(rule, &what, &|sink| check(&context, sink));
                found.extend(findings.into_iter().map(|finding| Instance {
                    finding,
                    meta: &rule.meta,
                    seen: self.seen(&built.root),
                    kept: false,
                }));
            }
            found
        });
        per_root.flatten_iter().collect()
    }

    fn in_clusters(&self, rules: &[&'static Rule]) -> Vec<Instance> {
        let pairs: Vec<(&ClusterIndex<'_>, bool, &'static Rule)> = self
            .each_cluster()
            .flat_map(|(index, kept)| rules.iter().map(move |rule| (index, kept, *rule)))
            .collect();
        let per_pair = pairs.into_par_iter().map(|(index, kept, rule)| {
            let Check::Cluster(check) = rule.check else {
                return Vec::new();
            };
            let context = ClusterContext {
                index,
                config: &self.input.config,
                files: self.input.library.files(),
            };
            let what = || match (index.name(), index.objects.first()) {
                (Some(name), _) => format!("cluster {name}"),
                (None, Some(placed)) => root_of(placed.placement),
                (None, None) => "nothing".to_owned(),
            };
            let findings = self.ask(rule, &what, &|sink| check(&context, sink));
            let instance = |mut finding: Finding| {
                if self.is_only_possible(rule, &finding) {
                    finding.certainty = Certainty::Possible;
                }
                let root = finding.objects.first().and_then(|object| object.root.clone());
                Instance {
                    seen: vec![Seen {
                        cluster: index.name().map(str::to_owned),
                        root: root.unwrap_or_default(),
                    }],
                    finding,
                    meta: &rule.meta,
                    kept,
                }
            };
            findings.into_iter().map(instance).collect()
        });
        per_pair.flatten_iter().collect()
    }

    /// True when a side comes from a root that could be built only in part: nobody knows what it would have been.
    fn is_only_possible(&self, rule: &Rule, finding: &Finding) -> bool {
        let in_part = |root: &str| self.surroundings.partial.contains(root);
        rule.meta.joins
            && sides::objects(finding)
                .iter()
                .any(|side| side.root.as_deref().is_some_and(in_part))
    }

    fn fleet(&self, rules: &[&'static Rule]) -> Vec<Instance> {
        let context = FleetContext {
            clusters: self.clusters,
            placements: &self.deployed.placements,
            config: &self.input.config,
            library: &self.input.library,
        };
        let mut found = Vec::new();
        for rule in rules {
            let Check::Fleet(check) = rule.check else { continue };
            let findings = self.ask(rule, &|| "all clusters".to_owned(), &|sink| check(&context, sink));
            found.extend(findings.into_iter().map(|finding| Instance {
                seen: places_of(&finding),
                finding,
                meta: &rule.meta,
                kept: false,
            }));
        }
        found
    }
}

/// Say of the finding's own object where it is.
pub(crate) fn place(finding: &mut Finding, reference: ObjectRef) {
    match finding.objects.first_mut() {
        Some(own) => *own = reference,
        None => finding.objects.push(reference),
    }
}

fn places_of(finding: &Finding) -> Vec<Seen> {
    let seen = finding.objects.iter().filter_map(|object| {
        Some(Seen {
            cluster: object.cluster.clone(),
            root: object.root.clone()?,
        })
    });
    let mut seen: Vec<Seen> = seen.collect();
    seen.sort();
    seen.dedup();
    seen
}
