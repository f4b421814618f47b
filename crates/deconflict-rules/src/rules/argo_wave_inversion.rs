use std::fmt;

use deconflict_claims::pods::{Controller, Count, Pod};
use deconflict_claims::{Detail, Placed, Spot};
use deconflict_kube::{items_at, text_at, text_of};
use deconflict_placement::Engine;
use deconflict_yaml::Node;

use crate::collision::{Collision, Side, in_cluster};
use crate::refs::asked;
use crate::rules::ref_backend_missing::services;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds objects of one Application that Argo CD applies in an earlier phase or wave than what they need: pods before
    /// their ConfigMap, Secret, ServiceAccount or PersistentVolumeClaim, an autoscaler before its workload, an Ingress, a
    /// route or a webhook before its Service.
    ///
    /// ## Why it matters
    /// Argo CD goes on with the next wave when everything in this one is healthy, and pods that wait for a later wave never
    /// are: the first sync hangs, and so does every rebuild of the cluster, although all is well where it was applied once.
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
    /// # search/search.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: settings
    ///   annotations:
    ///     argocd.argoproj.io/sync-wave: "5"
    /// data:
    ///   level: info
    /// ---
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
    ///           envFrom:
    ///             - configMapRef:
    ///                 name: settings
    ///           resources:
    ///             requests:
    ///               cpu: 500m
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
    /// # search/search.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: settings
    ///   annotations:
    ///     argocd.argoproj.io/sync-wave: "-1"
    /// data:
    ///   level: info
    /// ---
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
    ///           envFrom:
    ///             - configMapRef:
    ///                 name: settings
    ///           resources:
    ///             requests:
    ///               cpu: 500m
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Within one wave the order of kinds decides and nothing waits for health, so it is not looked at. Argo CD moves
    /// Namespaces and CustomResourceDefinitions before what uses them by itself. What an operator makes, such as the Secret
    /// of an ExternalSecret, has no wave of its own. A CronJob is healthy before it ever ran, so it may come first. The
    /// order between Applications is another question.
    "argo-wave-inversion", "something is applied in a wave before what it needs",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

const WAVE: &str = "argocd.argoproj.io/sync-wave";

/// Phases of a sync that apply something, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Phase {
    PreSync,
    Sync,
    PostSync,
}

/// When an object is applied.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Stage(Phase, i64);

/// What an object needs.
struct Need<'n> {
    group: &'n str,
    kind: &'n str,
    namespace: Option<&'n str>,
    name: &'n str,
    spot: Spot,
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for pod in context.index.pods().all() {
        let workload = context.index.workload(pod);
        if workload.placement.engine == Engine::ArgoCd && runs(pod) {
            let needs = of_pod(pod);
            judge(context, sink, workload, &needs, true);
        }
    }
    let applied = context.index.live();
    for placed in applied.filter(|placed| placed.placement.engine == Engine::ArgoCd) {
        judge(context, sink, placed, &of_object(placed), false);
    }
}

/// True when the workload is not healthy before its pods run.
fn runs(pod: &Pod<'_>) -> bool {
    let is_awaited = !matches!(
        pod.template.controller,
        Controller::CronJob | Controller::Operator
    );
    is_awaited && !matches!(pod.template.count, Count::Fixed { pods: 0, .. })
}

fn of_pod<'n>(pod: &'n Pod<'_>) -> Vec<Need<'n>> {
    let Some(spec) = pod.template.spec.as_deref() else {
        return Vec::new();
    };
    let need = |kind: &'static str, node: &'n Node| {
        Some(Need {
            group: "",
            kind,
            namespace: Some(pod.namespace.as_str()),
            name: text_of(node)?,
            spot: Spot::of(node),
        })
    };
    let settings = asked(spec)
        .into_iter()
        .filter_map(|asked| need(asked.kind, asked.name));
    let account = spec.at_path(&["serviceAccountName"]);
    let volumes = items_at(spec, &["volumes"]);
    let claims = volumes.filter_map(|volume| volume.at_path(&["persistentVolumeClaim", "claimName"]));
    settings
        .chain(account.and_then(|account| need("ServiceAccount", account)))
        .chain(claims.filter_map(|claim| need("PersistentVolumeClaim", claim)))
        .collect()
}

fn of_object<'n>(placed: &'n Placed<'_>) -> Vec<Need<'n>> {
    let service = |(namespace, name): (Option<&'n str>, &'n Node)| {
        Some(Need {
            group: "",
            kind: "Service",
            namespace,
            name: text_of(name)?,
            spot: Spot::of(name),
        })
    };
    let facts = placed.facts;
    if let Detail::Scaler(scaler) = &facts.detail {
        return vec![Need {
            group: &scaler.group,
            kind: &scaler.target,
            namespace: placed.namespace.as_deref(),
            name: &scaler.name,
            spot: scaler.spot.clone(),
        }];
    }
    if facts.object.key.group == "admissionregistration.k8s.io" {
        let webhooks = items_at(&facts.object.body, &["webhooks"]);
        let services = webhooks.filter_map(|webhook| {
            let service = webhook.at_path(&["clientConfig", "service"])?;
            Some((text_at(service, &["namespace"]), service.at_path(&["name"])?))
        });
        return services.filter_map(service).collect();
    }
    services(placed).into_iter().filter_map(service).collect()
}

