//! Configuration, storage, access and what extends a cluster.

use crate::api::row::{manifest, row};

row! {
    PVC_SPEC = "api-pvc-spec", refused, "a claim that asks for nothing",
    what: "A PersistentVolumeClaim has access modes (ReadWriteOncePod alone) and asks for storage. In a StatefulSet's claim templates the \
           same is a warning.",
    source: "`ValidatePersistentVolumeClaimSpec` (pkg/apis/core/validation).",
    bad: manifest!("v1", "PersistentVolumeClaim", "\nspec:\n  accessModes: [ReadWriteOnce]\n"),
    good: manifest!("v1", "PersistentVolumeClaim", "\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 10Gi\n"),
}

row! {
    PV_SPEC = "api-pv-spec", refused, "a volume without size, mode or source",
    what: "A PersistentVolume has `capacity.storage`, access modes and exactly one source; a local one has node affinity.",
    source: "`ValidatePersistentVolumeSpec` (pkg/apis/core/validation).",
    bad: manifest!(cluster "v1", "PersistentVolume", "web", "\nspec:\n  accessModes: [ReadWriteMany]\n  capacity:\n    storage: 10Gi\n"),
    good: manifest!(cluster "v1", "PersistentVolume", "web", "\nspec:\n  accessModes: [ReadWriteMany]\n  capacity:\n    storage: 10Gi\n  nfs:\n    server: nfs.example.org\n    path: /web\n"),
}

row! {
    SECRET_DATA = "api-secret-data", refused, "a value of a Secret is not base64",
    what: "Checks `data` of Secrets: standard base64 with padding; line breaks are fine. Values are never shown.",
    source: "encoding/base64 as the JSON decoder uses it.",
    bad: manifest!("v1", "Secret", "\ndata:\n  user: not-encoded\n"),
    good: manifest!("v1", "Secret", "\nstringData:\n  user: not-encoded\n"),
}

row! {
    CONFIG_KEY = "api-config-key", refused, "a key that no ConfigMap or Secret can have",
    what: "Keys have at most 253 letters, digits, `-`, `_`, `.`, are not `.` and do not start with `..`; none stands in `data` and \
           `binaryData` at once.",
    source: "`IsConfigMapKey` (k8s.io/apimachinery, pkg/util/validation).",
    bad: manifest!("v1", "ConfigMap", "\ndata:\n  conf/nginx.conf: \"\"\n"),
    good: manifest!("v1", "ConfigMap", "\ndata:\n  nginx.conf: \"\"\n"),
}

row! {
    CONFIG_SIZE = "api-config-size", refused, "a ConfigMap or Secret of more than 1 MiB",
    what: "Adds up the values (of a Secret as decoded): at most 1048576 bytes.",
    source: "`MaxSecretSize`, `ValidateConfigMap` (pkg/apis/core/validation).",
    bad: manifest!("v1", "ConfigMap", "\ndata:\n  dashboard: \"(more than 1 MiB of text)\"\n"),
    good: manifest!("v1", "ConfigMap", "\ndata:\n  dashboard: \"(at most 1 MiB of text)\"\n"),
    limits: "The example is shortened.",
}

row! {
    SECRET_TYPE_KEYS = "api-secret-type-keys", refused, "a Secret without the keys of its type",
    what: "`kubernetes.io/tls` needs `tls.crt` and `tls.key`, `dockerconfigjson` JSON in its key, `basic-auth` user or password, \
           `ssh-auth` its key.",
    source: "`ValidateSecret` (pkg/apis/core/validation).",
    bad: manifest!("v1", "Secret", "\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: (certificate)\n"),
    good: manifest!("v1", "Secret", "\ntype: kubernetes.io/tls\nstringData:\n  tls.crt: (certificate)\n  tls.key: (key)\n"),
}

row! {
    LIMIT_RANGE = "api-limit-range", refused, "limits of a LimitRange out of order",
    what: "`min`, `defaultRequest`, `default` and `max` of a resource rise in this order.",
    source: "`ValidateLimitRange` (pkg/apis/core/validation).",
    bad: manifest!("v1", "LimitRange", "\nspec:\n  limits:\n    - type: Container\n      default:\n        memory: 2Gi\n      max:\n        memory: 1Gi\n"),
    good: manifest!("v1", "LimitRange", "\nspec:\n  limits:\n    - type: Container\n      default:\n        memory: 1Gi\n      max:\n        memory: 2Gi\n"),
    limits: "The shape of the LimitRange only; pods outside of it: `cap-limitrange-violated`.",
}

