//! Names, labels, annotations.

use crate::api::row::{manifest, row};

row! {
    NAME_REQUIRED = "api-name-required", refused, "an object without a name",
    what: "Finds objects that have neither `metadata.name` nor `metadata.generateName`.",
    source: "`ValidateObjectMeta` (k8s.io/apimachinery, pkg/api/validation).",
    bad: "# clusters/prod/web/manifest.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: web\ndata:\n  a: b\n",
    good: manifest!("v1", "ConfigMap", "\ndata:\n  a: b\n"),
    limits: "Manifests of a directory without kustomization; kustomize refuses to build such an object itself.",
    check: crate::Check::Root(crate::api::identity::names),
}

row! {
    GENERATE_NAME = "api-generate-name", warned, "`generateName` without a name cannot be applied",
    what: "Finds objects with `metadata.generateName` and no `metadata.name`. They can be created, not applied: \
           `kubectl apply` and Flux fail, Argo CD makes a new object with every sync.",
    source: "`kubectl apply` (\"resource name may not be empty\"); Argo CD's documentation of sync with generateName.",
    bad: "# clusters/prod/web/manifest.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: web-\n  namespace: web\n",
    good: manifest!("v1", "ConfigMap", "\n"),
    limits: "Hooks of Argo CD are often meant this way; ignore the line with a reason.",
}

row! {
    NAME_FORMAT = "api-name-format", refused, "a name that the API server does not take",
    what: "Checks `metadata.name` and `metadata.namespace` against the rule of the kind: a DNS subdomain for most, a DNS label \
           for Namespaces and (from Kubernetes 1.34) StatefulSets, a label that starts with a letter for Services, a path \
           segment for RBAC.",
    source: "`ValidateObjectMeta` and the name functions of each kind (pkg/apis/*/validation).",
    bad: "# clusters/prod/web/manifest.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Web_Settings\n  namespace: web\n",
    good: "# clusters/prod/web/manifest.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web-settings\n  namespace: web\n",
}

row! {
    NAME_LENGTH_STATEFULSET = "api-name-length-statefulset", later, "a StatefulSet's name leaves no room for its revision label",
    what: "Finds StatefulSets whose name is longer than 52 characters: the label `controller-revision-hash` of its pods would \
           exceed 63 characters, so no pod can be created.",
    source: "kubernetes/kubernetes#64023.",
    bad: "# clusters/prod/web/manifest.yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: \
          a-very-long-name-that-somebody-composed-of-many-parts\n  namespace: web\nspec:\n  selector:\n    matchLabels:\n      \
          app: web\n  serviceName: web\n  template:\n    metadata:\n      labels:\n        app: web\n    spec:\n      \
          containers:\n        - name: web\n          image: nginx:1.27\n",
    good: "# clusters/prod/web/manifest.yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  name: web\n  namespace: \
           web\nspec:\n  selector:\n    matchLabels:\n      app: web\n  serviceName: web\n  template:\n    metadata:\n      \
           labels:\n        app: web\n    spec:\n      containers:\n        - name: web\n          image: nginx:1.27\n",
}

row! {
    LABEL_KEY = "api-label-key", refused, "a label's key is none",
    what: "Checks the keys of labels and selectors: an optional DNS prefix with `/`, then at most 63 letters, digits, `-`, \
           `_`, `.`, with a letter or digit at both ends.",
    source: "`IsQualifiedName` (k8s.io/apimachinery, pkg/util/validation).",
    bad: manifest!("v1", "ConfigMap", "\n  labels:\n    \"made by\": hand\n"),
    good: manifest!("v1", "ConfigMap", "\n  labels:\n    made-by: hand\n"),
}

row! {
    LABEL_VALUE = "api-label-value", refused, "a label's value is none",
    what: "Checks the values of labels and selectors: empty, or at most 63 letters, digits, `-`, `_`, `.`, with a letter or \
           digit at both ends.",
    source: "`IsValidLabelValue` (k8s.io/apimachinery, pkg/util/validation).",
    bad: manifest!("v1", "ConfigMap", "\n  labels:\n    contact: web@example.org\n"),
    good: manifest!("v1", "ConfigMap", "\n  annotations:\n    contact: web@example.org\n"),
}

row! {
    ANNOTATION_KEY = "api-annotation-key", refused, "an annotation's key is none",
    what: "Checks the keys of annotations: as those of labels, whatever their case.",
    source: "`ValidateAnnotations` (k8s.io/apimachinery, pkg/api/validation).",
    bad: manifest!("v1", "ConfigMap", "\n  annotations:\n    example.org/made/by: hand\n"),
    good: manifest!("v1", "ConfigMap", "\n  annotations:\n    example.org/made-by: hand\n"),
}

row! {
    ANNOTATION_SIZE = "api-annotation-size", refused, "annotations take more than 256 KiB",
    what: "Adds up keys and values of the annotations of an object or a pod template: together at most 262144 bytes.",
    source: "`TotalAnnotationSizeLimitB` (k8s.io/apimachinery, pkg/api/validation).",
    bad: manifest!("v1", "ConfigMap", "\n  annotations:\n    example.org/dashboard: \"(more than 256 KiB of text)\"\n"),
    good: manifest!("v1", "ConfigMap", "\ndata:\n  dashboard: \"(at most 1 MiB of text)\"\n"),
    limits: "The example is shortened. Client-side apply copies the whole object into an annotation, which is not counted here.",
}

row! {
    NAMESPACE_ON_CLUSTER_SCOPED = "api-namespace-on-cluster-scoped", warned, "a namespace on a kind that has none",
    what: "Finds `metadata.namespace` on built-in kinds that belong to no namespace. The server drops it; tools that compare \
           Git with the cluster see a difference for ever.",
    source: "`rest.EnsureObjectNamespaceMatchesRequestNamespace` (k8s.io/apiserver).",
    bad: "# clusters/prod/web/manifest.yaml\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: web\n  namespace: web\n",
    good: "# clusters/prod/web/manifest.yaml\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: web\n",
    limits: "kustomize drops such a namespace itself when it sets namespaces. Custom kinds: `crd-scope-mismatch`.",
}

row! {
    LABEL_SELECTOR_ARITY = "api-label-selector-arity", refused, "a selector's operator with the wrong number of values",
    what: "Checks `matchExpressions`: `In` and `NotIn` need values, `Exists` and `DoesNotExist` take none, and there is no other \
           operator.",
    source: "`ValidateLabelSelectorRequirement` (k8s.io/apimachinery, pkg/apis/meta/v1/validation).",
    bad: manifest!("policy/v1", "PodDisruptionBudget", "\nspec:\n  minAvailable: 1\n  selector:\n    matchExpressions:\n      - key: app\n        operator: Exists\n        values: [web]\n"),
    good: manifest!("policy/v1", "PodDisruptionBudget", "\nspec:\n  minAvailable: 1\n  selector:\n    matchExpressions:\n      - key: app\n        operator: In\n        values: [web]\n"),
}
