use deconflict_claims::Spot;
use deconflict_claims::pods::{Container, Injected, Pod, RESERVED_PORTS, ReservedPort};

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds a container that declares or probes a port on which an injected sidecar of its pod listens: Istio, Linkerd,
    /// Dapr or Consul, injected by a label or annotation of the namespace or the pod.
    ///
    /// ## Why it matters
    /// Containers of a pod share one network, so a port number exists once. The sidecar is in no file: it is added when
    /// the pod is admitted. Whichever of the two processes listens second fails with "address already in use", and the pod
    /// restarts for ever; a probe on such a port asks the proxy, not the application.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/namespaces/overlays/prod/shop.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    /// # apps/shop/gateway/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: gateway
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: gateway
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: gateway
    ///     spec:
    ///       containers:
    ///         - name: envoy
    ///           image: registry.example/envoy:1.0
    ///           ports:
    ///             - containerPort: 15001
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/namespaces/overlays/prod/shop.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    /// # apps/shop/gateway/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: gateway
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: gateway
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: gateway
    ///     spec:
    ///       containers:
    ///         - name: envoy
    ///           image: registry.example/envoy:1.0
    ///           ports:
    ///             - containerPort: 10001
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Ports (sources): Istio 15000, 15001, 15004, 15006, 15008, 15009, 15020, 15021, 15053, 15090 (istio.io, "Application
    /// Requirements"); Linkerd 4140, 4143, 4190, 4191 (linkerd.io, "Proxy configuration"); Dapr 3500, 50001 (docs.dapr.io,
    /// "Dapr arguments and annotations"); Consul 19000, 20000 (developer.hashicorp.com, "Consul dataplane"). An installation
    /// that moved its ports, or selects pods in its own way, is not known. A port that a process opens without declaring it
    /// is not seen. A probe by port name counts through the port of that name.
    "sid-port-reserved", "a container uses a port of the sidecar that is injected beside it",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        for injected in &pod.injected {
            let is_own =
                |container: &&Container| !injected.injector.containers().contains(&container.name.as_str());
            for container in pod.template.containers.iter().filter(is_own) {
                for reserved in RESERVED_PORTS
                    .iter()
                    .filter(|port| port.injector == injected.injector)
                {
                    report(context, sink, pod, (injected, container), reserved);
                }
            }
        }
    }
}

