//! Which nodes a pod may run on: node selector, required node affinity and tolerations.

use deconflict_kube::{Labels, Selector, Wanted, items_at, text_at, text_of};
use deconflict_yaml::Node;
use smol_str::SmolStr;

/// Labels and taints of nodes, as a node group declares them.
#[derive(Clone, Debug, Default)]
pub struct NodeLabels {
    /// Labels.
    pub labels: Labels,
    /// Taints that keep pods away (`NoSchedule`, `NoExecute`): key, value, effect.
    pub taints: Vec<(SmolStr, SmolStr, SmolStr)>,
}

/// A toleration. An empty key tolerates all, an empty effect every effect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Toleration {
    key: SmolStr,
    /// `None` for the operator `Exists`.
    value: Option<SmolStr>,
    effect: SmolStr,
}

/// One requirement on a node's label.
#[derive(Clone, PartialEq, Eq, Debug)]
enum NodeWanted {
    Label(SmolStr, Wanted),
    Above(SmolStr, i64),
    Below(SmolStr, i64),
    /// An operator nobody knows, or a match on node fields: cannot be said.
    Unknown,
}

/// What a pod asks of its node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Placing {
    selector: Selector,
    /// One of these, if there are any; within one, all.
    terms: Vec<Vec<NodeWanted>>,
    tolerations: Vec<Toleration>,
    every_taint: bool,
}

impl Placing {
    /// What the pod spec asks. Pods of a DaemonSet tolerate the taints of nodes that are not ready or full, which no
    /// node group declares.
    pub fn of(spec: &Node) -> Self {
        let required = [
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "nodeSelectorTerms",
        ];
        let term = |term: &Node| -> Vec<NodeWanted> {
            let fields = items_at(term, &["matchFields"]).map(|_| NodeWanted::Unknown);
            items_at(term, &["matchExpressions"])
                .map(expression)
                .chain(fields)
                .collect()
        };
        let tolerations: Vec<Toleration> = items_at(spec, &["tolerations"]).map(toleration).collect();
        Self {
            selector: spec
                .at_path(&["nodeSelector"])
                .map(Selector::of_map)
                .unwrap_or_default(),
            terms: items_at(spec, &required).map(term).collect(),
            every_taint: tolerations
                .iter()
                .any(|toleration| toleration.key.is_empty() && toleration.effect.is_empty()),
            tolerations,
        }
    }

    /// True when nothing but taints could keep the pod from a node.
    pub fn accepts_every_label(&self) -> bool {
        self.selector.is_empty() && self.terms.is_empty()
    }

    /// Whether the pod may run on such nodes.
    pub fn accepts(&self, node: &NodeLabels) -> bool {
        let terms = self.terms.is_empty()
            || self
                .terms
                .iter()
                .any(|term| !term.is_empty() && term.iter().all(|wanted| wanted.holds(&node.labels)));
        self.selector.matches(&node.labels) && terms && node.taints.iter().all(|taint| self.tolerates(taint))
    }

    fn tolerates(&self, (key, value, effect): &(SmolStr, SmolStr, SmolStr)) -> bool {
        self.every_taint
            || effect == "PreferNoSchedule"
            || self.tolerations.iter().any(|toleration| {
                (toleration.effect.is_empty() || toleration.effect == *effect)
                    && (toleration.key.is_empty() || toleration.key == *key)
                    && toleration.value.as_ref().is_none_or(|wanted| wanted == value)
            })
    }
}

impl NodeWanted {
    fn holds(&self, labels: &Labels) -> bool {
        let number = |key: &SmolStr| labels.get(key).and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Label(key, wanted) => Selector {
                requirements: vec![(key.clone(), wanted.clone())],
            }
            .matches(labels),
            Self::Above(key, bound) => number(key).is_some_and(|value| value > *bound),
            Self::Below(key, bound) => number(key).is_some_and(|value| value < *bound),
            Self::Unknown => true,
        }
    }
}

fn expression(node: &Node) -> NodeWanted {
    let Some(key) = text_at(node, &["key"]).map(SmolStr::from) else {
        return NodeWanted::Unknown;
    };
    let values = || {
        items_at(node, &["values"])
            .filter_map(|value| text_of(value).map(SmolStr::from))
            .collect()
    };
    let bound = || {
        items_at(node, &["values"])
            .next()
            .and_then(|value| text_of(value)?.parse().ok())
    };
    match (text_at(node, &["operator"]), bound()) {
        (Some("In"), _) => NodeWanted::Label(key, Wanted::In(values())),
        (Some("NotIn"), _) => NodeWanted::Label(key, Wanted::NotIn(values())),
        (Some("Exists"), _) => NodeWanted::Label(key, Wanted::Exists),
        (Some("DoesNotExist"), _) => NodeWanted::Label(key, Wanted::DoesNotExist),
        (Some("Gt"), Some(bound)) => NodeWanted::Above(key, bound),
        (Some("Lt"), Some(bound)) => NodeWanted::Below(key, bound),
        _ => NodeWanted::Unknown,
    }
}

fn toleration(node: &Node) -> Toleration {
    let text = |field: &str| SmolStr::from(text_at(node, &[field]).unwrap_or_default());
    Toleration {
        key: text("key"),
        value: (text("operator") != "Exists").then(|| text("value")),
        effect: text("effect"),
    }
}
