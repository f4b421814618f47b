//! Label selectors (`meta/v1.LabelSelector`) as the API server evaluates them.

use deconflict_yaml::{Dialect, Node};

const DIALECT: Dialect = Dialect::Kubernetes;

/// A label selector read from a tree, which it borrows. A selector without requirements matches everything.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LabelSelector<'n> {
    requirements: Vec<Requirement<'n>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Requirement<'n> {
    In(&'n str, Vec<&'n str>),
    NotIn(&'n str, Vec<&'n str>),
    Exists(&'n str),
    DoesNotExist(&'n str),
}

impl<'n> LabelSelector<'n> {
    /// Read `matchLabels` and `matchExpressions`. `None` when the selector is none: another type, an unknown operator,
    /// a label value that is no string.
    pub fn from_node(node: &'n Node) -> Option<Self> {
        if !node.is_map() {
            return None;
        }
        let mut requirements = Vec::new();
        for field in node.get("matchLabels").map_or(&[][..], |labels| labels.fields()) {
            requirements.push(Requirement::In(field.name(), vec![label(&field.value)?]));
        }
        for expression in node.get("matchExpressions").map_or(&[][..], |list| list.items()) {
            let key = expression.get("key")?.as_str(DIALECT)?;
            let values = expression.get("values").map_or(&[][..], |values| values.items());
            let values: Vec<&str> = values
                .iter()
                .map(|value| value.as_str(DIALECT))
                .collect::<Option<_>>()?;
            requirements.push(match expression.get("operator")?.text()? {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::DoesNotExist(key),
                _ => return None,
            });
        }
        Some(Self { requirements })
    }

    /// True when nothing is required, so that everything matches.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// True when the labels fulfil every requirement. `NotIn` holds for a label that is not there.
    pub fn matches<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.requirements.iter().all(|requirement| match requirement {
            Requirement::In(key, values) => label(key).is_some_and(|value| values.contains(&value)),
            Requirement::NotIn(key, values) => label(key).is_none_or(|value| !values.contains(&value)),
            Requirement::Exists(key) => label(key).is_some(),
            Requirement::DoesNotExist(key) => label(key).is_none(),
        })
    }

    /// The same for a map of labels in a tree.
    pub fn matches_node(&self, labels: &Node) -> bool {
        self.matches(|key| labels.get(key).and_then(|value| label(value)))
    }
}

/// A label's value; null is the empty string, as Go decodes it.
fn label(node: &Node) -> Option<&str> {
    if node.is_null(DIALECT) {
        return Some("");
    }
    node.as_str(DIALECT)
}

#[cfg(test)]
mod tests {
    use super::LabelSelector;
    use crate::fixture::node;

    fn check(selector: &str, labels: &str, expected: Option<bool>) {
        let (selector_node, _) = node(selector);
        let (labels_node, _) = node(labels);
        let got =
            LabelSelector::from_node(&selector_node).map(|selector| selector.matches_node(&labels_node));
        assert_eq!(got, expected, "{selector} on {labels}");
    }

    #[test]
    fn requirements() {
        for (selector, labels, expected) in [
            ("{}", "{a: b}", Some(true)),
            ("{matchLabels: {a: b}}", "{a: b, c: d}", Some(true)),
            ("{matchLabels: {a: b}}", "{a: c}", Some(false)),
            ("{matchLabels: {a: null}}", "{a: ''}", Some(true)),
            (
                "{matchExpressions: [{key: a, operator: In, values: [b, c]}]}",
                "{a: c}",
                Some(true),
            ),
            (
                "{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
                "{}",
                Some(true),
            ),
            (
                "{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}",
                "{a: b}",
                Some(false),
            ),
            (
                "{matchExpressions: [{key: a, operator: Exists}]}",
                "{a: ''}",
                Some(true),
            ),
            (
                "{matchExpressions: [{key: a, operator: DoesNotExist}]}",
                "{a: ''}",
                Some(false),
            ),
            ("{matchExpressions: [{key: a, operator: Near}]}", "{a: ''}", None),
            ("{matchLabels: {a: 1}}", "{a: '1'}", None),
            ("[a]", "{}", None),
        ] {
            check(selector, labels, expected);
        }
    }
}