/// One finding per container and port: where it is declared, else where it is probed.
fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    pod: &Pod<'_>,
    (injected, container): (&Injected, &Container),
    reserved: &ReservedPort,
) {
    let (number, who) = (reserved.number, injected.injector.word());
    let takes = |protocol: &str| protocol == "TCP" || (number == 15053 && protocol == "UDP");
    let declared = container
        .ports
        .iter()
        .find(|port| port.number == number && takes(&port.protocol));
    let probed = container.probes.iter().find(|probe| probe.number == number);
    let (spot, does, label): (&Spot, _, String) = match (declared, probed) {
        (Some(port), _) => (
            &port.spot,
            "listens on",
            format!("container `{}`", container.name),
        ),
        (None, Some(probe)) => (
            &probe.spot,
            "is probed on",
            format!("{} of container `{}`", probe.field, container.name),
        ),
        (None, None) => return,
    };
    let workload = context.index.workload(pod);
    let message = format!(
        "container `{}` of {} {does} port {number}{}, which {who}'s injected proxy takes",
        container.name,
        workload.title(),
        in_cluster(context.index),
    );
    let collision = Collision::new(context.files, [Side::new(workload, spot.clone()).labelled(label)]);
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding.related.push(deconflict_findings::Label::new(
        injected.spot.at,
        format!("{who} is injected by this {}", injected.why),
    ));
    finding.key = Some(format!("{}:{number}", container.name));
    let consequence = match declared {
        Some(_) => format!(
            "`{}` listens there for {}: whichever starts second fails with \"address already in use\"",
            injected.injector.container(),
            reserved.role
        ),
        None => format!(
            "`{}` answers there ({}), not the application",
            injected.injector.container(),
            reserved.role
        ),
    };
    finding.notes.push(consequence);
    finding.help = Some(if injected.by_namespace {
        format!("use another port, or keep {who} out of these pods")
    } else {
        format!("use another port, or drop the {}", injected.why)
    });
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    const RULE: &str = "sid-port-reserved";

    fn namespace(metadata: &str) -> String {
        format!(
            "//- infra/ns/overlays/prod/ns.yaml\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  {metadata}\n"
        )
    }

    fn deployment(metadata: &str, spec: &str) -> String {
        format!(
            "//- apps/shop/web/overlays/prod/d.yaml\napiVersion: apps/v1\nkind: Deployment\n\
             metadata: {{name: web, namespace: shop}}\nspec:\n  template:\n    metadata:\n      {metadata}\n    spec:\n      {spec}\n"
        )
    }

    #[test]
    fn injected_by_the_namespace() {
        let text = namespace("labels: {istio-injection: enabled}")
            + &deployment(
                "labels: {a: b}",
                "containers: [{name: envoy, ports: [{containerPort: 80}, {containerPort: 15001}]}]",
            );
        check(
            RULE,
            &text,
            "error[sid-port-reserved]: container `envoy` of Deployment shop/web listens on port 15001 in prod, which Istio's injected proxy takes
             apps/shop/web/overlays/prod/d.yaml:9 `15001` container `envoy` (team shop)
             infra/ns/overlays/prod/ns.yaml:5 `enabled` Istio is injected by this namespace label `istio-injection`
             note: `istio-proxy` listens there for outbound traffic: whichever starts second fails with \"address already in use\"
             help: use another port, or keep Istio out of these pods",
        );
    }

    #[test]
    fn injected_by_the_pod_and_probed() {
        let text = deployment(
            "annotations: {linkerd.io/inject: enabled}",
            "containers: [{name: app, livenessProbe: {httpGet: {port: 4191}}}]",
        );
        check(
            RULE,
            &text,
            "error[sid-port-reserved]: container `app` of Deployment shop/web is probed on port 4191 in prod, which Linkerd's injected proxy takes
             apps/shop/web/overlays/prod/d.yaml:9 `4191` livenessProbe of container `app` (team shop)
             apps/shop/web/overlays/prod/d.yaml:7 `enabled` Linkerd is injected by this pod annotation `linkerd.io/inject`
             note: `linkerd-proxy` answers there (admin and metrics), not the application
             help: use another port, or drop the pod annotation `linkerd.io/inject`",
        );
    }

    /// Namespace, pod metadata, port: found or not.
    #[test]
    fn who_is_injected() {
        let on = "labels: {istio-injection: enabled}";
        for (ns, pod, port, found) in [
            (on, "labels: {}", "15090", true),
            (on, "labels: {}", "15091", false),
            (on, "labels: {sidecar.istio.io/inject: 'false'}", "15090", false),
            (
                on,
                "annotations: {sidecar.istio.io/inject: 'false'}",
                "15090",
                false,
            ),
            ("labels: {istio.io/rev: canary}", "labels: {}", "15021", true),
            (
                "labels: {istio.io/rev: x, istio.io/dataplane-mode: ambient}",
                "labels: {}",
                "15021",
                false,
            ),
            (
                "labels: {istio-injection: disabled}",
                "labels: {sidecar.istio.io/inject: 'true'}",
                "15021",
                false,
            ),
            (
                "labels: {}",
                "labels: {sidecar.istio.io/inject: 'true'}",
                "15021",
                true,
            ),
            ("labels: {}", "labels: {istio.io/rev: stable}", "15021", true),
            (
                "labels: {}",
                "annotations: {sidecar.istio.io/inject: 'true'}",
                "15021",
                false,
            ),
            ("labels: {}", "labels: {}", "15021", false),
            (
                "annotations: {linkerd.io/inject: enabled}",
                "labels: {}",
                "4143",
                true,
            ),
            (
                "annotations: {linkerd.io/inject: enabled}",
                "annotations: {linkerd.io/inject: disabled}",
                "4143",
                false,
            ),
            (
                "labels: {linkerd.io/inject: enabled}",
                "labels: {}",
                "4143",
                false,
            ),
            (
                "labels: {}",
                "annotations: {dapr.io/enabled: 'true'}",
                "3500",
                true,
            ),
            (
                "labels: {}",
                "annotations: {dapr.io/enabled: 'false'}",
                "3500",
                false,
            ),
            (
                "labels: {}",
                "annotations: {dapr.io/enabled: 'true'}",
                "15001",
                false,
            ),
            (
                "labels: {}",
                "annotations: {consul.hashicorp.com/connect-inject: 'true'}",
                "20000",
                true,
            ),
        ] {
            let spec = format!("containers: [{{name: app, ports: [{{containerPort: {port}}}]}}]");
            let got = run(RULE, &(namespace(ns) + &deployment(pod, &spec)));
            assert_eq!(!got.is_empty(), found, "{ns} {pod} {port}\n{got}");
        }
    }

    #[test]
    fn near_misses() {
        let on = namespace("labels: {istio-injection: enabled}");
        for (spec, found) in [
            (
                "containers: [{name: app, ports: [{containerPort: 15001, protocol: UDP}]}]",
                false,
            ),
            (
                "containers: [{name: app, ports: [{containerPort: 15053, protocol: UDP}]}]",
                true,
            ),
            (
                "hostNetwork: true\n      containers: [{name: app, ports: [{containerPort: 15001}]}]",
                false,
            ),
            (
                "containers: [{name: istio-proxy, image: auto, ports: [{containerPort: 15090}]}]",
                false,
            ),
            (
                "initContainers: [{name: a, ports: [{containerPort: 15006}]}]",
                true,
            ),
        ] {
            let got = run(RULE, &(on.clone() + &deployment("labels: {}", spec)));
            assert_eq!(!got.is_empty(), found, "{spec}\n{got}");
        }
    }
}
