use deconflict_claims::Spot;
use deconflict_findings::Label;

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds containers and volumes of a pod that have a name that its injected sidecar brings: `istio-proxy`,
    /// `istio-init`, `linkerd-proxy`, `daprd`, `vault-agent` and so on.
    ///
    /// ## Why it matters
    /// Names are unique in a pod. The injector refuses the pod, skips it, or writes over what the file says, and the pod
    /// that runs is not the one that was reviewed.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   annotations:
    ///     dapr.io/enabled: "true"
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///     - name: daprd
    ///       image: registry.example/daprd:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   annotations:
    ///     dapr.io/enabled: "true"
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    ///     - name: helper
    ///       image: registry.example/helper:1.0
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A container `istio-proxy` with `image: auto` is the documented way to configure the proxy and is not reported.
    /// Names that a custom injection template brings are not known.
    "sid-name-clash", "a container or volume has the name of one that is injected into its pod",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        for injected in &pod.injected {
            let injector = injected.injector;
            let containers = pod.template.containers.iter().filter(|container| {
                injector.containers().contains(&container.name.as_str()) && container.image != "auto"
            });
            let mut clashes: Vec<(String, &Spot)> = containers
                .map(|container| (format!("container `{}`", container.name), &container.spot))
                .collect();
            let volumes = pod.template.volume_names.iter();
            let volumes = volumes.filter(|(name, _)| injector.volumes().contains(&name.as_str()));
            clashes.extend(volumes.map(|(name, spot)| (format!("volume `{name}`"), spot)));
            for (what, spot) in clashes {
                let workload = context.index.workload(pod);
                let who = injector.word();
                let message = format!(
                    "{what} of {} has a name that {who} injects{}",
                    workload.title(),
                    in_cluster(context.index)
                );
                let sides = [Side::new(workload, spot.clone()).labelled(what.clone())];
                let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
                    continue;
                };
                finding.related.push(Label::new(
                    injected.spot.at,
                    format!("{who} is injected by this {}", injected.why),
                ));
                finding.key = Some(what);
                finding.notes.push(
                    "the injector refuses the pod, skips it, or writes over what stands here".to_owned(),
                );
                finding.help = Some("take another name, or switch injection off for these pods".to_owned());
                sink.report(finding);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn names() {
        for (metadata, spec, found) in [
            (
                "labels: {sidecar.istio.io/inject: 'true'}",
                "containers: [{name: istio-proxy, image: envoy}]",
                true,
            ),
            (
                "labels: {sidecar.istio.io/inject: 'true'}",
                "containers: [{name: istio-proxy, image: auto}]",
                false,
            ),
            (
                "labels: {sidecar.istio.io/inject: 'true'}",
                "initContainers: [{name: istio-init, image: x}]",
                true,
            ),
            (
                "labels: {sidecar.istio.io/inject: 'true'}",
                "containers: [{name: a}], volumes: [{name: istio-token}]",
                true,
            ),
            (
                "labels: {}",
                "containers: [{name: istio-proxy, image: envoy}]",
                false,
            ),
            (
                "annotations: {vault.hashicorp.com/agent-inject: 'true'}",
                "containers: [{name: vault-agent}]",
                true,
            ),
            (
                "annotations: {linkerd.io/inject: enabled}",
                "containers: [{name: istio-proxy}]",
                false,
            ),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n, {metadata}}}\nspec: {{{spec}}}\n"
            );
            let got = run("sid-name-clash", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
