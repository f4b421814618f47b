//! What objects of Argo CD and Flux say about clusters and repositories.

use std::collections::{BTreeMap, BTreeSet};

use deconflict_files::{RepoPath, Snapshot};
use deconflict_findings::Report;
use deconflict_yaml::{Dialect, Kind, Library, Node};

use super::class::class_of;
use super::url::repository_key;
use crate::Input;

/// Engines' objects as far as they stand in the tree as written.
#[derive(Debug, Default)]
pub(super) struct Engines {
    /// Uses of repositories, by [`repository_key`].
    repositories: BTreeMap<String, Repository>,
    /// Names of destinations.
    names: BTreeSet<String>,
    /// Servers of destinations, with a name if a list gives one.
    servers: BTreeMap<String, Option<String>>,
    /// True when an ApplicationSet generates from the clusters that Argo CD has registered.
    pub(super) has_cluster_generator: bool,
    /// Label keys that cluster generators select on.
    pub(super) labels: BTreeSet<String>,
    /// Clusters that lists combined with cluster generators name.
    pub(super) candidates: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Repository {
    /// Spellings and how often each stands.
    spellings: BTreeMap<String, usize>,
    /// Directories that are deployed from it; the top is not among them, because every repository has one.
    paths: Vec<String>,
    branches: BTreeMap<String, usize>,
}

/// A Flux source and what is deployed from it.
#[derive(Debug, Default)]
struct FluxSources {
    urls: BTreeMap<(String, String), (String, Option<String>)>,
    paths: Vec<((String, String), String)>,
}

/// A cluster to list.
#[derive(Debug)]
pub(super) struct ClusterGuess {
    pub(super) name: String,
    pub(super) class: Option<&'static str>,
    pub(super) servers: Vec<String>,
    /// Why it is listed.
    pub(super) because: String,
}

/// The URL of this repository.
#[derive(Debug)]
pub(super) struct OwnSource {
    pub(super) url: String,
    pub(super) branch: Option<String>,
    /// Why it is taken for this repository.
    pub(super) because: String,
}

/// Argo CD's name and server for the cluster it runs in.
const IN_CLUSTER: [&str; 2] = ["in-cluster", "https://kubernetes.default.svc"];

/// Read all YAML files below `top` that name engines.
pub(super) fn read(library: &Library, top: &RepoPath) -> Engines {
    let mut engines = Engines::default();
    let mut flux = FluxSources::default();
    for path in library.snapshot().files() {
        if !path.is_within(top) || !matches!(path.extension(), Some("yaml" | "yml" | "json")) {
            continue;
        }
        let Ok(loaded) = library.load(&path) else { continue };
        let names_engine = ["argoproj.io", "fluxcd.io", "repoURL"];
        if !names_engine.iter().any(|word| loaded.text.contains(word)) {
            continue;
        }
        for root in loaded
            .parsed()
            .documents
            .iter()
            .filter_map(|document| document.root.as_ref())
        {
            flux.object(root);
            engines.walk(root);
        }
    }
    engines.take(flux);
    engines
}

/// The text of a field, if it is no template.
fn text<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    let text = node.get(key)?.as_str(Dialect::Kubernetes)?.trim();
    (!text.is_empty() && !text.contains("{{") && !text.contains("${")).then_some(text)
}

impl Engines {
    fn walk(&mut self, node: &Node) {
        match &node.kind {
            Kind::Scalar(_) => {}
            Kind::List(items) => items.iter().for_each(|item| self.walk(item)),
            Kind::Map(fields) => {
                self.source(node);
                for field in fields {
                    match field.name() {
                        "destination" => self.destination(&field.value),
                        "elements" => field.value.items().iter().for_each(|item| self.element(item)),
                        "generators" => field.value.items().iter().for_each(|item| self.generator(item)),
                        _ => {}
                    }
                    self.walk(&field.value);
                }
            }
        }
    }

    fn source(&mut self, node: &Node) {
        let Some(url) = text(node, "repoURL") else { return };
        if node.get("chart").is_some() {
            return;
        }
        self.repository(url, text(node, "path"), text(node, "targetRevision"));
    }

