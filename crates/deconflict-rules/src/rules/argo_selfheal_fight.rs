use deconflict_claims::pods::{Count, Pod, ScalerKind};
use deconflict_claims::{ClusterIndex, Detail, Placed, Spot};
use deconflict_findings::{Finding, Label};
use deconflict_kube::{items_at, text_at};
use deconflict_placement::Drift;
use deconflict_yaml::Node;

use crate::argo_drift::{drift_of, is_ignored, settings};
use crate::collision::{Collision, Side, in_cluster};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds fields that an Application with `selfHeal: true` sets back while something in the cluster sets them again:
    /// `spec.replicas` under a HorizontalPodAutoscaler or ScaledObject, and a `caBundle` that cert-manager injects.
    ///
    /// ## Why it matters
    /// Self-healing reacts to every change within seconds: the autoscaler adds pods under load and Argo CD takes them away,
    /// in turn, without end. A webhook whose certificate is set back is refused by the API server.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: prod, roots: [argocd]}]
    /// sources: [{name: "https://git.example/org/gitops", path: .}]
    /// # argocd/search.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: search
    ///   namespace: argocd
    /// spec:
    ///   project: search
    ///   source:
    ///     repoURL: https://git.example/org/gitops
    ///     path: search
    ///   destination:
    ///     name: in-cluster
    ///     namespace: shop
    ///   syncPolicy:
    ///     automated:
    ///       prune: true
    ///       selfHeal: true
    /// # search/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
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
    ///               cpu: 500m
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: search
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: search
    ///   minReplicas: 3
    ///   maxReplicas: 8
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: prod, roots: [argocd]}]
    /// sources: [{name: "https://git.example/org/gitops", path: .}]
    /// # argocd/search.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: search
    ///   namespace: argocd
    /// spec:
    ///   project: search
    ///   source:
    ///     repoURL: https://git.example/org/gitops
    ///     path: search
    ///   destination:
    ///     name: in-cluster
    ///     namespace: shop
    ///   syncPolicy:
    ///     automated:
    ///       prune: true
    ///       selfHeal: true
    /// # search/search.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: search
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
    /// ---
    /// apiVersion: autoscaling/v2
    /// kind: HorizontalPodAutoscaler
    /// metadata:
    ///   name: search
    /// spec:
    ///   scaleTargetRef:
    ///     apiVersion: apps/v1
    ///     kind: Deployment
    ///     name: search
    ///   minReplicas: 3
    ///   maxReplicas: 8
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Settings of Argo CD (`argocd-cm`, the operator's `ArgoCD`) that ignore the field count only when they are in the
    /// repository. A jq expression that names the field counts as one that covers it. A VerticalPodAutoscaler changes pods and
    /// not what Git sets, so it fights nobody. Without self-healing the number is set back at the next sync only:
    /// `sel-replicas-vs-hpa`.
    "argo-selfheal-fight", "self-healing sets back what something in the cluster sets",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    for index in context.clusters {
        for pod in index.pods().all() {
            replicas(context, sink, index, pod);
        }
        for placed in index.live() {
            bundles(context, sink, index, placed);
        }
    }
}

/// What sets the differences of `placed` at `pointer` back, unless they do not count.
fn fights<'a>(context: &FleetContext<'_>, placed: &Placed<'a>, pointer: &str) -> Option<&'a Drift> {
    let drift = drift_of(placed).filter(|drift| drift.self_heal.is_some())?;
    let is_left = is_ignored(&drift.ignored, placed, pointer)
        || is_ignored(&settings(context, placed), placed, pointer);
    (!is_left).then_some(drift)
}

fn replicas(context: &FleetContext<'_>, sink: &mut Sink, index: &ClusterIndex<'_>, pod: &Pod<'_>) {
    let Count::Fixed {
        pods: 1..,
        spot: Some(spot),
    } = &pod.template.count
    else {
        return;
    };
    let scalers = pod.scalers.iter().map(|at| &index.objects[*at as usize]);
    let mut horizontal = scalers.filter_map(|placed| match &placed.facts.detail {
        Detail::Scaler(scaler) if scaler.kind != ScalerKind::Vertical => Some((placed, scaler)),
        _ => None,
    });
    let Some((scaler, detail)) = horizontal.next() else {
        return;
    };
    let workload = index.workload(pod);
    let Some(drift) = fights(context, workload, "/spec/replicas") else {
        return;
    };
    let message = format!(
        "the self-healing Application {} and {} take turns at the replicas of {}{}",
        workload.app,
        scaler.title(),
        workload.title(),
        in_cluster(index)
    );
    let sides = [
        Side::new(workload, spot.clone()),
        Side::new(scaler, detail.spot.clone()),
    ];
    let collision = Collision::new(context.library.files(), sides);
    let key = &workload.facts.object.key;
    let finding = finding(
        &collision,
        (message, "spec.replicas".to_owned()),
        drift,
        "Argo CD sets the number back within seconds whenever the autoscaler changes it",
        format!(
            "drop `replicas`; or add `{{group: {}, kind: {}, jsonPointers: [/spec/replicas]}}` to `ignoreDifferences` of the \
             Application and `RespectIgnoreDifferences=true` to its `syncOptions`",
            key.group, key.kind
        ),
    );
    if let Some(finding) = finding {
        sink.report(finding);
    }
}

