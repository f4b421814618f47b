use deconflict_claims::Spot;
use deconflict_findings::Label;

use crate::collision::{Collision, Side, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds pods with an injected mesh sidecar whose `runAsUser`, of the pod or of a container, is the proxy's own user:
    /// 1337 for Istio, 2102 for Linkerd.
    ///
    /// ## Why it matters
    /// The mesh lets traffic of that user pass, so that the proxy does not talk to itself. A container that runs as the
    /// same user bypasses the mesh: no mutual TLS, no policy, no metrics.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/web.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    ///   labels:
    ///     sidecar.istio.io/inject: "true"
    /// spec:
    ///   securityContext:
    ///     runAsUser: 1337
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
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
    ///   labels:
    ///     sidecar.istio.io/inject: "true"
    /// spec:
    ///   securityContext:
    ///     runAsUser: 1000
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.0
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// The user that an image itself sets is not known; nor is a proxy user that the installation changed.
    "sid-uid-reserved", "a container runs as the user of the sidecar that is injected beside it",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        for injected in &pod.injected {
            let Some(reserved) = injected.injector.user() else {
                continue;
            };
            let is_own = |name: &str| !injected.injector.containers().contains(&name);
            let containers = pod
                .template
                .containers
                .iter()
                .filter(|container| is_own(&container.name));
            let mut users: Vec<(String, &(i64, Spot))> = containers
                .filter_map(|container| {
                    Some((
                        format!("container `{}`", container.name),
                        container.user.as_ref()?,
                    ))
                })
                .collect();
            users.extend(
                pod.template
                    .user
                    .as_ref()
                    .map(|user| ("the pod".to_owned(), user)),
            );
            for (what, (user, spot)) in users.into_iter().filter(|(_, (user, _))| *user == reserved) {
                let workload = context.index.workload(pod);
                let who = injected.injector.word();
                let message = format!(
                    "{what} of {} runs as user {user}{}, which is {who}'s proxy",
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
                finding
                    .notes
                    .push("traffic of that user bypasses the mesh".to_owned());
                finding.help = Some("run as another user".to_owned());
                sink.report(finding);
            }
        }
    }
}
