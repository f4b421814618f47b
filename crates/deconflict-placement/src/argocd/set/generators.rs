//! Generators: lists, clusters, directories, and combinations of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use deconflict_kube::{items_at, text_at, text_of};
use deconflict_yaml::{Dialect, Node, parse};
use serde_json::{Map, Value};
use smol_str::SmolStr;

use super::merge::{joined, merged};
use super::params::{Params, flatten, normalize, value_of};
use super::render::Renderer;
use super::{Context, git, params, selector};

/// Kinds that only a running Argo CD can answer.
const ELSEWHERE: [&str; 4] = ["scmProvider", "pullRequest", "plugin", "clusterDecisionResource"];

/// Generators nest at most this deep (Argo CD allows one level below matrix and merge).
const MAX_DEPTH: u32 = 3;

/// Parameters of cluster generators that name a cluster.
const CLUSTER_NAMES: [&str; 4] = ["nameNormalized", "name", "cluster", "server"];

/// A run over the generators of one set.
#[derive(Debug)]
pub(crate) struct Generators<'a> {
    context: Context<'a>,
    renderer: &'a Renderer,
    /// Clusters that lists of this set name, else those of any set, for when nobody declares any.
    hints: BTreeSet<String>,
    /// True when `hints` are those of other sets.
    borrowed: bool,
    /// True when clusters had to be guessed from `hints`.
    pub(crate) guessed: bool,
    pub(crate) not_evaluated: Vec<SmolStr>,
    pub(crate) errors: Vec<String>,
}

