use deconflict_claims::budget::{Quota, Resource, accounts};
use deconflict_claims::pods::{Container, Pod, Resources};
use deconflict_claims::{Detail, Placed, Spot};

use crate::collision::{Collision, Side, list};
use crate::quota::in_namespace;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds containers, init containers included, without a CPU or memory request or limit that a ResourceQuota of their
    /// namespace counts, after the defaults of LimitRanges.
    ///
    /// ## Why it matters
    /// Where a quota counts `limits.memory`, the API server refuses every pod with a container that sets none: "must
    /// specify limits.memory". The Deployment is accepted and never gets a pod.
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
    ///     limits.memory: 64Gi
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
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
    ///               memory: 1Gi
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
    ///     limits.memory: 64Gi
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: team-a
    /// spec:
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
    ///             limits:
    ///               memory: 1Gi
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Pods that an operator writes from its own resource are not judged, as the operator may set what is missing. Values
    /// that other admission webhooks add are not known.
    "cap-quota-needs-values", "a container lacks a request or limit that the quota of its namespace demands",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

/// The keys that every container must carry once they are counted (`quota/v1/evaluator/core`, `Constraints`).
const DEMANDED: [&str; 6] = [
    "cpu",
    "memory",
    "requests.cpu",
    "requests.memory",
    "limits.cpu",
    "limits.memory",
];

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    // The accounts of one quota come together; its first one stands for the pods that it counts.
    let mut last: Option<*const Placed<'_>> = None;
    for account in accounts(context.index) {
        if last == Some(std::ptr::from_ref(account.placed)) {
            continue;
        }
        last = Some(account.placed);
        let Detail::Quota(quota) = &account.placed.facts.detail else {
            continue;
        };
        for pod in context.index.pods().of_namespace(account.namespace) {
            let runs = pod.counts.unknown || pod.counts.max != Some(0);
            if runs && pod.template.spec.is_some() && quota.counts(pod, account.default_priority) {
                containers(context, sink, (account.placed, quota), pod);
            }
        }
    }
}

fn containers(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (placed, quota): (&Placed<'_>, &Quota),
    pod: &Pod<'_>,
) {
    for container in &pod.containers {
        let missing: Vec<(&str, &Spot)> = quota
            .hard
            .iter()
            .filter(|(key, _)| DEMANDED.contains(&key.as_str()))
            .filter(|(key, _)| !has(&container.resources, key) && !has(&pod.template.pod_resources, key))
            .map(|(key, amount)| (key.as_str(), &amount.spot))
            .collect();
        if let [(_, first), ..] = missing.as_slice() {
            let names: Vec<String> = missing.iter().map(|(key, _)| words(key)).collect();
            report(context, sink, (pod, container), (placed, first), &names);
        }
    }
}

fn has(resources: &Resources, key: &str) -> bool {
    match Resource::of(key) {
        Resource::Requests(name) => resources.requests.contains_key(name),
        Resource::Limits(name) => resources.limits.contains_key(name),
        _ => true,
    }
}

fn words(key: &str) -> String {
    match Resource::of(key) {
        Resource::Limits(name) => format!("{name} limit"),
        Resource::Requests(name) => format!("{name} request"),
        _ => key.to_owned(),
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (pod, container): (&Pod<'_>, &Container),
    (placed, hard): (&Placed<'_>, &Spot),
    missing: &[String],
) {
    let workload = context.index.workload(pod);
    let quota = &placed.facts.object.key.name;
    let message = format!(
        "container `{}` of {} has no {}, which the quota `{quota}` demands{}",
        container.name,
        workload.title(),
        list(missing, "and"),
        in_namespace(context, &pod.namespace),
    );
    let injected = pod
        .injected
        .iter()
        .find(|injected| injected.container.name == container.name && !injected.completes);
    let label = match injected {
        Some(injected) => format!("`{}` is injected ({})", container.name, injected.why),
        None => format!("container `{}` of {}", container.name, workload.title()),
    };
    let sides = [
        Side::new(workload, container.resources_spot.clone()).labelled(label),
        Side::new(placed, hard.clone()).labelled(format!("the quota `{quota}`")),
    ];
    let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!("{}/{}", workload.facts.object.key.name, container.name));
    finding.notes.push(
        "the API server refuses its pods: \"failed quota: must specify\" the missing values".to_owned(),
    );
    finding.help = Some("set them, or give the namespace a LimitRange with defaults".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    /// rules.md section 5.5, step 5: keys of the quota, pod spec, what is missing.
    #[test]
    fn what_is_demanded() {
        let none = "containers: [{name: c}]";
        let limits = "containers: [{name: c, resources: {limits: {cpu: 1, memory: 1Gi}}}]";
        let requests = "containers: [{name: c, resources: {requests: {cpu: 1, memory: 1Gi}}}]";
        let init = "initContainers: [{name: i}], containers: [{name: c, resources: {limits: {cpu: 1}}}]";
        for (hard, spec, expected) in [
            (
                "requests.cpu: 1, limits.memory: 1Gi",
                none,
                "memory limit and cpu request",
            ),
            ("cpu: 1", none, "cpu request"),
            ("cpu: 1", limits, ""),
            ("requests.memory: 1Gi", requests, ""),
            ("limits.memory: 1Gi", requests, "memory limit"),
            ("cpu: 1", init, "`i`"),
            (
                "requests.ephemeral-storage: 1Gi, pods: 1, requests.nvidia.com/gpu: 1",
                none,
                "",
            ),
            (
                "limits.cpu: 1",
                "resources: {limits: {cpu: 1}}, containers: [{name: c}]",
                "",
            ),
        ] {
            for (range, defaulted) in [
                ("", false),
                ("default: {cpu: 1, memory: 1Gi}", true),
                ("default: {cpu: 1}", false),
            ] {
                let limit_range = if range.is_empty() {
                    String::new()
                } else {
                    format!(
                        "---\napiVersion: v1\nkind: LimitRange\nmetadata: {{name: l, namespace: n}}\nspec: {{limits: [{{type: Container, {range}}}]}}\n"
                    )
                };
                let text = format!(
                    "//- apps/a/web/overlays/prod/all.yaml\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: j, namespace: n}}\nspec: {{template: {{spec: {{{spec}}}}}}}\n---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q, namespace: n}}\nspec: {{hard: {{{hard}}}}}\n{limit_range}"
                );
                let got = run("cap-quota-needs-values", &text);
                if range.is_empty() {
                    assert_eq!(got.is_empty(), expected.is_empty(), "{text}{got}");
                    assert!(got.contains(expected), "{text}{got}");
                } else if defaulted {
                    assert_eq!(got, "", "{text}");
                }
            }
        }
    }

    #[test]
    fn pods_that_the_quota_does_not_count() {
        let text = |scope: &str, replicas: u32| {
            format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d, namespace: n}}\nspec: {{replicas: {replicas}, template: {{spec: {{containers: [{{name: c}}]}}}}}}\n---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q, namespace: n}}\nspec: {{scopes: [{scope}], hard: {{limits.cpu: 1}}}}\n"
            )
        };
        assert_eq!(run("cap-quota-needs-values", &text("Terminating", 1)), "");
        assert_eq!(run("cap-quota-needs-values", &text("NotTerminating", 0)), "");
        assert_ne!(run("cap-quota-needs-values", &text("NotTerminating", 1)), "");
    }
}
