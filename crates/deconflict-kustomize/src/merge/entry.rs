//! Patches as they are configured: the items of `patches`, `patchesStrategicMerge` and `patchesJson6902`, and the
//! configurations of the built-in transformers behind them, which are the same.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Kind, Loaded, Node, Parsed, Scalar};

use super::json6902::{self, Operation};
use super::{Target, quote};
use crate::{Problem, ProblemKind, emit};

/// How patches get at files and objects; the loader's side.
pub(crate) trait PatchReader {
    /// The file at `path` as written in the kustomization at `at`.
    fn file(&self, path: &str, at: Origin) -> Result<PatchText, Problem>;

    /// The text in `node`, a scalar of the kustomization.
    fn embedded(&self, node: &Node) -> PatchText;

    /// The objects in `text`, by the rules for resources: kind and name are required, lists are expanded.
    fn objects(&self, text: &PatchText) -> Result<Vec<Arc<Node>>, Problem>;
}

/// The text of a patch or of resources, and its trees.
#[derive(Clone, Debug)]
pub(crate) struct PatchText {
    /// The text itself (of an inline patch: the scalar's).
    pub(crate) text: Arc<str>,
    /// Its documents. Places point into the file that a person edits.
    pub(crate) trees: Trees,
    /// Its start.
    pub(crate) at: Origin,
    /// The file as the kustomization names it; none for a text that stands in a scalar.
    pub(crate) name: Option<String>,
    /// How many bytes of white space in front of `text` were parsed and then left away.
    pub(crate) offset: usize,
}

/// The documents of a file, which everybody shares, or of a scalar.
#[derive(Clone, Debug)]
pub(crate) enum Trees {
    File(Arc<Loaded>),
    Scalar(Arc<Parsed>),
}

impl PatchText {
    /// The documents.
    pub(crate) fn parsed(&self) -> &Parsed {
        match &self.trees {
            Trees::File(loaded) => loaded.parsed(),
            Trees::Scalar(parsed) => parsed,
        }
    }

    /// True when places count in `text` itself.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.trees, Trees::File(_))
    }
}

/// One configured patch transformer.
#[derive(Clone, Debug)]
pub(crate) struct PatchEntry {
    /// Where it is configured.
    pub(crate) at: Origin,
    /// The field's name, for trails.
    pub(crate) by: &'static str,
    /// The patch's source in kustomize's words: `[path: "p.yaml"]`.
    pub(super) source: String,
    pub(super) patch: Patch,
    pub(super) target: Option<Target>,
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
}

/// The two languages of patches.
#[derive(Clone, Debug)]
pub(super) enum Patch {
    Merge(Vec<Arc<Node>>),
    Json(Vec<Operation>),
}

