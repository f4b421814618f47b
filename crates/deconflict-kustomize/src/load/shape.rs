//! The shape of a kustomization file: what Go's strict JSON decoder accepts for `types.Kustomization` of kustomize
//! api v0.18.0, as data, and the check against it.

use std::sync::Arc;

use deconflict_yaml::{Dialect, Field, Kind, Node, Value};

use crate::Problem;

/// What a value may be. Null is always as good as absent.
pub(super) enum Shape {
    Text,
    Flag,
    Integer,
    Any,
    /// A list, and what Go calls the type of its items.
    List(&'static Shape, &'static str),
    /// A map of texts.
    Texts,
    /// A map of booleans.
    Flags,
    Struct(&'static Struct),
}

/// A Go struct.
pub(super) struct Struct {
    name: &'static str,
    fields: &'static [(&'static str, Shape)],
}

use Shape::{Any, Flag, Flags, Integer, List, Text, Texts};

const TEXTS: Shape = List(&Text, "string");

static META: Struct = Struct {
    name: "ObjectMeta",
    fields: &[
        ("name", Text),
        ("namespace", Text),
        ("labels", Texts),
        ("annotations", Texts),
    ],
};

static FIELD_SPEC: Struct = Struct {
    name: "FieldSpec",
    fields: &[
        ("group", Text),
        ("version", Text),
        ("kind", Text),
        ("path", Text),
        ("create", Flag),
    ],
};

static LABEL: Struct = Struct {
    name: "Label",
    fields: &[
        ("pairs", Texts),
        ("includeSelectors", Flag),
        ("includeTemplates", Flag),
        ("fields", List(&Shape::Struct(&FIELD_SPEC), "types.FieldSpec")),
    ],
};

static SELECTOR: Struct = Struct {
    name: "Selector",
    fields: &[
        ("group", Text),
        ("version", Text),
        ("kind", Text),
        ("name", Text),
        ("namespace", Text),
        ("annotationSelector", Text),
        ("labelSelector", Text),
    ],
};

static PATCH: Struct = Struct {
    name: "Patch",
    fields: &[
        ("path", Text),
        ("patch", Text),
        ("target", Shape::Struct(&SELECTOR)),
        ("options", Flags),
    ],
};

static IMAGE: Struct = Struct {
    name: "Image",
    fields: &[
        ("name", Text),
        ("newName", Text),
        ("tagSuffix", Text),
        ("newTag", Text),
        ("digest", Text),
    ],
};

static FIELD_OPTIONS: Struct = Struct {
    name: "FieldOptions",
    fields: &[
        ("delimiter", Text),
        ("index", Integer),
        ("encoding", Text),
        ("create", Flag),
    ],
};

static SOURCE: Struct = Struct {
    name: "SourceSelector",
    fields: &[
        ("group", Text),
        ("version", Text),
        ("kind", Text),
        ("name", Text),
        ("namespace", Text),
        ("fieldPath", Text),
        ("options", Shape::Struct(&FIELD_OPTIONS)),
    ],
};

static TARGET: Struct = Struct {
    name: "TargetSelector",
    fields: &[
        ("select", Shape::Struct(&SELECTOR)),
        ("reject", List(&Shape::Struct(&SELECTOR), "*types.Selector")),
        ("fieldPaths", TEXTS),
        ("options", Shape::Struct(&FIELD_OPTIONS)),
    ],
};

static REPLACEMENT: Struct = Struct {
    name: "ReplacementField",
    fields: &[
        ("path", Text),
        ("source", Shape::Struct(&SOURCE)),
        ("targets", List(&Shape::Struct(&TARGET), "*types.TargetSelector")),
    ],
};

static REPLICA: Struct = Struct {
    name: "Replica",
    fields: &[("name", Text), ("count", Integer)],
};

static OBJECT_REFERENCE: Struct = Struct {
    name: "Target",
    fields: &[
        ("apiVersion", Text),
        ("group", Text),
        ("version", Text),
        ("kind", Text),
        ("name", Text),
        ("namespace", Text),
    ],
};

static FIELD_SELECTOR: Struct = Struct {
    name: "FieldSelector",
    fields: &[("fieldPath", Text)],
};

static VAR: Struct = Struct {
    name: "Var",
    fields: &[
        ("name", Text),
        ("objref", Shape::Struct(&OBJECT_REFERENCE)),
        ("fieldref", Shape::Struct(&FIELD_SELECTOR)),
    ],
};

