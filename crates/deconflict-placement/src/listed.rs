//! `clusters[].roots` of the configuration: what is applied by hand, or by nothing we can read.

use std::collections::BTreeSet;
use std::sync::Arc;

use deconflict_config::{ClusterConfig, Config, ListedRoot};
use deconflict_files::RepoPath;

use crate::flux::generated;
use crate::survey::{Reach, Survey};
use crate::{Build, Edited, Problem, ProblemKind, Root, RootKind};

/// The roots that an entry names, sorted, or what is wrong with it.
pub(crate) fn roots(
    survey: &Survey,
    config: &Config,
    cluster: &ClusterConfig,
    listed: &ListedRoot,
) -> Result<Vec<Root>, Problem> {
    if listed.path.is_wild() {
        let roots = matching(survey, config, listed);
        if !roots.is_empty() {
            return Ok(roots);
        }
        let kind = ProblemKind::ListedGlobEmpty {
            cluster: cluster.name.clone(),
            glob: listed.path.text().into(),
        };
        return Err(Problem {
            kind,
            at: Some(listed.at),
        });
    }
    let path = config.top.join(listed.path.text());
    match path.filter(|path| survey.is_directory(path)) {
        Some(path) => Ok(vec![exact(survey, &path, listed)]),
        None => Err(Problem {
            kind: ProblemKind::ListedRootMissing {
                cluster: cluster.name.clone(),
                path: config.top.join(listed.path.text()).unwrap_or_default(),
            },
            at: Some(listed.at),
        }),
    }
}

/// A directory named as it is: its kustomization, its chart, else what Flux would make of it.
fn exact(survey: &Survey, path: &RepoPath, listed: &ListedRoot) -> Root {
    if survey.kustomizations.contains_key(path) {
        return Root::new(path.clone(), RootKind::Kustomize);
    }
    if survey.charts.contains(path) {
        return Root::new(path.clone(), RootKind::Helm);
    }
    let generated = generated(survey, path);
    if generated.directories.is_empty() && listed.engine.as_deref() != Some("flux") {
        return Root::directory(path.clone(), generated.files);
    }
    Root {
        build: Build {
            unrestricted: true,
            kustomization: Edited::new(Arc::new(generated.content(listed.at))),
            substitution: None,
        },
        ..Root::new(path.clone(), RootKind::Kustomize)
    }
}

/// Of the directories that a glob names those with a kustomization that no other of them builds on, charts, and
/// manifests that none of them reaches.
fn matching(survey: &Survey, config: &Config, listed: &ListedRoot) -> Vec<Root> {
    let base = config.top.join(listed.path.literal_prefix()).unwrap_or_default();
    let is_named = |path: &RepoPath| {
        path.below(&config.top).is_some_and(|below| {
            // `clusters/prod/**` names `clusters/prod` too.
            listed.path.is_match(below.as_str())
                || (listed.path.text().ends_with("/**") && (*path == base || listed.path.covers(&below)))
        })
    };
    let named: Vec<&RepoPath> = survey
        .kustomizations
        .iter()
        .filter(|(path, kustomization)| !kustomization.is_component && is_named(path))
        .map(|(path, _)| path)
        .collect();
    let mut roots = BTreeSet::new();
    let mut reached = Reach::default();
    for path in &named {
        let mut reach = survey.reach(path);
        reached.files.extend(reach.files.iter().cloned());
        reach.directories.remove(*path);
        reached.directories.extend(reach.directories);
    }
    for path in named {
        if !reached.directories.contains(path) {
            roots.insert(Root::new(path.clone(), RootKind::Kustomize));
        }
    }
    let charts = survey.charts.iter().filter(|path| is_named(path));
    let charts = charts.filter(|path| !survey.kustomizations.contains_key(*path));
    roots.extend(charts.map(|path| Root::new(path.clone(), RootKind::Helm)));
    let plain = survey
        .objects
        .iter()
        .filter(|file| !reached.files.contains(*file) && file.parent().is_some_and(|path| is_named(&path)));
    roots.extend(by_directory(plain));
    roots.into_iter().collect()
}

/// One root for the files of each directory.
pub(crate) fn by_directory<'p>(files: impl Iterator<Item = &'p RepoPath>) -> Vec<Root> {
    let mut roots: Vec<Root> = Vec::new();
    let mut files: Vec<(RepoPath, &RepoPath)> =
        files.filter_map(|file| Some((file.parent()?, file))).collect();
    files.sort();
    for (directory, file) in files {
        match roots.last_mut() {
            Some(root) if root.path == directory => root.files.push(file.clone()),
            _ => roots.push(Root::directory(directory, vec![file.clone()])),
        }
    }
    roots
}
