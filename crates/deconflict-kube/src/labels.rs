//! Label selectors: which labels they match, and whether two can match the same (apimachinery, pkg/labels).

use deconflict_yaml::{Dialect, Node};
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::{items_at, text_at, text_of};

/// Labels sorted by key, each key once.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Labels {
    pairs: Vec<(SmolStr, SmolStr)>,
}

impl Labels {
    /// The pairs of a map of texts; of a repeated key the last, as for the API server. Values that are no text are left out.
    pub fn of(node: Option<&Node>) -> Self {
        let fields = node.map(Node::fields).unwrap_or_default();
        let mut labels = Self::default();
        for field in fields {
            if let Some(value) = text_of(&field.value) {
                labels.set(field.name(), value);
            }
        }
        labels
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self
            .pairs
            .binary_search_by(|(known, _)| known.as_str().cmp(key))
            .ok()?;
        self.pairs.get(at).map(|(_, value)| value.as_str())
    }

    /// Set a key.
    pub fn set(&mut self, key: &str, value: &str) {
        match self.pairs.binary_search_by(|(known, _)| known.as_str().cmp(key)) {
            Ok(at) => self.pairs[at].1 = value.into(),
            Err(at) => self.pairs.insert(at, (key.into(), value.into())),
        }
    }

    /// All pairs by key.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, &SmolStr)> {
        self.pairs.iter().map(|(key, value)| (key, value))
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

/// What a selector wants of one key.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Wanted {
    /// The key is there with one of these values.
    In(Vec<SmolStr>),
    /// The key is absent or has another value than these.
    NotIn(Vec<SmolStr>),
    /// The key is there.
    Exists,
    /// The key is absent.
    DoesNotExist,
}

impl Wanted {
    /// True when a key of that value, or one that is absent, is as wanted.
    pub fn is_met(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Self::In(values), Some(value)) => values.iter().any(|known| known == value),
            (Self::NotIn(values), Some(value)) => values.iter().all(|known| known != value),
            (Self::Exists, Some(_)) | (Self::DoesNotExist | Self::NotIn(_), None) => true,
            (Self::DoesNotExist, Some(_)) | (Self::In(_) | Self::Exists, None) => false,
        }
    }
}

/// A selector: all requirements must hold. Without any it matches everything; what an absent or empty selector means is
/// the field's say.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Selector {
    /// Key and what is wanted of it, in the order of the text.
    pub requirements: Vec<(SmolStr, Wanted)>,
}

impl Selector {
    /// A map of keys to values, as a Service or a ReplicationController has.
    pub fn of_map(node: &Node) -> Self {
        let want = |(key, value): (&SmolStr, &SmolStr)| (key.clone(), Wanted::In(vec![value.clone()]));
        Self {
            requirements: Labels::of(Some(node)).iter().map(want).collect(),
        }
    }

    /// A LabelSelector: `matchLabels` and `matchExpressions`. `None` when an expression has an operator nobody knows or
    /// lacks its key.
    pub fn of_label_selector(node: &Node) -> Option<Self> {
        let mut selector = node
            .at_path(&["matchLabels"])
            .map(Self::of_map)
            .unwrap_or_default();
        for expression in items_at(node, &["matchExpressions"]) {
            selector.requirements.push(requirement(expression)?);
        }
        Some(selector)
    }

    /// True without requirements.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// True when `labels` meet all requirements.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.requirements
            .iter()
            .all(|(key, wanted)| wanted.is_met(labels.get(key)))
    }

    /// True when some labels meet the requirements of both (rules.md section 5.4): per key, it is not both wanted and
    /// unwanted, and some value is allowed and not forbidden. Linear in the requirements.
    pub fn meets(&self, other: &Self) -> bool {
        let mut keys: FxHashMap<&str, Key<'_>> = FxHashMap::default();
        for (key, wanted) in self.requirements.iter().chain(&other.requirements) {
            keys.entry(key.as_str()).or_default().want(wanted);
        }
        keys.values().all(Key::is_satisfiable)
    }

    /// True when everything that `other` matches is matched by this one too: of no requirement can the opposite hold beside
    /// those of `other`. Of another one that nothing can match the answer says nothing.
    pub fn covers(&self, other: &Self) -> bool {
        let mut keys: FxHashMap<&str, Vec<&Wanted>> = FxHashMap::default();
        for (key, wanted) in &other.requirements {
            keys.entry(key.as_str()).or_default().push(wanted);
        }
        self.requirements.iter().all(|(key, wanted)| {
            let opposite = wanted.opposite();
            let mut together = Key::default();
            together.want(&opposite);
            for wanted in keys.get(key.as_str()).into_iter().flatten() {
                together.want(wanted);
            }
            !together.is_satisfiable()
        })
    }
}

