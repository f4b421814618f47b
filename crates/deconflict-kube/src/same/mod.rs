//! When two objects are the same: what differs after normalisation (reference: the API server's defaults, canonical
//! quantities, list maps by their keys). Identity, `status` and what engines write themselves do not count.

mod defaults;
mod lists;
mod path;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use deconflict_yaml::{Dialect, Field, Node, Value, binary_text};

use crate::{Object, Quantity};
use path::Path;

/// A leaf, or a whole subtree that only one side has.
#[derive(Clone, Debug)]
pub struct Difference<'n> {
    /// Where, for example `spec.template.spec.containers[0].image` or `metadata.labels["a/b"]`; indices are those of
    /// the side that has the item, the left one's first.
    pub path: String,
    /// The left side's value; `None` when it has none.
    pub left: Option<&'n Node>,
    /// The right side's value; `None` when it has none.
    pub right: Option<&'n Node>,
    /// The names on the way, without indices.
    pub(crate) names: Vec<&'n str>,
    /// The right side's value, or the nearest one around it where there is none: what would be edited there.
    pub(crate) near: &'n Node,
}

/// How `left` and `right`, which have one identity, differ, in the order of the left one's fields. Empty when the API
/// server would make the same of both. Near-linear in their size.
pub fn differences<'n>(left: &'n Object, right: &'n Object) -> Vec<Difference<'n>> {
    let mut walk = Walk {
        kind: &left.key.kind,
        builtin: is_builtin(&left.key.group),
        path: Path::default(),
        around: vec![&right.body],
        found: Vec::new(),
    };
    if std::ptr::eq(&raw const *left.body, &raw const *right.body) {
        return walk.found;
    }
    walk.top(&left.body, &right.body);
    walk.found
}

/// Groups of kinds that the API server itself has: only there the defaults and merge keys of [`defaults`] are facts.
fn is_builtin(group: &str) -> bool {
    !group.contains('.')
        || (group.ends_with(".k8s.io")
            && !matches!(group, "gateway.networking.k8s.io" | "snapshot.storage.k8s.io"))
}

struct Walk<'n, 'k> {
    kind: &'k str,
    builtin: bool,
    path: Path<'n>,
    /// The right side's values on the way, innermost last.
    around: Vec<&'n Node>,
    found: Vec<Difference<'n>>,
}

