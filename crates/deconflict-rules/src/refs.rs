//! References from one object to another: what is there, what something makes at run time, and how sure a missing one is.

use std::cell::OnceCell;

use deconflict_claims::pods::Pod;
use deconflict_claims::{ClusterIndex, Placed, Space, Spot};
use deconflict_findings::{Certainty, Finding};
use deconflict_kube::{Bundle, Selector, items_at, text_at, text_of};
use deconflict_yaml::Node;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::collision::{Collision, Side};
use crate::{ClusterContext, Rule};

/// What the references of one cluster may reach.
pub(crate) struct World<'c, 'i> {
    context: &'c ClusterContext<'i>,
    makers: OnceCell<Makers<'i>>,
    secrets: OnceCell<FxHashMap<&'i str, FxHashSet<&'i str>>>,
}

/// A reference by name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'n> {
    pub(crate) group: &'n str,
    pub(crate) kind: &'n str,
    /// `None` for kinds without namespace.
    pub(crate) namespace: Option<&'n str>,
    pub(crate) name: &'n str,
}

impl<'c, 'i> World<'c, 'i> {
    /// `None` where nothing is placed: nobody knows what else is there.
    pub(crate) fn new(context: &'c ClusterContext<'i>) -> Option<Self> {
        context.index.is_placed().then(|| Self {
            context,
            makers: OnceCell::new(),
            secrets: OnceCell::new(),
        })
    }

    fn index(&self) -> &'i ClusterIndex<'i> {
        self.context.index
    }

    /// True when the object is rendered, declared as external, or made by something that is.
    pub(crate) fn has(&self, target: Target<'_>) -> bool {
        let Target {
            group,
            kind,
            namespace,
            name,
        } = target;
        let external = self.context.config.external.iter();
        self.index().find(group, kind, namespace, name).is_some()
            || (kind == "Secret" && self.makes_secret(namespace.unwrap_or_default(), name))
            || external
                .into_iter()
                .any(|known| known.names(kind, namespace, name))
            || self.may_be_made(namespace, name)
    }

    /// True when something may make an object of that name at run time.
    pub(crate) fn may_be_made(&self, namespace: Option<&str>, name: &str) -> bool {
        let makers = self.makers.get_or_init(|| Makers::of(self.index()));
        makers.may_make(namespace, name)
    }

    /// True when objects of the namespace are resources of operators that may run pods, of labels nobody here knows.
    pub(crate) fn has_operated_pods(&self, namespace: &str) -> bool {
        let makers = self.makers.get_or_init(|| Makers::of(self.index()));
        makers.operated.contains(namespace)
    }

    /// Names of Secrets that something in the tree makes, by namespace.
    fn secrets(&self) -> &FxHashMap<&'i str, FxHashSet<&'i str>> {
        self.secrets.get_or_init(|| {
            let mut found: FxHashMap<&str, FxHashSet<&str>> = FxHashMap::default();
            for run in self.index().claims(Space::Secret) {
                for claimed in run {
                    let namespace = claimed.placed.namespace.as_deref().unwrap_or_default();
                    let names = found.entry(namespace).or_default();
                    names.insert(claimed.claim.key.as_str());
                }
            }
            found
        })
    }

    /// The Service of that name.
    pub(crate) fn service(&self, namespace: &str, name: &str) -> Option<&'i Placed<'i>> {
        self.index().find("", "Service", Some(namespace), name)
    }

    fn makes_secret(&self, namespace: &str, name: &str) -> bool {
        self.secrets()
            .get(namespace)
            .is_some_and(|names| names.contains(name))
    }

    /// A missing object is certain only where the tree has all of the namespace. Of a namespace whose Secrets are all made
    /// elsewhere (by hand, by a pipeline) none is certain.
    pub(crate) fn certainty(&self, kind: &str, namespace: Option<&str>) -> Certainty {
        let elsewhere = kind == "Secret" && !self.secrets().contains_key(namespace.unwrap_or_default());
        if self.index().is_closed(namespace) && !elsewhere {
            Certainty::Witnessed
        } else {
            Certainty::Possible
        }
    }