/// `caBundle` of Git in an object that asks cert-manager to inject one.
fn bundles(context: &FleetContext<'_>, sink: &mut Sink, index: &ClusterIndex<'_>, placed: &Placed<'_>) {
    if drift_of(placed).is_none_or(|drift| drift.self_heal.is_none()) {
        return;
    }
    let Some((annotation, asks)) = injector(placed) else {
        return;
    };
    let Some((pointer, bundle)) = written(placed) else {
        return;
    };
    let Some(drift) = fights(context, placed, &pointer) else {
        return;
    };
    let message = format!(
        "the self-healing Application {} and cert-manager take turns at the `caBundle` of {}{}",
        placed.app,
        placed.title(),
        in_cluster(index)
    );
    let sides = [Side::new(placed, Spot::of(bundle)).labelled("set here")];
    let collision = Collision::new(context.library.files(), sides);
    let key = &placed.facts.object.key;
    let asks = Label::new(asks.at, format!("`{annotation}` asks cert-manager to set it"));
    let finding = finding(
        &collision,
        (message, pointer[1..].replace('/', ".")),
        drift,
        "Argo CD sets the bundle back as soon as it is injected, and calls to the webhook fail",
        format!(
            "drop `caBundle`; or add `{{group: {}, kind: {}, jsonPointers: [{pointer}]}}` to `ignoreDifferences` of the \
             Application and `RespectIgnoreDifferences=true` to its `syncOptions`",
            key.group, key.kind
        ),
    );
    if let Some(mut finding) = finding {
        finding.related.insert(0, asks);
        sink.report(finding);
    }
}

/// The annotation that asks cert-manager's injector for a bundle (cert-manager documentation, CA Injector).
fn injector<'n>(placed: &'n Placed<'_>) -> Option<(&'static str, &'n Node)> {
    let names = [
        "cert-manager.io/inject-ca-from",
        "cert-manager.io/inject-ca-from-secret",
        "cert-manager.io/inject-apiserver-ca",
    ];
    let body = &placed.facts.object.body;
    names.into_iter().find_map(|name| {
        let value = body.at_path(&["metadata", "annotations", name])?;
        Some((name, value))
    })
}

/// The first bundle that is not empty, with its JSON pointer.
fn written<'n>(placed: &'n Placed<'_>) -> Option<(String, &'n Node)> {
    let body = &placed.facts.object.body;
    let is_set = |node: &Node| text_at(node, &["caBundle"]).is_some_and(|text| !text.is_empty());
    let key = &placed.facts.object.key;
    match (key.group.as_str(), key.kind.as_str()) {
        ("admissionregistration.k8s.io", _) => {
            let configs = items_at(body, &["webhooks"]).map(|webhook| webhook.at_path(&["clientConfig"]));
            let mut configs = configs.enumerate();
            configs.find_map(|(at, config)| {
                let bundle = config.filter(|config| is_set(config))?.at_path(&["caBundle"])?;
                Some((format!("/webhooks/{at}/clientConfig/caBundle"), bundle))
            })
        }
        ("apiextensions.k8s.io", _) => {
            let config = body.at_path(&["spec", "conversion", "webhook", "clientConfig"]);
            let bundle = config.filter(|config| is_set(config))?.at_path(&["caBundle"])?;
            Some((
                "/spec/conversion/webhook/clientConfig/caBundle".to_owned(),
                bundle,
            ))
        }
        ("apiregistration.k8s.io", _) => {
            let spec = body.at_path(&["spec"]).filter(|spec| is_set(spec))?;
            Some(("/spec/caBundle".to_owned(), spec.at_path(&["caBundle"])?))
        }
        _ => None,
    }
}

fn finding(
    collision: &Collision<'_, '_>,
    (message, field): (String, String),
    drift: &Drift,
    note: &str,
    help: String,
) -> Option<Finding> {
    let mut finding = collision.finding(&RULE, message)?;
    finding.field = Some(field);
    if let Some(at) = drift.self_heal {
        finding.related.push(Label::new(at, "self-healing is on"));
    }
    finding.notes.push(note.to_owned());
    finding.help = Some(help);
    Some(finding)
}
