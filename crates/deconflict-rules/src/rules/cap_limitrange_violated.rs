use deconflict_claims::budget::{Limit, LimitKind};
use deconflict_claims::pods::{Amount, Container, Pod, Resources, Source};
use deconflict_claims::{Detail, Placed, Spot};
use deconflict_kube::Quantity;
use rustc_hash::FxHashMap;

use crate::collision::{Collision, Side};
use crate::quota::in_namespace;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Compares containers (init containers and injected ones too), pods and PersistentVolumeClaims with the minimum,
    /// maximum and limit-to-request ratio of the LimitRanges in their namespace, after defaults.
    ///
    /// ## Why it matters
    /// The API server refuses the pod or the claim: the Deployment is accepted and never gets a pod.
    ///
    /// ## Example
    /// ```yaml
    /// # infra/team-a/overlays/prod/limits.yaml
    /// apiVersion: v1
    /// kind: LimitRange
    /// metadata:
    ///   name: limits
    ///   namespace: team-a
    /// spec:
    ///   limits:
    ///     - type: Container
    ///       max:
    ///         memory: 2Gi
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
    ///               memory: 4Gi
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/team-a/overlays/prod/limits.yaml
    /// apiVersion: v1
    /// kind: LimitRange
    /// metadata:
    ///   name: limits
    ///   namespace: team-a
    /// spec:
    ///   limits:
    ///     - type: Container
    ///       max:
    ///         memory: 2Gi
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
    ///               memory: 2Gi
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Pods that an operator writes from its own resource are not judged. Values that other admission webhooks add are not
    /// known.
    "cap-limitrange-violated", "a container, pod or claim lies outside the bounds of a LimitRange",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

type Ranges<'i, 'a> = FxHashMap<&'i str, Vec<(&'i Placed<'a>, &'i Limit)>>;

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut ranges: Ranges<'_, '_> = FxHashMap::default();
    for placed in context.index.live() {
        if let (Detail::LimitRange(range), Some(namespace)) = (&placed.facts.detail, &placed.namespace) {
            ranges
                .entry(namespace.as_str())
                .or_default()
                .extend(range.limits.iter().map(|limit| (placed, limit)));
        }
    }
    if ranges.is_empty() {
        return;
    }
    for pod in context
        .index
        .pods()
        .all()
        .iter()
        .filter(|pod| pod.template.spec.is_some())
    {
        for (placed, limit) in ranges.get(pod.namespace.as_str()).into_iter().flatten() {
            match limit.kind {
                LimitKind::Container => {
                    for container in &pod.containers {
                        of_container(context, sink, (placed, limit), pod, container);
                    }
                }
                LimitKind::Pod => of_pod(context, sink, (placed, limit), pod),
                LimitKind::Claim => {}
            }
        }
    }
    for claim in context
        .index
        .live()
        .filter(|placed| placed.facts.object.key.is("", "PersistentVolumeClaim"))
    {
        let namespace = claim.namespace.as_deref().unwrap_or_default();
        let body = &claim.facts.object.body;
        let Some(node) = body.at_path(&["spec", "resources", "requests", "storage"]) else {
            continue;
        };
        let Some(storage) = Quantity::of(node) else {
            continue;
        };
        for (placed, limit) in ranges
            .get(namespace)
            .into_iter()
            .flatten()
            .filter(|(_, limit)| limit.kind == LimitKind::Claim)
        {
            let bounds = [
                (limit.min.get("storage"), "at least"),
                (limit.max.get("storage"), "at most"),
            ];
            for (bound, word) in bounds {
                let Some(bound) = bound else { continue };
                let fits = if word == "at least" {
                    storage >= bound.quantity
                } else {
                    storage <= bound.quantity
                };
                if !fits {
                    let what = format!("{} asks for {storage} of storage", claim.title());
                    let rule = format!("allows {word} {}", bound.quantity);
                    report(
                        context,
                        sink,
                        (claim, &Spot::of(node), ""),
                        (placed, bound),
                        "storage",
                        &format!("{what}, LimitRange `{}` {rule}", placed.facts.object.key.name),
                    );
                }
            }
        }
    }
}

/// What is wrong with one resource: the value's amount if there is one, the bound, and the words between them.
type Breach<'b> = (Option<&'b Amount>, &'b Amount, String);

