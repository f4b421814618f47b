use deconflict_claims::budget::{Account, accounts};

use crate::quota::{amount, finding, help, in_namespace, number, short, steady_spot, who_asks};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Adds up what all pods of a namespace ask for and compares the sum with each ResourceQuota that counts them: CPU,
    /// memory, ephemeral storage, extended resources, huge pages and the number of pods.
    ///
    /// A pod asks for the sum of its containers and native sidecars, or for its greatest init container if that is more, with
    /// what a limit, a LimitRange, an injected sidecar and the runtime's overhead add. Replicas come from the workload, or are
    /// the lower bound of its HorizontalPodAutoscaler or ScaledObject; DaemonSets count the declared nodes that match.
    ///
    /// ## Why it matters
    /// Every file is valid alone and nobody adds them up. The API server refuses the pod that goes beyond the quota, so a
    /// Deployment stays below its replicas and its rollout hangs. Pods that run already stay, so the one who hurts is
    /// whoever deploys next.
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
    ///     requests.cpu: "20"
    /// # apps/search/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   replicas: 11
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
    ///     requests.cpu: "20"
    /// # apps/search/overlays/prod/deployment.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
    ///   replicas: 8
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
    /// What operators and other tools create in the namespace is not in Git and not counted, but for pods of Argo Rollouts,
    /// Knative, CloudNativePG and Strimzi. A Rollout with `workloadRef` counts as the Deployment it names. A CronJob counts as
    /// one Job, also where several may run at once. DaemonSets count only when the configuration lists the cluster's nodes.
    /// Injected containers are taken with their injector's default resources unless annotations say otherwise, as the
    /// installation's own values are rarely in the repository; what a mesh adds as init container is not counted. Of
    /// several LimitRanges in one namespace the first in the order of deployment gives the defaults. Quotas with the scope
    /// CrossNamespacePodAffinity look at affinity terms only; scopes about volume attributes count nothing.
    "cap-quota-exceeded", "the pods of a namespace ask for more than its ResourceQuota allows",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for account in accounts(context.index) {
        if account.steady <= account.hard.quantity {
            continue;
        }
        let key = account.resource.as_str();
        let hard = number(key, account.hard.quantity);
        let message = format!(
            "{} for {}{}, its quota allows {}",
            who_asks(context, &account),
            amount(key, account.steady),
            in_namespace(context, account.namespace),
            hard.strip_suffix(".0").unwrap_or(&hard),
        );
        let found = finding(context, &RULE, &account, message, |row| {
            steady_spot(&account, row)
        });
        let Some(mut found) = found else { continue };
        found.notes.push(consequence(&account));
        found.help = Some(help(&account));
        sink.report(found);
    }
}

/// What the greatest contributor gets when it is the last to start.
fn consequence(account: &Account<'_, '_>) -> String {
    const REFUSED: &str = "the API server refuses pods beyond the quota, those that run stay";
    let Some(row) = account.rows.first() else {
        return REFUSED.to_owned();
    };
    let others = account.steady.minus(row.steady());
    let fit = account.hard.quantity.minus(others).fits(row.each).unwrap_or(0);
    match row.pod.counts.steady {
        count if count > 1 => {
            format!(
                "{REFUSED}: if {} starts last, it hangs at {fit} of {count} pods",
                short(row.pod)
            )
        }
        _ => REFUSED.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::check;
    use crate::quota::arithmetic::{NAMESPACE, deployment, pods, quota, sums};

    const RULE: &str = "cap-quota-exceeded";

    /// The numbers of the picture in the messages' reference.
    #[test]
    fn the_three_numbers_and_who_makes_them() {
        let cpu = "containers: [{name: c, resources: {requests: {cpu: 2}}}]";
        let hpa = "//- apps/search/search/overlays/prod/hpa.yaml\napiVersion: autoscaling/v2\n\
                   kind: HorizontalPodAutoscaler\nmetadata: {name: search, namespace: team-a}\n\
                   spec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: search}\n  minReplicas: 6\n  maxReplicas: 10\n";
        let text = NAMESPACE.to_owned()
            + &quota("requests.cpu: \"20\"")
            + &deployment("search", "search", "replicas: 8", cpu)
            + hpa
            + &deployment("shop", "recommend", "replicas: 4", cpu);
        check(
            RULE,
            &text,
            "error[cap-quota-exceeded]: search and shop ask for 21 CPU in namespace team-a of prod, its quota allows 20
             apps/search/search/overlays/prod/hpa.yaml:6 `6` Deployment search: 6 × 2.0 (team search)
             apps/shop/recommend/overlays/prod/d.yaml:5 `4` Deployment recommend: 4 × 2.0 (team shop)
             infra/team-a/overlays/prod/quota.yaml:6 `\"20\"` the quota `compute` (team platform)
             note: requests.cpu   steady 21.0   at maximum 29.4   during rollout 25.2   quota 20.0
             note:   search        12.0   6 × 2.0    pods apps/search/search/overlays/prod/hpa.yaml:6, each apps/search/search/overlays/prod/d.yaml:8
             note:   recommend      8.0   4 × 2.0    pods apps/shop/recommend/overlays/prod/d.yaml:5, each apps/shop/recommend/overlays/prod/d.yaml:8
             note:   istio-proxy    1.0   10 × 0.1   injected (namespace label `istio-injection`, infra/team-a/overlays/prod/ns.yaml:6)
             note: the API server refuses pods beyond the quota, those that run stay: if search starts last, it hangs at 5 of 6 pods
             help: 5 replicas of search fit; or raise the quota (owner: platform) to 21",
        );
    }

    #[test]
    fn no_finding() {
        let cpu = "containers: [{name: c, resources: {requests: {cpu: 2}}}]";
        // Exactly used up.
        pods("requests.cpu: 4", "replicas: 2", cpu, "nothing");
        // Only a rollout or a scaler goes beyond: other rules.
        pods(
            "requests.cpu: 4",
            "replicas: 2\n  strategy: {rollingUpdate: {maxSurge: 1}}",
            cpu,
            "nothing",
        );
        // Another namespace; another cluster.
        let web = deployment("a", "web", "replicas: 2", cpu);
        sums(
            "cpu: 1",
            &web.replace("namespace: team-a", "namespace: team-b"),
            "nothing",
        );
        sums(
            "cpu: 1",
            &web.replace("overlays/prod", "overlays/staging"),
            "nothing",
        );
        // What two applications deploy both is one object.
        sums(
            "cpu: 4",
            &(web.clone() + &web.replace("apps/a/web", "apps/b/web")),
            "nothing",
        );
        // A quota on something else.
        sums("requests.memory: 1Mi", &web, "nothing");
        sums("count/deployments.apps: 0", &web, "nothing");
    }
}
