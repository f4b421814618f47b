//! The arithmetic of quotas as tables (rules.md section 5.5), seen through the rule that compares the sums.

use deconflict_config::Config;
use deconflict_placement::Engine;

use crate::fixture::{config, run, run_with};

const RULE: &str = "cap-quota-exceeded";

pub(crate) fn quota(hard: &str) -> String {
    format!(
        "//- infra/team-a/overlays/prod/quota.yaml\napiVersion: v1\nkind: ResourceQuota\n\
         metadata: {{name: compute, namespace: team-a}}\nspec:\n  hard:\n    {hard}\n"
    )
}

pub(crate) fn deployment(team: &str, name: &str, spec: &str, pod: &str) -> String {
    format!(
        "//- apps/{team}/{name}/overlays/prod/d.yaml\napiVersion: apps/v1\nkind: Deployment\n\
         metadata: {{name: {name}, namespace: team-a}}\nspec:\n  {spec}\n  template:\n    spec:\n      {pod}\n"
    )
}

pub(crate) const NAMESPACE: &str = "//- infra/team-a/overlays/prod/ns.yaml\napiVersion: v1\nkind: Namespace\n\
                         metadata:\n  name: team-a\n  labels:\n    istio-injection: enabled\n";

/// The sum that `hard` is compared with, from the first note.
pub(crate) fn sums(hard: &str, rest: &str, expected: &str) {
    sums_in(&Config::default(), hard, rest, expected);
}

fn sums_in(config: &Config, hard: &str, rest: &str, expected: &str) {
    let got = run_with(RULE, &(quota(hard) + rest), config, Engine::Plain);
    let line = got
        .lines()
        .find(|line| line.contains("steady"))
        .unwrap_or("nothing")
        .trim();
    let words: Vec<&str> = line.split_whitespace().collect();
    let number = |word: &str| {
        words
            .iter()
            .position(|known| *known == word)
            .map_or("-", |at| words[at + 1])
    };
    let got = match line {
        "nothing" => "nothing".to_owned(),
        _ => format!("{} {} {}", number("steady"), number("maximum"), number("rollout")),
    };
    assert_eq!(got, expected, "{hard}\n{rest}");
}

pub(crate) fn pods(hard: &str, spec: &str, pod: &str, expected: &str) {
    sums(hard, &deployment("a", "web", spec, pod), expected);
}

/// rules.md section 5.5, step 2.
#[test]
fn what_a_pod_asks_for() {
    let c = |name: &str, cpu: &str| format!("{{name: {name}, resources: {{requests: {{cpu: {cpu}}}}}}}");
    let side = |name: &str, cpu: &str| {
        format!("{{name: {name}, restartPolicy: Always, resources: {{requests: {{cpu: {cpu}}}}}}}")
    };
    let pod = |init: &[String], containers: &[String], rest: &str| {
        format!(
            "initContainers: [{}]\n      containers: [{}]\n      {rest}",
            init.join(", "),
            containers.join(", ")
        )
    };
    let one = "replicas: 1\n  strategy: {type: Recreate}";
    let cases = [
        (pod(&[], &[c("a", "1"), c("b", "500m")], ""), "1.5 1.5 1.5"),
        (
            pod(&[c("i", "3"), c("j", "2")], &[c("a", "1")], ""),
            "3.0 3.0 3.0",
        ),
        (
            pod(&[c("i", "500m")], &[c("a", "1"), c("b", "1")], ""),
            "2.0 2.0 2.0",
        ),
        (pod(&[side("s", "1")], &[c("a", "1")], ""), "2.0 2.0 2.0"),
        (
            pod(&[side("s", "1"), c("i", "3")], &[c("a", "1")], ""),
            "4.0 4.0 4.0",
        ),
        (
            pod(&[c("i", "3"), side("s", "1")], &[c("a", "1")], ""),
            "3.0 3.0 3.0",
        ),
        (
            pod(
                &[side("s", "1"), side("t", "2"), c("i", "1")],
                &[c("a", "500m")],
                "",
            ),
            "4.0 4.0 4.0",
        ),
        (
            pod(&[], &[c("a", "1")], "overhead: {cpu: 250m}"),
            "1.25 1.25 1.25",
        ),
        (
            pod(
                &[],
                &[c("a", "1"), c("b", "1")],
                "resources: {requests: {cpu: 3}}",
            ),
            "3.0 3.0 3.0",
        ),
        (
            pod(&[], &["{name: a}".into()], "resources: {limits: {cpu: 2}}"),
            "2.0 2.0 2.0",
        ),
        (
            pod(&[], &["{name: a, resources: {limits: {cpu: 2}}}".into()], ""),
            "2.0 2.0 2.0",
        ),
        (pod(&[], &["{name: a}".into()], ""), "nothing"),
    ];
    for (pod, expected) in cases {
        pods("cpu: 100m", one, &pod, expected);
    }
    let limits = "containers: [{name: a, resources: {limits: {memory: 1Gi}}}, {name: b, resources: {requests: {memory: 1Gi}}}]\n      overhead: {memory: 64Mi, cpu: 1}";
    pods("limits.memory: 1Mi", one, limits, "1088Mi 1088Mi 1088Mi");
    pods("limits.cpu: 1m", one, limits, "nothing");
    pods(
        "requests.nvidia.com/gpu: 1",
        one,
        "containers: [{name: a, resources: {limits: {nvidia.com/gpu: 2}}}]",
        "2 2 2",
    );
    pods(
        "nvidia.com/gpu: 1",
        one,
        "containers: [{name: a, resources: {limits: {nvidia.com/gpu: 2}}}]",
        "nothing",
    );
    pods(
        "hugepages-2Mi: 1Mi",
        one,
        "containers: [{name: a, resources: {limits: {hugepages-2Mi: 4Mi}}}]",
        "4Mi 4Mi 4Mi",
    );
    pods(
        "requests.hugepages-2Mi: 1Mi",
        one,
        "containers: [{name: a, resources: {limits: {hugepages-2Mi: 4Mi}}}]",
        "4Mi 4Mi 4Mi",
    );
    pods(
        "requests.ephemeral-storage: 1Mi",
        one,
        "containers: [{name: a, resources: {requests: {ephemeral-storage: 2Mi}}}]",
        "2Mi 2Mi 2Mi",
    );
}

