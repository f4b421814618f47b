//! `configMapGenerator` and `secretGenerator`, and the plugins behind them (kustomize.md section 8).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use deconflict_files::{Action, Origin, RepoPath, Step};
use deconflict_yaml::{Field, Kind, Node, Scalar};
use smol_str::SmolStr;

use super::pairs::{self, Pair};
use super::paths::Paths;
use crate::Problem;
use crate::model::{Behavior, Resource};
use crate::transform::{Reader, Sourced};

/// What is generated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Generated {
    ConfigMap,
    Secret,
}

impl Generated {
    fn kind(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    /// The plugin's kind.
    pub(super) fn transformer(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMapGenerator",
            Self::Secret => "SecretGenerator",
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::ConfigMap => "configMapGenerator",
            Self::Secret => "secretGenerator",
        }
    }
}

/// One generator, configured.
pub(super) struct Generator<'n> {
    what: Generated,
    args: Reader<'n>,
    /// `generatorOptions` of the kustomization; none for plugins.
    global: Option<Reader<'n>>,
    /// `metadata` of a plugin, whose name and namespace stand in for missing ones.
    metadata: Option<Reader<'n>>,
}

impl<'n> Generator<'n> {
    /// An item of the kustomization's field.
    pub(super) fn from_field(
        what: Generated,
        item: &'n Node,
        options: Option<&'n Arc<Node>>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            what,
            args: Reader::new(item, what.kind())?,
            global: options
                .map(|options| Reader::new(options, "GeneratorOptions"))
                .transpose()?,
            metadata: None,
        })
    }

    /// A ConfigMapGenerator or SecretGenerator.
    pub(super) fn from_plugin(what: Generated, node: &'n Node) -> Result<Self, Problem> {
        let args = Reader::new(node, what.kind())?;
        let metadata = args
            .value("metadata")
            .map(|metadata| Reader::new(metadata, "ObjectMeta"))
            .transpose()?;
        Ok(Self {
            what,
            args,
            global: None,
            metadata,
        })
    }

    /// What it generates.
    pub(super) fn what(&self) -> Generated {
        self.what
    }

    /// The entry.
    pub(super) fn at(&self) -> Origin {
        self.args.at()
    }

    /// Generate.
    pub(super) fn run(&self, directory: &RepoPath, paths: &Paths<'_>) -> Result<Resource, Problem> {
        let entry = self.args.at();
        let own = self.args.value("options");
        let own = own
            .map(|options| Reader::new(options, "GeneratorOptions"))
            .transpose()?;
        let identity = |field: &str| -> Result<Option<Sourced>, Problem> {
            let given = self.args.text(field)?.filter(|text| !text.text.is_empty());
            match (given, &self.metadata) {
                (None, Some(metadata)) => metadata.text(field),
                (given, _) => Ok(given),
            }
        };
        let made = Maker {
            at: entry,
            by: self.what.field(),
        };
        let Some(name) = identity("name")?.filter(|name| !name.text.is_empty()) else {
            let message = format!("a {} must have a name", self.what.kind().to_lowercase());
            return Err(Problem::build(message).at(entry));
        };
        let mut metadata = made.map();
        metadata.set("name", name.at, made.text(&name.text, name.at));
        if let Some(namespace) = identity("namespace")?.filter(|namespace| !namespace.text.is_empty()) {
            metadata.set(
                "namespace",
                namespace.at,
                made.text(&namespace.text, namespace.at),
            );
        }
        let pairs = pairs::load(&self.args, directory, paths)
            .map_err(|problem| problem.within("loading KV pairs"))?;
        let mut body = made.map();
        body.set("apiVersion", entry, made.text("v1", entry));
        body.set("kind", entry, made.text(self.what.kind(), entry));
        if self.what == Generated::Secret {
            let given = self.args.text("type")?.filter(|given| !given.text.is_empty());
            let value = given.map_or_else(
                || made.text("Opaque", entry),
                |given| made.text(&given.text, given.at),
            );
            body.set("type", entry, value);
        }
        self.fill(&mut body, &name.text, pairs, made)?;
        for field in ["labels", "annotations"] {
            let mut all: BTreeMap<SmolStr, Sourced> = BTreeMap::new();
            for options in [&self.global, &own].into_iter().flatten() {
                all.extend(options.pairs(field)?);
            }
            if !all.is_empty() {
                let fields = all
                    .into_iter()
                    .map(|(key, value)| Field::new(&key, value.at, made.text(&value.text, value.at)));
                let map = Node::new(Kind::Map(fields.collect()), entry);
                metadata.set(field, entry, map);
            }
        }
        body.set("metadata", entry, metadata);
        let flag = |name: &str| -> Result<Option<Origin>, Problem> {
            for options in [&own, &self.global].into_iter().flatten() {
                if options.flag(name)? {
                    return Ok(Some(options.value(name).map_or(entry, |value| value.at)));
                }
            }
            Ok(None)
        };
        if let Some(at) = flag("immutable")? {
            let value = Node::scalar(Scalar::plain("true"), at);
            body.set("immutable", at, made.generated(value));
        }
        let mut resource = Resource::new(Arc::new(body));
        resource.declared_at = name.at;
        resource.is_generated = true;
        resource.needs_hash = flag("disableNameSuffixHash")?.is_none();
        resource.behavior = match self.args.text_or_empty("behavior")?.as_str() {
            "merge" => Behavior::Merge,
            "replace" => Behavior::Replace,
            _ => Behavior::Create,
        };
        Ok(resource)
    }

    fn fill(&self, body: &mut Node, name: &str, pairs: Vec<Pair>, made: Maker) -> Result<(), Problem> {
        let mut known: BTreeMap<String, Pair> = BTreeMap::new();
        for pair in pairs {
            if let Some(first) = known.get(&pair.key) {
                let message = format!("configmap {name} illegally repeats the key `{}`", pair.key);
                let mut problem = Problem::build(message).at(pair.entry);
                problem.related.push(first.entry);
                return Err(problem);
            }
            known.insert(pair.key.clone(), pair);
        }
        let (mut data, mut binary) = (made.map(), made.map());
        for (key, pair) in known {
            let text = String::from_utf8(pair.value);
            let (map, text) = match (self.what, text) {
                (Generated::ConfigMap, Ok(text)) => (&mut data, text),
                (Generated::ConfigMap, Err(bytes)) => (&mut binary, encoded(bytes.as_bytes())),
                (Generated::Secret, Ok(text)) => (&mut data, encoded(text.as_bytes())),
                (Generated::Secret, Err(bytes)) => (&mut data, encoded(bytes.as_bytes())),
            };
            let value = Node {
                at: pair.at,
                via: Some(Step::new(Action::Generated, made.by, pair.entry, None)),
                kind: Kind::Scalar(Scalar::string(text)),
            };
            if let Some(fields) = map.fields_mut() {
                fields.push(Field {
                    key: Scalar::string(key),
                    ..Field::new("", pair.entry, value)
                });
            }
        }
        if !data.fields().is_empty() || self.what == Generated::Secret {
            body.set("data", made.at, data);
        }
        if !binary.fields().is_empty() {
            body.set("binaryData", made.at, binary);
        }
        Ok(())
    }
}