impl<'n> Walk<'n, '_> {
    fn top(&mut self, left: &'n Node, right: &'n Node) {
        self.map(left.fields(), right.fields());
        if self.is_secret() {
            self.secret(left, right);
        }
    }

    fn is_secret(&self) -> bool {
        self.builtin && self.kind == "Secret"
    }

    /// `stringData` becomes `data`, and wins.
    fn secret(&mut self, left: &'n Node, right: &'n Node) {
        let (left, right) = (secret_entries(left), secret_entries(right));
        let keys: BTreeSet<&'n str> = left.keys().chain(right.keys()).copied().collect();
        for key in keys {
            let (a, b) = (left.get(key), right.get(key));
            let same = matches!((a, b), (Some(a), Some(b)) if secret_text(a) == secret_text(b));
            if !same {
                let field = a.or(b).map_or("data", |entry| entry.0);
                self.path.push_name(field);
                self.path.push_name(key);
                self.report(a.map(|entry| entry.1), b.map(|entry| entry.1));
                self.path.pop();
                self.path.pop();
            }
        }
    }

    /// Fields of two maps, either of which may be missing (empty).
    fn map(&mut self, left: &'n [Field], right: &'n [Field]) {
        for field in left {
            let other = right.iter().find(|other| other.name() == field.name());
            self.field(field.name(), Some(&field.value), other.map(|other| &*other.value));
        }
        for field in right {
            if left.iter().all(|other| other.name() != field.name()) {
                self.field(field.name(), None, Some(&field.value));
            }
        }
    }

    fn field(&mut self, name: &'n str, left: Option<&'n Node>, right: Option<&'n Node>) {
        if self.is_ignored(name) {
            return;
        }
        self.path.push_name(name);
        let present = |node: &&Node| !node.is_null(Dialect::Kubernetes);
        self.value(left.filter(present), right.filter(present));
        self.path.pop();
    }

    fn value(&mut self, left: Option<&'n Node>, right: Option<&'n Node>) {
        self.around.extend(right);
        self.pair(left, right);
        self.around
            .truncate(self.around.len() - usize::from(right.is_some()));
    }

    fn pair(&mut self, left: Option<&'n Node>, right: Option<&'n Node>) {
        match (left, right) {
            (None, None) => {}
            (Some(left), Some(right)) if std::ptr::eq(left, right) => {}
            (Some(left), Some(right)) if left.is_map() && right.is_map() => {
                self.map(left.fields(), right.fields());
            }
            (Some(left), Some(right)) if left.is_list() && right.is_list() => self.list(left, right),
            (Some(one), None) | (None, Some(one)) => self.lonely(one, left, right),
            (Some(left), Some(right)) => {
                if !self.is_same_scalar(left, right) {
                    self.report(Some(left), Some(right));
                }
            }
        }
    }

    /// A value that only one side has: its default, or made of nothing but defaults, or a difference.
    fn lonely(&mut self, one: &'n Node, left: Option<&'n Node>, right: Option<&'n Node>) {
        if self.builtin && defaults::is_default(self.kind, self.path.names(), one) {
            return;
        }
        if one.is_map() && !one.fields().is_empty() {
            let before = self.found.len();
            let of = |side: Option<&'n Node>| side.map(Node::fields).unwrap_or_default();
            self.map(of(left), of(right));
            // Several missing leaves say less than the one thing that is missing as a whole.
            if self.found.len() > before + 1 && self.found.len() == before + one.fields().len() {
                self.found.truncate(before);
                self.report(left, right);
            }
            return;
        }
        let names = self.path.names();
        if (one.is_map() && one.fields().is_empty() || one.is_list() && one.items().is_empty())
            && names
                .last()
                .is_some_and(|name| defaults::EMPTY_IS_MISSING.contains(name))
        {
            return;
        }
        self.report(left, right);
    }

    fn list(&mut self, left: &'n Node, right: &'n Node) {
        let keys = self.builtin.then(|| lists::keys(self.path.names())).flatten();
        let pairs = match keys {
            Some(keys) => lists::pair_by_keys(left.items(), right.items(), keys),
            None if self.builtin && lists::is_set(self.path.names()) => {
                lists::pair_as_set(left.items(), right.items())
            }
            None => lists::pair_in_order(left.items().len(), right.items().len()),
        };
        for (at_left, at_right) in pairs {
            self.path.push_index(at_left.or(at_right).unwrap_or_default());
            let item = |side: &'n Node, at: Option<usize>| {
                at.and_then(|at| side.items().get(at)).map(|item| &**item)
            };
            match (item(left, at_left), item(right, at_right)) {
                (Some(one), None) => self.report(Some(one), None),
                (None, Some(one)) => self.report(None, Some(one)),
                (left, right) => self.value(left, right),
            }
            self.path.pop();
        }
    }

    fn report(&mut self, left: Option<&'n Node>, right: Option<&'n Node>) {
        self.found.push(Difference {
            path: self.path.to_string(),
            left,
            right,
            names: self.path.names().to_vec(),
            near: right.unwrap_or(self.around[self.around.len() - 1]),
        });
    }

    /// What makes no difference wherever it stands: identity, status, and marks that engines and tools set.
    fn is_ignored(&self, name: &str) -> bool {
        match self.path.names() {
            [] => {
                matches!(name, "apiVersion" | "kind" | "status")
                    || self.is_secret() && matches!(name, "data" | "stringData")
            }
            ["metadata"] => matches!(
                name,
                "name"
                    | "namespace"
                    | "creationTimestamp"
                    | "generation"
                    | "managedFields"
                    | "resourceVersion"
                    | "selfLink"
                    | "uid"
            ),
            ["metadata", "labels" | "annotations"] => is_tracking(name),
            _ => false,
        }
    }

    fn is_same_scalar(&self, left: &Node, right: &Node) -> bool {
        let (Some(a), Some(b)) = (left.as_scalar(), right.as_scalar()) else {
            return false;
        };
        let (read_a, read_b) = (Dialect::Kubernetes.read(a), Dialect::Kubernetes.read(b));
        let same = match (read_a, read_b) {
            (
                Value::String | Value::Invalid | Value::Timestamp,
                Value::String | Value::Invalid | Value::Timestamp,
            ) => a.text == b.text,
            (Value::Binary, Value::Binary) => binary_text(&a.text) == binary_text(&b.text),
            #[expect(
                clippy::cast_precision_loss,
                clippy::float_cmp,
                reason = "JSON has one kind of number, and equal texts read as equal floats"
            )]
            (Value::Int(whole), Value::Float(float)) | (Value::Float(float), Value::Int(whole)) => {
                (whole as f64) == float
            }
            (one, other) => one == other,
        };
        same || lists::is_quantity(self.path.names())
            && matches!((Quantity::of(left), Quantity::of(right)), (Some(left), Some(right)) if left == right)
    }
}

/// The entries of a Secret by key, with the field that each stands in.
fn secret_entries(body: &Node) -> BTreeMap<&str, (&'static str, &Node)> {
    let mut entries = BTreeMap::new();
    for field in ["data", "stringData"] {
        let fields = body.get(field).map(|map| map.fields()).unwrap_or_default();
        let present = fields
            .iter()
            .filter(|entry| !entry.value.is_null(Dialect::Kubernetes));
        entries.extend(present.map(|entry| (entry.name(), (field, &*entry.value))));
    }
    entries
}

/// The bytes of an entry; text that is no base64 stands for itself.
fn secret_text((field, value): &(&str, &Node)) -> String {
    let text = value.text().unwrap_or_default();
    let decoded = (*field == "data").then(|| binary_text(text)).flatten();
    decoded.unwrap_or_else(|| text.to_owned())
}

/// Labels and annotations with which engines mark what they own; each owner sets its own.
fn is_tracking(name: &str) -> bool {
    matches!(
        name,
        "app.kubernetes.io/instance"
            | "argocd.argoproj.io/tracking-id"
            | "argocd.argoproj.io/instance"
            | "kubectl.kubernetes.io/last-applied-configuration"
            | "meta.helm.sh/release-name"
            | "meta.helm.sh/release-namespace"
    ) || name.starts_with("kustomize.toolkit.fluxcd.io/")
        || name.starts_with("helm.toolkit.fluxcd.io/")
        || name.starts_with("config.kubernetes.io/")
}
