//! What the API server fills in (the `SetDefaults_*` functions of Kubernetes, pkg/apis/*/v1/defaults.go), so that a field
//! that says the default equals one that is not there.

use deconflict_yaml::{Dialect, Node, Value};

/// Maps and lists that mean the same empty as missing.
pub(super) const EMPTY_IS_MISSING: &[&str] = &[
    "labels",
    "annotations",
    "finalizers",
    "data",
    "binaryData",
    "stringData",
    "resources",
    "limits",
    "requests",
    "securityContext",
    "env",
    "envFrom",
    "args",
    "command",
    "ports",
    "volumes",
    "volumeMounts",
    "initContainers",
    "imagePullSecrets",
    "nodeSelector",
    "tolerations",
    "affinity",
    "rollingUpdate",
    "namespaceSelector",
    "objectSelector",
    "rules",
    "subjects",
];

/// True when `value` at `names` is what an object of that built-in kind gets anyway.
pub(super) fn is_default(kind: &str, names: &[&str], value: &Node) -> bool {
    let Some(text) = value.text() else { return false };
    let scalar = value.as_scalar().map(|scalar| Dialect::Kubernetes.read(scalar));
    if scalar == Some(Value::Bool(false)) && is_false_when_missing(names) {
        return true;
    }
    let of_kind = match (kind, names) {
        ("ConfigMap" | "Secret", ["immutable"]) => "false",
        ("Secret", ["type"]) => "Opaque",
        ("Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController", ["spec", "replicas"]) => "1",
        ("Deployment" | "StatefulSet" | "DaemonSet", ["spec", "revisionHistoryLimit"]) => "10",
        ("Deployment", ["spec", "progressDeadlineSeconds"]) => "600",
        ("Deployment", ["spec", "strategy", "type"])
        | ("StatefulSet" | "DaemonSet", ["spec", "updateStrategy", "type"]) => "RollingUpdate",
        ("Deployment", ["spec", "strategy", "rollingUpdate", "maxSurge" | "maxUnavailable"]) => "25%",
        ("DaemonSet", ["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"]) => "1",
        ("DaemonSet", ["spec", "updateStrategy", "rollingUpdate", "maxSurge"])
        | ("StatefulSet", ["spec", "updateStrategy", "rollingUpdate", "partition"])
        | ("Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet", ["spec", "minReadySeconds"]) => "0",
        ("StatefulSet", ["spec", "podManagementPolicy"]) => "OrderedReady",
        (
            "StatefulSet",
            [
                "spec",
                "persistentVolumeClaimRetentionPolicy",
                "whenDeleted" | "whenScaled",
            ],
        )
        | ("PersistentVolume", ["spec", "persistentVolumeReclaimPolicy"]) => "Retain",
        ("Service", ["spec", "type"]) => "ClusterIP",
        ("Service", ["spec", "sessionAffinity"]) => "None",
        ("Service", ["spec", "internalTrafficPolicy" | "externalTrafficPolicy"]) => "Cluster",
        ("Service", ["spec", "allocateLoadBalancerNodePorts"]) => "true",
        ("Job", ["spec", "parallelism" | "completions"])
        | ("CronJob", ["spec", "jobTemplate", "spec", "parallelism" | "completions"]) => "1",
        ("Job", ["spec", "backoffLimit"]) | ("CronJob", ["spec", "jobTemplate", "spec", "backoffLimit"]) => {
            "6"
        }
        ("Job", ["spec", "completionMode"])
        | ("CronJob", ["spec", "jobTemplate", "spec", "completionMode"]) => "NonIndexed",
        ("CronJob", ["spec", "concurrencyPolicy"]) => "Allow",
        ("CronJob", ["spec", "successfulJobsHistoryLimit"]) => "3",
        ("CronJob", ["spec", "failedJobsHistoryLimit"])
        | ("HorizontalPodAutoscaler", ["spec", "minReplicas"]) => "1",
        ("PersistentVolumeClaim" | "PersistentVolume", ["spec", "volumeMode"])
        | ("StatefulSet", ["spec", "volumeClaimTemplates", "spec", "volumeMode"]) => "Filesystem",
        ("StorageClass", ["reclaimPolicy"]) => "Delete",
        ("StorageClass", ["volumeBindingMode"]) => "Immediate",
        ("RoleBinding" | "ClusterRoleBinding", ["roleRef", "apiGroup"]) => "rbac.authorization.k8s.io",
        ("CustomResourceDefinition", ["spec", "conversion", "strategy"]) => "None",
        ("PriorityClass", ["preemptionPolicy"]) => "PreemptLowerPriority",
        ("MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration", ["webhooks", rest @ ..]) => {
            match rest {
                ["failurePolicy"] => "Fail",
                ["matchPolicy"] => "Equivalent",
                ["timeoutSeconds"] => "10",
                ["reinvocationPolicy"] => "Never",
                ["clientConfig", "service", "port"] => "443",
                ["rules", "scope"] => "*",
                _ => return false,
            }
        }
        ("Service" | "NetworkPolicy", [.., "ports", "protocol"]) => "TCP",
        _ => return in_pod(kind, names).is_some_and(|default| default == text),
    };
    of_kind == text
}

/// Defaults of pods and their templates.
fn in_pod(kind: &str, names: &[&str]) -> Option<&'static str> {
    let (("Pod", ["spec", within @ ..])
    | (
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job",
        ["spec", "template", "spec", within @ ..],
    )
    | ("CronJob", ["spec", "jobTemplate", "spec", "template", "spec", within @ ..])) = (kind, names)
    else {
        return None;
    };
    Some(match within {
        ["restartPolicy"] if !matches!(kind, "Job" | "CronJob") => "Always",
        ["dnsPolicy"] => "ClusterFirst",
        ["schedulerName"] => "default-scheduler",
        ["terminationGracePeriodSeconds"] => "30",
        ["enableServiceLinks"] => "true",
        [
            "volumes",
            "configMap" | "secret" | "projected" | "downwardAPI",
            "defaultMode",
        ] => "420",
        ["volumes", "hostPath", "type"] => "",
        ["containers" | "initContainers", of_container @ ..] => match of_container {
            ["terminationMessagePath"] => "/dev/termination-log",
            ["terminationMessagePolicy"] => "File",
            ["ports", "protocol"] => "TCP",
            ["env", "valueFrom", "fieldRef", "apiVersion"] => "v1",
            [.., "httpGet", "scheme"] => "HTTP",
            ["livenessProbe" | "readinessProbe" | "startupProbe", probe] => match *probe {
                "timeoutSeconds" | "successThreshold" => "1",
                "periodSeconds" => "10",
                "failureThreshold" => "3",
                "initialDelaySeconds" => "0",
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    })
}

/// Booleans whose zero value is not sent.
fn is_false_when_missing(names: &[&str]) -> bool {
    names.last().is_some_and(|name| {
        matches!(
            *name,
            "hostNetwork"
                | "hostPID"
                | "hostIPC"
                | "readOnly"
                | "optional"
                | "paused"
                | "suspend"
                | "stdin"
                | "stdinOnce"
                | "tty"
                | "immutable"
                | "publishNotReadyAddresses"
                | "allowVolumeExpansion"
                | "globalDefault"
                | "preserveUnknownFields"
                | "deprecated"
        )
    })
}