/// Makes nodes that a generator entry brings.
#[derive(Clone, Copy)]
struct Maker {
    at: Origin,
    by: &'static str,
}

impl Maker {
    fn map(self) -> Node {
        Node::map(self.at)
    }

    fn text(self, text: &str, at: Origin) -> Node {
        self.generated(Node::scalar(Scalar::string(text), at))
    }

    fn generated(self, node: Node) -> Node {
        let via = (node.at != self.at).then(|| Step::new(Action::Generated, self.by, self.at, None));
        Node { via, ..node }
    }
}

/// Base64 in lines of 70, when it is longer than that.
fn encoded(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines
}

/// What a generator that merges or replaces leaves of the object that is there (`CopyMergeMetaDataFieldsFrom`,
/// `MergeDataMapFrom`): history and name are the old one's; the new one's labels and annotations win; `merge` overlays
/// the data.
pub(super) fn merged(old: &Resource, new: &Resource) -> Resource {
    let is_merge = new.behavior == Behavior::Merge;
    let mut body = (**new.body()).clone();
    let old_metadata = old.body().get("metadata");
    let mut metadata = match body.get("metadata") {
        Some(metadata) => (**metadata).clone(),
        None => Node::map(new.declared_at),
    };
    for field in ["labels", "annotations"] {
        let older = old_metadata.and_then(|metadata| metadata.get(field));
        overlay(&mut metadata, field, older.map(|older| &**older));
    }
    for field in ["name", "namespace"] {
        let value = old_metadata.and_then(|metadata| metadata.field(field));
        match value {
            Some(value) => metadata.set(field, value.key_at.0, Arc::clone(&value.value)),
            None => metadata.remove(field),
        }
    }
    if is_merge
        && let Some(origin) = old
            .body()
            .at_path(&["metadata", "annotations", super::origin::ORIGIN])
        && let Some(annotations) = metadata.get_mut("annotations")
    {
        annotations.set(super::origin::ORIGIN, origin.at, origin.clone());
    }
    body.set("metadata", new.declared_at, metadata);
    if is_merge {
        for field in ["data", "binaryData"] {
            overlay(&mut body, field, old.body().get(field).map(|older| &**older));
        }
    }
    let mut merged = old.clone();
    merged.set_body(Arc::new(body));
    merged.needs_hash = old.needs_hash && new.needs_hash;
    merged
}