static LEGACY_SORT: Struct = Struct {
    name: "LegacySortOptions",
    fields: &[("orderFirst", TEXTS), ("orderLast", TEXTS)],
};

static SORT: Struct = Struct {
    name: "SortOptions",
    fields: &[
        ("order", Text),
        ("legacySortOptions", Shape::Struct(&LEGACY_SORT)),
    ],
};

static GENERATOR_OPTIONS: Struct = Struct {
    name: "GeneratorOptions",
    fields: &[
        ("labels", Texts),
        ("annotations", Texts),
        ("disableNameSuffixHash", Flag),
        ("immutable", Flag),
    ],
};

static CONFIG_MAP: Struct = Struct {
    name: "ConfigMapArgs",
    fields: &[
        ("namespace", Text),
        ("name", Text),
        ("behavior", Text),
        ("literals", TEXTS),
        ("files", TEXTS),
        ("envs", TEXTS),
        ("env", Text),
        ("options", Shape::Struct(&GENERATOR_OPTIONS)),
    ],
};

static SECRET: Struct = Struct {
    name: "SecretArgs",
    fields: &[
        ("namespace", Text),
        ("name", Text),
        ("behavior", Text),
        ("literals", TEXTS),
        ("files", TEXTS),
        ("envs", TEXTS),
        ("env", Text),
        ("options", Shape::Struct(&GENERATOR_OPTIONS)),
        ("type", Text),
    ],
};

static HELM_GLOBALS: Struct = Struct {
    name: "HelmGlobals",
    fields: &[("chartHome", Text), ("configHome", Text)],
};

static HELM_CHART: Struct = Struct {
    name: "HelmChart",
    fields: &[
        ("name", Text),
        ("version", Text),
        ("repo", Text),
        ("releaseName", Text),
        ("namespace", Text),
        ("additionalValuesFiles", TEXTS),
        ("valuesFile", Text),
        ("valuesInline", Any),
        ("valuesMerge", Text),
        ("includeCRDs", Flag),
        ("skipHooks", Flag),
        ("apiVersions", TEXTS),
        ("kubeVersion", Text),
        ("nameTemplate", Text),
        ("skipTests", Flag),
        ("debug", Flag),
    ],
};

static HELM_INFLATION: Struct = Struct {
    name: "HelmChartArgs",
    fields: &[
        ("chartName", Text),
        ("chartVersion", Text),
        ("chartRepoUrl", Text),
        ("chartHome", Text),
        ("chartRepoName", Text),
        ("helmBin", Text),
        ("helmHome", Text),
        ("values", Text),
        ("valuesLocal", Any),
        ("valuesMerge", Text),
        ("releaseName", Text),
        ("releaseNamespace", Text),
        ("extraArgs", TEXTS),
    ],
};

/// The whole file.
pub(super) static KUSTOMIZATION: Struct = Struct {
    name: "Kustomization",
    fields: &[
        ("apiVersion", Text),
        ("kind", Text),
        ("metadata", Shape::Struct(&META)),
        ("openapi", Texts),
        ("namePrefix", Text),
        ("nameSuffix", Text),
        ("namespace", Text),
        ("commonLabels", Texts),
        ("labels", List(&Shape::Struct(&LABEL), "types.Label")),
        ("commonAnnotations", Texts),
        ("patchesStrategicMerge", List(&Text, "types.PatchStrategicMerge")),
        ("patchesJson6902", List(&Shape::Struct(&PATCH), "types.Patch")),
        ("patches", List(&Shape::Struct(&PATCH), "types.Patch")),
        ("images", List(&Shape::Struct(&IMAGE), "types.Image")),
        ("imageTags", List(&Shape::Struct(&IMAGE), "types.Image")),
        (
            "replacements",
            List(&Shape::Struct(&REPLACEMENT), "types.ReplacementField"),
        ),
        ("replicas", List(&Shape::Struct(&REPLICA), "types.Replica")),
        ("vars", List(&Shape::Struct(&VAR), "types.Var")),
        ("sortOptions", Shape::Struct(&SORT)),
        ("resources", TEXTS),
        ("components", TEXTS),
        ("crds", TEXTS),
        ("bases", TEXTS),
        (
            "configMapGenerator",
            List(&Shape::Struct(&CONFIG_MAP), "types.ConfigMapArgs"),
        ),
        (
            "secretGenerator",
            List(&Shape::Struct(&SECRET), "types.SecretArgs"),
        ),
        ("helmGlobals", Shape::Struct(&HELM_GLOBALS)),
        ("helmCharts", List(&Shape::Struct(&HELM_CHART), "types.HelmChart")),
        (
            "helmChartInflationGenerator",
            List(&Shape::Struct(&HELM_INFLATION), "types.HelmChartArgs"),
        ),
        ("generatorOptions", Shape::Struct(&GENERATOR_OPTIONS)),
        ("configurations", TEXTS),
        ("generators", TEXTS),
        ("transformers", TEXTS),
        ("validators", TEXTS),
        ("buildMetadata", TEXTS),
    ],
};

