//! `replacements`: kustomize's ReplacementTransformer.

use std::sync::Arc;

use deconflict_files::{Action, Origin, Step};
use deconflict_yaml::{Dialect, Kind, Node, Scalar};
use smol_str::SmolStr;

use super::path_matcher::{self, Made, Matcher};
use super::read::{Reader, Sourced};
use super::value::same_type;
use crate::merge::{LabelSelector, Selected, names_one, shown};
use crate::model::{Gvk, ResId, ResMap, Resource};
use crate::{Problem, ProblemKind};

const BY: &str = "replacements";
const DEFAULT_PATH: &str = "metadata.name";

/// One item of `replacements` as written.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// In place.
    Inline(Box<Config>),
    /// A file that holds one or a list; see [`Config::from_file`].
    File(Sourced),
}

/// A value that is copied.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The entry.
    pub(crate) at: Origin,
    source: Option<Source>,
    targets: Option<Vec<Target>>,
}

#[derive(Clone, Debug)]
struct Source {
    at: Origin,
    id: ResId,
    /// As written, for messages.
    path: SmolStr,
    options: Options,
}

#[derive(Clone, Debug)]
struct Target {
    select: Option<Selector>,
    reject: Vec<Selector>,
    paths: Vec<Sourced>,
    options: Options,
}

#[derive(Clone, Debug)]
struct Selector {
    at: Origin,
    /// On one line, for messages.
    shown: String,
    is_named: bool,
    id: ResId,
    labels: SmolStr,
    annotations: SmolStr,
}

#[derive(Clone, Debug, Default)]
struct Options {
    delimiter: SmolStr,
    index: i64,
    create: bool,
}

impl Entry {
    /// From one item of `replacements`, in a kustomization or a ReplacementTransformer.
    pub(crate) fn from_field(item: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(item, "ReplacementField")?;
        let Some(path) = reader.text("path")?.filter(|path| !path.text.is_empty()) else {
            return Config::read(item).map(|config| Self::Inline(Box::new(config)));
        };
        let has_targets = reader
            .value("targets")
            .is_some_and(|targets| !targets.items().is_empty());
        if reader.value("source").is_some() || has_targets {
            return Err(Problem::build("cannot specify both path and inline replacement").at(item.at));
        }
        Ok(Self::File(path))
    }

    /// The items of a ReplacementTransformer.
    pub(crate) fn from_plugin(node: &Node) -> Result<Vec<Self>, Problem> {
        let reader = Reader::new(node, "ReplacementTransformer")?;
        let items = reader.list("replacements", "types.ReplacementField")?;
        items.iter().map(|item| Self::from_field(item)).collect()
    }
}

impl Config {
    /// From a file: one replacement or a list of them.
    pub(crate) fn from_file(root: Option<&Node>) -> Result<Vec<Self>, Problem> {
        let unsupported = |kind: &str| {
            Problem::build(format!(
                "unsupported replacement type encountered within replacement path: {kind}"
            ))
        };
        let Some(root) = root else {
            return Err(unsupported("invalid"));
        };
        match &root.kind {
            Kind::List(items) => items.iter().map(|item| Self::read(item)).collect(),
            Kind::Map(_) => Ok(vec![Self::read(root)?]),
            Kind::Scalar(_) => Err(unsupported("string").at(root.at)),
        }
    }

    fn read(item: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(item, "Replacement")?;
        let source = reader
            .value("source")
            .map(|source| Source::read(source))
            .transpose()?;
        let targets = match reader.value("targets") {
            None => None,
            Some(_) => Some(
                reader
                    .list("targets", "*types.TargetSelector")?
                    .iter()
                    .map(|target| Target::read(target))
                    .collect::<Result<_, _>>()?,
            ),
        };
        Ok(Self {
            at: item.at,
            source,
            targets,
        })
    }
}

