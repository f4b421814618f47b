//! Objects: a body with its identity.

use std::sync::Arc;

use deconflict_files::Origin;
use deconflict_yaml::{Dialect, Node};
use smol_str::SmolStr;

use crate::ObjectKey;

/// An object as it would be sent to the API server.
#[derive(Clone, Debug)]
pub struct Object {
    /// Identity.
    pub key: ObjectKey,
    /// API version without the group.
    pub version: SmolStr,
    /// The whole object.
    pub body: Arc<Node>,
    /// Where it is declared: `metadata.name`, or the generator entry.
    pub declared_at: Origin,
}

/// Why a body is no object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdentityProblem {
    /// What is missing.
    pub kind: IdentityProblemKind,
    /// The smallest text that shows it.
    pub at: Origin,
}

/// What an object lacks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IdentityProblemKind {
    /// It is no map.
    NotAMap,
    /// `apiVersion` is missing, empty or no text.
    ApiVersion,
    /// `kind` is missing, empty or no text.
    Kind,
    /// Neither `metadata.name` nor `metadata.generateName` is there.
    Name,
}

impl Object {
    /// The object that `body` is. `declared_at` is used when the caller knows better than `metadata.name`.
    pub fn new(body: Arc<Node>, declared_at: Option<Origin>) -> Result<Self, IdentityProblem> {
        let problem = |kind, at| Err(IdentityProblem { kind, at });
        if !body.is_map() {
            return problem(IdentityProblemKind::NotAMap, body.at);
        }
        let Some(api_version) = present(body.get("apiVersion").map(|node| &**node)) else {
            return problem(IdentityProblemKind::ApiVersion, place_of(&body, "apiVersion"));
        };
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let Some(kind) = present(body.get("kind").map(|node| &**node)) else {
            return problem(IdentityProblemKind::Kind, place_of(&body, "kind"));
        };
        let name = body.at_path(&["metadata", "name"]);
        if present(name).is_none() && present(body.at_path(&["metadata", "generateName"])).is_none() {
            return problem(IdentityProblemKind::Name, place_of(&body, "metadata"));
        }
        let key = ObjectKey {
            group: group.into(),
            kind: kind.into(),
            namespace: present(body.at_path(&["metadata", "namespace"])).map(SmolStr::from),
            name: present(name).unwrap_or_default().into(),
        };
        let version = version.into();
        let declared_at = declared_at.unwrap_or_else(|| {
            name.filter(|name| present(Some(name)).is_some())
                .map_or(body.at, |name| name.at)
        });
        Ok(Self {
            key,
            version,
            body,
            declared_at,
        })
    }

    /// `apiVersion` as it stands in the object.
    pub fn api_version(&self) -> String {
        if self.key.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.key.group, self.version)
        }
    }
}

/// The text of a scalar that is neither null nor empty.
fn present(node: Option<&Node>) -> Option<&str> {
    node.filter(|node| !node.is_null(Dialect::Kubernetes))
        .and_then(Node::text)
        .filter(|text| !text.is_empty())
}

/// The value of a field, else its key's place for one without value, else the body.
fn place_of(body: &Node, name: &str) -> Origin {
    body.field(name).map_or(body.at, |field| field.key_at.0)
}

/// True for a manifest: a map with at least two of `apiVersion`, `kind`, `metadata` (so `Chart.yaml` is none).
pub fn is_manifest(node: &Node) -> bool {
    ["apiVersion", "kind", "metadata"]
        .iter()
        .filter(|name| node.field(name).is_some())
        .count()
        >= 2
}

/// The objects of a body: the items of a `List` (or of any kind ending in `List` that has `items`), else itself.
pub fn expand_list(body: &Arc<Node>) -> Vec<Arc<Node>> {
    let is_list = body
        .get("kind")
        .and_then(|kind| kind.text())
        .is_some_and(|kind| kind.ends_with("List"));
    match body.get("items") {
        Some(items) if is_list && items.is_list() => items.items().iter().flat_map(expand_list).collect(),
        Some(items) if is_list && items.is_null(Dialect::Kubernetes) => Vec::new(),
        _ => vec![Arc::clone(body)],
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::node;
    use crate::{Object, expand_list, is_manifest};

    fn check(text: &str, expected: &str) {
        let (body, source) = node(text);
        let got: Vec<String> = expand_list(&body)
            .into_iter()
            .map(|body| match Object::new(body, None) {
                Ok(object) => format!("{} {}", object.api_version(), object.key),
                Err(problem) => format!("{:?} at {:?}", problem.kind, &source[problem.at.span.range()]),
            })
            .collect();
        assert_eq!(got.join("; "), expected, "{text}");
    }

    #[test]
    fn identity() {
        check(
            "{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: b}}",
            "v1 Secret b/a",
        );
        check(
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}",
            "apps/v1 Deployment a",
        );
        check(
            "{apiVersion: batch/v1, kind: Job, metadata: {generateName: a-}}",
            "batch/v1 Job ",
        );
        check(
            "{apiVersion: v1, kind: Pod, metadata: {}}",
            "Name at \"metadata\"",
        );
        check(
            "{apiVersion: v1, kind: '', metadata: {name: a}}",
            "Kind at \"kind\"",
        );
        check(
            "{kind: Pod, metadata: {name: null}}",
            "ApiVersion at \"{kind: Pod, metadata: {name: null}}\"",
        );
        check("[a]", "NotAMap at \"[a]\"");
    }

    #[test]
    fn lists() {
        check(
            "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: a}}, {apiVersion: v1, \
             kind: PodList, items: [{apiVersion: v1, kind: Pod, metadata: {name: b}}]}]}",
            "v1 Pod a; v1 Pod b",
        );
        check("{apiVersion: v1, kind: List, items: null}", "");
        check(
            "{apiVersion: x/v1, kind: AllowList, metadata: {name: a}}",
            "x/v1 AllowList a",
        );
    }

    #[test]
    fn manifests() {
        assert!(is_manifest(&node("{kind: a, metadata: b}").0));
        assert!(!is_manifest(&node("{apiVersion: v2, name: chart}").0));
    }
}
