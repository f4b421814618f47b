//! Pod templates of an object.

use std::collections::BTreeMap;
use std::sync::Arc;

use deconflict_kube::{Labels, Object, Selector, bool_at, items_at, text_at};
use deconflict_yaml::{Dialect, Node};
use smol_str::SmolStr;

use crate::Spot;

use super::container::{Amount, amounts, user};
use super::count::{self, Count, Surge};
use super::{Container, Placing, Resources, adapted};

/// What runs the pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Controller {
    /// A bare Pod.
    Pod,
    /// Deployment.
    Deployment,
    /// ReplicaSet.
    ReplicaSet,
    /// ReplicationController.
    ReplicationController,
    /// StatefulSet.
    StatefulSet,
    /// DaemonSet.
    DaemonSet,
    /// Job.
    Job,
    /// CronJob.
    CronJob,
    /// Argo Rollout.
    Rollout,
    /// An operator or Knative, from a resource of its own.
    Operator,
}

impl Controller {
    /// True when its pods end by themselves.
    pub fn ends(self) -> bool {
        matches!(self, Self::Job | Self::CronJob)
    }
}

/// A volume of the pod that is a PersistentVolumeClaim.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Name of the claim.
    pub claim: SmolStr,
    /// The text that names it.
    pub spot: Spot,
}

/// A PersistentVolumeClaim that is made for each pod: by a StatefulSet, by an operator, or for an ephemeral volume.
#[derive(Clone, Debug)]
pub struct ClaimTemplate {
    /// Name.
    pub name: SmolStr,
    /// Storage class, if named.
    pub class: Option<SmolStr>,
    /// Requested storage.
    pub storage: Option<Amount>,
}

/// One kind of pod that an object makes.
#[derive(Clone, Debug)]
pub struct Template {
    /// What runs them.
    pub controller: Controller,
    /// Which of several kinds of pods; empty for the only one.
    pub part: SmolStr,
    /// Labels of the pods.
    pub labels: Labels,
    /// Annotations of the pods.
    pub annotations: Labels,
    /// Metadata of the template, if there is any.
    pub metadata: Option<Arc<Node>>,
    /// The pod spec; `None` when an operator writes it.
    pub spec: Option<Arc<Node>>,
    /// Where the pods are declared: for what they lack.
    pub spot: Spot,
    /// `spec.selector` of the workload.
    pub selector: Option<(Selector, Spot)>,
    /// How many.
    pub count: Count,
    /// How many more during a rollout.
    pub surge: Surge,
    /// Init containers, then containers.
    pub containers: Vec<Container>,
    /// Resources of the pod as a whole.
    pub pod_resources: Resources,
    /// Overhead of the runtime, as the pod says.
    pub overhead: BTreeMap<SmolStr, Amount>,
    /// Runtime class.
    pub runtime_class: Option<SmolStr>,
    /// Priority class.
    pub priority_class: Option<SmolStr>,
    /// `activeDeadlineSeconds` is set.
    pub has_deadline: bool,
    /// An affinity term reaches pods of other namespaces.
    pub cross_namespace_affinity: bool,
    /// The pod uses the node's network.
    pub host_network: bool,
    /// `securityContext.runAsUser` of the pod.
    pub user: Option<(i64, Spot)>,
    /// Which nodes.
    pub placing: Placing,
    /// PersistentVolumeClaims it names.
    pub volumes: Vec<Volume>,
    /// Names of all its volumes.
    pub volume_names: Vec<(SmolStr, Spot)>,
    /// PersistentVolumeClaims that are made for each pod.
    pub claim_templates: Vec<ClaimTemplate>,
}

