//! From a tree that fits its shape to the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use deconflict_files::{Origin, RepoPath};
use deconflict_findings::Severity;
use deconflict_yaml::{Field, Node};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::team::team_key;
use crate::{
    ClusterConfig, Config, ConfigProblem, Contract, External, Glob, ListedRoot, NodePool, RuleSetting,
    SchemaConfig, SourceConfig, Taint, Team,
};

/// The address of "the cluster that holds the Application": no cluster's own, so several may list it.
const IN_CLUSTER: &str = "https://kubernetes.default.svc";

/// What `root` says, on top of the defaults in `config`. `root` must have passed the schema's checker.
pub(crate) fn build(root: &Node, config: &mut Config, problems: &mut Vec<ConfigProblem>) {
    if let Some(version) = text(root, "kubernetes") {
        config.kubernetes = version;
    }
    if let Some(layout) = root.get("layout") {
        for (key, target) in [
            ("apps", &mut config.layout.apps),
            ("infra", &mut config.layout.infra),
            ("policies", &mut config.layout.policies),
        ] {
            if layout.get(key).is_some() {
                *target = globs(layout, key);
            }
        }
    }
    config.clusters = entries(root, "clusters", cluster);
    config.sources = entries(root, "sources", source);
    config.teams = entries(root, "teams", team);
    config.contracts = entries(root, "contracts", contract);
    config.external = entries(root, "external", external);
    config.secret_fields = texts(root, "secret_fields");
    config.schemas = entries(root, "schemas", schema);
    config.exclude = globs(root, "exclude");
    for field in root.get("rules").map(|rules| rules.fields()).unwrap_or_default() {
        config
            .rules
            .entry(field.name().into())
            .or_insert_with(|| setting(field));
    }
    unique(config, problems);
}

/// Names that may stand once only; the first stays.
fn unique(config: &mut Config, problems: &mut Vec<ConfigProblem>) {
    let mut names = Names::new("cluster", problems);
    config
        .clusters
        .retain(|cluster| names.is_new(&cluster.name, &cluster.name, cluster.at));
    let mut names = Names::new("team", problems);
    config
        .teams
        .retain(|team| names.is_new(&team_key(&team.name), &team.name, team.at));
    let mut names = Names::new("source", problems);
    config
        .sources
        .retain(|source| names.is_new(&source.name, &source.name, source.at));
    let mut names = Names::new("server", problems);
    for cluster in &config.clusters {
        let mut own: Vec<&SmolStr> = cluster
            .servers
            .iter()
            .filter(|server| *server != IN_CLUSTER)
            .collect();
        own.sort();
        own.dedup();
        for server in own {
            names.is_new(server, server, cluster.at);
        }
    }
}

struct Names<'p> {
    what: &'static str,
    seen: FxHashMap<SmolStr, SmolStr>,
    problems: &'p mut Vec<ConfigProblem>,
}

impl<'p> Names<'p> {
    fn new(what: &'static str, problems: &'p mut Vec<ConfigProblem>) -> Self {
        Self {
            what,
            seen: FxHashMap::default(),
            problems,
        }
    }

    fn is_new(&mut self, key: &str, name: &SmolStr, at: Origin) -> bool {
        if let Some(first) = self.seen.get(key) {
            let also = if first == name {
                String::new()
            } else {
                format!(" (as `{first}`)")
            };
            let message = format!("{} `{name}` is listed twice{also}", self.what);
            self.problems.push(ConfigProblem::new(at, message));
            return false;
        }
        self.seen.insert(key.into(), name.clone());
        true
    }
}

pub(crate) fn text(node: &Node, key: &str) -> Option<SmolStr> {
    node.get(key)?.text().map(SmolStr::from)
}

/// The text of a required key, and its place. The checker dropped entries without it.
pub(crate) fn named(node: &Node, key: &str) -> Option<(SmolStr, Origin)> {
    let value = node.get(key)?;
    Some((value.text()?.into(), value.at))
}

pub(crate) fn entries<T>(node: &Node, key: &str, read: impl Fn(&Node) -> Option<T>) -> Vec<T> {
    let items = node.get(key).map(|list| list.items()).unwrap_or_default();
    items.iter().filter_map(|item| read(item)).collect()
}

