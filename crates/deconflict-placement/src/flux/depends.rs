//! `dependsOn`: what waits for what.

use std::collections::{BTreeMap, BTreeSet};

use deconflict_files::Origin;
use deconflict_kube::{items_at, text_at};
use deconflict_yaml::Node;
use smol_str::{SmolStr, format_smolstr};

use super::Named;
use crate::ProblemKind;
use crate::plan::{Plan, SiteId};

/// A Flux object and what it waits for.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    at: Origin,
    on: Vec<(SmolStr, Origin)>,
}

impl Plan {
    /// Note what an object waits for. Kustomizations and HelmReleases each wait for their own kind.
    pub(super) fn note_dependencies(&mut self, site: SiteId, is_release: bool, named: &Named, spec: &Node) {
        let on = items_at(spec, &["dependsOn"])
            .filter_map(|item| {
                let name = item.get("name")?;
                let namespace = text_at(item, &["namespace"]).unwrap_or(&named.namespace);
                Some((format_smolstr!("{namespace}/{}", name.text()?), name.at))
            })
            .collect();
        let place = (self.place(site), is_release);
        let waiting = Waiting { at: named.at, on };
        self.waiting
            .entry(place)
            .or_default()
            .insert(named.app.clone(), waiting);
    }

    /// Report what waits for nothing that is there, or for itself.
    pub(crate) fn report_dependencies(&mut self) {
        for ((place, _), all) in std::mem::take(&mut self.waiting) {
            if place.is_empty() {
                continue;
            }
            for (app, waiting) in &all {
                for (dependency, at) in &waiting.on {
                    if !all.contains_key(dependency) {
                        let kind = ProblemKind::DependencyMissing {
                            app: app.clone(),
                            dependency: dependency.clone(),
                        };
                        self.problem(kind, Some(*at));
                    }
                }
            }
            for apps in cycles(&all) {
                let at = apps
                    .first()
                    .and_then(|app| all.get(app))
                    .map(|waiting| waiting.at);
                self.problem(ProblemKind::DependencyCycle { apps }, at);
            }
        }
    }
}

/// Circles, each once, from its first member by name.
fn cycles(all: &BTreeMap<SmolStr, Waiting>) -> Vec<Vec<SmolStr>> {
    let mut found = Vec::new();
    let mut done: BTreeSet<&SmolStr> = BTreeSet::new();
    for start in all.keys() {
        if done.contains(start) {
            continue;
        }
        // Depth first without recursion: a way, and for each step the next dependency to try.
        let mut way: Vec<(&SmolStr, usize)> = vec![(start, 0)];
        while let Some((app, next)) = way.last_mut() {
            let app = *app;
            let dependency = all.get(app).and_then(|waiting| waiting.on.get(*next));
            *next += 1;
            let Some((dependency, _)) = dependency else {
                done.insert(app);
                way.pop();
                continue;
            };
            let Some((dependency, _)) = all.get_key_value(dependency) else {
                continue;
            };
            if let Some(from) = way.iter().position(|(on_way, _)| *on_way == dependency) {
                found.push(way[from..].iter().map(|(app, _)| (*app).clone()).collect());
            } else if !done.contains(dependency) {
                way.push((dependency, 0));
            }
        }
    }
    found
}