impl PatchEntry {
    /// An item of `patches`, or the configuration of a PatchTransformer.
    pub(crate) fn patches(item: &Node, reader: &dyn PatchReader) -> Result<Self, Problem> {
        let (path, inline) = (text_field(item, "path")?, text_field(item, "patch")?);
        let inline = inline.filter(|inline| !inline.text().unwrap_or_default().trim().is_empty());
        let problem = |message: String| Problem::build(message).at(item.at);
        let (text, source) = match (path, inline) {
            (None, None) => {
                return Err(problem(format!(
                    "must specify one of patch and path in\n{}",
                    config(item)
                )));
            }
            (Some(_), Some(_)) => {
                return Err(problem(format!(
                    "patch and path can't be set at the same time\n{}",
                    config(item)
                )));
            }
            (Some(path), None) => {
                let name = path.text().unwrap_or_default();
                let text = reader.file(name, path.at).map_err(|problem| {
                    problem.within(format!("failed to get the patch file from path({name})"))
                })?;
                (text, format!("[path: {}]", quote(name)))
            }
            (None, Some(inline)) => {
                let text = reader.embedded(inline);
                // Whether it is JSON is told by its first character.
                let text = PatchText {
                    offset: text.text.len() - text.text.trim_start().len(),
                    text: text.text.trim().into(),
                    ..text
                };
                let source = format!("[patch: {}]", quote(text.text.trim()));
                (text, source)
            }
        };
        let objects = reader.objects(&text);
        let operations = json6902::read(&text);
        let patch = match (objects, operations) {
            (Ok(_), Ok(_)) => {
                return Err(problem(format!(
                    "illegally qualifies as both an SM and JSON patch: {source}"
                )));
            }
            (Err(as_objects), Err(as_operations)) => {
                // The place of what is wrong: of the reading that looks more like what was meant.
                let cause = if json6902::looks_like_operations(&text) {
                    as_operations
                } else {
                    as_objects
                };
                let wording = format!("unable to parse SM or JSON patch from {source}");
                let mut problem = cause.at(text.at).reworded(wording);
                problem.related.push(item.at);
                return Err(problem);
            }
            // An empty file is an error only as operations; what it has no objects of, it has no operations of either.
            (Ok(objects), Err(_)) if objects.is_empty() => Patch::Json(Vec::new()),
            (Ok(objects), Err(_)) => Patch::Merge(objects),
            (Err(_), Ok(operations)) => Patch::Json(operations),
        };
        let option = |name: &str| {
            let options = field(item, "options")?;
            let value = options.get(name)?.as_scalar()?;
            Some(Dialect::Kustomization.read(value) == deconflict_yaml::Value::Bool(true))
        };
        Ok(Self {
            at: item.at,
            by: "patches",
            source,
            patch,
            target: target(item)?,
            allow_name_change: option("allowNameChange").unwrap_or_default(),
            allow_kind_change: option("allowKindChange").unwrap_or_default(),
        })
    }

    /// The items of `patchesStrategicMerge`, or the configuration of a PatchStrategicMergeTransformer: texts that are
    /// patches or paths of patches, and the text of more patches.
    pub(crate) fn strategic_merge(
        at: Origin,
        paths: &[Arc<Node>],
        inline: Option<&Node>,
        reader: &dyn PatchReader,
    ) -> Result<Self, Problem> {
        let inline = inline.filter(|inline| !inline.text().unwrap_or_default().is_empty());
        if paths.is_empty() && inline.is_none() {
            return Err(Problem::build("empty file path and empty patch content").at(at));
        }
        let mut objects = Vec::new();
        for path in paths {
            let text = string(path, "PatchStrategicMergeTransformerPlugin.paths")?;
            // Every item is first tried as a patch.
            match reader.objects(&reader.embedded(path)) {
                Ok(patches) => objects.extend(patches),
                Err(_) => objects.extend(
                    reader
                        .file(text, path.at)
                        .and_then(|file| reader.objects(&file))?,
                ),
            }
        }
        if let Some(inline) = inline {
            objects.extend(reader.objects(&reader.embedded(inline))?);
        }
        if objects.is_empty() {
            let paths: Vec<&str> = paths.iter().filter_map(|path| path.text()).collect();
            let inline = inline.and_then(Node::text).unwrap_or_default();
            let message = format!(
                "patch appears to be empty; files=[{}], Patch={inline}",
                paths.join(" ")
            );
            return Err(Problem::build(message).at(at));
        }
        Ok(Self {
            at,
            by: "patchesStrategicMerge",
            source: String::new(),
            patch: Patch::Merge(objects),
            target: None,
            allow_name_change: false,
            allow_kind_change: false,
        })
    }

