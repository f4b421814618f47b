//! Fields that name another object, by the kind that they name.

use smol_str::format_smolstr;

use super::super::specs::BackReferences;
use super::{Row, gvk, spec};

/// The specs of all kinds that are referred to.
pub(super) fn specs() -> Vec<BackReferences> {
    REFERENCES.iter().map(back_references).collect()
}

fn back_references(((group, version, kind), pods, in_pod, others): &References) -> BackReferences {
    let mut referrers = Vec::with_capacity(pods.len() * in_pod.len() + others.len());
    for (version, kind, pod) in *pods {
        let path = |below: &&str| format_smolstr!("{pod}/{below}");
        // CronJob's pull secrets are there upstream, all others alike.
        referrers.extend(
            in_pod
                .iter()
                .map(|below| spec("", version, kind, path(below), false)),
        );
    }
    referrers.extend(super::specs(others));
    BackReferences {
        gvk: gvk(group, version, kind),
        referrers,
    }
}

/// (version, kind, path of the pod spec) of the kinds whose pods refer to config maps and secrets.
const PODS_WITH_CONFIGURATION: &[(&str, &str, &str)] = &[
    ("v1", "Pod", "spec"),
    ("", "PodTemplate", "template/spec"),
    ("", "Deployment", "spec/template/spec"),
    ("", "ReplicaSet", "spec/template/spec"),
    ("", "DaemonSet", "spec/template/spec"),
    ("", "StatefulSet", "spec/template/spec"),
    ("", "Job", "spec/template/spec"),
    ("", "CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// The same for service accounts, volume claims and priority classes. ReplicaSet is missing upstream.
const PODS_WITH_IDENTITY: &[(&str, &str, &str)] = &[
    ("", "Pod", "spec"),
    ("", "StatefulSet", "spec/template/spec"),
    ("", "Deployment", "spec/template/spec"),
    ("", "ReplicationController", "spec/template/spec"),
    ("", "CronJob", "spec/jobTemplate/spec/template/spec"),
    ("", "Job", "spec/template/spec"),
    ("", "DaemonSet", "spec/template/spec"),
];

/// Paths below a pod spec.
const CONFIG_MAP_IN_POD: &[&str] = &[
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
];

/// Paths below a pod spec.
const SECRET_IN_POD: &[&str] = &[
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
];

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const RESOURCE_NAMES: &str = "rules/resourceNames";
const SCALE_TARGET: &[Row] = &[(
    "",
    "",
    "HorizontalPodAutoscaler",
    "spec/scaleTargetRef/name",
    false,
)];

/// A kind that is referred to: (group, version, kind), pods that do, their paths, other referrers.
type References = (
    (&'static str, &'static str, &'static str),
    &'static [(&'static str, &'static str, &'static str)],
    &'static [&'static str],
    &'static [Row],
);