    /// The finding of `rule` at `node` of `placed` about a target of that kind and namespace.
    pub(crate) fn finding(
        &self,
        rule: &Rule,
        (placed, node): (&Placed<'_>, &Node),
        (kind, namespace): (&str, Option<&str>),
        message: String,
    ) -> Option<Finding> {
        let side = Side::new(placed, Spot::of(node));
        let mut finding = Collision::new(self.context.files, [side]).finding(rule, message)?;
        finding.certainty = finding.certainty.min(self.certainty(kind, namespace));
        Some(finding)
    }
}

/// Names that something may give to an object at run time.
#[derive(Default)]
struct Makers<'i> {
    /// Texts of custom resources, annotations, arguments, and names in permissions to write.
    said: FxHashSet<&'i str>,
    /// Names of custom resources, by namespace; operators derive names from them.
    custom: FxHashMap<&'i str, Vec<&'i str>>,
    /// Namespaces with custom resources that may run pods.
    operated: FxHashSet<&'i str>,
}

/// Groups of custom resources that run no pods of their own.
const WITHOUT_PODS: [&str; 11] = [
    "bitnami.com",
    "cert-manager.io",
    "config.openshift.io",
    "external-secrets.io",
    "externaldns.k8s.io",
    "kustomize.toolkit.fluxcd.io",
    "kyverno.io",
    "monitoring.coreos.com",
    "secrets-store.csi.x-k8s.io",
    "secrets.hashicorp.com",
    "source.toolkit.fluxcd.io",
];

/// Groups of custom resources that name other objects and make none.
const REFERRERS: [&str; 13] = [
    "argoproj.io",
    "autoscaling.k8s.io",
    "cilium.io",
    "gateway.envoyproxy.io",
    "gateway.networking.k8s.io",
    "image.toolkit.fluxcd.io",
    "keda.sh",
    "networking.istio.io",
    "notification.toolkit.fluxcd.io",
    "route.openshift.io",
    "security.istio.io",
    "telemetry.istio.io",
    "traefik.io",
];

impl<'i> Makers<'i> {
    fn of(index: &'i ClusterIndex<'i>) -> Self {
        let bundle = Bundle::embedded();
        let mut makers = Self::default();
        for placed in index.live() {
            let object = &placed.facts.object;
            let key = &object.key;
            let namespace = placed.namespace.as_deref().unwrap_or_default();
            let annotations = object.body.at_path(&["metadata", "annotations"]);
            makers.say(annotations);
            if bundle.is_builtin_group(&key.group) {
                match key.kind.as_str() {
                    "Role" | "ClusterRole" => makers.permissions(&object.body),
                    "Ingress" => makers.shim(&object.body),
                    _ => {}
                }
                if let deconflict_claims::Detail::Pods(templates) = &placed.facts.detail {
                    for spec in templates.iter().filter_map(|template| template.spec.as_deref()) {
                        makers.arguments(spec);
                    }
                }
                continue;
            }
            if REFERRERS.contains(&key.group.as_str()) {
                if key.kind == "ArgoCD" {
                    makers.operated.insert(namespace);
                }
                continue;
            }
            makers.say(object.body.at_path(&["spec"]));
            makers
                .custom
                .entry(namespace)
                .or_default()
                .push(key.name.as_str());
            let monitors = matches!(key.kind.as_str(), "Prometheus" | "Alertmanager" | "ThanosRuler");
            let runs_pods = !WITHOUT_PODS.contains(&key.group.as_str())
                || monitors
                || matches!(
                    key.kind.as_str(),
                    "ArgoCD" | "Workflow" | "CronWorkflow" | "EventSource" | "Sensor"
                );
            if runs_pods {
                makers.operated.insert(namespace);
            }
        }
        makers
    }

    /// All texts below `node`.
    fn say(&mut self, node: Option<&'i Node>) {
        let mut open: Vec<&Node> = node.into_iter().collect();
        while let Some(node) = open.pop() {
            self.said.extend(node.text());
            open.extend(node.fields().iter().map(|field| &*field.value));
            open.extend(node.items().iter().map(|item| &**item));
        }
    }

