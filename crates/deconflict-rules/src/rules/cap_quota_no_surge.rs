use deconflict_claims::budget::{Row, accounts};

use crate::quota::{amount, finding, in_namespace, number, owner_of, short, steady_spot};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Adds to the steady sum of a namespace what the largest single rollout puts on top (`maxSurge`, a quarter of the
    /// replicas rounded up unless the Deployment says otherwise) and compares it with each ResourceQuota. Only when the
    /// steady sum fits.
    ///
    /// ## Why it matters
    /// Everything runs, and the next release hangs: the first new pod is refused, and the old ones are only taken away
    /// when a new one is ready.
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
    ///     requests.cpu: "6"
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   replicas: 3
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
    ///     requests.cpu: "8"
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   replicas: 3
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
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// One rollout at a time is counted; a change of something that many workloads share rolls all of them out together.
    /// The limits of `cap-quota-exceeded` hold too.
    "cap-quota-no-surge", "the quota of a namespace has no room for the pods that a rollout adds",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for account in accounts(context.index) {
        let hard = account.hard.quantity;
        if account.steady > hard || account.rollout <= hard {
            continue;
        }
        let key = account.resource.as_str();
        let Some(largest) = account.largest_rollout() else {
            continue;
        };
        let allowed = number(key, hard);
        let message = format!(
            "a rollout of {} takes {}{}, the quota allows {}",
            short(largest.pod),
            amount(key, account.rollout),
            in_namespace(context, account.namespace),
            allowed.strip_suffix(".0").unwrap_or(&allowed),
        );
        let found = finding(context, &RULE, &account, message, |row| {
            match row.pod.template.surge.spot() {
                Some(spot) if is(row, largest) => (spot.clone(), format!("surge of {}", short(row.pod))),
                _ => steady_spot(&account, row),
            }
        });
        let Some(mut found) = found else { continue };
        found.notes.push(if largest.pod.unavailable() == 0 {
            format!(
                "the next rollout of {} hangs: its first new pod is refused, and no old one may go first",
                short(largest.pod)
            )
        } else {
            format!(
                "a rollout of {} goes on only by taking pods away first",
                short(largest.pod)
            )
        });
        found.help = Some(format!(
            "set `maxSurge: 0` with `maxUnavailable: 1` on {}, or raise {} to {}",
            short(largest.pod),
            owner_of(account.placed),
            account.rollout
        ));
        sink.report(found);
    }
}

fn is(row: &Row<'_, '_>, other: &Row<'_, '_>) -> bool {
    std::ptr::eq(row.pod, other.pod)
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn room_for_one_rollout() {
        let web = |name: &str, spec: &str| {
            format!(
                "//- apps/a/{name}/overlays/prod/d.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: n}}\nspec:\n  {spec}\n  template: {{spec: {{containers: [{{name: c, resources: {{requests: {{cpu: 1}}}}}}]}}}}\n"
            )
        };
        let two = web("a", "replicas: 2") + &web("b", "replicas: 4");
        for (workloads, quota, expected) in [
            (two.clone(), "6", "goes on"),
            (web("a", "replicas: 3"), "3", "hangs"),
            // One rollout at a time.
            (two.clone(), "7", ""),
            // Beyond it already: another rule.
            (two, "5", ""),
            (web("a", "replicas: 8"), "9", "goes on"),
            (web("a", "replicas: 2\n  strategy: {type: Recreate}"), "2", ""),
            (
                web("a", "replicas: 2\n  strategy: {rollingUpdate: {maxSurge: 0}}"),
                "2",
                "",
            ),
            (
                web("a", "replicas: 2").replace("Deployment", "StatefulSet"),
                "2",
                "",
            ),
        ] {
            let quota = format!(
                "//- infra/q/overlays/prod/q.yaml\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q, namespace: n}}\nspec: {{hard: {{requests.cpu: {quota}}}}}\n"
            );
            let got = run("cap-quota-no-surge", &(workloads + &quota));
            assert_eq!(got.is_empty(), expected.is_empty(), "{quota}\n{got}");
            assert!(got.contains(expected), "{got}");
        }
    }
}
