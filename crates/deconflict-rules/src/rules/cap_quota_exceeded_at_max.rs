use deconflict_claims::budget::accounts;

use crate::quota::{amount, finding, in_namespace, number, owner_of, short, steady_spot, who_asks};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Adds up what the pods of a namespace ask for when every HorizontalPodAutoscaler and ScaledObject is at its upper
    /// bound, and compares the sum with each ResourceQuota that counts them. Only when the steady sum fits: else it is
    /// `cap-quota-exceeded`.
    ///
    /// ## Why it matters
    /// Autoscaling fails exactly when it is needed: under load the scaler asks for more pods, the API server refuses them,
    /// and nothing in the repository says why.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/team-a/overlays/prod/quota.yaml
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: compute
    ///   namespace: team-a
    /// spec:
    ///   hard:
    ///     requests.cpu: "10"
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   strategy:
    ///     type: Recreate
    ///   selector:
    ///     matchLabels:
    ///       app: search
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: search
    ///     spec:
    ///       containers:
    ///         - name: search
    ///           image: registry.example/search:1.0
    ///           resources:
    ///             requests:
    ///               cpu: "2"
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: search
    ///   minReplicas: 2
    ///   maxReplicas: 8
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/team-a/overlays/prod/quota.yaml
    /// apiVersion: v1
    /// kind: ResourceQuota
    /// metadata:
    ///   name: compute
    ///   namespace: team-a
    /// spec:
    ///   hard:
    ///     requests.cpu: "10"
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   strategy:
    ///     type: Recreate
    ///   selector:
    ///     matchLabels:
    ///       app: search
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: search
    ///     spec:
    ///       containers:
    ///         - name: search
    ///           image: registry.example/search:1.0
    ///           resources:
    ///             requests:
    ///               cpu: "2"
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: search
    ///   minReplicas: 2
    ///   maxReplicas: 5
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// All scalers are taken to be at their upper bound at once. A ScaledObject without `maxReplicaCount` counts 100 pods,
    /// KEDA's default; a Knative Service without upper bound counts its lower one. The limits of `cap-quota-exceeded` hold
    /// too.
    "cap-quota-exceeded-at-max", "at the upper bounds of its scalers a namespace asks for more than its ResourceQuota allows",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for account in accounts(context.index) {
        let hard = account.hard.quantity;
        if account.steady > hard || account.at_max <= hard {
            continue;
        }
        let key = account.resource.as_str();
        let allowed = number(key, hard);
        let message = format!(
            "{} for {} at maximum scale{}, its quota allows {}",
            who_asks(context, &account),
            amount(key, account.at_max),
            in_namespace(context, account.namespace),
            allowed.strip_suffix(".0").unwrap_or(&allowed),
        );
        let found = finding(context, &RULE, &account, message, |row| {
            match (&row.pod.counts.max_spot, row.pod.counts.max) {
                (Some(spot), Some(max)) => {
                    let label = format!(
                        "{} {}: up to {max} × {}",
                        row.pod.facts.object.key.kind,
                        short(row.pod),
                        number(key, row.own)
                    );
                    (spot.clone(), label)
                }
                _ => steady_spot(&account, row),
            }
        });
        let Some(mut found) = found else { continue };
        found
            .notes
            .push("under load the API server refuses the pods beyond the quota".to_owned());
        found.help = Some(format!(
            "lower an upper bound, or raise {} to {}",
            owner_of(account.placed),
            account.at_max
        ));
        sink.report(found);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    /// Replicas, scaler, quota on CPU (each pod asks for one): found or not.
    #[test]
    fn at_the_upper_bound() {
        let hpa = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: h, namespace: n}\nspec:\n  scaleTargetRef: {kind: Deployment, apiVersion: apps/v1, name: web}\n";
        let keda = "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: k, namespace: n}\nspec:\n  scaleTargetRef: {name: web}\n";
        for (scaler, quota, found) in [
            (format!("{hpa}  maxReplicas: 5\n"), "4", true),
            (format!("{hpa}  maxReplicas: 5\n"), "5", false),
            // The lower bound is beyond it already.
            (format!("{hpa}  minReplicas: 3\n  maxReplicas: 5\n"), "2", false),
            (keda.to_owned(), "99", true),
            (keda.to_owned(), "100", false),
            (format!("{keda}  maxReplicaCount: 7\n"), "6", true),
            // It scales something else.
            (
                format!("{hpa}  maxReplicas: 5\n").replace("name: web", "name: other"),
                "4",
                false,
            ),
            (
                format!("{hpa}  maxReplicas: 5\n").replace("kind: Deployment", "kind: StatefulSet"),
                "4",
                false,
            ),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: n}}\nspec:\n  replicas: 1\n  template: {{spec: {{containers: [{{name: c, resources: {{requests: {{cpu: 1}}}}}}]}}}}\n---\n{scaler}---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q, namespace: n}}\nspec: {{hard: {{cpu: {quota}}}}}\n"
            );
            let got = run("cap-quota-exceeded-at-max", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