pub(crate) fn texts(node: &Node, key: &str) -> Vec<SmolStr> {
    entries(node, key, |item| item.text().map(SmolStr::from))
}

fn globs(node: &Node, key: &str) -> Vec<Glob> {
    entries(node, key, |item| Glob::new(item.text()?).ok())
}

fn labels(node: &Node, key: &str) -> BTreeMap<SmolStr, SmolStr> {
    let mut labels = BTreeMap::new();
    for field in node.get(key).map(|map| map.fields()).unwrap_or_default() {
        let value = field.value.text().unwrap_or_default().into();
        labels.entry(field.name().into()).or_insert(value);
    }
    labels
}

fn cluster(node: &Node) -> Option<ClusterConfig> {
    let (name, at) = named(node, "name")?;
    Some(ClusterConfig {
        name,
        class: text(node, "class"),
        kubernetes: text(node, "kubernetes"),
        servers: texts(node, "servers"),
        labels: labels(node, "labels"),
        manages: node.get("manages").map(|_| globs(node, "manages")),
        roots: entries(node, "roots", root),
        nodes: entries(node, "nodes", node_pool),
        at,
    })
}

fn root(node: &Node) -> Option<ListedRoot> {
    let path = if node.is_map() { node.get("path")? } else { node };
    let set = node.get("set").map(|set| set.fields()).unwrap_or_default();
    Some(ListedRoot {
        path: Glob::new(path.text()?).ok()?,
        namespace: text(node, "namespace"),
        engine: text(node, "engine"),
        app: text(node, "app"),
        values: texts(node, "values"),
        set: set
            .iter()
            .map(|field| (field.name().into(), Arc::clone(&field.value)))
            .collect(),
        at: path.at,
    })
}

fn node_pool(node: &Node) -> Option<NodePool> {
    let count = node.get("count").and_then(|count| count.text());
    Some(NodePool {
        name: text(node, "name")?,
        count: count.map_or(Some(1), |count| count.parse().ok())?,
        cpu: text(node, "cpu"),
        memory: text(node, "memory"),
        labels: labels(node, "labels"),
        taints: entries(node, "taints", |taint| {
            Some(Taint {
                key: text(taint, "key")?,
                value: text(taint, "value").unwrap_or_default(),
                effect: text(taint, "effect")?,
            })
        }),
        at: node.at,
    })
}

fn source(node: &Node) -> Option<SourceConfig> {
    let (name, at) = named(node, "name")?;
    Some(SourceConfig {
        name,
        path: RepoPath::new(&text(node, "path").unwrap_or_default())?,
        branch: text(node, "branch").unwrap_or_else(|| "main".into()),
        at,
    })
}

fn team(node: &Node) -> Option<Team> {
    let (name, at) = named(node, "name")?;
    Some(Team {
        name,
        paths: globs(node, "paths"),
        namespaces: globs(node, "namespaces"),
        at,
    })
}

fn contract(node: &Node) -> Option<Contract> {
    Some(Contract {
        rule: text(node, "rule")?,
        object: text(node, "object"),
        allow: texts(node, "allow"),
        approved_by: text(node, "approved_by"),
        reason: text(node, "reason")?,
        expires: text(node, "expires"),
        at: node.at,
    })
}

fn schema(node: &Node) -> Option<SchemaConfig> {
    let (path, at) = named(node, "schema")?;
    Some(SchemaConfig {
        schema: RepoPath::new(&path)?,
        files: globs(node, "files"),
        kinds: texts(node, "kinds"),
        at,
    })
}

fn external(node: &Node) -> Option<External> {
    Some(External {
        kind: text(node, "kind")?,
        namespace: text(node, "namespace"),
        name: Glob::new(node.get("name")?.text()?).ok()?,
        at: node.at,
    })
}

fn setting(field: &Field) -> RuleSetting {
    let value = &field.value;
    let word = if value.is_map() {
        value.get("severity").and_then(|severity| severity.text())
    } else {
        value.text()
    };
    RuleSetting {
        off: word == Some("off"),
        severity: word.and_then(severity),
        options: value.is_map().then(|| Arc::clone(value)),
        at: field.key_at.0,
    }
}

fn severity(word: &str) -> Option<Severity> {
    [Severity::Info, Severity::Warning, Severity::Error]
        .into_iter()
        .find(|severity| severity.word() == word)
}
