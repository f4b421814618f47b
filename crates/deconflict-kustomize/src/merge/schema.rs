//! What strategic merge has to know of a Kubernetes OpenAPI document: which lists are merged, and by which keys.

use std::sync::{Arc, LazyLock};

use deconflict_yaml::{Dialect, Node};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::model::Scopes;

/// The built-in facts; the format is told in the file.
const TABLE: &str = include_str!("schema_table.txt");

/// The merge facts of one OpenAPI document.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schema {
    types: Vec<Type>,
    /// By apiVersion and kind.
    objects: FxHashMap<(SmolStr, SmolStr), TypeId>,
    /// Kinds without namespace that are not built in.
    scopes: Scopes,
}

/// A type of a [`Schema`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TypeId(u32);

#[derive(Clone, Debug, Default)]
struct Type {
    fields: FxHashMap<SmolStr, TypeId>,
    /// The type of the fields that are not named (`additionalProperties`).
    other_fields: Option<TypeId>,
    /// The type of list elements.
    elements: Option<TypeId>,
    /// Set for lists whose patch strategy is `merge`: the merge keys, none for lists of scalars.
    merge_keys: Option<Arc<[SmolStr]>>,
    /// Stands for another type.
    alias: Option<TypeId>,
}

impl Schema {
    /// The schema that kustomize 5.5.0 has built in: Kubernetes v1.21.2.
    pub(crate) fn builtin() -> &'static Arc<Self> {
        static BUILTIN: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(Schema::from_table(TABLE)));
        &BUILTIN
    }

    /// The schema of a user's OpenAPI document (`openapi.path`), which replaces the built-in one. Whatever is not
    /// understood counts as absent.
    pub(crate) fn from_openapi(document: &Node) -> Self {
        let mut schema = Self::default();
        let definitions = document
            .get("definitions")
            .map_or(&[][..], |definitions| definitions.fields());
        let mut names = FxHashMap::default();
        for field in definitions {
            let id = schema.add(Type::default());
            names.insert(field.name(), id);
        }
        for field in definitions {
            let id = names[field.name()];
            schema.types[id.0 as usize] = schema.read_openapi(&field.value, &names);
            for gvk in field
                .value
                .get("x-kubernetes-group-version-kind")
                .map_or(&[][..], |gvks| gvks.items())
            {
                schema.objects.extend(kind_of(gvk).map(|kind| (kind, id)));
            }
        }
        schema.scopes = Scopes::new(cluster_scoped(document));
        schema
    }

    /// Kinds without namespace that are not built in.
    pub(crate) fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Add the type that an OpenAPI schema describes; references in it lead nowhere.
    pub(super) fn add_described(&mut self, schema: &Node) -> TypeId {
        self.add_openapi(schema, &FxHashMap::default())
    }

    fn read_openapi(&mut self, node: &Node, names: &FxHashMap<&str, TypeId>) -> Type {
        let text = |name| {
            node.get(name)
                .and_then(|value| value.as_str(Dialect::Kustomization))
        };
        if let Some(name) = text("$ref") {
            let name = name.rsplit('/').next().unwrap_or(name);
            return Type {
                alias: names.get(name).copied(),
                ..Type::default()
            };
        }
        let strategy = text("x-kubernetes-patch-strategy").unwrap_or_default();
        let is_merged = strategy.split(',').any(|strategy| strategy == "merge");
        let map_keys = node
            .get("x-kubernetes-list-map-keys")
            .filter(|keys| keys.is_list());
        let merge_keys = is_merged.then(|| match map_keys {
            Some(keys) => keys
                .items()
                .iter()
                .filter_map(|key| key.text())
                .map(SmolStr::new)
                .collect(),
            None => text("x-kubernetes-patch-merge-key")
                .into_iter()
                .map(SmolStr::new)
                .collect(),
        });
        let mut fields = FxHashMap::default();
        for field in node
            .get("properties")
            .map_or(&[][..], |properties| properties.fields())
        {
            let id = self.add_openapi(&field.value, names);
            fields.insert(field.key.text.clone(), id);
        }
        let mut child = |name: &str| {
            let child = node.get(name).filter(|child| child.is_map())?;
            Some(self.add_openapi(child, names))
        };
        let (other_fields, elements) = (child("additionalProperties"), child("items"));
        Type {
            fields,
            other_fields,
            elements,
            merge_keys,
            alias: None,
        }
    }

    fn add_openapi(&mut self, node: &Node, names: &FxHashMap<&str, TypeId>) -> TypeId {
        let read = self.read_openapi(node, names);
        self.add(read)
    }

    fn from_table(table: &str) -> Self {
        let mut schema = Self::default();
        let lines = || {
            table
                .lines()
                .filter(|line| !line.starts_with('#'))
                .map(|line| line.split(' '))
        };
        let mut names = FxHashMap::default();
        for mut words in lines() {
            if let (Some("type"), Some(name)) = (words.next(), words.next()) {
                names.insert(name, schema.add(Type::default()));
            }
        }
        for mut words in lines() {
            match (words.next(), words.next(), words.next()) {
                (Some("type"), Some(name), first) => {
                    let fields = first
                        .into_iter()
                        .chain(words)
                        .filter_map(|word| word.split_once(':'));
                    let fields: Vec<_> = fields
                        .map(|(field, code)| (field.into(), schema.add_code(code, &names)))
                        .collect();
                    schema.types[names[name].0 as usize].fields = fields.into_iter().collect();
                }
                (Some("kind"), Some(api_version), Some(name)) => {
                    schema
                        .objects
                        .extend(words.map(|kind| ((api_version.into(), kind.into()), names[name])));
                }
                _ => {}
            }
        }
        schema
    }

    /// The type of a field as the table writes it.
    fn add_code(&mut self, code: &str, names: &FxHashMap<&str, TypeId>) -> TypeId {
        let Some((keys, elements)) = code.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
            return names[code];
        };
        let merge_keys = match keys {
            "" => None,
            "*" => Some([].into()),
            keys => Some(keys.split(',').map(SmolStr::new).collect()),
        };
        self.add(Type {
            elements: names.get(elements).copied(),
            merge_keys,
            ..Type::default()
        })
    }

    fn add(&mut self, new: Type) -> TypeId {
        let id = TypeId(self.types.len() as u32);
        self.types.push(new);
        id
    }

    /// The type behind `id`; aliases followed, a circle of aliases is no type.
    fn get(&self, id: TypeId) -> Option<&Type> {
        let mut current = self.types.get(id.0 as usize)?;
        for _ in 0..64 {
            match current.alias {
                None => return Some(current),
                Some(next) => current = self.types.get(next.0 as usize)?,
            }
        }
        None
    }

    /// The type of an object.
    pub(super) fn of_object(&self, api_version: &str, kind: &str) -> Option<TypeId> {
        self.objects.get(&(api_version.into(), kind.into())).copied()
    }

    /// The type of a field.
    pub(super) fn field(&self, of: Option<TypeId>, name: &str) -> Option<TypeId> {
        let found = self.get(of?)?;
        found.fields.get(name).copied().or(found.other_fields)
    }

    /// The type of list elements.
    pub(super) fn elements(&self, of: Option<TypeId>) -> Option<TypeId> {
        self.get(of?)?.elements
    }

    /// The merge keys if it is a list to merge.
    pub(super) fn merge_keys(&self, of: Option<TypeId>) -> Option<Arc<[SmolStr]>> {
        self.get(of?)?.merge_keys.clone()
    }
}