/// `field` of `body` laid over `older`, every value as a text; without any, no field.
fn overlay(body: &mut Node, field: &str, older: Option<&Node>) {
    let mut fields: Vec<Field> = older.map_or(&[][..], Node::fields).to_vec();
    let newer = body.get(field).cloned();
    for new in newer.iter().flat_map(|newer| newer.fields()) {
        match fields.iter_mut().find(|known| known.name() == new.name()) {
            Some(known) => {
                let mut value = (*new.value).clone();
                let before = &known.value;
                let mut via = Step::new(Action::Patched, "merge", before.at, before.via.as_ref());
                if let Some(step) = &value.via {
                    via = Step::new(step.action, step.by, step.at, Some(&via));
                }
                value.via = Some(via);
                known.value = Arc::new(value);
            }
            None => fields.push(new.clone()),
        }
    }
    if fields.is_empty() {
        body.remove(field);
        return;
    }
    for known in &mut fields {
        let text = known.value.text().unwrap_or_default();
        let scalar = Scalar::string(text);
        if known.value.as_scalar() != Some(&scalar) {
            Arc::make_mut(&mut known.value).kind = Kind::Scalar(scalar);
        }
    }
    let at = newer.map_or(body.at, |newer| newer.at);
    body.set(field, at, Node::new(Kind::Map(fields), at));
}

/// A service account for a workload identity: what IAMPolicyGenerator makes for the one cloud it knows.
pub(super) fn service_account(config: &Node) -> Result<Resource, Problem> {
    let reader = Reader::new(config, "IAMPolicyGenerator")?;
    let cloud = reader.text_or_empty("cloud")?;
    if cloud != "gke" {
        return Err(Problem::build(format!(
            "cloud provider {cloud} not supported yet"
        )));
    }
    let empty = Node::map(config.at);
    let inner = |name: &str| reader.value(name).map_or(&empty, |node| node);
    let service = Reader::new(inner("kubernetesService"), "KubernetesService")?;
    let account = Reader::new(inner("serviceAccount"), "ServiceAccount")?;
    let made = Maker {
        at: config.at,
        by: "generators",
    };
    let account = format!(
        "{}@{}.iam.gserviceaccount.com",
        account.text_or_empty("name")?,
        account.text_or_empty("projectId")?
    );
    let mut annotations = made.map();
    annotations.set(
        "iam.gke.io/gcp-service-account",
        made.at,
        made.text(&account, made.at),
    );
    let mut metadata = made.map();
    metadata.set("annotations", made.at, annotations);
    for field in ["name", "namespace"] {
        if let Some(text) = service.text(field)?.filter(|text| !text.text.is_empty()) {
            metadata.set(field, text.at, made.text(&text.text, text.at));
        }
    }
    let mut body = made.map();
    body.set("apiVersion", made.at, made.text("v1", made.at));
    body.set("kind", made.at, made.text("ServiceAccount", made.at));
    body.set("metadata", made.at, metadata);
    Ok(Resource::new(Arc::new(body)))
}
