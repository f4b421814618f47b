//! The clusters that are known, by every spelling.

use std::collections::BTreeMap;

use deconflict_config::{Config, Glob};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use crate::Cluster;

/// The server that an Argo CD calls its own cluster by.
pub(crate) const IN_CLUSTER: &str = "https://kubernetes.default.svc";

/// Clusters of the configuration and of cluster Secrets, and those that the layout names.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    known: BTreeMap<SmolStr, Known>,
    /// True when somebody declared clusters, so that an unknown destination is a mistake.
    pub(crate) declared: bool,
}

/// What is known of one cluster.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) cluster: Cluster,
    /// Every spelling, normalised.
    spellings: Vec<SmolStr>,
    /// The first server as written, what cluster generators call `server`.
    pub(crate) server: SmolStr,
    /// Annotations of its cluster Secret.
    pub(crate) annotations: BTreeMap<SmolStr, SmolStr>,
    /// Argo CD project of its cluster Secret.
    pub(crate) project: SmolStr,
    /// Clusters registered in its Argo CD; `None` for all.
    manages: Option<Vec<Glob>>,
    /// Argo CDs whose cluster Secrets name it, when it is known from those alone.
    registered_in: Option<Vec<Option<SmolStr>>>,
}

/// What a destination turned out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Destination {
    /// This cluster; `None` for the one that holds the Application when nobody says which that is.
    Cluster(Option<SmolStr>),
    /// Nobody knows it.
    Unknown(SmolStr),
    /// Both `name` and `server`.
    Both,
    /// Neither.
    Neither,
}

impl Inventory {
    pub(crate) fn new(config: &Config) -> Self {
        let mut inventory = Self {
            declared: !config.clusters.is_empty(),
            ..Self::default()
        };
        for entry in &config.clusters {
            let cluster = Cluster {
                name: entry.name.clone(),
                class: entry.class.clone(),
                kubernetes: entry
                    .kubernetes
                    .clone()
                    .unwrap_or_else(|| config.kubernetes.clone()),
                labels: entry.labels.clone(),
                nodes: entry.nodes.clone(),
                declared_at: Some(entry.at),
            };
            let known = Known {
                spellings: entry.servers.iter().map(|server| normal(server)).collect(),
                server: if let Some(server) = entry.servers.first() {
                    server.clone()
                } else {
                    format_smolstr!("https://{}", entry.name)
                },
                annotations: BTreeMap::new(),
                project: SmolStr::default(),
                manages: entry.manages.clone(),
                registered_in: None,
                cluster,
            };
            inventory.known.insert(entry.name.clone(), known);
        }
        inventory
    }

    /// A cluster that only the layout names.
    pub(crate) fn name(&mut self, name: &SmolStr, config: &Config) {
        self.known.entry(name.clone()).or_insert_with(|| Known {
            cluster: Cluster {
                name: name.clone(),
                class: None,
                kubernetes: config.kubernetes.clone(),
                labels: BTreeMap::new(),
                nodes: Vec::new(),
                declared_at: None,
            },
            spellings: Vec::new(),
            server: format_smolstr!("https://{name}"),
            annotations: BTreeMap::new(),
            project: SmolStr::default(),
            manages: None,
            registered_in: None,
        });
    }

    /// A cluster Secret in the Argo CD of `holder`.
    pub(crate) fn register(&mut self, holder: Option<&SmolStr>, secret: Registration, config: &Config) {
        let target = match self.resolve(holder, Some(&secret.server), None) {
            Destination::Cluster(Some(name)) => name,
            // The Argo CD's own cluster, and nobody says which that is.
            Destination::Cluster(None) => return,
            _ => {
                if let Destination::Cluster(Some(name)) = self.resolve(holder, None, Some(&secret.name)) {
                    name
                } else {
                    self.name(&secret.name, config);
                    if let Some(known) = self.known.get_mut(&secret.name) {
                        known.registered_in = Some(Vec::new());
                        known.server = secret.server.clone();
                        known.cluster.labels.clone_from(&secret.labels);
                    }
                    secret.name.clone()
                }
            }
        };
        self.declared = true;
        let Some(known) = self.known.get_mut(&target) else {
            return;
        };
        known.spellings.push(normal(&secret.server));
        known.spellings.push(normal(&secret.name));
        known.annotations.extend(secret.annotations);
        known.project = secret.project;
        for (key, value) in secret.labels {
            known.cluster.labels.entry(key).or_insert(value);
        }
        if let Some(holders) = &mut known.registered_in {
            holders.push(holder.cloned());
        }
    }

