//! Custom resources, read from the Rust code that `kopium` generated: plain structs and enums with serde attributes.
//! It holds structure, required fields and enums; patterns, bounds, formats and rules are not in it.

use std::collections::BTreeMap;
use std::path::Path;

use super::graph::{Graph, KindFacts, ListKind, Row, Struct, Type};
use super::{list, read};

const ALL_VERSIONS: u16 = u16::MAX;

/// Structs that keep fields they do not list, although the generated code shows them closed:
/// `x-kubernetes-preserve-unknown-fields` beside `properties` in the original.
const OPEN: &[(&str, &str)] = &[
    ("kyverno.io", "Preconditions"),
    ("kyverno.io", "Conditions"),
    ("bitnami.com", "SealedSecretTemplateMetadata"),
    ("istio.io", "Status"),
];

/// Add all kinds of one crate.
pub(super) fn add(graph: &mut Graph, crate_root: &Path) -> Result<(), String> {
    for version in list(&crate_root.join("src"))?
        .into_iter()
        .filter(|path| path.is_dir())
    {
        for file in list(&version)? {
            if file.file_name().is_some_and(|name| name != "mod.rs") {
                add_kind(graph, &read(&file)?);
            }
        }
    }
    Ok(())
}

enum Item {
    Struct(Vec<(String, String)>),
    Enum(Vec<String>),
}

fn add_kind(graph: &mut Graph, code: &str) {
    let (items, kube) = parse(code);
    let attribute = |name: &str| {
        let rest = kube.split_once(&format!("{name} = \""))?.1;
        Some(rest.split_once('"')?.0.to_owned())
    };
    let (Some(group), Some(version), Some(kind), Some(plural)) = (
        attribute("group"),
        attribute("version"),
        attribute("kind"),
        attribute("plural"),
    ) else {
        return;
    };
    let prefix = format!("{group}/{version}/{kind}/");
    for (name, item) in &items {
        if let Item::Struct(fields) = item {
            let open = OPEN
                .iter()
                .any(|(ending, part)| group.ends_with(ending) && name.contains(part));
            let mut made = Struct {
                open,
                mask: ALL_VERSIONS,
                ..Struct::default()
            };
            for (field, ty) in fields {
                let (ty, optional) = match ty.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>'))
                {
                    Some(inner) => (inner, true),
                    None => (ty.as_str(), false),
                };
                let ty = type_of(ty, &prefix, &items);
                let required = if optional { 0 } else { ALL_VERSIONS };
                made.rows.insert(
                    field.clone(),
                    vec![Row {
                        ty,
                        mask: ALL_VERSIONS,
                        required,
                    }],
                );
            }
            graph.structs.insert(format!("{prefix}{name}"), made);
        }
    }
    // The generated code knows `spec` and `status` only. Other root fields are possible, so the root stays open.
    let mut root = Struct {
        open: true,
        mask: ALL_VERSIONS,
        ..Struct::default()
    };
    let mut field = |name: &str, ty: Type| {
        root.rows.insert(
            name.to_owned(),
            vec![Row {
                ty,
                mask: ALL_VERSIONS,
                required: 0,
            }],
        );
    };
    field("apiVersion", Type::String);
    field("kind", Type::String);
    field(
        "metadata",
        Type::Struct("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta".to_owned()),
    );
    let spec = attribute("struct").unwrap_or_else(|| spec_name(&items, code));
    if items.contains_key(&spec) {
        field("spec", Type::Struct(format!("{prefix}{spec}")));
    }
    let root_name = format!("{prefix}{kind}");
    graph.structs.insert(root_name.clone(), root);
    let namespaced = Some(kube.contains("#[kube(namespaced)]"));
    let facts = KindFacts {
        root: root_name,
        mask: ALL_VERSIONS,
        namespaced,
        plural,
        custom: true,
    };
    graph.kinds.insert((group, kind, version), facts);
}