/// The pods that `object` makes; empty for most kinds.
pub fn templates(object: &Object) -> Vec<Template> {
    let body = &object.body;
    let (controller, path): (_, &[&str]) = match (object.key.group.as_str(), object.key.kind.as_str()) {
        ("", "Pod") => (Controller::Pod, &[]),
        ("apps" | "extensions", "Deployment") => (Controller::Deployment, &["spec", "template"]),
        ("apps" | "extensions", "ReplicaSet") => (Controller::ReplicaSet, &["spec", "template"]),
        ("", "ReplicationController") => (Controller::ReplicationController, &["spec", "template"]),
        ("apps", "StatefulSet") => (Controller::StatefulSet, &["spec", "template"]),
        ("apps" | "extensions", "DaemonSet") => (Controller::DaemonSet, &["spec", "template"]),
        ("batch", "Job") => (Controller::Job, &["spec", "template"]),
        ("batch", "CronJob") => (Controller::CronJob, &["spec", "jobTemplate", "spec", "template"]),
        ("argoproj.io", "Rollout") => (Controller::Rollout, &["spec", "template"]),
        _ => return adapted(object),
    };
    let Some(template) = arc_at(body, path) else {
        return Vec::new();
    };
    let nothing = Node::map(body.at);
    let spec = body.at_path(&["spec"]).unwrap_or(&nothing);
    let Some(mut found) = Template::of(controller, template) else {
        return Vec::new();
    };
    found.surge = count::surge(controller, spec);
    found.count = match controller {
        Controller::Pod => Count::Fixed { pods: 1, spot: None },
        Controller::DaemonSet => Count::PerNode,
        Controller::Job => count::job(spec),
        Controller::CronJob if bool_at(spec, &["suspend"]) == Some(true) => Count::Fixed {
            pods: 0,
            spot: spec.at_path(&["suspend"]).map(Spot::of),
        },
        Controller::CronJob => count::job(spec.at_path(&["jobTemplate", "spec"]).unwrap_or(&nothing)),
        _ => count::fixed(spec, &["replicas"], 1),
    };
    found.selector = match (controller, spec.at_path(&["selector"])) {
        (Controller::Pod | Controller::Job | Controller::CronJob, _) | (_, None) => None,
        (Controller::ReplicationController, Some(node)) => Some((Selector::of_map(node), Spot::of(node))),
        (_, Some(node)) => Selector::of_label_selector(node).map(|selector| (selector, Spot::of(node))),
    };
    if controller == Controller::StatefulSet {
        let templates = items_at(spec, &["volumeClaimTemplates"]);
        found.claim_templates.extend(templates.map(claim_template));
    }
    vec![found]
}

fn arc_at<'n>(body: &'n Arc<Node>, path: &[&str]) -> Option<&'n Arc<Node>> {
    path.iter().try_fold(body, |node, name| node.get(name))
}

fn claim_template(node: &Node) -> ClaimTemplate {
    let storage = amounts(node.at_path(&["spec", "resources", "requests"])).remove("storage");
    ClaimTemplate {
        name: text_at(node, &["metadata", "name"]).unwrap_or_default().into(),
        class: text_at(node, &["spec", "storageClassName"]).map(SmolStr::from),
        storage,
    }
}

/// A generic ephemeral volume: a claim of the volume's name for each pod (Kubernetes documentation, "Ephemeral Volumes").
fn ephemeral(volume: &Node) -> Option<ClaimTemplate> {
    let template = volume.at_path(&["ephemeral", "volumeClaimTemplate"])?;
    Some(ClaimTemplate {
        name: text_at(volume, &["name"])?.into(),
        ..claim_template(template)
    })
}