fn read_id(reader: &Reader<'_>) -> Result<ResId, Problem> {
    let gvk = Gvk {
        group: reader.text_or_empty("group")?,
        version: reader.text_or_empty("version")?,
        kind: reader.text_or_empty("kind")?,
    };
    Ok(ResId::new(
        gvk,
        reader.text_or_empty("name")?,
        reader.text_or_empty("namespace")?,
    ))
}

impl Source {
    fn read(node: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(node, "SourceSelector")?;
        Ok(Self {
            at: node.at,
            id: read_id(&reader)?,
            path: reader.text_or_empty("fieldPath")?,
            options: Options::read(&reader)?,
        })
    }

    /// As upstream prints it.
    fn text(&self) -> String {
        let mut text = self.id.to_string();
        if !self.path.is_empty() {
            text.push(':');
            text.push_str(&self.path);
        }
        let options = self.options.text();
        if !options.is_empty() {
            text.push(':');
            text.push_str(&options);
        }
        text
    }
}

impl Target {
    fn read(node: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(node, "TargetSelector")?;
        let select = reader
            .value("select")
            .map(|select| Selector::read(select))
            .transpose()?;
        let reject = reader.list("reject", "*types.Selector")?;
        Ok(Self {
            select,
            reject: reject
                .iter()
                .map(|reject| Selector::read(reject))
                .collect::<Result<_, _>>()?,
            paths: reader.texts("fieldPaths")?,
            options: Options::read(&reader)?,
        })
    }
}

impl Selector {
    fn read(node: &Node) -> Result<Self, Problem> {
        let reader = Reader::new(node, "Selector")?;
        Ok(Self {
            at: node.at,
            shown: shown(node),
            is_named: names_one(node),
            id: read_id(&reader)?,
            labels: reader.text_or_empty("labelSelector")?,
            annotations: reader.text_or_empty("annotationSelector")?,
        })
    }

    fn parse(&self) -> Result<ParsedSelector<'_>, Problem> {
        Ok(ParsedSelector {
            id: &self.id,
            has_id: self.id != ResId::default(),
            has_text: !self.labels.is_empty() || !self.annotations.is_empty(),
            labels: LabelSelector::parse(&self.labels)?,
            annotations: LabelSelector::parse(&self.annotations)?,
        })
    }
}

struct ParsedSelector<'s> {
    id: &'s ResId,
    has_id: bool,
    has_text: bool,
    labels: LabelSelector,
    annotations: LabelSelector,
}

impl ParsedSelector<'_> {
    fn matches_text(&self, resource: &Resource) -> bool {
        let body = resource.body();
        let in_metadata = |map: &str, key: &str| body.at_path(&["metadata", map])?.get(key)?.text();
        self.labels.matches(|key| in_metadata("labels", key))
            && self.annotations.matches(|key| in_metadata("annotations", key))
    }
}

impl Options {
    fn read(reader: &Reader<'_>) -> Result<Self, Problem> {
        let Some(options) = reader.value("options") else {
            return Ok(Self::default());
        };
        let reader = Reader::new(options, "FieldOptions")?;
        Ok(Self {
            delimiter: reader.text_or_empty("delimiter")?,
            index: reader.integer("index")?.unwrap_or(0),
            create: reader.flag("create")?,
        })
    }

    /// As upstream prints it.
    fn text(&self) -> String {
        let mut parts = Vec::new();
        if !self.delimiter.is_empty() {
            parts.push(format!("{}({})", self.delimiter, self.index));
        }
        if self.create {
            parts.push("create=true".to_owned());
        }
        parts.join(",")
    }
}

/// Copy the value.
///
/// # Errors
/// A source that is not exactly one object with the field, targets without the field.
pub(crate) fn apply(set: &mut ResMap, config: &Config, found: &mut Vec<Selected>) -> Result<(), Problem> {
    run(set, config, found).map_err(|problem| problem.at(config.at))
}

fn run(set: &mut ResMap, config: &Config, found: &mut Vec<Selected>) -> Result<(), Problem> {
    let (Some(source), Some(targets)) = (&config.source, &config.targets) else {
        return Err(Problem::build(
            "replacements must specify a source and at least one target",
        ));
    };
    let value = source_value(set, source)?;
    for target in targets {
        found.push(apply_target(set, config, target, &value)?);
    }
    Ok(())
}

