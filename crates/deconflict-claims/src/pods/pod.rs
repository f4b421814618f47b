//! The pods of one cluster, with what the cluster adds to their templates.

use std::collections::BTreeMap;

use deconflict_kube::{Labels, Object, Selector, Wanted};
use deconflict_placement::Cluster;
use deconflict_yaml::Node;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::budget::{LimitRange, Usage};
use crate::{Detail, Facts, Placed, Spot};

use super::container::{Amount, amounts};
use super::{Container, Count, Injected, NodeLabels, Scaler, ScalerKind, Template, injected};

/// How many pods of a template run.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// As long as nothing scales: the replicas, or the lower bound of a scaler.
    pub steady: u64,
    /// The replicas as written, within the bounds of a scaler.
    pub typical: u64,
    /// At most; equal to `steady` without a scaler. `None` when nothing bounds it.
    pub max: Option<u64>,
    /// More during a rollout at the steady number.
    pub surge: u64,
    /// The text that sets `steady`; `None` for a default.
    pub spot: Option<Spot>,
    /// The text that sets `max`.
    pub max_spot: Option<Spot>,
    /// True when it cannot be said: one per node, and no nodes are declared. All numbers are zero then.
    pub unknown: bool,
}

/// Pods of one template in one cluster.
#[derive(Clone, Debug)]
pub struct Pod<'a> {
    /// Index of the workload among the objects of the cluster.
    pub object: u32,
    /// The workload.
    pub facts: &'a Facts,
    /// The template.
    pub template: &'a Template,
    /// Namespace.
    pub namespace: SmolStr,
    /// How many.
    pub counts: Counts,
    /// Indices of the scalers of the workload among the objects of the cluster.
    pub scalers: Vec<u32>,
    /// Containers that others add.
    pub injected: Vec<Injected>,
    /// All containers, defaults of the namespace's LimitRanges applied, injected ones last.
    pub containers: Vec<Container>,
    /// What each pod asks for.
    pub usage: Usage,
    /// What each pod asks for without what is injected.
    pub own_usage: Usage,
}

/// All pods of a cluster.
#[derive(Debug, Default)]
pub struct Pods<'a> {
    all: Vec<Pod<'a>>,
    by_namespace: BTreeMap<SmolStr, Vec<u32>>,
    postings: FxHashMap<(SmolStr, SmolStr, SmolStr), Vec<u32>>,
}

impl<'a> Pods<'a> {
    /// The pods of `objects`, of which only those in `live` count: an object that two applications deploy is one.
    /// Linear in the objects; each scaler and each namespace is looked up.
    pub(crate) fn new(cluster: Option<&Cluster>, objects: &[Placed<'a>], live: &[bool]) -> Self {
        let world = World::new(cluster, objects, live);
        let mut pods = Self::default();
        for (index, placed) in objects.iter().enumerate().filter(|(index, _)| live[*index]) {
            let Detail::Pods(templates) = &placed.facts.detail else {
                continue;
            };
            let Some(namespace) = &placed.namespace else {
                continue;
            };
            for template in templates {
                pods.push(world.pod(index as u32, placed.facts, template, namespace));
            }
        }
        pods
    }

    fn push(&mut self, pod: Pod<'a>) {
        let at = self.all.len() as u32;
        for (key, value) in pod.template.labels.iter() {
            let key = (pod.namespace.clone(), key.clone(), value.clone());
            self.postings.entry(key).or_default().push(at);
        }
        self.by_namespace
            .entry(pod.namespace.clone())
            .or_default()
            .push(at);
        self.all.push(pod);
    }

    /// All of them, in the order of the objects.
    pub fn all(&self) -> &[Pod<'a>] {
        &self.all
    }

    /// Those that the object of that index makes.
    pub fn of_object(&self, object: u32) -> &[Pod<'a>] {
        let start = self.all.partition_point(|pod| pod.object < object);
        let end = self.all.partition_point(|pod| pod.object <= object);
        &self.all[start..end]
    }

    /// Those of a namespace.
    pub fn of_namespace(&self, namespace: &str) -> impl Iterator<Item = &Pod<'a>> {
        let indices = self
            .by_namespace
            .get(namespace)
            .map(Vec::as_slice)
            .unwrap_or_default();
        indices.iter().map(|index| &self.all[*index as usize])
    }