/// `minConstraint`, `maxConstraint` and `limitRequestRatioConstraint` of the LimitRanger admission plugin.
fn breaches<'b>(limit: &'b Limit, name: &str, resources: &'b Resources) -> Option<Breach<'b>> {
    let (request, set) = (resources.requests.get(name), resources.limits.get(name));
    if let Some(min) = limit.min.get(name) {
        match (request, set) {
            (None, _) => {
                return Some((
                    None,
                    min,
                    format!("no {name} request, at least {} is demanded", min.quantity),
                ));
            }
            (Some(amount), _) if amount.quantity < min.quantity => {
                return Some((
                    Some(amount),
                    min,
                    format!(
                        "a {name} request of {}, at least {} is demanded",
                        amount.quantity, min.quantity
                    ),
                ));
            }
            (_, Some(amount)) if amount.quantity < min.quantity => {
                return Some((
                    Some(amount),
                    min,
                    format!(
                        "a {name} limit of {}, at least {} is demanded",
                        amount.quantity, min.quantity
                    ),
                ));
            }
            _ => {}
        }
    }
    if let Some(max) = limit.max.get(name) {
        match (request, set) {
            (_, None) => {
                return Some((
                    None,
                    max,
                    format!("no {name} limit, at most {} is allowed", max.quantity),
                ));
            }
            (_, Some(amount)) if amount.quantity > max.quantity => {
                return Some((
                    Some(amount),
                    max,
                    format!(
                        "a {name} limit of {}, at most {} is allowed",
                        amount.quantity, max.quantity
                    ),
                ));
            }
            (Some(amount), _) if amount.quantity > max.quantity => {
                return Some((
                    Some(amount),
                    max,
                    format!(
                        "a {name} request of {}, at most {} is allowed",
                        amount.quantity, max.quantity
                    ),
                ));
            }
            _ => {}
        }
    }
    let ratio = limit.ratio.get(name)?;
    match (request, set) {
        (Some(request), Some(set)) if !request.quantity.is_zero() => {
            let times = set.quantity.ratio(request.quantity)?;
            let allowed = ratio.quantity.ratio(Quantity::units(1))?;
            (times > allowed).then(|| {
                (
                    Some(set),
                    ratio,
                    format!(
                        "a {name} limit of {times:.1} times its request, {} times is allowed",
                        ratio.quantity
                    ),
                )
            })
        }
        _ => Some((
            None,
            ratio,
            format!(
                "no {name} request and limit, whose ratio is bounded by {}",
                ratio.quantity
            ),
        )),
    }
}

fn of_container(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (placed, limit): (&Placed<'_>, &Limit),
    pod: &Pod<'_>,
    container: &Container,
) {
    let names = limit.min.keys().chain(limit.max.keys()).chain(limit.ratio.keys());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let Some((amount, bound, words)) = breaches(limit, name, &container.resources) else {
            continue;
        };
        let workload = context.index.workload(pod);
        let written = amount.filter(|amount| amount.source != Source::LimitRange);
        let spot = written.map_or(&container.resources_spot, |amount| &amount.spot);
        let message = format!(
            "container `{}` of {} has {words} by LimitRange `{}`",
            container.name,
            workload.title(),
            placed.facts.object.key.name
        );
        report(
            context,
            sink,
            (workload, spot, &container.name),
            (placed, bound),
            name,
            &message,
        );
    }
}

fn of_pod(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (placed, limit): (&Placed<'_>, &Limit),
    pod: &Pod<'_>,
) {
    let total = |amounts: &std::collections::BTreeMap<smol_str::SmolStr, Quantity>| {
        let amount = |(name, quantity): (&smol_str::SmolStr, &Quantity)| {
            let amount = Amount {
                quantity: *quantity,
                spot: pod.template.spot.clone(),
                source: Source::Written,
            };
            (name.clone(), amount)
        };
        amounts.iter().map(amount).collect()
    };
    let resources = Resources {
        requests: total(&pod.usage.requests),
        limits: total(&pod.usage.limits),
    };
    let mut names: Vec<_> = limit
        .min
        .keys()
        .chain(limit.max.keys())
        .chain(limit.ratio.keys())
        .collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let Some((_, bound, words)) = breaches(limit, name, &resources) else {
            continue;
        };
        let workload = context.index.workload(pod);
        let spot = pod
            .containers
            .first()
            .map_or(&pod.template.spot, |container| &container.resources_spot);
        let message = format!(
            "a pod of {} has {words} by LimitRange `{}`",
            workload.title(),
            placed.facts.object.key.name
        );
        report(
            context,
            sink,
            (workload, spot, ""),
            (placed, bound),
            name,
            &message,
        );
    }
}