    /// Arguments and literal environment of the containers: `--secret=name` says `name`.
    fn arguments(&mut self, spec: &'i Node) {
        for kind in ["containers", "initContainers"] {
            for container in items_at(spec, &[kind]) {
                let lists = ["args", "command"].into_iter();
                let words = lists.flat_map(|list| items_at(container, &[list]));
                let values =
                    items_at(container, &["env"]).filter_map(|variable| variable.at_path(&["value"]));
                for text in words.chain(values).filter_map(text_of) {
                    self.said.insert(text);
                    self.said
                        .extend(text.split(|c: char| c.is_whitespace() || "=,/:\"'".contains(c)));
                }
            }
        }
    }

    /// Who may write an object of a name may make it.
    fn permissions(&mut self, role: &'i Node) {
        for rule in items_at(role, &["rules"]) {
            let mut verbs = items_at(rule, &["verbs"]).filter_map(text_of);
            if verbs.any(|verb| matches!(verb, "update" | "patch" | "create" | "*")) {
                self.said
                    .extend(items_at(rule, &["resourceNames"]).filter_map(text_of));
            }
        }
    }

    /// cert-manager makes the Secrets of Ingresses that ask for it.
    fn shim(&mut self, ingress: &'i Node) {
        let annotations = ingress.at_path(&["metadata", "annotations"]);
        let fields = annotations.map(Node::fields).unwrap_or_default();
        if fields
            .iter()
            .any(|field| field.name().starts_with("cert-manager.io/"))
        {
            let entries = items_at(ingress, &["spec", "tls"]);
            self.said
                .extend(entries.filter_map(|entry| text_at(entry, &["secretName"])));
        }
    }

    fn may_make(&self, namespace: Option<&str>, name: &str) -> bool {
        let derived = |own: &&str| !own.is_empty() && name.starts_with(*own);
        self.said.contains(name)
            || namespace
                .and_then(|namespace| self.custom.get(namespace))
                .is_some_and(|names| names.iter().any(derived))
    }
}

/// A ConfigMap or Secret that a pod asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'n> {
    pub(crate) kind: &'static str,
    /// The node that names it.
    pub(crate) name: &'n Node,
    /// Keys that must be there.
    pub(crate) key: Option<&'n Node>,
    /// Who asks, for messages.
    pub(crate) by: &'n str,
}

/// The ConfigMaps and Secrets that a pod cannot start without: volumes, environment, projections. Optional ones are left
/// out. One entry per key.
pub(crate) fn asked(spec: &Node) -> Vec<Asked<'_>> {
    let mut found = Vec::new();
    for volume in items_at(spec, &["volumes"]) {
        let by = text_at(volume, &["name"]).unwrap_or("a volume");
        let direct = [
            ("ConfigMap", "configMap", "name"),
            ("Secret", "secret", "secretName"),
        ];
        for (kind, field, name) in direct {
            if let Some(source) = volume.at_path(&[field]) {
                whole(&mut found, kind, source, name, by);
            }
        }
        for source in items_at(volume, &["projected", "sources"]) {
            for (kind, field, name) in [("ConfigMap", "configMap", "name"), ("Secret", "secret", "name")] {
                if let Some(source) = source.at_path(&[field]) {
                    whole(&mut found, kind, source, name, by);
                }
            }
        }
    }
    for kind in ["initContainers", "containers"] {
        for container in items_at(spec, &[kind]) {
            let by = text_at(container, &["name"]).unwrap_or("a container");
            for source in items_at(container, &["envFrom"]) {
                for (kind, field) in [("ConfigMap", "configMapRef"), ("Secret", "secretRef")] {
                    if let Some(source) = source.at_path(&[field]) {
                        whole(&mut found, kind, source, "name", by);
                    }
                }
            }
            for variable in items_at(container, &["env"]) {
                for (kind, field) in [("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")] {
                    let source = variable.at_path(&["valueFrom", field]);
                    if let Some(source) = source.filter(|source| !is_optional(source)) {
                        let key = source.at_path(&["key"]);
                        push(&mut found, kind, source.at_path(&["name"]), key, by);
                    }
                }
            }
        }
    }
    found
}

fn is_optional(source: &Node) -> bool {
    deconflict_kube::bool_at(source, &["optional"]) == Some(true)
}