/// The struct that carries the `#[kube(...)]` attributes is the spec.
fn spec_name(items: &BTreeMap<String, Item>, code: &str) -> String {
    let rest = code.split_once("#[kube(group").map_or("", |(_, rest)| rest);
    let name = rest.split_once("pub struct ").map_or("", |(_, rest)| rest);
    let name: String = name
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    if items.contains_key(&name) {
        name
    } else {
        String::new()
    }
}

/// Structs and enums by name, and the text of all `#[kube(…)]` attributes.
fn parse(code: &str) -> (BTreeMap<String, Item>, String) {
    let mut items = BTreeMap::new();
    let mut kube = String::new();
    let mut rename: Option<String> = None;
    let mut current: Option<(String, Item)> = None;
    for line in code.lines().map(str::trim) {
        if line.starts_with("///") {
            continue;
        }
        if line.starts_with("#[kube(") {
            kube.push_str(line);
        } else if line.starts_with("#[serde(") {
            if let Some((_, rest)) = line.split_once("rename = \"") {
                rename = rest
                    .rsplit_once('"')
                    .map(|(name, _)| name.replace("\\\"", "\"").replace("\\\\", "\\"));
            }
        } else if let Some(rest) = line.strip_prefix("pub struct ") {
            let name = rest.split([' ', '{', ';']).next().unwrap_or_default().to_owned();
            current = Some((name, Item::Struct(Vec::new())));
        } else if let Some(rest) = line.strip_prefix("pub enum ") {
            let name = rest.split([' ', '{']).next().unwrap_or_default().to_owned();
            current = Some((name, Item::Enum(Vec::new())));
        } else if line == "}" {
            items.extend(current.take());
        } else if let Some((_, item)) = &mut current {
            match item {
                Item::Struct(fields) => {
                    if let Some((name, ty)) = line.strip_prefix("pub ").and_then(|rest| rest.split_once(": "))
                    {
                        let name = name.trim_start_matches("r#").to_owned();
                        fields.push((rename.take().unwrap_or(name), ty.trim_end_matches(',').to_owned()));
                    }
                }
                Item::Enum(values) => {
                    if line.starts_with(|c: char| c.is_ascii_uppercase()) {
                        let name = line.trim_end_matches(',').to_owned();
                        let value = rename.take().unwrap_or(name);
                        values.push(if value == "KopiumEmpty" {
                            String::new()
                        } else {
                            value
                        });
                    }
                }
            }
        }
        if line.ends_with("{}") {
            items.extend(current.take());
        }
    }
    (items, kube)
}

fn type_of(text: &str, prefix: &str, items: &BTreeMap<String, Item>) -> Type {
    let inside = |outer: &str| text.strip_prefix(outer).and_then(|rest| rest.strip_suffix('>'));
    if let Some(inner) = inside("Option<") {
        return type_of(inner, prefix, items);
    }
    if let Some(inner) = inside("Box<") {
        return type_of(inner, prefix, items);
    }
    if let Some(inner) = inside("Vec<") {
        return Type::List {
            item: Box::new(type_of(inner, prefix, items)),
            kind: ListKind::default(),
        };
    }
    if let Some(inner) = inside("BTreeMap<String, ") {
        return match type_of(inner, prefix, items) {
            Type::Any => Type::RawObject,
            value => Type::Map(Box::new(value)),
        };
    }
    match text {
        "String" => Type::String,
        "bool" => Type::Bool,
        "i32" => Type::Int32,
        "i64" => Type::Int64,
        "f64" | "f32" => Type::Number,
        "IntOrString" => Type::IntOrString,
        "Condition" => Type::Struct("io.k8s.apimachinery.pkg.apis.meta.v1.Condition".to_owned()),
        "ObjectReference" => Type::Struct("io.k8s.api.core.v1.ObjectReference".to_owned()),
        name => match items.get(name) {
            Some(Item::Struct(fields)) if fields.is_empty() => Type::RawObject,
            Some(Item::Struct(_)) => Type::Struct(format!("{prefix}{name}")),
            Some(Item::Enum(values)) => Type::Enum(values.clone()),
            None => Type::Any,
        },
    }
}
