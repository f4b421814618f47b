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

    /// True when nothing but taints could keep the pod from a Linux node, which every cluster has.
    pub fn accepts_every_linux_node(&self) -> bool {
        let takes_linux = |key: &SmolStr, wanted: &Wanted| {
            let is_system = matches!(key.as_str(), "kubernetes.io/os" | "beta.kubernetes.io/os");
            is_system && matches!(wanted, Wanted::In(values) if values.iter().any(|value| value == "linux"))
        };
        let is_wide = |term: &[NodeWanted]| {
            let mut all = term.iter();
            all.all(|wanted| matches!(wanted, NodeWanted::Label(key, wanted) if takes_linux(key, wanted)))
        };
        let mut selector = self.selector.requirements.iter();
        selector.all(|(key, wanted)| takes_linux(key, wanted)) && self.alternatives().any(is_wide)
    }

    /// True when some node, with labels that nobody has declared, could take pods of both (rules.md section 5.4): per key,
    /// it is not both wanted and unwanted, and some value is allowed, not forbidden and within the bounds.
    pub fn meets(&self, other: &Self) -> bool {
        let both = || {
            self.selector
                .requirements
                .iter()
                .chain(&other.selector.requirements)
        };
        self.alternatives().any(|mine| {
            other.alternatives().any(|theirs| {
                let terms = || mine.iter().chain(theirs);
                let labels = terms().filter_map(|wanted| match wanted {
                    NodeWanted::Label(key, wanted) => Some((key.clone(), wanted.clone())),
                    _ => None,
                });
                let labels = Selector {
                    requirements: both().cloned().chain(labels).collect(),
                };
                labels.meets(&Selector::default())
                    && terms().all(|wanted| wanted.is_bounded(terms(), &labels))
            })
        })
    }

    /// Lists of requirements of which one must hold in full; a term without any matches no node.
    fn alternatives(&self) -> impl Iterator<Item = &[NodeWanted]> {
        let nothing: Option<&[NodeWanted]> = self.terms.is_empty().then_some(&[]);
        let terms = self.terms.iter().map(Vec::as_slice);
        nothing.into_iter().chain(terms.filter(|term| !term.is_empty()))
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
    /// For a bound on a key: whether a number is left between all bounds on that key that the `labels` allow.
    fn is_bounded<'w>(&self, all: impl Iterator<Item = &'w Self>, labels: &Selector) -> bool {
        let (Self::Above(key, _) | Self::Below(key, _)) = self else {
            return true;
        };
        let (mut above, mut below) = (i64::MIN, i64::MAX);
        for wanted in all {
            match wanted {
                Self::Above(other, bound) if other == key => above = above.max(*bound),
                Self::Below(other, bound) if other == key => below = below.min(*bound),
                _ => {}
            }
        }
        let of_key = || labels.requirements.iter().filter(|(other, _)| other == key);
        let fits = |value: &SmolStr| {
            let is_within = value
                .parse::<i64>()
                .is_ok_and(|value| above < value && value < below);
            is_within && of_key().all(|(_, wanted)| wanted.is_met(Some(value)))
        };
        let allowed = of_key().find_map(|(_, wanted)| match wanted {
            Wanted::In(values) => Some(values),
            _ => None,
        });
        match allowed {
            Some(values) => values.iter().any(fits),
            // Between two bounds that are not next to each other lies a number; that it is one of a few forbidden ones
            // is left to whoever reads the finding.
            None => {
                below.saturating_sub(above) > 1 && of_key().all(|(_, wanted)| *wanted != Wanted::DoesNotExist)
            }
        }
    }

    fn holds(&self, labels: &Labels) -> bool {
        let number = |key: &SmolStr| labels.get(key).and_then(|value| value.parse::<i64>().ok());
        match self {
            Self::Label(key, wanted) => wanted.is_met(labels.get(key)),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{Files, RepoPath};
    use deconflict_yaml::parse;

    use super::{NodeLabels, Placing};

    fn placing(spec: &str) -> Placing {
        let path = RepoPath::new("spec.yaml").unwrap();
        let file = Files::new().intern(&path, &Arc::from(spec));
        let documents = parse(file, spec).documents;
        Placing::of(documents[0].root.as_ref().unwrap())
    }

    /// A pod with required node affinity: one term for each text.
    fn terms(terms: &[&str]) -> String {
        let terms: Vec<String> = terms
            .iter()
            .map(|term| format!("{{matchExpressions: [{term}]}}"))
            .collect();
        format!(
            "{{affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{}]}}}}}}}}",
            terms.join(", ")
        )
    }

    fn e(key: &str, operator: &str, values: &str) -> String {
        format!("{{key: {key}, operator: {operator}, values: [{values}]}}")
    }

    /// rules.md section 5.4, node sets: what one node group may take.
    #[test]
    fn nodes() {
        let mut worker = NodeLabels::default();
        worker.labels.set("pool", "worker");
        worker.labels.set("cores", "16");
        let mut tainted = worker.clone();
        tainted
            .taints
            .push(("gpu".into(), "yes".into(), "NoSchedule".into()));
        let mut soft = worker.clone();
        soft.taints
            .push(("gpu".into(), "yes".into(), "PreferNoSchedule".into()));
        let tolerates = |toleration: &str| format!("{{tolerations: [{{{toleration}}}]}}");
        for (spec, accepted) in [
            ("{}".to_owned(), [true, false, true]),
            ("{nodeSelector: {pool: worker}}".to_owned(), [true, false, true]),
            ("{nodeSelector: {pool: infra}}".to_owned(), [false; 3]),
            (tolerates("operator: Exists"), [true; 3]),
            (tolerates("key: gpu, operator: Exists"), [true; 3]),
            (tolerates("key: gpu, value: 'yes'"), [true; 3]),
            (tolerates("key: gpu, value: 'no'"), [true, false, true]),
            (
                tolerates("key: gpu, operator: Exists, effect: NoExecute"),
                [true, false, true],
            ),
            (terms(&[&e("pool", "In", "worker, infra")]), [true, false, true]),
            (terms(&[&e("pool", "NotIn", "worker")]), [false; 3]),
            (terms(&[&e("zone", "DoesNotExist", "")]), [true, false, true]),
            (
                terms(&[&e("zone", "Exists", ""), &e("pool", "Exists", "")]),
                [true, false, true],
            ),
            (
                terms(&[&format!(
                    "{}, {}",
                    e("zone", "Exists", ""),
                    e("pool", "Exists", "")
                )]),
                [false; 3],
            ),
            (terms(&[&e("cores", "Gt", "'8'")]), [true, false, true]),
            (terms(&[&e("cores", "Gt", "'16'")]), [false; 3]),
            (terms(&[&e("cores", "Lt", "'32'")]), [true, false, true]),
            (terms(&[&e("pool", "Gt", "'1'")]), [false; 3]),
            // A term without requirements matches no node.
            (terms(&[""]), [false; 3]),
        ] {
            let placing = placing(&spec);
            let got = [&worker, &tainted, &soft].map(|node| placing.accepts(node));
            assert_eq!(got, accepted, "{spec}");
        }
    }

    #[test]
    fn every_linux_node() {
        for (spec, expected) in [
            ("{}".to_owned(), true),
            ("{nodeSelector: {kubernetes.io/os: linux}}".to_owned(), true),
            ("{nodeSelector: {kubernetes.io/os: windows}}".to_owned(), false),
            ("{nodeSelector: {pool: a}}".to_owned(), false),
            (terms(&[&e("kubernetes.io/os", "In", "linux, windows")]), true),
            (terms(&[&e("pool", "NotIn", "a")]), false),
        ] {
            assert_eq!(placing(&spec).accepts_every_linux_node(), expected, "{spec}");
        }
    }

    /// Without node groups: whether any node could take both.
    #[test]
    fn satisfiability() {
        let selector = |pair: &str| format!("{{nodeSelector: {{{pair}}}}}");
        let both = |one: String, other: String| terms(&[&format!("{one}, {other}")]);
        for (one, other, expected) in [
            ("{}".to_owned(), "{}".to_owned(), true),
            (selector("pool: a"), "{}".to_owned(), true),
            (selector("pool: a"), selector("pool: a"), true),
            (selector("pool: a"), selector("pool: b"), false),
            (selector("pool: a"), selector("disk: ssd"), true),
            (selector("pool: a"), terms(&[&e("pool", "NotIn", "a")]), false),
            (
                selector("pool: a"),
                terms(&[&e("pool", "DoesNotExist", "")]),
                false,
            ),
            (
                selector("pool: a"),
                terms(&[&e("pool", "In", "b"), &e("pool", "In", "a")]),
                true,
            ),
            (
                terms(&[&e("pool", "In", "a, b")]),
                terms(&[&e("pool", "In", "b, c")]),
                true,
            ),
            (
                terms(&[&e("pool", "In", "a")]),
                terms(&[&e("pool", "In", "b")]),
                false,
            ),
            (
                terms(&[&e("cores", "Gt", "'8'")]),
                terms(&[&e("cores", "Lt", "'16'")]),
                true,
            ),
            (
                terms(&[&e("cores", "Gt", "'8'")]),
                terms(&[&e("cores", "Lt", "'9'")]),
                false,
            ),
            (
                terms(&[&e("cores", "Gt", "'8'")]),
                terms(&[&e("cores", "DoesNotExist", "")]),
                false,
            ),
            (terms(&[&e("cores", "Gt", "'8'")]), selector("cores: '16'"), true),
            (terms(&[&e("cores", "Gt", "'8'")]), selector("cores: '4'"), false),
            (
                terms(&[&e("cores", "Gt", "'8'")]),
                terms(&[&e("cores", "Gt", "'64'")]),
                true,
            ),
            (
                both(e("pool", "In", "a, b"), e("pool", "NotIn", "b")),
                selector("pool: b"),
                false,
            ),
            (terms(&[""]), "{}".to_owned(), false),
        ] {
            let (one, other) = (placing(&one), placing(&other));
            assert_eq!(one.meets(&other), expected, "{one:?} and {other:?}");
            assert_eq!(other.meets(&one), expected, "{other:?} and {one:?}");
        }
    }
}