    /// Where an Application goes that lives in `holder`.
    pub(crate) fn resolve(
        &self,
        holder: Option<&SmolStr>,
        server: Option<&str>,
        name: Option<&str>,
    ) -> Destination {
        let server = server.filter(|server| !server.is_empty());
        let name = name.filter(|name| !name.is_empty());
        let spelling = match (server, name) {
            (Some(_), Some(_)) => return Destination::Both,
            (None, None) => return Destination::Neither,
            (Some(text), None) | (None, Some(text)) => text,
        };
        let spelled = normal(spelling);
        if spelled == normal(IN_CLUSTER) || name == Some("in-cluster") {
            return Destination::Cluster(holder.cloned());
        }
        let is_it = |known: &&Known| {
            known.cluster.name == spelling
                || known.spellings.contains(&spelled)
                || normal(&known.server) == spelled
        };
        match self.known.values().find(is_it) {
            Some(known) => Destination::Cluster(Some(known.cluster.name.clone())),
            None => Destination::Unknown(spelling.into()),
        }
    }

    /// Servers and names by which an Argo CD may know a destination that turned out to be `cluster`; an empty list when
    /// nobody says one.
    pub(crate) fn known_as(
        &self,
        cluster: Option<&SmolStr>,
        server: Option<&str>,
        name: Option<&str>,
    ) -> (Vec<SmolStr>, Vec<SmolStr>) {
        let is_local = name == Some("in-cluster") || server.map(normal) == Some(normal(IN_CLUSTER));
        let mut names: Vec<SmolStr> = name
            .map(SmolStr::from)
            .into_iter()
            .chain(cluster.cloned())
            .collect();
        if is_local {
            names.push("in-cluster".into());
            return (vec![IN_CLUSTER.into()], names);
        }
        let written = server.map(|server| server.trim_end_matches('/').into());
        let mut servers: Vec<SmolStr> = written.into_iter().collect();
        let known = cluster.and_then(|cluster| self.known.get(cluster));
        for spelling in known.into_iter().flat_map(|known| &known.spellings) {
            let list = if spelling.contains("://") {
                &mut servers
            } else {
                &mut names
            };
            list.push(spelling.clone());
        }
        (servers, names)
    }

    /// The cluster that one of its spellings (a kubeConfig Secret, say) names.
    pub(crate) fn spelled(&self, text: &str) -> Option<SmolStr> {
        match self.resolve(None, None, Some(text)) {
            Destination::Cluster(name) => name,
            _ => None,
        }
    }

    /// The clusters that cluster generators of the Argo CD of `holder` see, by name.
    pub(crate) fn managed<'i>(
        &'i self,
        holder: Option<&'i SmolStr>,
    ) -> impl Iterator<Item = &'i Known> + use<'i> {
        let manages = holder
            .and_then(|holder| self.known.get(holder))
            .and_then(|known| known.manages.as_ref());
        self.known.values().filter(move |known| {
            let name = known.cluster.name.as_str();
            let listed = manages.is_none_or(|globs| globs.iter().any(|glob| glob.is_match(name)));
            let registered = match &known.registered_in {
                Some(holders) => holders.iter().any(|known| known.as_ref() == holder),
                None => known.cluster.declared_at.is_some(),
            };
            listed && registered
        })
    }

    /// True for a name that the configuration lists.
    pub(crate) fn is_declared(&self, name: &str) -> bool {
        self.known
            .get(name)
            .is_some_and(|known| known.cluster.declared_at.is_some())
    }

    /// All, sorted by name.
    pub(crate) fn into_clusters(self) -> Vec<Cluster> {
        self.known.into_values().map(|known| known.cluster).collect()
    }

    /// All names, sorted.
    pub(crate) fn names(&self) -> Vec<SmolStr> {
        self.known.keys().cloned().collect()
    }
}

/// What a cluster Secret says.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    pub(crate) name: SmolStr,
    pub(crate) server: SmolStr,
    pub(crate) project: SmolStr,
    pub(crate) labels: BTreeMap<SmolStr, SmolStr>,
    pub(crate) annotations: BTreeMap<SmolStr, SmolStr>,
}

/// Servers compare without case, a trailing `/` and the default port.
fn normal(server: &str) -> SmolStr {
    let text = server.trim().trim_end_matches('/').to_lowercase();
    text.strip_suffix(":443").unwrap_or(&text).to_smolstr()
}
