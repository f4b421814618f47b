use crate::collision::{Side, in_cluster, list};
use crate::compare::{Shared, each_shared, has_own_rule, is_alias};
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
    /// Custom groups that moved are not known. Objects inside Hive's SyncSets are compared with those inside other SyncSets of the
    /// hub only, and by version, not by group.
    "own-object-alias", "two applications deploy one object under different API versions",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let index = context.index;
    each_shared(context, |shared| {
        if !has_own_rule(shared.group[0]) && is_alias(&shared.group) {
            report(context, shared, sink);
        }
    });
    for placed in index.live() {
        let key = &placed.facts.object.key;
        let Some(group) = moved_to(&key.group, &key.kind) else {
            continue;
        };
        let other = index.find(group, &key.kind, placed.namespace.as_deref(), &key.name);
        if let Some(other) = other.filter(|other| other.app != placed.app) {
            let shared = Shared {
                group: vec![placed, other],
                place: in_cluster(index),
                carried: None,
            };
            report(context, &shared, sink);
        }
    }
}

fn report(context: &ClusterContext<'_>, shared: &Shared<'_, '_>, sink: &mut Sink) {
    let mut collision = shared.collision(context.files);
    for Side { placed, label, .. } in &mut collision.sides {
        label.push_str(&format!(" as {}", placed.facts.object.api_version()));
    }
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
        shared.place,
        list(&versions, "and")
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    finding
        .notes
        .push("both are the same object; whichever is applied last overwrites the other".to_owned());
    shared.doubt(&mut finding);
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
