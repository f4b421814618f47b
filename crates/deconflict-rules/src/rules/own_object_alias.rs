use deconflict_claims::Placed;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::compare::{across_applications, has_own_rule, is_alias};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one object that two applications deploy under two versions of its API, or under its old and its new group
    /// (`extensions` and `apps`, `networking.k8s.io`).
    ///
    /// ## Why it matters
    /// A version is only a view: both files write the same object, and the name of the API hides it from every comparison
    /// by text. Whoever syncs last wins.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/autoscaler.yaml
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: shop, namespace: shop}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
    ///   maxReplicas: 4
    /// # apps/checkout/api/overlays/prod/autoscaler.yaml
    /// apiVersion: autoscaling/v1
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: shop, namespace: shop}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
    ///   maxReplicas: 4
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/autoscaler.yaml
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata: {name: shop, namespace: shop}
    /// spec:
    ///   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}
    ///   maxReplicas: 4
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Custom groups that moved are not known.
    "own-object-alias", "two applications deploy one object under different API versions",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    for group in across_applications(index) {
        if !has_own_rule(group[0]) && is_alias(&group) {
            report(context, group, sink);
        }
    }
    for placed in index.live() {
        let key = &placed.facts.object.key;
        let Some(group) = moved_to(&key.group, &key.kind) else {
            continue;
        };
        let other = index.find(group, &key.kind, placed.namespace.as_deref(), &key.name);
        if let Some(other) = other.filter(|other| other.app != placed.app) {
            report(context, vec![placed, other], sink);
        }
    }
}

fn report(context: &ClusterContext<'_>, group: Vec<&Placed<'_>>, sink: &mut Sink) {
    let sides = group.into_iter().map(|placed| {
        let version = placed.facts.object.api_version();
        Side::declared(placed).labelled(format!("{} as {version}", placed.title()))
    });
    let collision = Collision::new(context.files, sides);
    let versions: Vec<String> = collision
        .sides
        .iter()
        .map(|side| side.placed.facts.object.api_version())
        .collect();
    let message = format!(
        "{} {} deploy {}{}, as {}",
        collision.who(),
        collision.both(),
        collision.sides[0].placed.title(),
        in_cluster(context.index),
        list(&versions, "and")
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding
        .notes
        .push("both are the same object; whichever is applied last overwrites the other".to_owned());
    finding.help = Some("declare it once, under the newer version".to_owned());
    sink.report(finding);
}

/// Where kinds of the first groups went (the Kubernetes deprecation guide, releases 1.16 and 1.22).
fn moved_to(group: &str, kind: &str) -> Option<&'static str> {
    if group != "extensions" {
        return None;
    }
    Some(match kind {
        "Deployment" | "DaemonSet" | "ReplicaSet" => "apps",
        "Ingress" | "NetworkPolicy" => "networking.k8s.io",
        "PodSecurityPolicy" => "policy",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn moved_groups() {
        let ingress = |team: &str, api: &str, name: &str| {
            format!(
                "//- apps/{team}/web/overlays/prod/i.yaml\n{{apiVersion: {api}, kind: Ingress, metadata: {{name: {name}, namespace: x}}}}\n"
            )
        };
        let run = |text: &str| run("own-object-alias", text);
        let (old, new) = ("extensions/v1beta1", "networking.k8s.io/v1");
        assert!(
            run(&(ingress("a", old, "i") + &ingress("b", new, "i")))
                .contains("as extensions/v1beta1 and networking.k8s.io/v1")
        );
        assert_eq!(run(&(ingress("a", old, "i") + &ingress("b", new, "j"))), "");
        assert_eq!(run(&(ingress("a", new, "i") + &ingress("b", new, "i"))), "");
    }
}
