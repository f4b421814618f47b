//! Containers that a mesh or an agent adds to a pod when it is admitted.

use deconflict_kube::{Labels, Object, Quantity};
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::Spot;

use super::container::{Amount, Source};
use super::{Container, Resources, Template};

/// Who adds containers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Injector {
    /// Istio's sidecar injector.
    Istio,
    /// Linkerd's proxy injector.
    Linkerd,
    /// Dapr's sidecar injector.
    Dapr,
    /// Consul service mesh.
    Consul,
    /// The Vault agent injector.
    Vault,
}

impl Injector {
    /// Its name in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Istio => "Istio",
            Self::Linkerd => "Linkerd",
            Self::Dapr => "Dapr",
            Self::Consul => "Consul",
            Self::Vault => "Vault agent",
        }
    }

    /// True for a mesh, which takes over the pod's traffic.
    pub fn is_mesh(self) -> bool {
        matches!(self, Self::Istio | Self::Linkerd | Self::Consul)
    }

    /// The container that stays beside the pod's own.
    pub fn container(self) -> &'static str {
        match self {
            Self::Istio => "istio-proxy",
            Self::Linkerd => "linkerd-proxy",
            Self::Dapr => "daprd",
            Self::Consul => "consul-dataplane",
            Self::Vault => "vault-agent",
        }
    }

    /// All containers that it may add.
    pub fn containers(self) -> &'static [&'static str] {
        match self {
            Self::Istio => &["istio-proxy", "istio-init", "istio-validation"],
            Self::Linkerd => &["linkerd-proxy", "linkerd-init", "linkerd-network-validator"],
            Self::Dapr => &["daprd"],
            Self::Consul => &["consul-dataplane", "consul-connect-inject-init"],
            Self::Vault => &["vault-agent", "vault-agent-init"],
        }
    }

    /// Volumes that it adds (the injection templates of Istio 1.27 and Linkerd 2.18; vault-k8s 1.7).
    pub fn volumes(self) -> &'static [&'static str] {
        match self {
            Self::Istio => &[
                "istio-envoy",
                "istio-data",
                "istio-podinfo",
                "istio-token",
                "istiod-ca-cert",
            ],
            Self::Linkerd => &[
                "linkerd-identity-end-entity",
                "linkerd-identity-token",
                "linkerd-proxy-init-xtables-lock",
            ],
            Self::Vault => &["home-init", "home-sidecar", "vault-secrets"],
            Self::Dapr | Self::Consul => &[],
        }
    }

    /// The user its proxy runs as, whose traffic is not redirected (istio.io, Application Requirements; linkerd.io,
    /// proxy configuration `proxyUID`).
    pub fn user(self) -> Option<i64> {
        match self {
            Self::Istio => Some(1337),
            Self::Linkerd => Some(2102),
            _ => None,
        }
    }
}

/// A port that an injected container listens on.
#[derive(Clone, Copy, Debug)]
pub struct ReservedPort {
    /// Who.
    pub injector: Injector,
    /// Number; TCP, but for 15053, which is DNS over both.
    pub number: i64,
    /// What for.
    pub role: &'static str,
}

/// Ports of injected containers. Sources: istio.io "Application Requirements", table "Ports used by Istio"; linkerd.io
/// "Proxy configuration" (`linkerd inject` flags `--control-port`, `--admin-port`, `--inbound-port`, `--outbound-port`);
/// docs.dapr.io "Dapr arguments and annotations"; developer.hashicorp.com "Consul dataplane" (Envoy admin and public
/// listener).
pub const RESERVED_PORTS: &[ReservedPort] = &[
    reserved(Injector::Istio, 15000, "Envoy admin"),
    reserved(Injector::Istio, 15001, "outbound traffic"),
    reserved(Injector::Istio, 15004, "debug"),
    reserved(Injector::Istio, 15006, "inbound traffic"),
    reserved(Injector::Istio, 15008, "HBONE tunnel"),
    reserved(Injector::Istio, 15009, "HBONE tunnel"),
    reserved(Injector::Istio, 15020, "merged metrics"),
    reserved(Injector::Istio, 15021, "health checks"),
    reserved(Injector::Istio, 15053, "DNS proxy"),
    reserved(Injector::Istio, 15090, "Envoy metrics"),
    reserved(Injector::Linkerd, 4140, "outbound traffic"),
    reserved(Injector::Linkerd, 4143, "inbound traffic"),
    reserved(Injector::Linkerd, 4190, "control"),
    reserved(Injector::Linkerd, 4191, "admin and metrics"),
    reserved(Injector::Dapr, 3500, "HTTP API"),
    reserved(Injector::Dapr, 50001, "gRPC API"),
    reserved(Injector::Consul, 19000, "Envoy admin"),
    reserved(Injector::Consul, 20000, "inbound traffic"),
];

const fn reserved(injector: Injector, number: i64, role: &'static str) -> ReservedPort {
    ReservedPort {
        injector,
        number,
        role,
    }
}