/// Check `root` against `of`; the first mistake in the order of Go's JSON, which sorts keys.
pub(super) fn check(root: &Node, of: &'static Struct) -> Result<(), Problem> {
    if root.is_null(Dialect::Kustomization) {
        return Ok(());
    }
    if !root.is_map() {
        let message = format!(
            "json: cannot unmarshal {} into Go value of type types.{}",
            json_type(root),
            of.name
        );
        return Err(Problem::build(message).at(root.at));
    }
    check_struct(root, of, "")
}

fn check_struct(node: &Node, of: &'static Struct, path: &str) -> Result<(), Problem> {
    let mut sorted: Vec<&Field> = node.fields().iter().collect();
    sorted.sort_by(|left, right| left.name().cmp(right.name()));
    for field in sorted {
        let known = of.fields.iter().find(|(name, _)| *name == field.name());
        let known = known.or_else(|| {
            of.fields
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(field.name()))
        });
        let Some((name, shape)) = known else {
            let message = format!("json: unknown field \"{}\"", field.name());
            return Err(Problem::build(message).at(field.key_at.0));
        };
        let path = if path.is_empty() {
            (*name).to_owned()
        } else {
            format!("{path}.{name}")
        };
        check_value(&field.value, shape, of.name, &path)?;
    }
    Ok(())
}

fn check_value(value: &Arc<Node>, shape: &'static Shape, of: &str, path: &str) -> Result<(), Problem> {
    let read = value
        .as_scalar()
        .map(|scalar| Dialect::Kustomization.read(scalar));
    if read == Some(Value::Null) {
        return Ok(());
    }
    let wrong = |wanted: &str| {
        let message = format!(
            "json: cannot unmarshal {} into Go struct field {of}.{path} of type {wanted}",
            json_type(value)
        );
        Err(Problem::build(message).at(value.at))
    };
    match (shape, &value.kind) {
        (Any, _) => Ok(()),
        (Text, _) => match read {
            Some(Value::String | Value::Timestamp | Value::Binary) => Ok(()),
            _ => wrong("string"),
        },
        (Flag, _) => match read {
            Some(Value::Bool(_)) => Ok(()),
            _ => wrong("bool"),
        },
        (Integer, _) => match read {
            Some(Value::Int(_)) => Ok(()),
            Some(Value::Float(number)) if number.fract() == 0.0 && number.abs() < 1e21 => Ok(()),
            _ => wrong("int64"),
        },
        (List(of_items, _), Kind::List(items)) => items
            .iter()
            .try_for_each(|item| check_value(item, of_items, of, path)),
        (List(_, name), _) => wrong(&format!("[]{name}")),
        (Texts, Kind::Map(fields)) => fields
            .iter()
            .try_for_each(|field| check_value(&field.value, &Text, of, path)),
        (Texts, _) => wrong("map[string]string"),
        (Flags, Kind::Map(fields)) => fields
            .iter()
            .try_for_each(|field| check_value(&field.value, &Flag, of, path)),
        (Flags, _) => wrong("map[string]bool"),
        (Shape::Struct(inner), Kind::Map(_)) => check_struct(value, inner, path),
        (Shape::Struct(inner), _) => wrong(&format!("types.{}", inner.name)),
    }
}

/// What Go's JSON decoder calls the type of a value.
fn json_type(node: &Node) -> &'static str {
    match &node.kind {
        Kind::List(_) => "array",
        Kind::Map(_) => "object",
        Kind::Scalar(scalar) => match Dialect::Kustomization.read(scalar) {
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Uint(_) | Value::Float(_) => "number",
            Value::Null => "null",
            _ => "string",
        },
    }
}
