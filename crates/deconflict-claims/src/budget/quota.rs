//! ResourceQuotas: what they count and which pods.

use deconflict_kube::{Object, Quantity, Wanted, items_at, text_at, text_of};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::pods::{Amount, Pod, amounts};

use super::Usage;

/// Which pods a quota counts. All scopes must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Scope {
    /// `activeDeadlineSeconds` is set, or is not.
    Terminating(bool),
    /// Quality of service BestEffort, or any other.
    BestEffort(bool),
    /// Priority class.
    PriorityClass(Wanted),
    /// An affinity term reaches other namespaces.
    CrossNamespaceAffinity,
    /// One nobody here knows, or that speaks about claims: no pod is counted.
    Other,
}

/// What one entry of `hard` counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resource<'r> {
    /// Requests of pods for the resource.
    Requests(&'r str),
    /// Limits of pods on the resource.
    Limits(&'r str),
    /// Pods.
    Pods,
    /// Something else than pods: objects, node ports, storage.
    Objects(&'r str),
}

impl<'r> Resource<'r> {
    /// The meaning of a key of `hard`. `cpu` is `requests.cpu`; extended resources count as `requests.x` only.
    pub fn of(key: &'r str) -> Self {
        match key {
            "pods" | "count/pods" => Self::Pods,
            "cpu" | "memory" | "ephemeral-storage" => Self::Requests(key),
            "requests.storage" => Self::Objects(key),
            _ if key.starts_with("hugepages-") => Self::Requests(key),
            _ => match (key.strip_prefix("requests."), key.strip_prefix("limits.")) {
                (Some(name), _) => Self::Requests(name),
                (_, Some(name)) => Self::Limits(name),
                _ => Self::Objects(key),
            },
        }
    }

    /// What one pod of that usage takes; `None` for what pods do not take.
    pub fn of_pod(self, usage: &Usage) -> Option<Quantity> {
        match self {
            Self::Requests(name) => Some(usage.requests.get(name).copied().unwrap_or_default()),
            Self::Limits(name) => Some(usage.limits.get(name).copied().unwrap_or_default()),
            Self::Pods => Some(Quantity::units(1)),
            Self::Objects(_) => None,
        }
    }
}

/// A ResourceQuota.
#[derive(Clone, Debug, Default)]
pub struct Quota {
    /// What it allows, in the order of names.
    pub hard: Vec<(SmolStr, Amount)>,
    /// Which pods; all without.
    pub scopes: Vec<Scope>,
}

impl Quota {
    /// The ResourceQuota that `object` is.
    pub(crate) fn of(object: &Object) -> Self {
        let spec = object.body.at_path(&["spec"]);
        let plain = spec
            .into_iter()
            .flat_map(|spec| items_at(spec, &["scopes"]))
            .filter_map(text_of)
            .map(plain);
        let selected = spec
            .into_iter()
            .flat_map(|spec| items_at(spec, &["scopeSelector", "matchExpressions"]))
            .map(expression);
        Self {
            hard: amounts(spec.and_then(|spec| spec.at_path(&["hard"])))
                .into_iter()
                .collect(),
            scopes: plain.chain(selected).collect(),
        }
    }

    /// Whether it counts `pod`. `default_priority` is the class that pods without one get.
    pub fn counts(&self, pod: &Pod<'_>, default_priority: Option<&str>) -> bool {
        self.scopes.iter().all(|scope| match scope {
            Scope::Terminating(terminating) => pod.template.has_deadline == *terminating,
            Scope::BestEffort(best_effort) => pod.usage.best_effort == *best_effort,
            Scope::CrossNamespaceAffinity => pod.template.cross_namespace_affinity,
            Scope::PriorityClass(wanted) => {
                let class = pod.template.priority_class.as_deref().or(default_priority);
                match (wanted, class) {
                    (Wanted::In(values), Some(class)) => values.iter().any(|value| value == class),
                    (Wanted::NotIn(values), Some(class)) => values.iter().all(|value| value != class),
                    (Wanted::Exists, class) => class.is_some(),
                    (Wanted::DoesNotExist, class) => class.is_none(),
                    (Wanted::In(_), None) => false,
                    (Wanted::NotIn(_), None) => true,
                }
            }
            Scope::Other => false,
        })
    }
}

fn plain(name: &str) -> Scope {
    match name {
        "Terminating" => Scope::Terminating(true),
        "NotTerminating" => Scope::Terminating(false),
        "BestEffort" => Scope::BestEffort(true),
        "NotBestEffort" => Scope::BestEffort(false),
        "PriorityClass" => Scope::PriorityClass(Wanted::Exists),
        "CrossNamespacePodAffinity" => Scope::CrossNamespaceAffinity,
        _ => Scope::Other,
    }
}

/// All scopes but PriorityClass allow only `Exists`.
fn expression(node: &Node) -> Scope {
    let name = text_at(node, &["scopeName"]).unwrap_or_default();
    if name != "PriorityClass" {
        return plain(name);
    }
    let values = || {
        items_at(node, &["values"])
            .filter_map(|value| text_of(value).map(SmolStr::from))
            .collect()
    };
    match text_at(node, &["operator"]) {
        Some("In") => Scope::PriorityClass(Wanted::In(values())),
        Some("NotIn") => Scope::PriorityClass(Wanted::NotIn(values())),
        Some("Exists") => Scope::PriorityClass(Wanted::Exists),
        Some("DoesNotExist") => Scope::PriorityClass(Wanted::DoesNotExist),
        _ => Scope::Other,
    }
}