/// That an injector adds its container to a pod.
#[derive(Clone, Debug)]
pub struct Injected {
    /// Who.
    pub injector: Injector,
    /// The text that asks for it.
    pub spot: Spot,
    /// That text in words: "namespace label `istio-injection`".
    pub why: String,
    /// True when the namespace asks, false when the pod does.
    pub by_namespace: bool,
    /// The container, with what it asks for.
    pub container: Container,
    /// The pod has a container of that name for the injector to complete (`image: auto`).
    pub completes: bool,
}

/// Namespaces that no injector touches (the webhooks' default selectors).
const IGNORED: [&str; 4] = [
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
];

/// Whether pods of `template` get containers, given the Namespace object if the tree has it. Sorted by injector.
pub fn injected(template: &Template, namespace: &str, object: Option<&Object>) -> Vec<Injected> {
    // Without a spec an operator writes the pod, and says itself whether it joins a mesh.
    if template.spec.is_none() {
        return Vec::new();
    }
    let maps = |name: &str| object.and_then(|object| object.body.at_path(&["metadata", name]));
    let context = Context {
        template,
        labels: Labels::of(maps("labels")),
        annotations: Labels::of(maps("annotations")),
        label_map: maps("labels"),
        annotation_map: maps("annotations"),
    };
    let mut found = Vec::new();
    if !IGNORED.contains(&namespace) && !template.host_network {
        found.extend(context.istio());
        found.extend(context.linkerd());
        found.extend(context.annotated("consul.hashicorp.com/connect-inject", Injector::Consul));
    }
    if !IGNORED.contains(&namespace) {
        found.extend(context.annotated("dapr.io/enabled", Injector::Dapr));
        found.extend(context.annotated("vault.hashicorp.com/agent-inject", Injector::Vault));
    }
    found.sort_by_key(|injected| injected.injector);
    found
}

struct Context<'c> {
    template: &'c Template,
    labels: Labels,
    annotations: Labels,
    label_map: Option<&'c Node>,
    annotation_map: Option<&'c Node>,
}