    /// Namespaces that have pods, sorted.
    pub fn namespaces(&self) -> impl Iterator<Item = &SmolStr> {
        self.by_namespace.keys()
    }

    /// Those of a namespace that `selector` matches; a selector without requirements matches all. Looks only at pods that
    /// have the rarest of the wanted labels.
    pub fn select(&self, namespace: &str, selector: &Selector) -> Vec<&Pod<'a>> {
        let namespace = SmolStr::from(namespace);
        let postings = |key: &SmolStr, value: &SmolStr| {
            let key = (namespace.clone(), key.clone(), value.clone());
            self.postings.get(&key).map(Vec::as_slice).unwrap_or_default()
        };
        let candidates = |(key, wanted): &(SmolStr, Wanted)| match wanted {
            Wanted::In(values) => {
                let mut found: Vec<u32> = values
                    .iter()
                    .flat_map(|value| postings(key, value))
                    .copied()
                    .collect();
                found.sort_unstable();
                found.dedup();
                Some(found)
            }
            _ => None,
        };
        let rarest = selector
            .requirements
            .iter()
            .filter_map(candidates)
            .min_by_key(Vec::len);
        let all = || self.by_namespace.get(&namespace).cloned().unwrap_or_default();
        let pods = rarest.unwrap_or_else(all);
        let pods = pods.into_iter().map(|index| &self.all[index as usize]);
        pods.filter(|pod| selector.matches(&pod.template.labels))
            .collect()
    }
}