    fn repository(&mut self, url: &str, path: Option<&str>, branch: Option<&str>) {
        let Some(key) = repository_key(url) else { return };
        let repository = self.repositories.entry(key).or_default();
        *repository.spellings.entry(url.to_owned()).or_default() += 1;
        repository.paths.extend(path.map(str::to_owned));
        if let Some(branch) = branch.filter(|branch| is_branch(branch)) {
            *repository.branches.entry(branch.to_owned()).or_default() += 1;
        }
    }

    fn destination(&mut self, node: &Node) {
        if let Some(name) = text(node, "name") {
            self.names.insert(name.to_owned());
        }
        if let Some(server) = text(node, "server") {
            self.servers.entry(server.to_owned()).or_default();
        }
    }

    /// An element of a list generator: by custom `cluster` and `url`, or what cluster generators call a cluster.
    fn element(&mut self, node: &Node) {
        self.candidates
            .extend(text(node, "nameNormalized").map(str::to_owned));
        let first = |keys: &[&str]| keys.iter().find_map(|key| text(node, key));
        let server = first(&["url", "server"]).filter(|url| url.starts_with("https://"));
        if let Some(server) = server {
            let name = first(&["cluster", "name", "clusterName"]).map(str::to_owned);
            let known = self.servers.entry(server.to_owned()).or_default();
            *known = known.take().or(name);
        }
    }

    fn generator(&mut self, node: &Node) {
        let Some(clusters) = node.get("clusters") else {
            return;
        };
        self.has_cluster_generator = true;
        let Some(selector) = clusters.get("selector") else {
            return;
        };
        if let Some(labels) = selector.get("matchLabels") {
            self.labels
                .extend(labels.fields().iter().map(|field| field.name().to_owned()));
        }
        if let Some(expressions) = selector.get("matchExpressions") {
            let keys = expressions.items().iter().filter_map(|item| text(item, "key"));
            self.labels.extend(keys.map(str::to_owned));
        }
    }

    fn take(&mut self, flux: FluxSources) {
        for (url, branch) in flux.urls.values() {
            self.repository(url, None, branch.as_deref());
        }
        for (source, path) in flux.paths {
            if let Some((url, _)) = flux.urls.get(&source)
                && let Some(key) = repository_key(url)
            {
                self.repositories.entry(key).or_default().paths.push(path);
            }
        }
    }
}

impl FluxSources {
    fn object(&mut self, node: &Node) {
        let (Some(kind), Some(version)) = (text(node, "kind"), text(node, "apiVersion")) else {
            return;
        };
        let (Some(metadata), Some(spec)) = (node.get("metadata"), node.get("spec")) else {
            return;
        };
        let namespace = text(metadata, "namespace").unwrap_or_default();
        match kind {
            "GitRepository" if version.starts_with("source.toolkit.fluxcd.io/") => {
                let (Some(name), Some(url)) = (text(metadata, "name"), text(spec, "url")) else {
                    return;
                };
                let branch = spec
                    .get("ref")
                    .and_then(|at| text(at, "branch"))
                    .map(str::to_owned);
                let key = (namespace.to_owned(), name.to_owned());
                self.urls.insert(key, (url.to_owned(), branch));
            }
            "Kustomization" if version.starts_with("kustomize.toolkit.fluxcd.io/") => {
                let Some(source) = spec.get("sourceRef") else {
                    return;
                };
                if text(source, "kind") != Some("GitRepository") {
                    return;
                }
                if let (Some(name), Some(path)) = (text(source, "name"), text(spec, "path")) {
                    let namespace = text(source, "namespace").unwrap_or(namespace);
                    self.paths
                        .push(((namespace.to_owned(), name.to_owned()), path.to_owned()));
                }
            }
            _ => {}
        }
    }
}

/// True for what may be a branch: no `HEAD`, no version, no commit.
fn is_branch(revision: &str) -> bool {
    let is_version = revision
        .trim_start_matches('v')
        .starts_with(|c: char| c.is_ascii_digit() || "*^~><=".contains(c));
    let is_commit = revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    revision != "HEAD" && !is_version && !is_commit && !revision.starts_with("refs/tags/")
}

