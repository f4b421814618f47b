//! A CustomResourceDefinition as an object of the tree.

use std::sync::{Arc, OnceLock};

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Node, Value};
use smol_str::SmolStr;

use super::compile::Schema;
use crate::Scope;

const DIALECT: Dialect = Dialect::Kubernetes;

/// What a CustomResourceDefinition says.
#[derive(Debug)]
pub struct Definition {
    /// API group.
    pub group: SmolStr,
    /// Kind.
    pub kind: SmolStr,
    /// Plural name.
    pub plural: SmolStr,
    /// Whether its resources live in a namespace.
    pub scope: Scope,
    /// All versions, in order.
    pub versions: Vec<Version>,
    /// Where the name stands.
    pub at: Origin,
}

/// One version of a custom resource.
#[derive(Debug)]
pub struct Version {
    /// Name, for example `v1beta1`.
    pub name: SmolStr,
    /// The API server offers it.
    pub served: bool,
    /// Objects are stored in it.
    pub storage: bool,
    /// Marked as deprecated; the warning if it has one.
    pub deprecated: Option<String>,
    /// The schema as written; `None` for an old definition without one.
    source: Option<Arc<Node>>,
    /// Compiled when the first resource asks: most definitions of a tree have none in most versions.
    compiled: OnceLock<Schema>,
    /// Where the version's name stands.
    pub at: Origin,
}

impl Definition {
    /// Read `apiextensions.k8s.io/v1` and `v1beta1`; `None` when group, kind or versions are missing.
    pub fn from_object(object: &Node) -> Option<Self> {
        let spec = object.get("spec")?;
        let text = |path: &[&str]| spec.at_path(path).and_then(Node::text).map(SmolStr::from);
        let shared = spec
            .get("validation")
            .and_then(|validation| validation.get("openAPIV3Schema"));
        let mut versions: Vec<Version> = Vec::new();
        for version in spec.get("versions").map_or(&[][..], |list| list.items()) {
            let name = version.get("name").filter(|name| name.text().is_some())?;
            let flag = |field: &str| version.get(field).is_some_and(|value| is_true(value));
            let warning = version
                .get("deprecationWarning")
                .and_then(|text| text.text())
                .unwrap_or_default();
            let own = version
                .get("schema")
                .and_then(|schema| schema.get("openAPIV3Schema"));
            let schema = own.or(shared);
            versions.push(Version {
                name: name.text().unwrap_or_default().into(),
                served: flag("served"),
                storage: flag("storage"),
                deprecated: flag("deprecated").then(|| warning.to_owned()),
                source: schema.cloned(),
                compiled: OnceLock::new(),
                at: name.at,
            });
        }
        if versions.is_empty() {
            let name = spec.get("version")?;
            versions.push(Version {
                name: name.text()?.into(),
                served: true,
                storage: true,
                deprecated: None,
                source: shared.cloned(),
                compiled: OnceLock::new(),
                at: name.at,
            });
        }
        let scope = if text(&["scope"]).as_deref() == Some("Cluster") {
            Scope::Cluster
        } else {
            Scope::Namespaced
        };
        let at = object
            .at_path(&["metadata", "name"])
            .map_or(object.at, |name| name.at);
        Some(Self {
            group: text(&["group"])?,
            kind: text(&["names", "kind"])?,
            plural: text(&["names", "plural"]).unwrap_or_default(),
            scope,
            versions,
            at,
        })
    }

    /// The version of that name.
    pub fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }
}

impl Version {
    /// The schema; `None` for an old definition without one.
    pub fn schema(&self) -> Option<&Schema> {
        let source = self.source.as_ref()?;
        Some(self.compiled.get_or_init(|| Schema::compile(source)))
    }
}

/// True for a YAML boolean that is true.
pub(super) fn is_true(node: &Node) -> bool {
    node.as_scalar()
        .is_some_and(|scalar| DIALECT.read(scalar) == Value::Bool(true))
}
