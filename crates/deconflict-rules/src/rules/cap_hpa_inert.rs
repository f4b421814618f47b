use deconflict_claims::pods::{ContainerKind, Pod};
use deconflict_claims::{Placed, Spot};
use deconflict_findings::Label;
use deconflict_kube::{int_at, items_at, text_at};
use deconflict_yaml::Node;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds HorizontalPodAutoscalers and ScaledObjects with a utilisation target for CPU or memory whose pods have a
    /// container without a request for that resource, after defaults and injected containers. A metric for one container
    /// looks only at that one.
    ///
    /// ## Why it matters
    /// Utilisation is a share of the request. With one container missing it, the autoscaler reports "missing request for
    /// cpu" and never scales, which shows under load only.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: search
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
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: search
    ///   namespace: search
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: search
    ///   minReplicas: 2
    ///   maxReplicas: 8
    ///   metrics:
    ///     - type: Resource
    ///       resource:
    ///         name: cpu
    ///         target:
    ///           type: Utilization
    ///           averageUtilization: 70
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
    ///   namespace: search
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
    ///               cpu: 500m
    ///               memory: 1Gi
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: search
    ///   namespace: search
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: search
    ///   minReplicas: 2
    ///   maxReplicas: 8
    ///   metrics:
    ///     - type: Resource
    ///       resource:
    ///         name: cpu
    ///         target:
    ///           type: Utilization
    ///           averageUtilization: 70
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A lower bound above the upper one is refused by the API server and reported as `api-hpa-bounds`. Requests that
    /// other admission webhooks or a VerticalPodAutoscaler set are not known.
    "cap-hpa-inert", "a scaler's utilisation target has no request to be a share of",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

/// A target of utilisation: the resource, the one container if it is about one, and where it stands.
struct Target<'n> {
    resource: &'n str,
    container: Option<&'n str>,
    spot: Spot,
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context
        .index
        .pods()
        .all()
        .iter()
        .filter(|pod| pod.template.spec.is_some())
    {
        for index in &pod.scalers {
            let scaler = &context.index.objects[*index as usize];
            let mut told: Vec<&str> = Vec::new();
            for target in targets(&scaler.facts.object.body) {
                if !told.contains(&target.resource) && report(context, sink, pod, scaler, &target) {
                    told.push(target.resource);
                }
            }
        }
    }
}

