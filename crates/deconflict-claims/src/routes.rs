//! The Ingress routes of one cluster, sorted so that equal ones are runs.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::{ClusterIndex, Detail, Ingress, IngressPath, PathDialect, PathSet, Placed};

/// One path of one Ingress, with its class resolved and read as its controller reads it.
#[derive(Clone, Debug)]
pub struct Route<'i, 'a> {
    /// Class: the Ingress's own, else the cluster's only default; `None` when neither is known.
    pub class: Option<SmolStr>,
    /// The host, normalised; empty for any.
    pub host: &'i SmolStr,
    /// What it matches.
    pub set: PathSet,
    /// The path.
    pub path: &'i IngressPath,
    /// The Ingress.
    pub ingress: &'i Ingress,
    /// The object.
    pub placed: &'i Placed<'a>,
}

/// The controllers of a cluster's classes, as far as they matter here.
#[derive(Debug, Default)]
pub struct IngressClasses {
    by_name: FxHashMap<SmolStr, SmolStr>,
    /// Names of the default classes, sorted.
    pub defaults: Vec<SmolStr>,
    /// True when the cluster renders some IngressClass.
    pub any: bool,
}

impl IngressClasses {
    /// The classes that `index` holds.
    pub fn new(index: &ClusterIndex<'_>) -> Self {
        let mut classes = Self::default();
        for placed in &index.objects {
            if let Detail::IngressClass(class) = &placed.facts.detail {
                let name = &placed.facts.object.key.name;
                classes.by_name.insert(name.clone(), class.controller.clone());
                classes.any = true;
                if class.default.is_some() {
                    classes.defaults.push(name.clone());
                }
            }
        }
        classes.defaults.sort();
        classes.defaults.dedup();
        classes
    }

    /// The class of an Ingress: its own, else the only default.
    pub fn of(&self, ingress: &Ingress) -> Option<SmolStr> {
        match (&ingress.class, self.defaults.as_slice()) {
            (Some((class, _)), _) => Some(class.clone()),
            (None, [only]) => Some(only.clone()),
            (None, _) => None,
        }
    }

    /// How the controller of a class reads paths: by its IngressClass, else by the class's name, else nobody knows.
    pub fn dialect(&self, class: Option<&str>) -> PathDialect {
        let Some(name) = class else {
            return PathDialect::Unknown;
        };
        let controller = self
            .by_name
            .get(name)
            .map_or("", |controller| controller.as_str());
        let says = |word: &str| controller.contains(word) || controller.is_empty() && name.contains(word);
        if says("ingress-nginx") || controller.is_empty() && name.contains("nginx") {
            PathDialect::Nginx
        } else if says("traefik") {
            PathDialect::Traefik
        } else if says("ingress.k8s.aws") || says("alb") || says("gce") || says("ingress-gce") {
            PathDialect::Glob
        } else {
            PathDialect::Unknown
        }
    }
}

/// All Ingress routes of `index`, sorted by class, host and set, then in the order of objects. Where an Ingress makes
/// ingress-nginx read a host's paths as regular expressions, all paths of the host are.
pub fn ingress_routes<'i, 'a>(index: &'i ClusterIndex<'a>, classes: &IngressClasses) -> Vec<Route<'i, 'a>> {
    let ingresses = || {
        index
            .objects
            .iter()
            .filter_map(|placed| match &placed.facts.detail {
                Detail::Ingress(ingress) => Some((placed, ingress)),
                _ => None,
            })
    };
    let mut regex: FxHashSet<(Option<SmolStr>, &SmolStr)> = FxHashSet::default();
    for (_, ingress) in ingresses().filter(|(_, ingress)| ingress.regex.is_some()) {
        let class = classes.of(ingress);
        if classes.dialect(class.as_deref()) == PathDialect::Nginx {
            regex.extend(ingress.paths.iter().map(|path| (class.clone(), &path.host)));
        }
    }
    let mut routes = Vec::new();
    for (placed, ingress) in ingresses() {
        let class = classes.of(ingress);
        let dialect = classes.dialect(class.as_deref());
        routes.extend(ingress.paths.iter().map(|path| {
            let set = if regex.contains(&(class.clone(), &path.host)) {
                PathSet::regex(&path.path)
            } else {
                PathSet::new(&path.path, &path.path_type, dialect)
            };
            Route {
                class: class.clone(),
                host: &path.host,
                set,
                path,
                ingress,
                placed,
            }
        }));
    }
    // Stable: equal routes stay in the order of objects.
    routes.sort_by(|a, b| (&a.class, a.host, &a.set).cmp(&(&b.class, b.host, &b.set)));
    routes
}