/// True when one of the object's ids, now or before, is what `selector` says.
fn is_selected(resource: &Resource, selector: &ResId) -> bool {
    let matches = |id: &ResId| {
        (selector.name.is_empty() || selector.name == id.name)
            && (selector.namespace.is_empty() || selector.effective_namespace() == id.effective_namespace())
            && id.gvk.is_selected_by(&selector.gvk)
    };
    matches(resource.id()) || resource.previous_ids().any(|id| matches(&id))
}

/// Positions that may be selected: those of the name, if there is one.
fn candidates(set: &ResMap, id: &ResId) -> Vec<usize> {
    if id.name.is_empty() {
        return (0..set.len()).collect();
    }
    set.named(&id.name)
        .iter()
        .map(|position| *position as usize)
        .collect()
}

fn source_value(set: &ResMap, source: &Source) -> Result<Arc<Node>, Problem> {
    let mut selected = candidates(set, &source.id)
        .into_iter()
        .filter(|position| is_selected(set.get(*position), &source.id));
    let Some(first) = selected.next() else {
        let message = format!("nothing selected by {}", source.text());
        return Err(Problem::new(ProblemKind::NoTarget, message).at(source.at));
    };
    if let Some(second) = selected.next() {
        let mut problem = Problem::build(format!("multiple matches for selector {}", source.text()));
        problem.related = vec![set.get(first).declared_at, set.get(second).declared_at];
        return Err(problem);
    }
    let path = if source.path.is_empty() {
        DEFAULT_PATH
    } else {
        &source.path
    };
    let found = path_matcher::lookup(set.get(first).body(), &path_matcher::split(path))
        .map_err(|problem| problem.within("error looking up replacement source"))?;
    let is_there = |value: &&Arc<Node>| match &value.kind {
        Kind::Scalar(_) => !value.is_null(Dialect::Resource),
        Kind::List(items) => !items.is_empty(),
        Kind::Map(fields) => !fields.is_empty(),
    };
    let Some(value) = found.filter(is_there) else {
        let message = format!(
            "fieldPath `{path}` is missing for replacement source {}",
            source.id
        );
        return Err(Problem::build(message));
    };
    refined(value, &source.options)
}

/// The part of the source that the options cut out.
fn refined(value: &Arc<Node>, options: &Options) -> Result<Arc<Node>, Problem> {
    if options.delimiter.is_empty() {
        return Ok(Arc::clone(value));
    }
    let Kind::Scalar(scalar) = &value.kind else {
        return Err(not_scalar());
    };
    let mut parts = scalar.text.split(options.delimiter.as_str());
    let part = usize::try_from(options.index)
        .ok()
        .and_then(|index| parts.nth(index));
    let Some(part) = part else {
        return Err(Problem::build(format!(
            "options.index {} is out of bounds for value {}",
            options.index, scalar.text
        )));
    };
    Ok(Arc::new(Node {
        at: value.at,
        via: value.via.clone(),
        kind: Kind::Scalar(same_type(scalar, part.into())),
    }))
}

fn not_scalar() -> Problem {
    Problem::build("delimiter option can only be used with scalar nodes")
}