/// Of `autoscaling/v2` metrics, the percentage of `autoscaling/v1`, what a HorizontalPodAutoscaler without any gets, and
/// KEDA's `cpu` and `memory` triggers, whose metric type is a utilisation unless they say otherwise.
fn targets(body: &Node) -> Vec<Target<'_>> {
    let Some(spec) = body.at_path(&["spec"]) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for metric in items_at(spec, &["metrics"]) {
        for field in ["resource", "containerResource"] {
            let Some(source) = metric.at_path(&[field]) else {
                continue;
            };
            if int_at(source, &["target", "averageUtilization"]).is_none() {
                continue;
            }
            let Some(name) = source.at_path(&["name"]) else {
                continue;
            };
            found.push(Target {
                resource: name.text().unwrap_or_default(),
                container: text_at(source, &["container"]).filter(|_| field == "containerResource"),
                spot: Spot::of(name),
            });
        }
    }
    for trigger in items_at(spec, &["triggers"]) {
        let Some(kind) = trigger.at_path(&["type"]) else {
            continue;
        };
        let metric_type =
            text_at(trigger, &["metricType"]).or_else(|| text_at(trigger, &["metadata", "type"]));
        if matches!(kind.text(), Some("cpu" | "memory")) && matches!(metric_type, None | Some("Utilization"))
        {
            found.push(Target {
                resource: kind.text().unwrap_or_default(),
                container: text_at(trigger, &["metadata", "containerName"]),
                spot: Spot::of(kind),
            });
        }
    }
    if let Some(node) = spec.at_path(&["targetCPUUtilizationPercentage"]) {
        found.push(Target {
            resource: "cpu",
            container: None,
            spot: Spot::of(node),
        });
    }
    let is_hpa = text_at(body, &["kind"]) == Some("HorizontalPodAutoscaler");
    if is_hpa
        && found.is_empty()
        && items_at(spec, &["metrics"]).next().is_none()
        && let Some(node) = spec.at_path(&["scaleTargetRef"])
    {
        // Without metrics it aims at 80 % of the CPU request.
        found.push(Target {
            resource: "cpu",
            container: None,
            spot: Spot::of(node.at_path(&["name"]).unwrap_or(node)),
        });
    }
    found
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    pod: &Pod<'_>,
    scaler: &Placed<'_>,
    target: &Target<'_>,
) -> bool {
    let resource = target.resource;
    if pod.template.pod_resources.requests.contains_key(resource)
        || pod.template.pod_resources.limits.contains_key(resource)
    {
        return false;
    }
    let without: Vec<_> = pod
        .containers
        .iter()
        .filter(|container| container.kind == ContainerKind::Regular)
        .filter(|container| target.container.is_none_or(|name| name == container.name))
        .filter(|container| {
            container
                .resources
                .requests
                .get(resource)
                .is_none_or(|amount| amount.quantity.is_zero())
        })
        .collect();
    let Some(first) = without.first() else {
        return false;
    };
    let names: Vec<String> = without
        .iter()
        .map(|container| format!("`{}`", container.name))
        .collect();
    let workload = context.index.workload(pod);
    let plural = if names.len() == 1 {
        "container"
    } else {
        "containers"
    };
    let message = format!(
        "{} never scales on {resource}{}: {plural} {} of {} has no {resource} request",
        scaler.title(),
        in_cluster(context.index),
        list(&names, "and"),
        workload.title(),
    );
    let sides = [
        Side::new(scaler, target.spot.clone()),
        Side::new(workload, first.resources_spot.clone()).labelled(format!(
            "container `{}` of {}",
            first.name,
            workload.title()
        )),
    ];
    let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
        return false;
    };
    for container in &without[1..] {
        finding.related.push(Label::new(
            container.resources_spot.at,
            format!("container `{}`", container.name),
        ));
    }
    finding.key = Some(resource.to_owned());
    finding.notes.push(format!(
        "a utilisation is a share of the request; the autoscaler says \"missing request for {resource}\""
    ));
    finding.help = Some(format!(
        "set `resources.requests.{resource}` on every container, or aim at one container with a ContainerResource metric"
    ));
    sink.report(finding);
    true
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    /// Containers, scaler spec: found or not.
    #[test]
    fn shares_of_nothing() {
        let cpu = "metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]";
        let value = "metrics: [{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 1}}}]";
        let one = "metrics: [{type: ContainerResource, containerResource: {name: cpu, container: a, target: {type: Utilization, averageUtilization: 70}}}]";
        for (containers, spec, found) in [
            ("{name: a}", cpu, true),
            ("{name: a, resources: {requests: {cpu: 1}}}", cpu, false),
            ("{name: a, resources: {limits: {cpu: 1}}}", cpu, false),
            ("{name: a, resources: {requests: {cpu: 1}}}, {name: b}", cpu, true),
            (
                "{name: a, resources: {requests: {cpu: 1}}}, {name: b}",
                one,
                false,
            ),
            ("{name: b, resources: {requests: {cpu: 1}}}, {name: a}", one, true),
            ("{name: a}", value, false),
            ("{name: a}", "maxReplicas: 3", true),
            ("{name: a}", "targetCPUUtilizationPercentage: 50", true),
            ("{name: a, resources: {requests: {memory: 1}}}", cpu, true),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d, namespace: n}}\nspec: {{template: {{spec: {{containers: [{containers}]}}}}}}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{name: h, namespace: n}}\nspec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: d}}, {spec}}}\n"
            );
            let got = run("cap-hpa-inert", &text);
            assert_eq!(!got.is_empty(), found, "{containers} {spec}\n{got}");
        }
        let keda = |trigger: &str| {
            format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d, namespace: n}}\nspec: {{template: {{spec: {{containers: [{{name: a}}]}}}}}}\n---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {{name: k, namespace: n}}\nspec: {{scaleTargetRef: {{name: d}}, triggers: [{trigger}]}}\n"
            )
        };
        assert_ne!(
            run("cap-hpa-inert", &keda("{type: cpu, metadata: {value: '60'}}")),
            ""
        );
        assert_eq!(
            run("cap-hpa-inert", &keda("{type: cpu, metricType: AverageValue}")),
            ""
        );
        assert_eq!(run("cap-hpa-inert", &keda("{type: prometheus}")), "");
    }
}
