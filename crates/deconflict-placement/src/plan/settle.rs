//! From what came back to new placements.

use std::sync::Arc;

use deconflict_yaml::Node;
use smol_str::{SmolStr, format_smolstr};

use super::{Plan, RESOURCE_SET, SiteId};
use crate::ProblemKind;
use crate::entry::{EntryKind, full_name};
use crate::flux::{Pending, Wait};

impl Plan {
    /// Follow every engine object that is known, until roots must be rendered or nothing is left.
    pub(super) fn settle(&mut self) {
        loop {
            while let Some(site) = self.work.pop_front() {
                self.look_at(site);
            }
            if self.retry(Wait::Anything) {
                continue;
            }
            if !self.queue.is_empty() {
                return;
            }
            // Cluster Secrets that generators select on may have come from any root, so sets come after them all.
            if !self.sets.is_empty() {
                let sets = std::mem::take(&mut self.sets);
                for set in &sets {
                    self.note_hints(&set.object);
                }
                for set in sets {
                    self.application_set(set.site, &set.object);
                }
                continue;
            }
            // Secrets are mostly not in Git, ConfigMaps and sources mostly are.
            if !self.retry(Wait::Others) && !self.retry(Wait::Nothing) {
                return;
            }
        }
    }

    /// Try what waits; true when something went on.
    fn retry(&mut self, wait: Wait) -> bool {
        let mut any = false;
        for pending in std::mem::take(&mut self.pending) {
            if self.flux_kustomization(&pending, wait) {
                any = true;
            } else {
                self.pending.push(pending);
            }
        }
        any
    }

    fn look_at(&mut self, site: SiteId) {
        let root = self.site(site).placement.render.clone();
        let fed = root.and_then(|root| self.given.get(&root).and_then(Option::as_ref));
        let Some(fed) = fed else { return };
        let entries = fed.entries.clone();
        for (kind, object) in &entries {
            if *kind == EntryKind::Fact {
                self.take_fact(site, object);
                self.cluster_secret(site, object);
            }
        }
        for (kind, object) in entries {
            let pending = Pending { site, object };
            match kind {
                EntryKind::Application => self.application(site, &pending.object, false),
                EntryKind::ApplicationSet => self.sets.push(pending),
                EntryKind::Kustomization => self.pending.push(pending),
                EntryKind::HelmRelease => self.releases.push(pending),
                EntryKind::FluxInstance => self.flux_instance(site, &pending.object),
                EntryKind::ResourceSet => self.resource_set(site, &pending.object),
                EntryKind::Fact => {}
            }
        }
    }

    /// A ResourceSet makes objects of its templates and of what it asks elsewhere.
    fn resource_set(&mut self, site: SiteId, object: &Node) {
        let namespace = self.site(site).placement.namespace.clone();
        let Some((namespace, name)) = full_name(object, namespace.as_deref()) else {
            return;
        };
        let kind = ProblemKind::GeneratorNotEvaluated {
            app: format_smolstr!("{namespace}/{name}"),
            generator: RESOURCE_SET.into(),
        };
        let at = object
            .at_path(&["metadata", "name"])
            .map_or(object.at, |name| name.at);
        self.problem(kind, Some(at));
    }

    fn take_fact(&mut self, site: SiteId, object: &Arc<Node>) {
        let namespace = self.site(site).placement.namespace.clone();
        let (Some(name), Some(kind)) = (
            full_name(object, namespace.as_deref()),
            object.get("kind").and_then(|kind| kind.text()),
        ) else {
            return;
        };
        let key = (self.place(site), SmolStr::from(kind));
        self.facts
            .entry(key)
            .or_default()
            .entry(name)
            .or_insert_with(|| Arc::clone(object));
    }

    /// The cluster of a site, whatever it is called.
    pub(crate) fn place(&self, site: SiteId) -> SmolStr {
        let placement = &self.site(site).placement;
        placement
            .cluster
            .clone()
            .or_else(|| placement.unnamed.clone())
            .unwrap_or_default()
    }

    /// True when some Flux source is known in the cluster of `site`.
    pub(crate) fn has_sources(&self, site: SiteId) -> bool {
        let place = self.place(site);
        let kinds = self.facts.keys().filter(|(known, _)| *known == place);
        kinds
            .into_iter()
            .any(|(_, kind)| !matches!(kind.as_str(), "ConfigMap" | "Secret" | "AppProject"))
    }

    /// An object that is known in the cluster of `site`.
    pub(crate) fn fact(&self, site: SiteId, kind: &str, namespace: &str, name: &str) -> Option<Arc<Node>> {
        let known = self.facts.get(&(self.place(site), SmolStr::from(kind)))?;
        known
            .get(&(namespace.into(), name.into()))
            .or_else(|| known.get(&(SmolStr::default(), name.into())))
            .cloned()
    }

    /// All objects of a kind that are known in the cluster of `site`, in that namespace.
    pub(crate) fn facts(&self, site: SiteId, kind: &str, namespace: &str) -> Vec<Arc<Node>> {
        let Some(known) = self.facts.get(&(self.place(site), SmolStr::from(kind))) else {
            return Vec::new();
        };
        known
            .iter()
            .filter(|((known, _), _)| known == namespace || known.is_empty())
            .map(|(_, object)| Arc::clone(object))
            .collect()
    }
}