/// Namespace, kind and name.
type Target<'w, 'a> = (&'w str, &'a str, &'a str);

/// What a cluster says about pods.
struct World<'w, 'a> {
    nodes: Vec<(NodeLabels, u64)>,
    namespaces: FxHashMap<&'w str, &'a Object>,
    /// By target.
    scalers: FxHashMap<Target<'w, 'a>, Vec<(u32, &'a Scaler)>>,
    limit_ranges: FxHashMap<&'w str, Vec<&'a LimitRange>>,
    overheads: FxHashMap<&'a str, BTreeMap<SmolStr, Amount>>,
}

impl<'w, 'a> World<'w, 'a> {
    fn new(cluster: Option<&Cluster>, objects: &'w [Placed<'a>], live: &[bool]) -> Self {
        let mut world = Self {
            nodes: cluster.map(nodes).unwrap_or_default(),
            namespaces: FxHashMap::default(),
            scalers: FxHashMap::default(),
            limit_ranges: FxHashMap::default(),
            overheads: FxHashMap::default(),
        };
        for (index, placed) in objects.iter().enumerate().filter(|(index, _)| live[*index]) {
            let object = &placed.facts.object;
            if object.key.is("", "Namespace") {
                world.namespaces.entry(object.key.name.as_str()).or_insert(object);
            } else if object.key.is("node.k8s.io", "RuntimeClass") {
                let overhead = amounts(object.body.at_path(&["overhead", "podFixed"]));
                world.overheads.insert(&object.key.name, overhead);
            }
            let Some(namespace) = &placed.namespace else {
                continue;
            };
            match &placed.facts.detail {
                Detail::Scaler(scaler) => {
                    let key = (namespace.as_str(), scaler.target.as_str(), scaler.name.as_str());
                    world.scalers.entry(key).or_default().push((index as u32, scaler));
                }
                Detail::LimitRange(range) => world.limit_ranges.entry(namespace).or_default().push(range),
                _ => {}
            }
        }
        world
    }

    fn pod(&self, object: u32, facts: &'a Facts, template: &'a Template, namespace: &SmolStr) -> Pod<'a> {
        let key = &facts.object.key;
        let scalers = self
            .scalers
            .get(&(namespace.as_str(), key.kind.as_str(), key.name.as_str()));
        let scalers = scalers.map(Vec::as_slice).unwrap_or_default();
        let injected = injected(
            template,
            namespace,
            self.namespaces.get(namespace.as_str()).copied(),
        );
        let mut containers = template.containers.clone();
        for injected in &injected {
            match containers
                .iter_mut()
                .find(|own| injected.completes && own.name == injected.container.name)
            {
                Some(own) => *own = injected.container.clone(),
                None => containers.push(injected.container.clone()),
            }
        }
        for range in self.limit_ranges.get(namespace.as_str()).into_iter().flatten() {
            for container in &mut containers {
                range.default_container(&mut container.resources);
            }
        }
        let mut overhead = template.overhead.clone();
        if let Some(known) = template
            .runtime_class
            .as_ref()
            .and_then(|class| self.overheads.get(class.as_str()))
        {
            for (name, amount) in known {
                overhead.entry(name.clone()).or_insert_with(|| amount.clone());
            }
        }
        let own = containers.iter().filter(|container| {
            let is_added =
                |injected: &Injected| !injected.completes && injected.container.name == container.name;
            !injected.iter().any(is_added)
        });
        let own_usage = Usage::new(own, &template.pod_resources, &overhead);
        let usage = match injected.as_slice() {
            [] => own_usage.clone(),
            _ => Usage::new(containers.iter(), &template.pod_resources, &overhead),
        };
        Pod {
            object,
            facts,
            template,
            namespace: namespace.clone(),
            counts: self.counts(template, scalers),
            scalers: scalers.iter().map(|(index, _)| *index).collect(),
            injected,
            containers,
            usage,
            own_usage,
        }
    }

    fn counts(&self, template: &Template, scalers: &[(u32, &'a Scaler)]) -> Counts {
        let mut counts = match &template.count {
            Count::Fixed { pods, spot } => Counts {
                steady: *pods,
                typical: *pods,
                max: Some(*pods),
                spot: spot.clone(),
                max_spot: spot.clone(),
                ..Counts::default()
            },
            Count::PerNode => {
                let matching = self
                    .nodes
                    .iter()
                    .filter(|(node, _)| template.placing.accepts(node));
                let count = matching.map(|(_, count)| *count).sum();
                Counts {
                    steady: count,
                    typical: count,
                    max: Some(count),
                    unknown: self.nodes.is_empty(),
                    ..Counts::default()
                }
            }
            Count::Between {
                min,
                max,
                spot,
                max_spot,
            } => Counts {
                steady: *min,
                typical: (*min).max(1),
                max: *max,
                spot: spot.clone(),
                max_spot: max_spot.clone(),
                ..Counts::default()
            },
        };
        let horizontal = scalers
            .iter()
            .find(|(_, scaler)| scaler.kind != ScalerKind::Vertical);
        // A workload scaled to zero by hand switches a HorizontalPodAutoscaler off.
        let off =
            counts.steady == 0 && horizontal.is_some_and(|(_, scaler)| scaler.kind == ScalerKind::Horizontal);
        if let Some((_, scaler)) = horizontal.filter(|_| !off) {
            let max = scaler.max.map_or(scaler.min, |max| max.max(scaler.min));
            counts.typical = counts.typical.clamp(scaler.min, max);
            counts.steady = scaler.min;
            counts.max = Some(max);
            counts.spot = scaler.min_spot.clone().or_else(|| Some(scaler.spot.clone()));
            counts.max_spot.clone_from(&scaler.max_spot);
        }
        counts.surge = template.surge.of(counts.steady);
        counts
    }
}

fn nodes(cluster: &Cluster) -> Vec<(NodeLabels, u64)> {
    let groups = cluster.nodes.iter().map(|pool| {
        let mut node = NodeLabels::default();
        for (key, value) in &pool.labels {
            node.labels.set(key, value);
        }
        let taints = pool.taints.iter();
        node.taints = taints
            .map(|taint| (taint.key.clone(), taint.value.clone(), taint.effect.clone()))
            .collect();
        (node, u64::from(pool.count))
    });
    groups.collect()
}

impl Pod<'_> {
    /// Labels of the pods.
    pub fn labels(&self) -> &Labels {
        &self.template.labels
    }

    /// Pods that the rollout may take away before it adds some.
    pub fn unavailable(&self) -> u64 {
        let nothing = Node::map(self.facts.object.declared_at);
        let spec = self.facts.object.body.at_path(&["spec"]).unwrap_or(&nothing);
        super::count::unavailable(spec, self.counts.steady)
    }
}