/// apiVersion and kind, as `x-kubernetes-group-version-kind` says them.
fn kind_of(gvk: &Node) -> Option<(SmolStr, SmolStr)> {
    let text = |name| {
        gvk.get(name)
            .and_then(|value| value.as_str(Dialect::Kustomization))
    };
    let (version, kind) = (text("version")?, text("kind")?);
    let api_version = match text("group") {
        None | Some("") => SmolStr::new(version),
        Some(group) => SmolStr::from_iter([group, "/", version]),
    };
    Some((api_version, kind.into()))
}

/// Kinds that can be got by a path without namespace and by none with one. Of built-in kinds kustomize knows better, and
/// asks no document.
fn cluster_scoped(document: &Node) -> FxHashSet<(SmolStr, SmolStr)> {
    let mut scopes: FxHashMap<(SmolStr, SmolStr), bool> = FxHashMap::default();
    for path in document.get("paths").map_or(&[][..], |paths| paths.fields()) {
        let gvk = path
            .value
            .at_path(&["get", "x-kubernetes-group-version-kind"])
            .and_then(kind_of);
        if let Some(kind) = gvk {
            let is_cluster_scoped = !path.name().contains("namespaces/{namespace}");
            *scopes.entry(kind).or_insert(true) &= is_cluster_scoped;
        }
    }
    scopes.retain(|kind, is_cluster_scoped| {
        *is_cluster_scoped && !Schema::builtin().objects.contains_key(kind)
    });
    scopes.into_keys().collect()
}

#[cfg(test)]
mod tests {
    use super::Schema;

    /// The merge keys at `path` of an object, `-` for a list that is replaced or no list.
    #[track_caller]
    fn check(api_version: &str, kind: &str, path: &str, keys: &str) {
        let schema = Schema::builtin();
        let mut at = schema.of_object(api_version, kind);
        for step in path.split('/') {
            at = if step == "[]" {
                schema.elements(at)
            } else {
                schema.field(at, step)
            };
        }
        let found = schema
            .merge_keys(at)
            .map_or("-".to_owned(), |keys| keys.join("+"));
        assert_eq!(found, keys, "{kind} {path}");
    }

    #[test]
    fn facts_of_kubernetes_1_21() {
        check("apps/v1", "Deployment", "spec/template/spec/containers", "name");
        check(
            "apps/v1",
            "Deployment",
            "spec/template/spec/containers/[]/ports",
            "containerPort+protocol",
        );
        check("apps/v1", "Deployment", "spec/template/spec/tolerations", "-");
        check("apps/v1", "Deployment", "metadata/finalizers", "");
        check(
            "batch/v1",
            "CronJob",
            "spec/jobTemplate/spec/template/spec/volumes",
            "name",
        );
        check("apps/v1", "StatefulSet", "spec/volumeClaimTemplates", "-");
        check(
            "apps/v1",
            "StatefulSet",
            "spec/volumeClaimTemplates/[]/metadata/ownerReferences",
            "uid",
        );
        check("v1", "Service", "spec/ports", "port+protocol");
        check(
            "extensions/v1beta1",
            "Deployment",
            "spec/template/spec/containers",
            "-",
        );
        check(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "metadata/finalizers",
            "-",
        );
        check("rbac.authorization.k8s.io/v1", "ClusterRole", "rules", "-");
    }
}
