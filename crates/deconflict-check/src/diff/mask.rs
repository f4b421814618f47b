//! Secret values out, before anything is compared by line: what is left says whether they differ, and nothing else.

use std::sync::Arc;

use deconflict_config::Config;
use deconflict_yaml::{Field, Kind, Node, Scalar};

/// Stands for a secret value.
const SECRET: &str = "(secret)";
/// Stands for one that the change alters.
const DIFFERS: &str = "(secret, differs)";

/// Which values are secret.
pub(super) struct Mask<'c> {
    fields: Vec<Vec<&'c str>>,
}

impl<'c> Mask<'c> {
    /// Values of Secrets, and of the fields that `config` names.
    pub(super) fn new(config: &'c Config) -> Self {
        Self {
            fields: config
                .secret_fields
                .iter()
                .map(|field| field.split('.').collect())
                .collect(),
        }
    }

    /// `body` without secret values. Those that `before` has in the same place with another value say so.
    pub(super) fn of(&self, body: &Arc<Node>, before: Option<&Arc<Node>>) -> Arc<Node> {
        let kind = text(body.get("kind"));
        let named: Vec<&[&str]> = self
            .fields
            .iter()
            .filter_map(|field| {
                let (first, rest) = field.split_first()?;
                (*first == "*" || *first == kind).then_some(rest)
            })
            .collect();
        masked(body, before, &named)
    }
}

fn text(node: Option<&Arc<Node>>) -> &str {
    node.and_then(|node| node.text()).unwrap_or_default()
}

/// `named`: what is left of the paths to secret fields.
fn masked(node: &Arc<Node>, before: Option<&Arc<Node>>, named: &[&[&str]]) -> Arc<Node> {
    if named.iter().any(|path| path.is_empty()) {
        return marked(node, before);
    }
    match &node.kind {
        Kind::Scalar(scalar) if holds_secret(&scalar.text) => marked(node, before),
        Kind::Scalar(_) => Arc::clone(node),
        Kind::List(items) => {
            let old = before.map(|before| before.items()).unwrap_or_default();
            let items = items.iter().enumerate();
            // Lists are looked through.
            let items = items.map(|(index, item)| masked(item, old.get(index), named));
            with(node, Kind::List(items.collect()))
        }
        Kind::Map(fields) => {
            // A Secret may stand in another object: a List, a template, a manifest to be made.
            let is_secret = text(node.get("kind")) == "Secret";
            let fields = fields.iter().map(|field| {
                let name = field.name();
                let old = before.and_then(|before| before.get(name));
                let value = if is_secret && matches!(name, "data" | "stringData") {
                    values(&field.value, old)
                } else if is_copy(name) {
                    marked(&field.value, old)
                } else {
                    masked(&field.value, old, &below(named, name))
                };
                Field {
                    value,
                    ..field.clone()
                }
            });
            with(node, Kind::Map(fields.collect()))
        }
    }
}

fn with(node: &Node, kind: Kind) -> Arc<Node> {
    Arc::new(Node {
        at: node.at,
        via: node.via.clone(),
        kind,
    })
}

