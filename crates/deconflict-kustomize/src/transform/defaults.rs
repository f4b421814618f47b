//! The field specs that kustomize 5.5.0 starts with (its builtinpluginconsts; kustomize.md section 6), as tables.

use std::sync::{Arc, OnceLock};

use smol_str::{SmolStr, format_smolstr};

use super::fieldspec::FieldSpec;
use super::specs::{BackReferences, FieldSpecs};
use crate::model::Gvk;

/// (group, version, kind, path, create).
type Row = (&'static str, &'static str, &'static str, &'static str, bool);

const NAMESPACE: &[Row] = &[
    ("", "", "Namespace", "metadata/name", true),
    (
        "apiregistration.k8s.io",
        "",
        "APIService",
        "spec/service/namespace",
        true,
    ),
    (
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
        false,
    ),
];

/// Selectors; [`TEMPLATE_LABELS`] and [`AFFINITY`] belong to `commonLabels` too.
const SELECTORS: &[Row] = &[
    ("", "v1", "Service", "spec/selector", true),
    ("", "v1", "ReplicationController", "spec/selector", true),
    ("", "", "Deployment", "spec/selector/matchLabels", true),
    ("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    ("", "", "DaemonSet", "spec/selector/matchLabels", true),
    ("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    ("batch", "", "Job", "spec/selector/matchLabels", false),
    (
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/selector/matchLabels",
        false,
    ),
    (
        "policy",
        "",
        "PodDisruptionBudget",
        "spec/selector/matchLabels",
        false,
    ),
    (
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/podSelector/matchLabels",
        false,
    ),
    (
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/ingress/from/podSelector/matchLabels",
        false,
    ),
    (
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/egress/to/podSelector/matchLabels",
        false,
    ),
];

/// Paths below `spec/template/spec/` of Deployment and StatefulSet in apps.
const AFFINITY: &[&str] = &[
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
];

const TEMPLATE_LABELS: &[Row] = &[
    ("", "", "", "metadata/labels", true),
    (
        "",
        "v1",
        "ReplicationController",
        "spec/template/metadata/labels",
        true,
    ),
    ("", "", "Deployment", "spec/template/metadata/labels", true),
    ("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    ("", "", "DaemonSet", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    (
        "apps",
        "",
        "StatefulSet",
        "spec/volumeClaimTemplates[]/metadata/labels",
        true,
    ),
    ("batch", "", "Job", "spec/template/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    (
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/metadata/labels",
        true,
    ),
];

const ANNOTATIONS: &[Row] = &[
    ("", "", "", "metadata/annotations", true),
    (
        "",
        "v1",
        "ReplicationController",
        "spec/template/metadata/annotations",
        true,
    ),
    ("", "", "Deployment", "spec/template/metadata/annotations", true),
    ("", "", "ReplicaSet", "spec/template/metadata/annotations", true),
    ("", "", "DaemonSet", "spec/template/metadata/annotations", true),
    ("", "", "StatefulSet", "spec/template/metadata/annotations", true),
    ("batch", "", "Job", "spec/template/metadata/annotations", true),
    (
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/metadata/annotations",
        true,
    ),
    (
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/metadata/annotations",
        true,
    ),
];

const IMAGES: &[Row] = &[
    ("", "", "", "spec/containers[]/image", true),
    ("", "", "", "spec/initContainers[]/image", true),
    ("", "", "", "spec/template/spec/containers[]/image", true),
    ("", "", "", "spec/template/spec/initContainers[]/image", true),
];

const REPLICAS: &[Row] = &[
    ("", "", "Deployment", "spec/replicas", true),
    ("", "", "ReplicationController", "spec/replicas", true),
    ("", "", "ReplicaSet", "spec/replicas", true),
    ("", "", "StatefulSet", "spec/replicas", true),
];

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

/// Kinds whose pods get variables replaced, with the path of the pod spec.
const PODS_WITH_VARIABLES: &[(&str, &str)] = &[
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("Pod", "spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
];

/// Paths below a pod spec.
const VARIABLES_IN_POD: &[&str] = &[
    "containers/args",
    "containers/command",
    "containers/env/value",
    "containers/volumeMounts/mountPath",
    "initContainers/args",
    "initContainers/command",
    "initContainers/env/value",
    "initContainers/volumeMounts/mountPath",
];

const VARIABLES: &[Row] = &[
    // Not below the pod spec upstream either.
    (
        "",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/volumes/nfs/server",
        false,
    ),
    (
        "",
        "",
        "DaemonSet",
        "spec/template/spec/volumes/nfs/server",
        false,
    ),
    (
        "",
        "",
        "Deployment",
        "spec/template/spec/volumes/nfs/server",
        false,
    ),
    ("", "", "Deployment", "spec/template/metadata/annotations", false),
    ("", "", "Ingress", "spec/rules/host", false),
    ("", "", "Ingress", "spec/tls/hosts", false),
    ("", "", "Ingress", "spec/tls/secretName", false),
    ("", "", "Job", "spec/template/spec/volumes/nfs/server", false),
    ("", "", "Pod", "spec/volumes/nfs/server", false),
    (
        "",
        "",
        "ReplicaSet",
        "spec/template/spec/volumes/nfs/server",
        false,
    ),
    ("", "", "Service", "spec/ports/port", false),
    ("", "", "Service", "spec/ports/targetPort", false),
    (
        "",
        "",
        "StatefulSet",
        "spec/volumeClaimTemplates/spec/nfs/server",
        false,
    ),
    ("", "", "PersistentVolume", "spec/nfs/server", false),
    ("", "", "", "metadata/labels", false),
    ("", "", "", "metadata/annotations", false),
];

/// The defaults, merged onto nothing as every build does first.
pub(super) fn defaults() -> Arc<FieldSpecs> {
    static DEFAULTS: OnceLock<Arc<FieldSpecs>> = OnceLock::new();
    Arc::clone(DEFAULTS.get_or_init(|| Arc::new(build())))
}

fn build() -> FieldSpecs {
    let mut common_labels = specs(SELECTORS);
    for kind in ["Deployment", "StatefulSet"] {
        let path = |below: &&str| format_smolstr!("spec/template/spec/{below}");
        common_labels.extend(
            AFFINITY
                .iter()
                .map(|below| spec("apps", "", kind, path(below), false)),
        );
    }
    common_labels.extend(specs(TEMPLATE_LABELS));
    let mut var_reference = Vec::new();
    for (kind, pod) in PODS_WITH_VARIABLES {
        let path = |below: &&str| format_smolstr!("{pod}/{below}");
        var_reference.extend(
            VARIABLES_IN_POD
                .iter()
                .map(|below| spec("", "", kind, path(below), false)),
        );
    }
    var_reference.extend(specs(VARIABLES));
    let metadata_name = vec![spec("", "", "", SmolStr::new_static("metadata/name"), false)];
    let mut built = FieldSpecs {
        name_prefix: metadata_name.clone(),
        name_suffix: metadata_name,
        namespace: specs(NAMESPACE),
        common_labels,
        labels: Vec::new(),
        template_labels: specs(TEMPLATE_LABELS),
        common_annotations: specs(ANNOTATIONS),
        name_reference: REFERENCES.iter().map(back_references).collect(),
        var_reference,
        images: specs(IMAGES),
        replicas: specs(REPLICAS),
    };
    built.sort();
    built
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
    referrers.extend(specs(others));
    BackReferences {
        gvk: gvk(group, version, kind),
        referrers,
    }
}

fn specs(rows: &[Row]) -> Vec<FieldSpec> {
    rows.iter()
        .map(|(group, version, kind, path, create)| {
            spec(group, version, kind, SmolStr::new_static(path), *create)
        })
        .collect()
}

fn spec(group: &str, version: &str, kind: &str, path: SmolStr, create: bool) -> FieldSpec {
    FieldSpec {
        gvk: gvk(group, version, kind),
        path,
        create,
    }
}

fn gvk(group: &str, version: &str, kind: &str) -> Gvk {
    Gvk {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use deconflict_files::{Files, RepoPath};
    use deconflict_yaml::parse;

    use super::*;

    /// The same facts as upstream's, read from the shared data.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test that reads data")]
    fn equal_upstream() {
        let shared = std::env::var_os("DECONFLICT_SHARED").map_or_else(
            || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
            PathBuf::from,
        );
        let file = shared.join("conformance/kustomize-data/fieldspecs-v5.5.0.json");
        let Ok(text) = std::fs::read_to_string(&file) else {
            println!("skipped: no shared directory");
            return;
        };
        let files = Files::default();
        let text: Arc<str> = text.into();
        let id = files.intern(&RepoPath::new("specs.json").expect("a path"), &text);
        let parsed = parse(id, &text);
        let root = parsed.documents[0].root.as_ref().expect("a document");
        let upstream = FieldSpecs::from_configuration(root).expect("field specs");
        let mut merged = FieldSpecs::default();
        merged.merge_in(&upstream).expect("no conflict");
        let mut ours = FieldSpecs::default();
        ours.merge_in(&defaults()).expect("no conflict");
        let key = |spec: &FieldSpec| format!("{spec:?}");
        let sorted = |specs: &[FieldSpec]| {
            let mut keys: Vec<String> = specs.iter().map(key).collect();
            keys.sort();
            // Upstream lists one path twice.
            keys.dedup();
            keys
        };
        for (ours, theirs) in ours.lists().into_iter().zip(merged.lists()) {
            assert_eq!(sorted(ours), sorted(theirs));
        }
        assert_eq!(ours.name_reference.len(), merged.name_reference.len());
        for (ours, theirs) in ours.name_reference.iter().zip(&merged.name_reference) {
            assert_eq!(ours.gvk, theirs.gvk);
            assert_eq!(sorted(&ours.referrers), sorted(&theirs.referrers));
        }
    }
}