impl Wanted {
    /// What holds exactly where this does not.
    fn opposite(&self) -> Self {
        match self {
            Self::In(values) => Self::NotIn(values.clone()),
            Self::NotIn(values) => Self::In(values.clone()),
            Self::Exists => Self::DoesNotExist,
            Self::DoesNotExist => Self::Exists,
        }
    }
}

fn requirement(expression: &Node) -> Option<(SmolStr, Wanted)> {
    let key = text_at(expression, &["key"])?.into();
    let values = || items_at(expression, &["values"]).filter_map(|value| text_of(value).map(SmolStr::from));
    let wanted = match text_at(expression, &["operator"])? {
        "In" => Wanted::In(values().collect()),
        "NotIn" => Wanted::NotIn(values().collect()),
        "Exists" => Wanted::Exists,
        "DoesNotExist" => Wanted::DoesNotExist,
        _ => return None,
    };
    Some((key, wanted))
}

/// What two selectors together want of one key.
#[derive(Default)]
struct Key<'s> {
    must_exist: bool,
    must_not_exist: bool,
    allowed: Option<Vec<&'s str>>,
    forbidden: Vec<&'s str>,
}

impl<'s> Key<'s> {
    fn want(&mut self, wanted: &'s Wanted) {
        match wanted {
            Wanted::In(values) => {
                self.must_exist = true;
                let values = values.iter().map(SmolStr::as_str);
                match &mut self.allowed {
                    Some(allowed) => {
                        let values: Vec<&str> = values.collect();
                        allowed.retain(|value| values.contains(value));
                    }
                    allowed => *allowed = Some(values.collect()),
                }
            }
            Wanted::NotIn(values) => self.forbidden.extend(values.iter().map(SmolStr::as_str)),
            Wanted::Exists => self.must_exist = true,
            Wanted::DoesNotExist => self.must_not_exist = true,
        }
    }

    fn is_satisfiable(&self) -> bool {
        let some_value = self
            .allowed
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|value| !self.forbidden.contains(value)));
        !(self.must_exist && self.must_not_exist) && some_value
    }
}

/// True for a map or list without content, or null.
pub fn is_blank(node: &Node) -> bool {
    node.is_null(Dialect::Kubernetes)
        || (node.fields().is_empty() && node.items().is_empty() && node.text().is_none())
}

#[cfg(test)]
mod tests {
    use super::{Labels, Selector};
    use crate::fixture::node;

    fn selector(text: &str) -> Selector {
        Selector::of_label_selector(&node(text).0).unwrap()
    }

    fn matches(text: &str, labels: &str, expected: bool) {
        let labels = Labels::of(Some(&node(labels).0));
        assert_eq!(selector(text).matches(&labels), expected, "{text} on {labels:?}");
    }