impl<'a> Generators<'a> {
    pub(crate) fn new(context: Context<'a>, renderer: &'a Renderer, all: &[&Node]) -> Self {
        let mut hints = hints(all.iter().copied());
        let borrowed = hints.is_empty();
        if borrowed {
            hints.clone_from(context.hints);
        }
        Self {
            context,
            renderer,
            hints,
            borrowed,
            guessed: false,
            not_evaluated: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The parameters of one entry of `spec.generators`, each with the generator's own template, if it has one.
    pub(crate) fn top(&mut self, generator: &Node) -> Vec<(Params, Option<Arc<Node>>)> {
        let template = generator
            .fields()
            .iter()
            .find_map(|field| field.value.get("template"))
            .map(without_empty);
        let all = self.run(generator, 0);
        all.into_iter().map(|params| (params, template.clone())).collect()
    }

    /// True when the clusters are guessed from what other sets say.
    pub(crate) fn is_hearsay(&self) -> bool {
        self.guessed && self.borrowed
    }

    fn run(&mut self, generator: &Node, depth: u32) -> Vec<Params> {
        if depth > MAX_DEPTH {
            self.errors.push("generators are nested too deep".to_owned());
            return Vec::new();
        }
        let mut all = Vec::new();
        for field in generator.fields() {
            let inner = &field.value;
            all.extend(match field.name() {
                "list" => self.list(inner),
                "clusters" => self.clusters(inner),
                "git" => self.git(inner),
                "matrix" => self.matrix(inner, depth),
                "merge" => self.merge(inner, depth),
                name if ELSEWHERE.contains(&name) => {
                    self.not_evaluated.push(name.into());
                    Vec::new()
                }
                _ => Vec::new(),
            });
        }
        let Some(wanted) = generator.get("selector").filter(|wanted| wanted.is_map()) else {
            return all;
        };
        all.retain(|params| {
            let mut flat = Params::new();
            flatten("", &Value::Object(params.clone()), &mut flat);
            selector::matches(wanted, |name| flat.get(name).and_then(Value::as_str))
        });
        all
    }

    fn list(&mut self, list: &Node) -> Vec<Params> {
        let mut elements: Vec<Value> = items_at(list, &["elements"]).map(value_of).collect();
        if let Some(text) = list.get("elementsYaml").filter(|node| text_of(node).is_some()) {
            let parsed = parse(text.at.file, text.text().unwrap_or_default());
            let root = parsed.documents.into_iter().find_map(|document| document.root);
            match root.map(|root| value_of(&root)) {
                Some(Value::Array(more)) => elements.extend(more),
                _ => self.errors.push("list: elementsYaml is no list".to_owned()),
            }
        }
        let mut all = Vec::new();
        for element in elements {
            let Value::Object(fields) = element else {
                self.errors.push("list: an element is no map".to_owned());
                continue;
            };
            if self.renderer.go {
                all.push(fields);
                continue;
            }
            let mut params = Params::new();
            for (key, value) in fields {
                match value {
                    Value::Object(_) if key == "values" => flatten("values", &value, &mut params),
                    Value::Object(_) | Value::Array(_) => {
                        self.errors.push(format!("list: {key} is no text"));
                    }
                    scalar => {
                        params.insert(key, Value::String(params::text_of(&scalar)));
                    }
                }
            }
            all.push(params);
        }
        all
    }

    fn clusters(&mut self, clusters: &Node) -> Vec<Params> {
        let wanted = clusters.get("selector").filter(|wanted| wanted.is_map());
        let mut all = Vec::new();
        if !self.context.inventory.declared {
            self.guessed = true;
            // The last stands for all clusters that no list names.
            let found: Vec<Params> = self.hints.iter().map(|name| self.guess(name)).collect();
            for params in found.into_iter().chain([Params::new()]) {
                all.extend(self.with_values(params, clusters));
            }
            return all;
        }
        for known in self.context.inventory.managed(self.context.holder) {
            let labels = &known.cluster.labels;
            let label = |name: &str| match name {
                "argocd.argoproj.io/secret-type" => Some("cluster"),
                _ => labels.get(name).map(SmolStr::as_str),
            };
            if wanted.is_some_and(|wanted| !selector::matches(wanted, label)) {
                continue;
            }
            let name = known.cluster.name.to_string();
            let normalized = normalize(&name);
            let texts = |map: &std::collections::BTreeMap<SmolStr, SmolStr>| -> Map<String, Value> {
                map.iter()
                    .map(|(key, value)| (key.to_string(), value.as_str().into()))
                    .collect()
            };
            let mut metadata = Map::new();
            metadata.insert("labels".into(), Value::Object(texts(labels)));
            metadata.insert("annotations".into(), Value::Object(texts(&known.annotations)));
            let mut params = Params::new();
            params.insert("name".into(), name.into());
            params.insert("nameNormalized".into(), normalized.into());
            params.insert("server".into(), known.server.as_str().into());
            params.insert("project".into(), known.project.as_str().into());
            if self.renderer.go {
                params.insert("metadata".into(), Value::Object(metadata));
            } else {
                flatten("metadata", &Value::Object(metadata), &mut params);
            }
            all.extend(self.with_values(params, clusters));
        }
        all
    }

    /// A cluster of which a list says the name and nobody anything else.
    fn guess(&self, name: &str) -> Params {
        let mut params = Params::new();
        params.insert("name".into(), name.into());
        params.insert("nameNormalized".into(), normalize(name).into());
        if self.renderer.go {
            params.insert("server".into(), "".into());
        }
        params
    }

    /// With the generator's `values`, which may use the other parameters.
    fn with_values(&mut self, mut params: Params, generator: &Node) -> Option<Params> {
        let Some(values) = generator.get("values").filter(|values| values.is_map()) else {
            return Some(params);
        };
        let values = match self.renderer.node(values, &params) {
            Ok(values) => value_of(&values),
            Err(why) => {
                self.errors.push(why);
                return None;
            }
        };
        if self.renderer.go {
            params.insert("values".into(), values);
        } else {
            flatten("values", &values, &mut params);
        }
        Some(params)
    }

    fn git(&mut self, git: &Node) -> Vec<Params> {
        let url = text_at(git, &["repoURL"]).unwrap_or_default();
        let Some(own) = self.context.own.find(url) else {
            self.not_evaluated.push("git".into());
            return Vec::new();
        };
        let go = self.renderer.go;
        let found = if git.get("files").is_some_and(|files| !files.items().is_empty()) {
            git::files(self.context, &own.base, git, go)
        } else {
            git::directories(self.context, &own.base, git, go)
        };
        found
            .into_iter()
            .filter_map(|params| self.with_values(params, git))
            .collect()
    }

    fn matrix(&mut self, matrix: &Node, depth: u32) -> Vec<Params> {
        let children: Vec<&Node> = items_at(matrix, &["generators"]).collect();
        let [first, second] = children.as_slice() else {
            self.errors
                .push(format!("matrix: {} generators, must be 2", children.len()));
            return Vec::new();
        };
        let mut all = Vec::new();
        for outer in self.run(first, depth + 1) {
            let second = match self.renderer.node(&Arc::new((*second).clone()), &outer) {
                Ok(second) => second,
                Err(why) => {
                    self.errors.push(why);
                    continue;
                }
            };
            for inner in self.run(&second, depth + 1) {
                match joined(&outer, &inner, self.renderer.go) {
                    Ok(params) => all.push(params),
                    Err(why) => self.errors.push(why),
                }
            }
        }
        all
    }

    fn merge(&mut self, merge: &Node, depth: u32) -> Vec<Params> {
        let keys: Vec<String> = items_at(merge, &["mergeKeys"])
            .filter_map(text_of)
            .map(str::to_owned)
            .collect();
        let mut children = items_at(merge, &["generators"]);
        let first = children
            .next()
            .map(|first| self.run(first, depth + 1))
            .unwrap_or_default();
        let others = children.map(|child| self.run(child, depth + 1)).collect();
        match merged(&keys, first, others, self.renderer.go) {
            Ok(all) => all,
            Err(why) => {
                self.errors.push(why);
                Vec::new()
            }
        }
    }
}

/// Clusters that the lists among generators name.
pub(crate) fn hints<'n>(generators: impl Iterator<Item = &'n Node>) -> BTreeSet<String> {
    let mut hints = BTreeSet::new();
    for generator in generators {
        collect_hints(generator, &mut hints, 0);
    }
    hints
}

/// Names of clusters in the elements of lists.
fn collect_hints(generator: &Node, hints: &mut BTreeSet<String>, depth: u32) {
    if depth > MAX_DEPTH {
        return;
    }
    for element in items_at(generator, &["list", "elements"]) {
        let name = CLUSTER_NAMES.iter().find_map(|key| text_at(element, &[key]));
        hints.extend(name.map(str::to_owned));
    }
    for combined in ["matrix", "merge"] {
        for child in items_at(generator, &[combined, "generators"]) {
            collect_hints(child, hints, depth + 1);
        }
    }
}

/// A generator's own template without the empty fields that its schema asks for.
fn without_empty(template: &Arc<Node>) -> Arc<Node> {
    if !template.is_map() {
        return Arc::clone(template);
    }
    let mut copy = Node::map(template.at);
    for field in template.fields() {
        let value = without_empty(&field.value);
        let is_empty = value.is_null(Dialect::Kubernetes)
            || value.text() == Some("")
            || (value.is_map() && value.fields().is_empty());
        if !is_empty {
            copy.set(field.name(), field.key_at.0, value);
        }
    }
    Arc::new(copy)
}