fn below<'p>(named: &[&'p [&'p str]], name: &str) -> Vec<&'p [&'p str]> {
    let rest = named.iter().filter_map(|path| path.split_first());
    rest.filter(|(first, _)| **first == "*" || **first == name)
        .map(|(_, rest)| rest)
        .collect()
}

/// The entries of a Secret, keys kept.
fn values(node: &Arc<Node>, before: Option<&Arc<Node>>) -> Arc<Node> {
    if !node.is_map() {
        return marked(node, before);
    }
    let fields = node.fields().iter().map(|field| Field {
        value: marked(&field.value, before.and_then(|before| before.get(field.name()))),
        ..field.clone()
    });
    with(node, Kind::Map(fields.collect()))
}

fn marked(node: &Arc<Node>, before: Option<&Arc<Node>>) -> Arc<Node> {
    let differs = before.is_some_and(|before| !is_same(before, node));
    with(
        node,
        Kind::Scalar(Scalar::plain(if differs { DIFFERS } else { SECRET })),
    )
}

/// Another way to quote a text is no other value.
fn is_same(a: &Node, b: &Node) -> bool {
    match (a.text(), b.text()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

/// Annotations in which tools keep the whole object as it was applied, secrets included.
fn is_copy(name: &str) -> bool {
    name == "objectset.rio.cattle.io/applied"
        || name.contains('/') && (name.contains("last-applied") || name.contains("last-handled"))
}

/// True for text that holds the manifest of a Secret: a file in a ConfigMap, a template.
fn holds_secret(text: &str) -> bool {
    const LEAST: usize = "kind:Secret".len();
    if text.len() < LEAST || !text.contains("Secret") {
        return false;
    }
    let mut lines = text.split(['\n', ',', '{', '}']);
    lines.any(|line| {
        let bare = |part: &str| {
            part.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | '-'))
                .to_owned()
        };
        line.split_once(':')
            .is_some_and(|(key, value)| bare(key) == "kind" && bare(value) == "Secret")
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_config::Config;
    use deconflict_files::{Files, RepoPath};
    use deconflict_yaml::{Node, parse};

    use super::Mask;

    fn node(text: &str) -> Arc<Node> {
        let file = Files::new().intern(&RepoPath::new("a.yaml").expect("a path"), &text.into());
        parse(file, text).documents.remove(0).root.expect("a tree")
    }

    /// What is left of `after` beside `before`, and of `before` itself.
    #[track_caller]
    fn check(before: &str, after: &str, want: [&str; 2]) {
        let config = Config {
            secret_fields: vec!["Thing.spec.*.password".into()],
            ..Config::default()
        };
        let mask = Mask::new(&config);
        let (before, after) = (node(before), node(after));
        let text = |node| deconflict_kustomize::to_yaml(&[node]).expect("a text");
        assert_eq!(text(mask.of(&before, None)), want[0]);
        assert_eq!(text(mask.of(&after, Some(&before))), want[1]);
    }

    #[test]
    fn values_say_only_that_they_differ() {
        check(
            "{kind: Secret, data: {a: x, b: x}, stringData: {c: x}}",
            "{kind: Secret, data: {a: \"x\", b: y, d: x}, stringData: [x]}",
            [
                "data:\n  a: (secret)\n  b: (secret)\nkind: Secret\nstringData:\n  c: (secret)\n",
                "data:\n  a: (secret)\n  b: (secret, differs)\n  d: (secret)\nkind: Secret\nstringData: (secret, differs)\n",
            ],
        );
    }

    #[test]
    fn secrets_within_other_objects() {
        check(
            "{kind: List, items: [{kind: Secret, data: {a: x}}]}",
            "{kind: Thing, spec: {db: {password: x, user: y}, list: [{password: {deep: x}}]}}",
            [
                "items:\n- data:\n    a: (secret)\n  kind: Secret\nkind: List\n",
                "kind: Thing\nspec:\n  db:\n    password: (secret)\n    user: \"y\"\n  list:\n  - password: (secret)\n",
            ],
        );
        let text = "kind: ConfigMap\ndata:\n  a.yaml: |\n    apiVersion: v1\n    kind: 'Secret'\n    data: {a: x}\n  b: 'kind: SecretStore'\n  c: '{\"kind\": \"Secret\",\"data\":{}}'\n";
        check(
            text,
            text,
            ["data:\n  a.yaml: (secret)\n  b: 'kind: SecretStore'\n  c: (secret)\nkind: ConfigMap\n"; 2],
        );
        let applied = |value: &str| {
            format!(
                "{{metadata: {{annotations: {{kubectl.kubernetes.io/last-applied-configuration: {value}, a: b}}}}}}"
            )
        };
        let want = |value: &str| {
            format!(
                "metadata:\n  annotations:\n    a: b\n    kubectl.kubernetes.io/last-applied-configuration: {value}\n"
            )
        };
        check(
            &applied("x"),
            &applied("y"),
            [&want("(secret)"), &want("(secret, differs)")],
        );
    }
}