#[test]
fn how_many_pods() {
    let pod = "containers: [{name: c, resources: {requests: {cpu: 1}}}]";
    for (spec, expected) in [
        ("paused: false", "1.0 1.0 2.0"),
        ("replicas: 4", "4.0 4.0 5.0"),
        ("replicas: 5", "5.0 5.0 7.0"),
        ("replicas: 4\n  strategy: {type: Recreate}", "4.0 4.0 4.0"),
        (
            "replicas: 4\n  strategy: {rollingUpdate: {maxSurge: 0}}",
            "4.0 4.0 4.0",
        ),
        (
            "replicas: 4\n  strategy: {rollingUpdate: {maxSurge: 2}}",
            "4.0 4.0 6.0",
        ),
        (
            "replicas: 4\n  strategy: {rollingUpdate: {maxSurge: 30%}}",
            "4.0 4.0 6.0",
        ),
        ("replicas: 0", "nothing"),
    ] {
        pods("requests.cpu: 100m", spec, pod, expected);
        let counted = expected.replace(".0", "");
        sums("pods: 0", &deployment("a", "web", spec, pod), &counted);
    }
    let other = |api: &str, kind: &str, spec: &str| {
        format!(
            "//- apps/a/web/overlays/prod/x.yaml\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: web, namespace: team-a}}\nspec:\n  {spec}\n"
        )
    };
    let t = format!("template: {{spec: {{{pod}}}}}");
    for (api, kind, spec, expected) in [
        ("v1", "Pod", pod.to_owned(), "1.0 1.0 1.0"),
        (
            "apps/v1",
            "StatefulSet",
            format!("replicas: 3\n  {t}"),
            "3.0 3.0 3.0",
        ),
        (
            "apps/v1",
            "ReplicaSet",
            format!("replicas: 3\n  {t}"),
            "3.0 3.0 3.0",
        ),
        ("batch/v1", "Job", t.clone(), "1.0 1.0 1.0"),
        (
            "batch/v1",
            "Job",
            format!("parallelism: 4\n  completions: 2\n  {t}"),
            "2.0 2.0 2.0",
        ),
        ("batch/v1", "Job", format!("parallelism: 4\n  {t}"), "4.0 4.0 4.0"),
        ("batch/v1", "Job", format!("suspend: true\n  {t}"), "nothing"),
        (
            "batch/v1",
            "CronJob",
            format!("schedule: '0 0 * * *'\n  jobTemplate: {{spec: {{parallelism: 2, {t}}}}}"),
            "2.0 2.0 2.0",
        ),
        ("apps/v1", "DaemonSet", t.clone(), "nothing"),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            format!("replicas: 4\n  {t}"),
            "4.0 4.0 5.0",
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            format!("replicas: 4\n  strategy: {{blueGreen: {{activeService: a}}}}\n  {t}"),
            "4.0 4.0 8.0",
        ),
        (
            "serving.knative.dev/v1",
            "Service",
            format!(
                "template: {{metadata: {{annotations: {{autoscaling.knative.dev/min-scale: '2', autoscaling.knative.dev/max-scale: '5'}}}}, spec: {{{pod}}}}}"
            ),
            "2.0 5.0 2.0",
        ),
        (
            "postgresql.cnpg.io/v1",
            "Cluster",
            "instances: 3\n  resources: {requests: {cpu: 1}}".into(),
            "3.0 3.0 3.0",
        ),
        (
            "kafka.strimzi.io/v1beta2",
            "KafkaNodePool",
            "replicas: 3\n  resources: {requests: {cpu: 2}}".into(),
            "6.0 6.0 6.0",
        ),
    ] {
        sums("cpu: 100m", &other(api, kind, &spec), expected);
    }
}

