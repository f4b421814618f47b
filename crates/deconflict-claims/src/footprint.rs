//! What one rendered root says, wherever it goes.

use deconflict_kube::{GroupKind, Object, Scope, Scopes, text_at};
use deconflict_yaml::Dialect;
use smol_str::SmolStr;

use crate::{Claim, Detail, extract};

/// The objects of one rendered root with what each claims. Independent of cluster and namespace, so that a root placed
/// in ten clusters is read once.
#[derive(Debug, Default)]
pub struct Footprint {
    /// The objects, in render order.
    pub objects: Vec<Facts>,
}

/// One object, what it claims and what others need to know about it.
#[derive(Debug)]
pub struct Facts {
    /// The object. Its body stays: trees share what overlays did not change, and a conflict shows differing leaves.
    pub object: Object,
    /// What it claims in spaces with a key.
    pub claims: Vec<Claim>,
    /// What its kind means to the structured spaces.
    pub detail: Detail,
}

impl Footprint {
    /// Read `objects` once. Near-linear in their size.
    pub fn new(objects: impl IntoIterator<Item = Object>) -> Self {
        let facts = |object: Object| {
            let (claims, detail) = extract(&object);
            Facts {
                object,
                claims,
                detail,
            }
        };
        Self {
            objects: objects.into_iter().map(facts).collect(),
        }
    }

    /// Tell `scopes` about the kinds that CustomResourceDefinitions of this root define.
    pub fn define_scopes(&self, scopes: &mut Scopes) {
        for facts in &self.objects {
            if facts
                .object
                .key
                .is("apiextensions.k8s.io", "CustomResourceDefinition")
            {
                let text = |path: &[&str]| text_at(&facts.object.body, path).map(SmolStr::from);
                let (group, kind) = (text(&["spec", "group"]), text(&["spec", "names", "kind"]));
                let scope = match text(&["spec", "scope"]).as_deref() {
                    Some("Cluster") => Scope::Cluster,
                    Some("Namespaced") => Scope::Namespaced,
                    _ => continue,
                };
                if let (Some(group), Some(kind)) = (group, kind) {
                    scopes.define(GroupKind::new(group, kind), scope);
                }
            }
        }
    }
}

impl Facts {
    /// True when the object is only input for a build and is never applied (kustomize drops it, and so do engines).
    pub fn is_local(&self) -> bool {
        let annotations = self.object.body.at_path(&["metadata", "annotations"]);
        annotations
            .and_then(|annotations| annotations.get("config.kubernetes.io/local-config"))
            .is_some_and(|value| !value.is_null(Dialect::Kubernetes) && value.text() != Some("false"))
    }
}