/// Clusters that deployments are found for, and those that destinations name.
pub(super) fn clusters(report: &Report, engines: &Engines) -> Vec<ClusterGuess> {
    let mut found: BTreeMap<String, ClusterGuess> = BTreeMap::new();
    for row in &report.clusters {
        let because = format!(
            "{} found for it",
            super::text::count(row.placements, "deployment")
        );
        let guess = ClusterGuess {
            name: row.name.clone(),
            class: class_of(&row.name),
            servers: Vec::new(),
            because,
        };
        found.insert(row.name.clone(), guess);
    }
    for name in engines
        .names
        .iter()
        .filter(|name| !IN_CLUSTER.contains(&name.as_str()))
    {
        found.entry(name.clone()).or_insert_with(|| ClusterGuess {
            name: name.clone(),
            class: class_of(name),
            servers: Vec::new(),
            because: "named by a destination".to_owned(),
        });
    }
    for (server, given) in &engines.servers {
        // Some call a cluster's name its server.
        if IN_CLUSTER.contains(&server.trim_end_matches('/')) || found.contains_key(server) {
            continue;
        }
        let name = given.clone().unwrap_or_else(|| name_of_server(server));
        let known = found.entry(name.clone()).or_insert_with(|| ClusterGuess {
            class: class_of(&name),
            servers: Vec::new(),
            because: if given.is_some() {
                "named by a list generator".to_owned()
            } else {
                "a destination, called after its address: give it the name that people know".to_owned()
            },
            name,
        });
        known.servers.push(server.clone());
    }
    found.into_values().collect()
}

/// `prod-eu` for `https://api.prod-eu.example.com:6443`.
fn name_of_server(server: &str) -> String {
    let host = server.split_once("://").map_or(server, |(_, rest)| rest);
    let host = host.split(['/', ':']).next().unwrap_or(host);
    let is_address = host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_address {
        return host.to_owned();
    }
    let host = host.strip_prefix("api.").unwrap_or(host);
    host.split('.').next().unwrap_or(host).to_owned()
}

/// The URLs under which engines' objects mean this repository: those of the remote `origin`, else of the one repository all
/// of whose directories are here.
pub(super) fn own_sources(input: &Input, engines: &Engines, origin: Option<&str>) -> Vec<OwnSource> {
    let snapshot = input.library.snapshot();
    let top = &input.config.top;
    let own = origin.and_then(repository_key);
    let by_origin = own.as_ref().and_then(|key| engines.repositories.get(key));
    let by_origin = by_origin.map(|found| (found, "the remote `origin` of this repository".to_owned()));
    let Some((repository, because)) = by_origin.or_else(|| likely_own(engines, snapshot, top)) else {
        return Vec::new();
    };
    let branch = repository.branches.iter().max_by_key(|(_, uses)| **uses);
    repository
        .spellings
        .keys()
        .map(|url| OwnSource {
            url: url.clone(),
            branch: branch.map(|(branch, _)| branch.clone()),
            because: because.clone(),
        })
        .collect()
}

/// The one repository all of whose directories are here. Some of them are made by generators or are gone: most must be here.
fn likely_own<'e>(
    engines: &'e Engines,
    snapshot: &Snapshot,
    top: &RepoPath,
) -> Option<(&'e Repository, String)> {
    let mut likely: Vec<(usize, &Repository)> = Vec::new();
    for repository in engines.repositories.values() {
        let (here, all) = directories(repository, snapshot, top);
        if here > 0 && here * 2 > all {
            likely.push((here, repository));
        }
    }
    likely.sort_by_key(|(here, _)| std::cmp::Reverse(*here));
    let (here, repository) = *likely.first()?;
    if likely.get(1).is_some_and(|(second, _)| *second == here) {
        return None;
    }
    let because = if here == 1 {
        "the directory that is deployed from it is here".to_owned()
    } else {
        format!("{here} directories that are deployed from it are here")
    };
    Some((repository, because))
}

/// How many of the directories that are deployed from a repository are here, and how many there are.
fn directories(repository: &Repository, snapshot: &Snapshot, top: &RepoPath) -> (usize, usize) {
    let paths: BTreeSet<&str> = repository.paths.iter().map(String::as_str).collect();
    let paths: Vec<RepoPath> = paths
        .into_iter()
        .filter_map(|path| RepoPath::new(path).filter(|path| !path.is_top()))
        .collect();
    let is_here = |path: &&RepoPath| {
        top.join(path.as_str())
            .is_some_and(|path| snapshot.entry(&path).is_some())
    };
    (paths.iter().filter(is_here).count(), paths.len())
}