/// rules.md section 5.5, step 3: scalers set the bounds, DaemonSets count the nodes that take them.
#[test]
fn scalers_and_nodes() {
    let pod = "containers: [{name: c, resources: {requests: {cpu: 1}}}]";
    let web = |replicas: &str| deployment("a", "web", replicas, pod);
    let scaler = |api: &str, kind: &str, spec: &str| {
        format!(
            "//- apps/a/web/overlays/prod/s.yaml\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: web, namespace: team-a}}\nspec: {{scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}, {spec}}}\n"
        )
    };
    let hpa = |spec: &str| scaler("autoscaling/v2", "HorizontalPodAutoscaler", spec);
    let keda = |spec: &str| scaler("keda.sh/v1alpha1", "ScaledObject", spec);
    for (replicas, scaler, expected) in [
        (
            "replicas: 4",
            hpa("minReplicas: 2, maxReplicas: 6"),
            "2.0 6.0 3.0",
        ),
        // Its default is one.
        ("replicas: 4", hpa("maxReplicas: 6"), "1.0 6.0 2.0"),
        // Scaled to nothing by hand, it stands still.
        ("replicas: 0", hpa("minReplicas: 2, maxReplicas: 6"), "nothing"),
        (
            "replicas: 4",
            keda("minReplicaCount: 3, maxReplicaCount: 5"),
            "3.0 5.0 4.0",
        ),
        ("replicas: 4", keda("minReplicaCount: 1"), "1.0 100.0 2.0"),
    ] {
        sums("cpu: 100m", &(web(replicas) + &scaler), expected);
    }
    let config = config(
        "version: 1\nclusters:\n- name: prod\n  nodes:\n  - {name: worker, labels: {pool: worker}, count: 3}\n  \
         - {name: gpu, labels: {pool: gpu}, count: 2, taints: [{key: gpu, value: 'yes', effect: NoSchedule}]}\n",
    );
    let daemon = |spec: &str| {
        format!(
            "//- apps/a/web/overlays/prod/d.yaml\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: web, namespace: team-a}}\nspec: {{template: {{spec: {{{spec} {pod}}}}}}}\n"
        )
    };
    for (spec, expected) in [
        ("", "3.0 3.0 3.0"),
        ("tolerations: [{operator: Exists}],", "5.0 5.0 5.0"),
        (
            "nodeSelector: {pool: gpu}, tolerations: [{key: gpu, operator: Exists}],",
            "2.0 2.0 2.0",
        ),
        ("nodeSelector: {pool: edge},", "nothing"),
    ] {
        sums_in(&config, "cpu: 100m", &daemon(spec), expected);
    }
}

/// rules.md section 5.5, step 1: injected containers get the defaults too.
#[test]
fn limit_ranges_fill_in_what_is_injected() {
    let range = "//- infra/team-a/overlays/prod/lr.yaml\napiVersion: v1\nkind: LimitRange\nmetadata: {name: lr, namespace: team-a}\nspec: {limits: [{type: Container, default: {cpu: 500m}}]}\n";
    let pod = "containers: [{name: c, resources: {limits: {cpu: 2}}}]";
    let annotated = |text: &str| deployment("a", "web", "strategy: {type: Recreate}", text);
    let linkerd = NAMESPACE.replace(
        "  labels:\n    istio-injection",
        "  annotations:\n    linkerd.io/inject",
    );
    // Linkerd's proxy asks for nothing of its own.
    sums(
        "cpu: 1",
        &(linkerd.clone() + range + &annotated(pod)),
        "2.5 2.5 2.5",
    );
    sums("cpu: 1", &(linkerd + &annotated(pod)), "2.0 2.0 2.0");
    // Istio's asks for 100m, and for 2 as limit.
    let istio = NAMESPACE.to_owned() + range + &annotated(pod);
    sums("cpu: 1", &istio, "2.1 2.1 2.1");
    sums("limits.cpu: 1", &istio, "4.0 4.0 4.0");
}