fn whole<'n>(found: &mut Vec<Asked<'n>>, kind: &'static str, source: &'n Node, name: &str, by: &'n str) {
    if is_optional(source) {
        return;
    }
    let name = source.at_path(&[name]);
    let mut items = items_at(source, &["items"]).peekable();
    if items.peek().is_none() {
        push(found, kind, name, None, by);
    }
    for item in items {
        push(found, kind, name, item.at_path(&["key"]), by);
    }
}

fn push<'n>(
    found: &mut Vec<Asked<'n>>,
    kind: &'static str,
    name: Option<&'n Node>,
    key: Option<&'n Node>,
    by: &'n str,
) {
    if let Some(name) = name.filter(|name| text_of(name).is_some_and(|text| !text.is_empty())) {
        found.push(Asked { kind, name, key, by });
    }
}

/// What a selector matches.
pub(crate) struct Selected<'i, 'a> {
    pub(crate) pods: Vec<&'i Pod<'a>>,
    /// No pod matches, but some would without keys that they do not have at all: they may get them at run time.
    pub(crate) without_own_labels: bool,
}

/// Labels that controllers give to pods.
const AT_RUN_TIME: [&str; 6] = [
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-name",
    "job-name",
    "controller-revision-hash",
    "pod-template-hash",
];

/// The pods of a namespace that `selector` matches, labels that controllers give aside.
pub(crate) fn selected<'i, 'a>(
    index: &'i ClusterIndex<'a>,
    namespace: &str,
    selector: &Selector,
) -> Selected<'i, 'a> {
    let mut selector = selector.clone();
    selector
        .requirements
        .retain(|(key, _)| !AT_RUN_TIME.contains(&key.as_str()));
    let pods = index.pods().select(namespace, &selector);
    let nearly = |pod: &Pod<'_>| {
        let mut known = selector.clone();
        known
            .requirements
            .retain(|(key, _)| pod.labels().get(key).is_some());
        !known.is_empty() && known.matches(pod.labels())
    };
    Selected {
        without_own_labels: pods.is_empty() && index.pods().of_namespace(namespace).any(nearly),
        pods,
    }
}

/// A Service that selects pods.
pub(crate) struct Selecting<'c> {
    pub(crate) service: &'c Placed<'c>,
    pub(crate) namespace: &'c str,
    /// `spec.selector`.
    pub(crate) node: &'c Node,
    pub(crate) selector: Selector,
    pub(crate) selected: Selected<'c, 'c>,
}

/// Call `judge` for each Service of the cluster that selects pods, with what there is.
pub(crate) fn each_service(
    context: &ClusterContext<'_>,
    judge: &mut dyn FnMut(&World<'_, '_>, &Selecting<'_>),
) {
    let Some(world) = World::new(context) else { return };
    let services = context
        .index
        .live()
        .filter(|placed| placed.facts.object.key.is("", "Service"));
    for service in services {
        let body = &service.facts.object.body;
        let (Some(namespace), Some(node)) = (&service.namespace, body.at_path(&["spec", "selector"])) else {
            continue;
        };
        let selector = Selector::of_map(node);
        if selector.is_empty() || text_at(body, &["spec", "type"]) == Some("ExternalName") {
            continue;
        }
        judge(
            &world,
            &Selecting {
                service,
                namespace,
                node,
                selected: selected(context.index, namespace, &selector),
                selector,
            },
        );
    }
}

/// Call `judge` for each pod of the cluster, with what it may refer to and its spec.
pub(crate) fn each_pod(context: &ClusterContext<'_>, judge: &mut dyn FnMut(&World<'_, '_>, &Pod<'_>, &Node)) {
    let Some(world) = World::new(context) else { return };
    for pod in context.index.pods().all() {
        if let Some(spec) = pod.template.spec.as_deref() {
            judge(&world, pod, spec);
        }
    }
}

/// A finding of `rule` at `node` of one object.
pub(crate) fn at(
    context: &ClusterContext<'_>,
    rule: &Rule,
    placed: &Placed<'_>,
    node: &Node,
    message: String,
) -> Option<Finding> {
    Collision::new(context.files, [Side::new(placed, Spot::of(node))]).finding(rule, message)
}