    /// An item of `patchesJson6902` (`path`, `patch`, `target`), or the configuration of a PatchJson6902Transformer
    /// (`path`, `jsonOp`, `target`).
    pub(crate) fn json6902(item: &Node, reader: &dyn PatchReader) -> Result<Self, Problem> {
        let (path, inline) = match text_field(item, "jsonOp")? {
            Some(inline) => (text_field(item, "path")?, Some(inline)),
            None => (text_field(item, "path")?, text_field(item, "patch")?),
        };
        let problem = |message: String| Problem::build(message).at(item.at);
        let Some(target) = target(item)? else {
            // kustomize 5.5.0 crashes here (trap 15).
            let message = "must specify a target for JSON patch: kustomize 5.5.0 crashes without";
            return Err(Problem::new(ProblemKind::Crash, message).at(item.at));
        };
        if target.name_text.is_empty() {
            return Err(problem("must specify the target name".to_owned()).at(target.at));
        }
        let (text, name) = match (path, inline) {
            (None, None) => return Err(problem("empty file path and empty jsonOp".to_owned())),
            (Some(_), Some(_)) => {
                return Err(problem("must specify a file path or jsonOp, not both".to_owned()));
            }
            (Some(path), None) => {
                let name = path.text().unwrap_or_default();
                let text = reader.file(name, path.at)?;
                if text.text.is_empty() {
                    return Err(problem(format!("patch file '{name}' empty seems to be empty")).at(text.at));
                }
                (text, name)
            }
            (None, Some(inline)) => (reader.embedded(inline), ""),
        };
        let operations = json6902::read(&text).map_err(|cause| {
            let decoding = format!("decoding {}", text.text.trim_end());
            cause.within(decoding)
        })?;
        if operations.is_empty() {
            let message = format!(
                "patch appears to be empty; file={name}, JsonOp={}",
                text.text.trim_end()
            );
            return Err(problem(message));
        }
        Ok(Self {
            at: item.at,
            by: "patchesJson6902",
            source: format!("[path: {}]", quote(name)),
            patch: Patch::Json(operations),
            target: Some(target),
            allow_name_change: false,
            allow_kind_change: false,
        })
    }
}

fn target(item: &Node) -> Result<Option<Target>, Problem> {
    let target = field(item, "target").filter(|target| !target.is_null(Dialect::Kustomization));
    target.map(Target::read).transpose()
}

/// A field by its name, or, as Go's JSON decoder does, by its name in another case.
pub(super) fn field<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let fields = || node.fields().iter().rev();
    let exact = fields().find(|field| field.name() == name);
    let found = exact.or_else(|| fields().find(|field| field.name().eq_ignore_ascii_case(name)))?;
    Some(&found.value)
}

/// The text of a string.
pub(super) fn string<'n>(node: &'n Node, what: &str) -> Result<&'n str, Problem> {
    if let Some(text) = node.as_str(Dialect::Kustomization) {
        return Ok(text);
    }
    // Go's YAML 1.1 reader has no timestamps where any value is asked for.
    let value = node
        .as_scalar()
        .map(|scalar| (Dialect::Kustomization.read(scalar), scalar));
    let was = match value {
        Some((deconflict_yaml::Value::Timestamp, scalar)) => return Ok(scalar.text.as_str()),
        Some((deconflict_yaml::Value::Bool(_), _)) => "bool",
        Some(_) => "number",
        None if node.is_list() => "array",
        None => "object",
    };
    let message = format!("json: cannot unmarshal {was} into Go struct field {what} of type string");
    Err(Problem::build(message).at(node.at))
}

/// A field that is a string and not empty.
fn text_field<'n>(item: &'n Node, name: &str) -> Result<Option<&'n Node>, Problem> {
    let Some(value) = field(item, name).filter(|value| !value.is_null(Dialect::Kustomization)) else {
        return Ok(None);
    };
    let text = string(value, &format!("PatchTransformerPlugin.{name}"))?;
    Ok((!text.is_empty()).then_some(value))
}

/// What kustomize puts before the message of a built-in transformer that it made of a field, `config` being what
/// stands in the field.
pub(crate) fn trouble_configuring(transformer: &str, config: &Node) -> String {
    format!(
        "trouble configuring builtin {transformer} with config: `\n{}`",
        self::config(config)
    )
}

/// The configuration as kustomize prints it in messages.
fn config(item: &Node) -> String {
    let mut shown = item.clone();
    if let Kind::Map(fields) = &mut shown.kind {
        fields.retain(|field| !field.value.is_null(Dialect::Kustomization));
        for field in fields {
            field.key = Scalar::plain(field.key.text.clone());
        }
    }
    emit::emit(std::iter::once(&Arc::new(shown))).unwrap_or_default()
}