/// rules.md section 5.5, step 1.
#[test]
fn limit_ranges_fill_in() {
    let range = |limits: &str| {
        format!(
            "//- infra/team-a/overlays/prod/lr.yaml\napiVersion: v1\nkind: LimitRange\nmetadata: {{name: lr, namespace: team-a}}\nspec:\n  limits:\n    - {{type: Container, {limits}}}\n"
        )
    };
    let web = |resources: &str| {
        deployment(
            "a",
            "web",
            "strategy: {type: Recreate}",
            &format!("containers: [{{name: c, resources: {resources}}}]"),
        )
    };
    for (limits, resources, requests_sum, limits_sum) in [
        ("default: {cpu: 2}", "{}", "2.0 2.0 2.0", "2.0 2.0 2.0"),
        (
            "default: {cpu: 2}, defaultRequest: {cpu: 1}",
            "{}",
            "1.0 1.0 1.0",
            "2.0 2.0 2.0",
        ),
        ("max: {cpu: 3}", "{}", "3.0 3.0 3.0", "3.0 3.0 3.0"),
        ("min: {cpu: 1}", "{}", "1.0 1.0 1.0", "nothing"),
        (
            "default: {cpu: 2}",
            "{requests: {cpu: 1}}",
            "1.0 1.0 1.0",
            "2.0 2.0 2.0",
        ),
        (
            "default: {cpu: 2}, defaultRequest: {cpu: 1}",
            "{limits: {cpu: 4}}",
            "4.0 4.0 4.0",
            "4.0 4.0 4.0",
        ),
        ("default: {memory: 1Gi}", "{}", "nothing", "nothing"),
    ] {
        let rest = range(limits) + &web(resources);
        sums("requests.cpu: 100m", &rest, requests_sum);
        sums("limits.cpu: 100m", &rest, limits_sum);
    }
}

/// rules.md section 5.5, step 4.
#[test]
fn scopes() {
    let quota = |scopes: &str| {
        format!(
            "//- infra/team-a/overlays/prod/quota.yaml\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: q, namespace: team-a}}\nspec:\n  hard: {{pods: 0}}\n  {scopes}\n"
        )
    };
    let class = |operator: &str, values: &str| {
        format!(
            "scopeSelector: {{matchExpressions: [{{scopeName: PriorityClass, operator: {operator}, values: [{values}]}}]}}"
        )
    };
    let sized = "containers: [{name: c, resources: {requests: {cpu: 1}}}]";
    for (scopes, pod, counted) in [
        (
            "scopes: [Terminating]".to_owned(),
            "activeDeadlineSeconds: 5",
            true,
        ),
        ("scopes: [Terminating]".to_owned(), "hostNetwork: false", false),
        (
            "scopes: [NotTerminating]".to_owned(),
            "activeDeadlineSeconds: 5",
            false,
        ),
        ("scopes: [BestEffort]".to_owned(), "containers: [{name: c}]", true),
        ("scopes: [BestEffort]".to_owned(), sized, false),
        ("scopes: [NotBestEffort]".to_owned(), sized, true),
        ("scopes: [NotBestEffort, Terminating]".to_owned(), sized, false),
        ("scopes: [CrossNamespacePodAffinity]".to_owned(), sized, false),
        (
            "scopes: [CrossNamespacePodAffinity]".to_owned(),
            "affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z, namespaces: [x]}]}}",
            true,
        ),
        (class("In", "high"), "priorityClassName: high", true),
        (class("In", "high"), "priorityClassName: low", false),
        (class("NotIn", "high"), "priorityClassName: low", true),
        (class("Exists", ""), "hostNetwork: false", false),
        (class("DoesNotExist", ""), "hostNetwork: false", true),
    ] {
        let got = run(
            RULE,
            &(quota(&scopes) + &deployment("a", "web", "replicas: 1", pod)),
        );
        assert_eq!(!got.is_empty(), counted, "{scopes} on {pod}\n{got}");
    }
}