fn apply_target(
    set: &mut ResMap,
    config: &Config,
    target: &Target,
    value: &Arc<Node>,
) -> Result<Selected, Problem> {
    let Some(selector) = &target.select else {
        return Err(Problem::build("target must specify resources to select"));
    };
    let select = selector.parse()?;
    let mut selected = Selected {
        at: selector.at,
        selector: selector.shown.clone(),
        is_named: selector.is_named,
        objects: 0,
    };
    let rejects: Vec<ParsedSelector<'_>> = target
        .reject
        .iter()
        .map(Selector::parse)
        .collect::<Result<_, _>>()?;
    let default = [Sourced {
        text: SmolStr::new_static(DEFAULT_PATH),
        at: config.at,
    }];
    let paths = if target.paths.is_empty() {
        &default[..]
    } else {
        &target.paths
    };
    let paths: Vec<(&Sourced, Vec<SmolStr>)> = paths
        .iter()
        .map(|path| (path, path_matcher::split(&path.text)))
        .collect();
    for position in candidates(set, select.id) {
        let resource = set.get(position);
        if !is_selected(resource, select.id) || !select.matches_text(resource) {
            continue;
        }
        selected.objects += 1;
        let is_rejected = |reject: &ParsedSelector<'_>| {
            (reject.has_text && reject.matches_text(resource))
                || (reject.has_id && is_selected(resource, reject.id))
        };
        if rejects.iter().any(is_rejected) {
            continue;
        }
        let mut body = Arc::clone(resource.body());
        for (path, parts) in &paths {
            body = copy(&body, config.at, (path, parts), &target.options, value)
                .map_err(|problem| problem.at(path.at))?;
        }
        if !Arc::ptr_eq(&body, resource.body()) {
            set.update(position, |resource| resource.set_body(body));
        }
    }
    Ok(selected)
}

/// `body` with the value copied to one path.
fn copy(
    body: &Arc<Node>,
    at: Origin,
    (path, parts): (&Sourced, &[SmolStr]),
    options: &Options,
    value: &Arc<Node>,
) -> Result<Arc<Node>, Problem> {
    let made = match &value.kind {
        Kind::Scalar(_) => Made::Scalar,
        Kind::List(_) => Made::List,
        Kind::Map(_) => Made::Map,
    };
    let mut set = |old: &Arc<Node>| replace(old, at, options, value).map(Some);
    let mut matcher = Matcher {
        create: options.create.then_some(made),
        at,
        set: &mut set,
        found: 0,
    };
    let verb = if options.create { "find or create" } else { "find" };
    let unfound = format!(
        "unable to {verb} field {} in replacement target",
        crate::merge::quote(&path.text)
    );
    let changed = match matcher.rewrite(body, parts) {
        Ok(changed) => changed,
        // Errors of the setter come without the words about the path.
        Err(problem) if problem.message == not_scalar().message => return Err(problem),
        Err(problem) => return Err(problem.within(unfound)),
    };
    if matcher.found == 0 {
        return Err(Problem::build(unfound));
    }
    Ok(changed.unwrap_or_else(|| Arc::clone(body)))
}

/// What `old` becomes: the text alone moves between scalars, anything else is replaced as a whole.
fn replace(old: &Arc<Node>, at: Origin, options: &Options, value: &Arc<Node>) -> Result<Arc<Node>, Problem> {
    let mut text = value.text().unwrap_or_default().to_owned();
    if !options.delimiter.is_empty() {
        let Kind::Scalar(scalar) = &old.kind else {
            return Err(not_scalar());
        };
        let delimiter = options.delimiter.as_str();
        let mut parts: Vec<&str> = scalar.text.split(delimiter).collect();
        match usize::try_from(options.index) {
            Err(_) => parts.insert(0, &text),
            Ok(index) if index >= parts.len() => parts.push(&text),
            Ok(index) => parts[index] = &text,
        }
        text = parts.join(delimiter);
    }
    let kind = match (&old.kind, &value.kind) {
        // A scalar that was just made has no type yet.
        (Kind::Scalar(scalar), _) if scalar.text.is_empty() && old.at == at => {
            Kind::Scalar(Scalar::plain(text))
        }
        (Kind::Scalar(scalar), _) => Kind::Scalar(same_type(scalar, text.into())),
        (_, Kind::Scalar(scalar)) => Kind::Scalar(same_type(scalar, text.into())),
        (_, kind) => kind.clone(),
    };
    let before = Step::new(Action::Transformed, BY, at, old.via.as_ref());
    Ok(Arc::new(Node {
        at: value.at,
        via: Some(before),
        kind,
    }))
}