    #[test]
    fn matching() {
        for (text, labels, expected) in [
            ("{}", "{}", true),
            ("{matchLabels: {a: b}}", "{a: b, c: d}", true),
            ("{matchLabels: {a: b}}", "{a: x}", false),
            ("{matchLabels: {a: b}}", "{c: d}", false),
            ("{matchLabels: {a: 'yes'}}", "{a: 'yes'}", true),
            (
                "{matchExpressions: [{key: a, operator: In, values: [x, y]}]}",
                "{a: y}",
                true,
            ),
            (
                "{matchExpressions: [{key: a, operator: In, values: [x, y]}]}",
                "{}",
                false,
            ),
            (
                "{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}",
                "{a: x}",
                false,
            ),
            (
                "{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}",
                "{}",
                true,
            ),
            (
                "{matchExpressions: [{key: a, operator: Exists}]}",
                "{a: ''}",
                true,
            ),
            (
                "{matchExpressions: [{key: a, operator: Exists}]}",
                "{b: ''}",
                false,
            ),
            (
                "{matchExpressions: [{key: a, operator: DoesNotExist}]}",
                "{b: ''}",
                true,
            ),
            (
                "{matchExpressions: [{key: a, operator: DoesNotExist}]}",
                "{a: ''}",
                false,
            ),
            (
                "{matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}",
                "{a: b}",
                false,
            ),
        ] {
            matches(text, labels, expected);
        }
        let unknown = "{matchExpressions: [{key: a, operator: Near}]}";
        assert_eq!(Selector::of_label_selector(&node(unknown).0), None);
    }

    /// rules.md section 5.4, row by row.
    #[test]
    fn satisfiability() {
        let e = |key: &str, operator: &str, values: &str| {
            format!("{{matchExpressions: [{{key: {key}, operator: {operator}, values: [{values}]}}]}}")
        };
        let l = |pair: &str| format!("{{matchLabels: {{{pair}}}}}");
        for (a, b, expected) in [
            (l("a: x"), l("a: x"), true),
            (l("a: x"), l("a: y"), false),
            (l("app: a"), l("tier: b"), true),
            (l("a: x"), e("a", "NotIn", "x"), false),
            (l("a: x"), e("a", "NotIn", "y"), true),
            (l("a: x"), e("a", "Exists", ""), true),
            (l("a: x"), e("a", "DoesNotExist", ""), false),
            (e("a", "In", "x, y"), e("a", "In", "y, z"), true),
            (e("a", "In", "x, y"), e("a", "In", "z"), false),
            (e("a", "In", "x, y"), e("a", "NotIn", "x, y"), false),
            (e("a", "In", "x, y"), e("a", "NotIn", "x"), true),
            (e("a", "Exists", ""), e("a", "DoesNotExist", ""), false),
            (e("a", "NotIn", "x"), e("a", "DoesNotExist", ""), true),
            (e("a", "NotIn", "x"), e("a", "Exists", ""), true),
            (e("a", "In", ""), "{}".into(), false),
            ("{}".into(), "{}".into(), true),
        ] {
            assert_eq!(selector(&a).meets(&selector(&b)), expected, "{a} and {b}");
            assert_eq!(selector(&b).meets(&selector(&a)), expected, "{b} and {a}");
        }
    }

    /// Against every small set of labels: covering is matching whatever the other matches.
    #[test]
    fn covering() {
        let values = ["", "x", "y", "z"];
        let mut sets: Vec<Labels> = Vec::new();
        for (a, b) in values.into_iter().flat_map(|a| values.map(|b| (a, b))) {
            let mut labels = Labels::default();
            for (key, value) in [("a", a), ("b", b)].into_iter().filter(|pair| !pair.1.is_empty()) {
                labels.set(key, value);
            }
            sets.push(labels);
        }
        let mut texts = vec!["{}".to_owned(), "{matchLabels: {a: x}}".to_owned()];
        for (operator, values) in [
            ("In", "x"),
            ("In", "x, y"),
            ("NotIn", "x"),
            ("NotIn", "x, y"),
            ("Exists", ""),
            ("DoesNotExist", ""),
        ] {
            let one = format!("{{key: a, operator: {operator}, values: [{values}]}}");
            texts.push(format!("{{matchExpressions: [{one}]}}"));
            texts.push(format!("{{matchLabels: {{b: x}}, matchExpressions: [{one}]}}"));
            texts.push(format!(
                "{{matchExpressions: [{one}, {{key: a, operator: Exists}}]}}"
            ));
        }
        for (a, b) in texts.iter().flat_map(|a| texts.iter().map(move |b| (a, b))) {
            let (one, other) = (selector(a), selector(b));
            if other.meets(&other) {
                let expected = sets
                    .iter()
                    .all(|labels| !other.matches(labels) || one.matches(labels));
                assert_eq!(one.covers(&other), expected, "{a} and {b}");
            }
        }
    }
}