fn judge(
    context: &ClusterContext<'_>,
    sink: &mut Sink,
    placed: &Placed<'_>,
    needs: &[Need<'_>],
    is_awaited: bool,
) {
    let Some(stage) = Stage::of(&placed.facts.object.body) else {
        return;
    };
    let mut told: Vec<(&str, &str)> = Vec::new();
    for need in needs {
        let target = context
            .index
            .find(need.group, need.kind, need.namespace, need.name);
        let Some(target) = target.filter(|target| target.app == placed.app) else {
            continue;
        };
        let later = Stage::of(&target.facts.object.body).filter(|later| *later > stage);
        let Some(later) = later.filter(|_| !told.contains(&(need.kind, need.name))) else {
            continue;
        };
        told.push((need.kind, need.name));
        let message = format!(
            "{} of {stage} needs {}, which is applied in {later}{}",
            placed.title(),
            target.title(),
            in_cluster(context.index)
        );
        let sides = [
            Side::new(placed, need.spot.clone()).labelled(format!("{}, {stage}", placed.title())),
            declared(target).labelled(format!("{}, {later}", target.title())),
        ];
        let Some(mut finding) = Collision::new(context.files, sides).finding(&RULE, message) else {
            continue;
        };
        finding.notes.push(if is_awaited {
            format!("Argo CD goes on when {stage} is healthy, which it is not before {later}: the first sync never ends")
        } else {
            format!("it does not work before {later} is applied")
        });
        finding.help = Some(if later.0 == stage.0 {
            format!(
                "give {} the annotation `{WAVE}: \"{}\"` or a lower number, or {} a number of {} or more",
                target.title(),
                stage.1,
                placed.title(),
                later.1
            )
        } else {
            format!(
                "make {} a hook of the same phase with a lower wave (`argocd.argoproj.io/hook`), or let {} be applied later",
                target.title(),
                placed.title()
            )
        });
        sink.report(finding);
    }
}

/// The wave of an object where it is written, else its name.
fn declared<'i, 'a>(placed: &'i Placed<'a>) -> Side<'i, 'a> {
    let wave = placed
        .facts
        .object
        .body
        .at_path(&["metadata", "annotations", WAVE]);
    match wave {
        Some(wave) => Side::new(placed, Spot::of(wave)),
        None => Side::declared(placed),
    }
}

impl Stage {
    /// When Argo CD applies an object; `None` for hooks that no sync applies. The first of several phases counts
    /// (Argo CD documentation, "Sync Phases and Waves" and "Helm hooks").
    fn of(body: &Node) -> Option<Self> {
        let annotation = |name: &str| text_at(body, &["metadata", "annotations", name]);
        let phase = match words(annotation("argocd.argoproj.io/hook")) {
            hooks if hooks.contains(&"Skip") => return None,
            hooks if hooks.contains(&"PreSync") => Phase::PreSync,
            hooks if hooks.contains(&"Sync") => Phase::Sync,
            hooks if hooks.contains(&"PostSync") => Phase::PostSync,
            hooks if hooks.iter().any(|hook| OTHER_HOOKS.contains(hook)) => return None,
            _ => match words(annotation("helm.sh/hook")) {
                hooks
                    if hooks
                        .iter()
                        .any(|hook| matches!(*hook, "pre-install" | "pre-upgrade")) =>
                {
                    Phase::PreSync
                }
                hooks
                    if hooks
                        .iter()
                        .any(|hook| matches!(*hook, "post-install" | "post-upgrade")) =>
                {
                    Phase::PostSync
                }
                hooks if hooks.is_empty() || hooks.contains(&"crd-install") => Phase::Sync,
                _ => return None,
            },
        };
        let number = |name: &str| annotation(name)?.parse().ok();
        let wave = number(WAVE).or_else(|| number("helm.sh/hook-weight"));
        Some(Self(phase, wave.unwrap_or(0)))
    }
}

/// Hooks that run when a sync fails or the Application is deleted.
const OTHER_HOOKS: [&str; 3] = ["SyncFail", "PreDelete", "PostDelete"];

fn words(text: Option<&str>) -> Vec<&str> {
    let words = text.unwrap_or_default().split(',').map(str::trim);
    words.filter(|word| !word.is_empty()).collect()
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Phase::Sync, wave) => write!(f, "wave {wave}"),
            (phase, 0) => write!(f, "phase {phase:?}"),
            (phase, wave) => write!(f, "phase {phase:?}, wave {wave}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use deconflict_config::Config;
    use deconflict_placement::Engine;

    use crate::fixture::run_with;

    /// What is said of a pod of `kind` with `annotations` that needs a ConfigMap with `others`.
    fn check(kind: &str, annotations: &str, others: &str, expected: &str) {
        let text = format!(
            "//- apps/a/web/overlays/prod/all.yaml\napiVersion: batch/v1\nkind: {kind}\nmetadata: {{name: w, namespace: n, \
             annotations: {{{annotations}}}}}\nspec: {{jobTemplate: {{spec: {{template: &t {{spec: {{volumes: [{{name: v, \
             configMap: {{name: c}}}}]}}}}}}}}, template: *t}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c, \
             namespace: n, annotations: {{{others}}}}}\n"
        );
        let got = run_with("argo-wave-inversion", &text, &Config::default(), Engine::ArgoCd);
        let headline = got.lines().next().unwrap_or_default();
        assert!(headline.ends_with(expected), "{text}\n{got}");
        assert_eq!(got.is_empty(), expected.is_empty(), "{text}\n{got}");
    }

    #[test]
    fn phases_and_waves() {
        let wave = |wave: &str| format!("argocd.argoproj.io/sync-wave: '{wave}'");
        let hook = |hook: &str| format!("argocd.argoproj.io/hook: '{hook}'");
        let helm = |hook: &str| format!("helm.sh/hook: '{hook}', helm.sh/hook-weight: '-5'");
        check("Job", "", "", "");
        check(
            "Job",
            "",
            &wave("1"),
            "Job n/w of wave 0 needs ConfigMap n/c, which is applied in wave 1 in prod",
        );
        check("Job", &wave("1"), &wave("1"), "");
        check("Job", &wave("2"), &wave("1"), "");
        check("CronJob", "", &wave("1"), "");
        check(
            "Job",
            &hook("PreSync"),
            &wave("-9"),
            "Job n/w of phase PreSync needs ConfigMap n/c, which is applied in wave -9 in prod",
        );
        check("Job", &hook("PostSync"), &wave("9"), "");
        check("Job", &hook("PreSync"), &hook("PreSync"), "");
        // Applied in no phase of a sync.
        for unapplied in ["SyncFail", "Skip", "PostDelete"] {
            check("Job", &hook(unapplied), &wave("1"), "");
            check("Job", "", &hook(unapplied), "");
        }
        check(
            "Job",
            &helm("pre-install,pre-upgrade"),
            "",
            "Job n/w of phase PreSync, wave -5 needs ConfigMap n/c, which is applied in wave 0 in prod",
        );
        check("Job", &helm("pre-install"), &helm("pre-install"), "");
        check("Job", &helm("test"), &wave("1"), "");
        // No integer: the weight counts, else 0.
        check("Job", "", &wave("late"), "");
        check(
            "Job",
            "",
            &format!("{}, helm.sh/hook-weight: '3'", wave("late")),
            "which is applied in wave 3 in prod",
        );
    }

    #[test]
    fn what_needs_what() {
        let rest = |kind: &str, api: &str, spec: &str, target: &str| {
            let text = format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: w, namespace: n}}\n\
                 {spec}\n---\napiVersion: {target}\nmetadata: {{name: c, namespace: n, annotations: \
                 {{argocd.argoproj.io/sync-wave: '1'}}}}\n"
            );
            let found = |engine: Engine| run_with("argo-wave-inversion", &text, &Config::default(), engine);
            assert!(found(Engine::ArgoCd).contains("applied in wave 1"), "{text}");
            // Nobody else has waves.
            assert_eq!(found(Engine::Flux), "", "{text}");
        };
        let pod = |spec: &str| format!("spec: {{template: {{spec: {{{spec}}}}}}}");
        let apps = ["Deployment", "apps/v1"];
        rest(
            apps[0],
            apps[1],
            &pod("serviceAccountName: c"),
            "v1\nkind: ServiceAccount",
        );
        rest(
            apps[0],
            apps[1],
            &pod("volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]"),
            "v1\nkind: PersistentVolumeClaim",
        );
        rest(
            "HorizontalPodAutoscaler",
            "autoscaling/v2",
            "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: c}, maxReplicas: 3}",
            "apps/v1\nkind: Deployment",
        );
        rest(
            "Ingress",
            "networking.k8s.io/v1",
            "spec: {defaultBackend: {service: {name: c, port: {number: 80}}}}",
            "v1\nkind: Service",
        );
        rest(
            "ValidatingWebhookConfiguration",
            "admissionregistration.k8s.io/v1",
            "webhooks: [{name: w, clientConfig: {service: {name: c, namespace: n}}}]",
            "v1\nkind: Service",
        );
    }
}