row! {
    RBAC_RULE = "api-rbac-rule", refused, "a rule of a role that grants nothing",
    what: "A rule has verbs, and either resources with their groups or, in a ClusterRole, `nonResourceURLs`.",
    source: "`ValidatePolicyRule` (pkg/apis/rbac/validation).",
    bad: manifest!("rbac.authorization.k8s.io/v1", "Role", "\nrules:\n  - resources: [pods]\n    verbs: [get]\n"),
    good: manifest!("rbac.authorization.k8s.io/v1", "Role", "\nrules:\n  - apiGroups: [\"\"]\n    resources: [pods]\n    verbs: [get]\n"),
}

row! {
    RBAC_REF = "api-rbac-ref", refused, "a binding to something that is no role or subject",
    what: "`roleRef` is a Role or ClusterRole of its group (of a ClusterRoleBinding only a ClusterRole); a ServiceAccount has a \
           namespace (in a RoleBinding its own when absent); users and groups have their API group.",
    source: "`ValidateRoleBinding`, `ValidateRoleBindingSubject` (pkg/apis/rbac/validation).",
    bad: manifest!("rbac.authorization.k8s.io/v1", "RoleBinding", "\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Roles\n  name: web\nsubjects:\n  - kind: ServiceAccount\n    name: web\n    namespace: web\n"),
    good: manifest!("rbac.authorization.k8s.io/v1", "RoleBinding", "\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: web\nsubjects:\n  - kind: ServiceAccount\n    name: web\n    namespace: web\n"),
}

row! {
    PRIORITY_CLASS = "api-priority-class", refused, "a priority that belongs to the system",
    what: "A PriorityClass has a value of at most 1000000000 and a name that does not start with `system-`.",
    source: "`ValidatePriorityClass` (pkg/apis/scheduling/validation).",
    bad: manifest!(cluster "scheduling.k8s.io/v1", "PriorityClass", "system-web", "\nvalue: 1000\n"),
    good: manifest!(cluster "scheduling.k8s.io/v1", "PriorityClass", "web", "\nvalue: 1000\n"),
}

row! {
    CRD_SHAPE = "api-crd-shape", refused, "a CustomResourceDefinition that contradicts itself",
    what: "The name is plural and group, exactly one version is stored, and every version has a structural schema: every field has a type, \
           lists say what is in them, conditions (`anyOf` and the like) restrict what is described outside of them, and no `$ref`.",
    source: "`ValidateCustomResourceDefinition` (k8s.io/apiextensions-apiserver).",
    bad: manifest!(cluster "apiextensions.k8s.io/v1", "CustomResourceDefinition", "widget.example.org", "\nspec:\n  group: example.org\n  scope: Namespaced\n  names:\n    kind: Widget\n    plural: widgets\n  versions:\n    - name: v1\n      served: true\n      storage: true\n      schema:\n        openAPIV3Schema:\n          type: object\n"),
    good: manifest!(cluster "apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.org", "\nspec:\n  group: example.org\n  scope: Namespaced\n  names:\n    kind: Widget\n    plural: widgets\n  versions:\n    - name: v1\n      served: true\n      storage: true\n      schema:\n        openAPIV3Schema:\n          type: object\n"),
}

row! {
    WEBHOOK_SHAPE = "api-webhook-shape", refused, "a webhook that cannot be called",
    what: "A webhook has a name of three parts, `sideEffects: None` or `NoneOnDryRun`, `admissionReviewVersions`, a timeout of 1 to 30 \
           seconds, and a `service` or a `url`.",
    source: "`ValidateValidatingWebhookConfiguration` (pkg/apis/admissionregistration/validation).",
    bad: manifest!(cluster "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "web", "\nwebhooks:\n  - name: web.example.org\n    sideEffects: None\n    admissionReviewVersions: [v1]\n    timeoutSeconds: 60\n    clientConfig:\n      service:\n        name: web\n        namespace: web\n"),
    good: manifest!(cluster "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "web", "\nwebhooks:\n  - name: web.example.org\n    sideEffects: None\n    admissionReviewVersions: [v1]\n    timeoutSeconds: 10\n    clientConfig:\n      service:\n        name: web\n        namespace: web\n"),
}