impl Template {
    /// The pods of a PodTemplateSpec (metadata and spec) or of a Pod; `None` without a spec.
    pub(crate) fn of(controller: Controller, template: &Arc<Node>) -> Option<Self> {
        let spec = template.get("spec").filter(|spec| spec.is_map())?;
        let metadata = template.get("metadata").filter(|metadata| metadata.is_map());
        let map = |name: &str| Labels::of(metadata.and_then(|metadata| metadata.at_path(&[name])));
        let mut found = Self::bare(controller, Spot::of(spec));
        found.labels = map("labels");
        found.annotations = map("annotations");
        found.metadata = metadata.cloned();
        let containers =
            |field: &'static str, init| items_at(spec, &[field]).map(move |node| Container::of(node, init));
        found.containers = containers("initContainers", true)
            .chain(containers("containers", false))
            .collect();
        found.pod_resources = Resources {
            requests: amounts(spec.at_path(&["resources", "requests"])),
            limits: amounts(spec.at_path(&["resources", "limits"])),
        };
        found.overhead = amounts(spec.at_path(&["overhead"]));
        found.runtime_class = text_at(spec, &["runtimeClassName"]).map(SmolStr::from);
        found.priority_class = text_at(spec, &["priorityClassName"]).map(SmolStr::from);
        found.has_deadline = spec
            .at_path(&["activeDeadlineSeconds"])
            .is_some_and(|node| !node.is_null(Dialect::Kubernetes));
        found.cross_namespace_affinity = reaches_namespaces(spec);
        found.host_network = bool_at(spec, &["hostNetwork"]) == Some(true);
        found.user = user(spec);
        found.placing = Placing::of(spec);
        let claim = |volume: &Node| {
            let name = volume.at_path(&["persistentVolumeClaim", "claimName"])?;
            Some(Volume {
                claim: name.text()?.into(),
                spot: Spot::of(name),
            })
        };
        found.volumes = items_at(spec, &["volumes"]).filter_map(claim).collect();
        let name = |volume: &Node| {
            let name = volume.at_path(&["name"])?;
            Some((SmolStr::from(name.text()?), Spot::of(name)))
        };
        found.volume_names = items_at(spec, &["volumes"]).filter_map(name).collect();
        found.claim_templates = items_at(spec, &["volumes"]).filter_map(ephemeral).collect();
        found.spec = Some(Arc::clone(spec));
        Some(found)
    }

    /// A template without containers.
    pub(crate) fn bare(controller: Controller, spot: Spot) -> Self {
        Self {
            controller,
            part: SmolStr::default(),
            labels: Labels::default(),
            annotations: Labels::default(),
            metadata: None,
            spec: None,
            spot,
            selector: None,
            count: Count::Fixed { pods: 1, spot: None },
            surge: Surge::None,
            containers: Vec::new(),
            pod_resources: Resources::default(),
            overhead: BTreeMap::new(),
            runtime_class: None,
            priority_class: None,
            has_deadline: false,
            cross_namespace_affinity: false,
            host_network: false,
            user: None,
            placing: Placing::default(),
            volumes: Vec::new(),
            volume_names: Vec::new(),
            claim_templates: Vec::new(),
        }
    }

    /// The text of a label of the pods.
    pub fn label_spot(&self, key: &str) -> Option<Spot> {
        self.metadata.as_ref()?.at_path(&["labels", key]).map(Spot::of)
    }

    /// The text of an annotation of the pods.
    pub fn annotation_spot(&self, key: &str) -> Option<Spot> {
        self.metadata
            .as_ref()?
            .at_path(&["annotations", key])
            .map(Spot::of)
    }
}

/// A term of pod affinity that names namespaces or selects them (the quota scope CrossNamespacePodAffinity).
fn reaches_namespaces(spec: &Node) -> bool {
    let reaches = |term: &Node| {
        !term
            .at_path(&["namespaces"])
            .map(Node::items)
            .unwrap_or_default()
            .is_empty()
            || term.at_path(&["namespaceSelector"]).is_some_and(Node::is_map)
    };
    let Some(affinity) = spec.at_path(&["affinity"]) else {
        return false;
    };
    ["podAffinity", "podAntiAffinity"].into_iter().any(|kind| {
        let preferred = items_at(
            affinity,
            &[kind, "preferredDuringSchedulingIgnoredDuringExecution"],
        );
        items_at(
            affinity,
            &[kind, "requiredDuringSchedulingIgnoredDuringExecution"],
        )
        .chain(preferred.filter_map(|term| term.at_path(&["podAffinityTerm"])))
        .any(reaches)
    })
}