fn report(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    (object, spot, part): (&Placed<'_>, &Spot, &str),
    (range, bound): (&Placed<'_>, &Amount),
    name: &str,
    message: &str,
) {
    let title = object.title();
    let label = if part.is_empty() {
        title
    } else {
        format!("container `{part}` of {title}")
    };
    let sides = [
        Side::new(object, spot.clone()).labelled(label),
        Side::new(range, bound.spot.clone())
            .labelled(format!("LimitRange `{}`", range.facts.object.key.name)),
    ];
    let message = format!(
        "{message}{}",
        in_namespace(context, object.namespace.as_deref().unwrap_or_default())
    );
    let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
        return;
    };
    finding.key = Some(format!("{part}:{name}"));
    finding
        .notes
        .push("the API server refuses it when it is created".to_owned());
    finding.help = Some("change the value, or the bound".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    /// Entry of the LimitRange, resources of the container, words of the finding.
    #[test]
    fn bounds() {
        for (limit, resources, expected) in [
            (
                "type: Container, max: {cpu: 1}",
                "{limits: {cpu: 2}}",
                "a cpu limit of 2, at most 1",
            ),
            ("type: Container, max: {cpu: 1}", "{limits: {cpu: 1000m}}", ""),
            ("type: Container, max: {cpu: 1}", "{}", ""),
            (
                "type: Container, max: {cpu: 1}",
                "{requests: {cpu: 2}}",
                "a cpu request of 2, at most 1",
            ),
            (
                "type: Container, min: {cpu: 1}",
                "{requests: {cpu: 500m}}",
                "a cpu request of 500m, at least 1",
            ),
            ("type: Container, min: {cpu: 1}", "{}", ""),
            (
                "type: Container, maxLimitRequestRatio: {cpu: 2}",
                "{requests: {cpu: 1}, limits: {cpu: 4}}",
                "4.0 times its request, 2 times",
            ),
            (
                "type: Container, maxLimitRequestRatio: {cpu: 4}",
                "{requests: {cpu: 1}, limits: {cpu: 4}}",
                "",
            ),
            (
                "type: Container, maxLimitRequestRatio: {cpu: 4}",
                "{requests: {cpu: 1}}",
                "no cpu request and limit",
            ),
            (
                "type: Container, max: {memory: 1Gi}, min: {memory: 64Mi}",
                "{limits: {memory: 32Mi}}",
                "a memory request of 32Mi, at least 64Mi",
            ),
            ("type: Pod, max: {cpu: 1}", "{limits: {cpu: 2}}", "a pod of"),
            ("type: Pod, max: {cpu: 2}", "{limits: {cpu: 2}}", ""),
            (
                "type: PersistentVolumeClaim, max: {storage: 1Gi}",
                "{}",
                "asks for 2Gi of storage, LimitRange `l` allows at most 1Gi",
            ),
            ("type: PersistentVolumeClaim, min: {storage: 2Gi}", "{}", ""),
            (
                "type: PersistentVolumeClaim, min: {storage: 3Gi}",
                "{}",
                "allows at least 3Gi",
            ),
        ] {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: j, namespace: n}}\nspec: {{template: {{spec: {{containers: [{{name: c, resources: {resources}}}]}}}}}}\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: p, namespace: n}}\nspec: {{resources: {{requests: {{storage: 2Gi}}}}}}\n---\napiVersion: v1\nkind: LimitRange\nmetadata: {{name: l, namespace: n}}\nspec: {{limits: [{{{limit}}}]}}\n"
            );
            let got = run("cap-limitrange-violated", &text);
            assert_eq!(got.is_empty(), expected.is_empty(), "{limit} {resources}\n{got}");
            assert!(got.contains(expected), "{limit} {resources}\n{got}");
        }
    }
}
