//! One object on its way through a build.

use std::fmt;
use std::sync::Arc;

use deconflict_files::{Action, Origin, Step};
use deconflict_yaml::{Kind, Node, Scalar};
use smol_str::{SmolStr, format_smolstr};

use super::{Gvk, Scopes};

/// What stands for the namespace of what has none.
pub(crate) const CLUSTER: &str = "_non_namespaceable_";

/// Identity of an object: group, version, kind, name, namespace as written (empty when absent).
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct ResId {
    pub(crate) gvk: Gvk,
    pub(crate) name: SmolStr,
    pub(crate) namespace: SmolStr,
    /// A user's OpenAPI document says that the kind has no namespace.
    pub(super) is_declared: bool,
}

impl ResId {
    /// An id as it is written somewhere.
    pub(crate) fn new(gvk: Gvk, name: SmolStr, namespace: SmolStr) -> Self {
        Self {
            gvk,
            name,
            namespace,
            is_declared: false,
        }
    }

    /// True for kinds without namespace, built-in or declared.
    pub(crate) fn is_cluster_scoped(&self) -> bool {
        self.is_declared || self.gvk.is_cluster_scoped()
    }

    /// The namespace that counts: none for cluster-scoped kinds, `default` where none is written.
    pub(crate) fn effective_namespace(&self) -> &str {
        if self.is_cluster_scoped() {
            CLUSTER
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    /// kustomize's `Equals`: same gvk, name and effective namespace.
    pub(crate) fn same_as(&self, other: &ResId) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace() == other.effective_namespace()
    }
}

/// `Kind.version.group/name.namespace`, as kustomize's messages print it.
impl fmt::Display for ResId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |text: &SmolStr, none: &str| {
            if text.is_empty() {
                none.to_owned()
            } else {
                text.to_string()
            }
        };
        write!(
            f,
            "{}/{}.{}",
            self.gvk,
            or(&self.name, "[noName]"),
            or(&self.namespace, "[noNs]")
        )
    }
}

/// A name an object had before a transformer changed it: kind, name, namespace (gvk kept as it is now).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct PreviousId {
    pub(crate) kind: SmolStr,
    pub(crate) name: SmolStr,
    pub(crate) namespace: SmolStr,
}

/// What a generator does to an object that is already there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Behavior {
    /// There must be none.
    #[default]
    Create,
    /// Take its place, keeping its metadata.
    Replace,
    /// Overlay its data.
    Merge,
}

/// An object with its history. Cheap to clone: an overlay copies these and shares the bodies of its base.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// The object.
    body: Arc<Node>,
    /// The current id, as the body says.
    id: ResId,
    /// Earlier ids, oldest first. The first is the original one; empty when never renamed.
    pub(crate) previous: Vec<PreviousId>,
    /// Prefixes and suffixes added so far, in order.
    pub(crate) prefixes: Vec<SmolStr>,
    pub(crate) suffixes: Vec<SmolStr>,
    /// Variables whose value is read from this object.
    pub(crate) var_names: Vec<SmolStr>,
    /// Set by generators.
    pub(crate) behavior: Behavior,
    /// The generator wants a content hash in the name.
    pub(crate) needs_hash: bool,
    /// A generator made it.
    pub(crate) is_generated: bool,
    /// Where the object is declared: `metadata.name`, or the generator entry.
    pub(crate) declared_at: Origin,
    /// What is known of custom kinds.
    scopes: Scopes,
}

impl Resource {
    /// An object as loaded. The body must be a map; the loader has checked `kind` and `metadata.name`.
    pub(crate) fn new(body: Arc<Node>) -> Self {
        let declared_at = body
            .at_path(&["metadata", "name"])
            .map_or(body.at, |name| name.at);
        let mut resource = Self {
            body,
            id: ResId::default(),
            previous: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            var_names: Vec::new(),
            behavior: Behavior::default(),
            needs_hash: false,
            is_generated: false,
            declared_at,
            scopes: Scopes::default(),
        };
        resource.refresh();
        resource
    }

    /// The object.
    pub(crate) fn body(&self) -> &Arc<Node> {
        &self.body
    }

    /// Put another object in its place; history stays.
    pub(crate) fn set_body(&mut self, body: Arc<Node>) {
        self.body = body;
        self.refresh();
    }

    /// The current id.
    pub(crate) fn id(&self) -> &ResId {
        &self.id
    }

    /// The current group, version and kind.
    pub(crate) fn gvk(&self) -> &Gvk {
        &self.id.gvk
    }

    /// Read the id from the body again.
    pub(crate) fn refresh(&mut self) {
        let text = |path: &[&str]| self.body.at_path(path).and_then(Node::text).unwrap_or_default();
        let gvk = Gvk::new(text(&["apiVersion"]), text(&["kind"]));
        let (name, namespace) = (
            text(&["metadata", "name"]).into(),
            text(&["metadata", "namespace"]).into(),
        );
        self.id = ResId {
            is_declared: self.scopes.declare(&gvk),
            ..ResId::new(gvk, name, namespace)
        };
    }

    /// Let it know which custom kinds have no namespace.
    pub(super) fn declare(&mut self, scopes: &Scopes) {
        self.scopes = scopes.clone();
        self.id.is_declared = scopes.declare(&self.id.gvk);
    }

    /// Remember the current id before a rename (kustomize's `StorePreviousId`).
    pub(crate) fn remember_id(&mut self) {
        let id = &self.id;
        self.previous.push(PreviousId {
            kind: id.gvk.kind.clone(),
            name: id.name.clone(),
            namespace: if id.is_declared {
                // Kept as it counts now: a schema that comes later does not change it.
                CLUSTER.into()
            } else if id.namespace.is_empty() {
                "default".into()
            } else {
                id.namespace.clone()
            },
        });
    }

    /// True when kustomize has something to remember about it, and so gives it annotations.
    pub(crate) fn has_history(&self) -> bool {
        !self.previous.is_empty() || self.needs_hash || self.is_generated
    }

    /// What a patch leaves that takes all annotations away.
    pub(crate) fn forget_history(&mut self) {
        self.previous.clear();
        self.prefixes.clear();
        self.suffixes.clear();
        self.needs_hash = false;
        self.is_generated = false;
    }

    /// Put `-suffix` behind the name, and remember the name for references. The generator is where one would edit it.
    pub(crate) fn add_hash(&mut self, suffix: &str) {
        self.remember_id();
        let name: SmolStr = format_smolstr!("{}-{suffix}", self.id.name);
        let at = self.declared_at;
        if let Some(node) = Arc::make_mut(&mut self.body)
            .get_mut("metadata")
            .and_then(|metadata| metadata.get_mut("name"))
        {
            let via = Step::new(Action::Transformed, "hash suffix", at, node.via.as_ref());
            node.via = Some(via);
            node.kind = Kind::Scalar(Scalar::string(name));
        }
        self.refresh();
    }

    /// Earlier ids, oldest first, as full ids (kustomize's `PrevIds`).
    pub(crate) fn previous_ids(&self) -> impl Iterator<Item = ResId> + '_ {
        self.previous.iter().map(|previous| {
            let gvk = Gvk {
                kind: previous.kind.clone(),
                ..self.id.gvk.clone()
            };
            ResId::new(gvk, previous.name.clone(), previous.namespace.clone())
        })
    }

    /// The id it was loaded with.
    pub(crate) fn original_id(&self) -> ResId {
        self.previous_ids().next().unwrap_or_else(|| self.id.clone())
    }
}