/// Resource annotations of an injector: annotation, resource, limit or request, and what holds without it.
type Knob = (&'static str, &'static str, bool, Option<&'static str>);

/// Istio's annotations replace its defaults as a whole.
const ISTIO: &[Knob] = &[
    ("sidecar.istio.io/proxyCPU", "cpu", false, Some("100m")),
    ("sidecar.istio.io/proxyMemory", "memory", false, Some("128Mi")),
    ("sidecar.istio.io/proxyCPULimit", "cpu", true, Some("2")),
    ("sidecar.istio.io/proxyMemoryLimit", "memory", true, Some("1Gi")),
];
/// Linkerd's proxy asks for nothing unless told to.
const LINKERD: &[Knob] = &[
    ("config.linkerd.io/proxy-cpu-request", "cpu", false, None),
    ("config.linkerd.io/proxy-memory-request", "memory", false, None),
    ("config.linkerd.io/proxy-cpu-limit", "cpu", true, None),
    ("config.linkerd.io/proxy-memory-limit", "memory", true, None),
];
const DAPR: &[Knob] = &[
    ("dapr.io/sidecar-cpu-request", "cpu", false, None),
    ("dapr.io/sidecar-memory-request", "memory", false, None),
    ("dapr.io/sidecar-cpu-limit", "cpu", true, None),
    ("dapr.io/sidecar-memory-limit", "memory", true, None),
];
const CONSUL: &[Knob] = &[
    (
        "consul.hashicorp.com/sidecar-proxy-cpu-request",
        "cpu",
        false,
        None,
    ),
    (
        "consul.hashicorp.com/sidecar-proxy-memory-request",
        "memory",
        false,
        None,
    ),
    ("consul.hashicorp.com/sidecar-proxy-cpu-limit", "cpu", true, None),
    (
        "consul.hashicorp.com/sidecar-proxy-memory-limit",
        "memory",
        true,
        None,
    ),
];
/// Each of Vault's has its own default (vault-k8s, agent-inject/agent/annotations.go).
const VAULT: &[Knob] = &[
    (
        "vault.hashicorp.com/agent-requests-cpu",
        "cpu",
        false,
        Some("250m"),
    ),
    (
        "vault.hashicorp.com/agent-requests-mem",
        "memory",
        false,
        Some("64Mi"),
    ),
    ("vault.hashicorp.com/agent-limits-cpu", "cpu", true, Some("500m")),
    (
        "vault.hashicorp.com/agent-limits-mem",
        "memory",
        true,
        Some("128Mi"),
    ),
];

impl Context<'_> {
    /// As the namespace selectors and object selectors of Istio's webhooks decide (istio.io, "Controlling the injection
    /// policy").
    fn istio(&self) -> Option<Injected> {
        const INJECT: &str = "sidecar.istio.io/inject";
        let pod = self.template.labels.get(INJECT);
        let refused =
            pod == Some("false") || (pod.is_none() && self.template.annotations.get(INJECT) == Some("false"));
        if refused {
            return None;
        }
        let spot = |key: &str| self.label_map.and_then(|map| map.at_path(&[key])).map(Spot::of);
        match (
            self.labels.get("istio-injection"),
            self.labels.get("istio.io/rev"),
        ) {
            (Some("enabled"), _) => Some(self.add(
                Injector::Istio,
                spot("istio-injection")?,
                "namespace label `istio-injection`",
                true,
            )),
            (Some(_), _) => None,
            (None, Some(_)) if self.labels.get("istio.io/dataplane-mode") == Some("ambient") => None,
            (None, Some(_)) => Some(self.add(
                Injector::Istio,
                spot("istio.io/rev")?,
                "namespace label `istio.io/rev`",
                true,
            )),
            (None, None) => {
                let key = if pod == Some("true") {
                    INJECT
                } else {
                    "istio.io/rev"
                };
                let spot = self.template.label_spot(key)?;
                Some(self.add(Injector::Istio, spot, &format!("pod label `{key}`"), false))
            }
        }
    }

    fn linkerd(&self) -> Option<Injected> {
        const INJECT: &str = "linkerd.io/inject";
        let (value, by_namespace) = match self.template.annotations.get(INJECT) {
            Some(value) => (value, false),
            None => (self.annotations.get(INJECT)?, true),
        };
        if !matches!(value, "enabled" | "ingress") {
            return None;
        }
        let (spot, why) = if by_namespace {
            let spot = self
                .annotation_map
                .and_then(|map| map.at_path(&[INJECT]))
                .map(Spot::of);
            (spot?, "namespace annotation `linkerd.io/inject`")
        } else {
            (
                self.template.annotation_spot(INJECT)?,
                "pod annotation `linkerd.io/inject`",
            )
        };
        Some(self.add(Injector::Linkerd, spot, why, by_namespace))
    }

    /// Injectors that a pod asks for with an annotation of a true value.
    fn annotated(&self, key: &str, injector: Injector) -> Option<Injected> {
        let value = self.template.annotations.get(key)?;
        if !matches!(
            value,
            "true" | "True" | "TRUE" | "1" | "t" | "T" | "yes" | "y" | "on"
        ) {
            return None;
        }
        let spot = self.template.annotation_spot(key)?;
        Some(self.add(injector, spot, &format!("pod annotation `{key}`"), false))
    }

    fn add(&self, injector: Injector, spot: Spot, why: &str, by_namespace: bool) -> Injected {
        let own = self
            .template
            .containers
            .iter()
            .find(|container| container.name == injector.container());
        let mut container = Container::added(injector.container(), &spot, self.resources(injector, &spot));
        // A container of the pod with the proxy's name says how the proxy shall be.
        let completes = own.is_some();
        if let Some(own) = own {
            let knobs = std::mem::take(&mut container.resources);
            container = own.clone();
            if container.resources.is_empty() {
                container.resources = knobs;
            }
        }
        Injected {
            injector,
            spot,
            why: why.to_owned(),
            by_namespace,
            container,
            completes,
        }
    }

    fn resources(&self, injector: Injector, spot: &Spot) -> Resources {
        let knobs = match injector {
            Injector::Istio => ISTIO,
            Injector::Linkerd => LINKERD,
            Injector::Dapr => DAPR,
            Injector::Consul => CONSUL,
            Injector::Vault => VAULT,
        };
        let told = |knob: &Knob| {
            let pod = self
                .template
                .annotations
                .get(knob.0)
                .map(|value| (value, self.template.annotation_spot(knob.0)));
            // Linkerd reads its annotations from the namespace too.
            let space = || {
                let spot = self
                    .annotation_map
                    .and_then(|map| map.at_path(&[knob.0]))
                    .map(Spot::of);
                self.annotations.get(knob.0).map(|value| (value, spot))
            };
            let (value, spot) = if injector == Injector::Linkerd {
                pod.or_else(space)?
            } else {
                pod?
            };
            Some((Quantity::parse(value)?, spot?))
        };
        let replaced = injector == Injector::Istio && knobs.iter().any(|knob| told(knob).is_some());
        let mut resources = Resources::default();
        for knob in knobs {
            let default = || {
                let quantity = Quantity::parse(knob.3.filter(|_| !replaced)?)?;
                Some((quantity, spot.clone()))
            };
            let Some((quantity, spot)) = told(knob).or_else(default) else {
                continue;
            };
            let list = if knob.2 {
                &mut resources.limits
            } else {
                &mut resources.requests
            };
            list.insert(
                SmolStr::new_static(knob.1),
                Amount {
                    quantity,
                    spot,
                    source: Source::Injector,
                },
            );
        }
        resources.default_requests();
        resources
    }
}