/// In upstream's order once sorted: by the rank of the kind, then by group, version and kind.
const REFERENCES: &[References] = &[
    (
        ("storage.k8s.io", "v1", "StorageClass"),
        &[],
        &[],
        &[
            ("", "", "PersistentVolume", "spec/storageClassName", false),
            ("", "", "PersistentVolumeClaim", "spec/storageClassName", false),
            (
                "",
                "",
                "StatefulSet",
                "spec/volumeClaimTemplates/spec/storageClassName",
                false,
            ),
        ],
    ),
    (
        ("", "v1", "ServiceAccount"),
        PODS_WITH_IDENTITY,
        &["serviceAccountName"],
        &[
            (RBAC, "", "RoleBinding", "subjects", false),
            (RBAC, "", "ClusterRoleBinding", "subjects", false),
        ],
    ),
    (
        (RBAC, "", "Role"),
        &[],
        &[],
        &[(RBAC, "", "RoleBinding", "roleRef/name", false)],
    ),
    (
        (RBAC, "", "ClusterRole"),
        &[],
        &[],
        &[
            (RBAC, "", "RoleBinding", "roleRef/name", false),
            (RBAC, "", "ClusterRoleBinding", "roleRef/name", false),
        ],
    ),
    (
        ("", "v1", "ConfigMap"),
        PODS_WITH_CONFIGURATION,
        CONFIG_MAP_IN_POD,
        &[
            ("", "", "Node", "spec/configSource/configMap", false),
            ("", "", "Role", RESOURCE_NAMES, false),
            ("", "", "ClusterRole", RESOURCE_NAMES, false),
            (
                "",
                "",
                "Ingress",
                r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap",
                false,
            ),
        ],
    ),
    (
        ("", "v1", "Secret"),
        PODS_WITH_CONFIGURATION,
        SECRET_IN_POD,
        &[
            ("", "", "Ingress", "spec/tls/secretName", false),
            (
                "",
                "",
                "Ingress",
                r"metadata/annotations/ingress.kubernetes.io\/auth-secret",
                false,
            ),
            (
                "",
                "",
                "Ingress",
                r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret",
                false,
            ),
            (
                "",
                "",
                "Ingress",
                r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret",
                false,
            ),
            ("", "", "ServiceAccount", "imagePullSecrets/name", false),
            ("", "", "StorageClass", "parameters/secretName", false),
            ("", "", "StorageClass", "parameters/adminSecretName", false),
            ("", "", "StorageClass", "parameters/userSecretName", false),
            ("", "", "StorageClass", "parameters/secretRef", false),
            ("", "", "Role", RESOURCE_NAMES, false),
            ("", "", "ClusterRole", RESOURCE_NAMES, false),
            (
                "serving.knative.dev",
                "v1",
                "Service",
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
                false,
            ),
            ("", "", "PersistentVolume", "spec/azureFile/secretName", false),
        ],
    ),
    (
        ("", "v1", "Service"),
        &[],
        &[],
        &[
            ("apps", "", "StatefulSet", "spec/serviceName", false),
            (
                "",
                "",
                "Ingress",
                "spec/rules/http/paths/backend/serviceName",
                false,
            ),
            ("", "", "Ingress", "spec/backend/serviceName", false),
            (
                "",
                "",
                "Ingress",
                "spec/rules/http/paths/backend/service/name",
                false,
            ),
            ("", "", "Ingress", "spec/defaultBackend/service/name", false),
            (
                "apiregistration.k8s.io",
                "",
                "APIService",
                "spec/service/name",
                false,
            ),
            (
                ADMISSION,
                "",
                "ValidatingWebhookConfiguration",
                "webhooks/clientConfig/service",
                false,
            ),
            (
                ADMISSION,
                "",
                "MutatingWebhookConfiguration",
                "webhooks/clientConfig/service",
                false,
            ),
        ],
    ),
    (
        ("scheduling.k8s.io", "v1", "PriorityClass"),
        PODS_WITH_IDENTITY,
        &["priorityClassName"],
        &[],
    ),
    (
        ("", "v1", "PersistentVolume"),
        &[],
        &[],
        &[
            ("", "", "PersistentVolumeClaim", "spec/volumeName", false),
            ("", "", "ClusterRole", RESOURCE_NAMES, false),
        ],
    ),
    (
        ("", "v1", "PersistentVolumeClaim"),
        PODS_WITH_IDENTITY,
        &["volumes/persistentVolumeClaim/claimName"],
        &[],
    ),
    (("", "", "Deployment"), &[], &[], SCALE_TARGET),
    (("", "", "StatefulSet"), &[], &[], SCALE_TARGET),
    (
        (ADMISSION, "", "ValidatingAdmissionPolicy"),
        &[],
        &[],
        &[(
            ADMISSION,
            "",
            "ValidatingAdmissionPolicyBinding",
            "spec/policyName",
            false,
        )],
    ),
    // The group is malformed upstream, so nothing ever matches it.
    (
        ("networking.k8s.io/v1", "v1", "IngressClass"),
        &[],
        &[],
        &[("", "", "Ingress", "spec/ingressClassName", false)],
    ),
    (("", "", "ReplicaSet"), &[], &[], SCALE_TARGET),
    (("", "", "ReplicationController"), &[], &[], SCALE_TARGET),
];
