//! Fields and their types.

use crate::api::row::{deployment, manifest, pod, row};

row! {
    UNKNOWN_FIELD = "api-unknown-field", refused, "a field that the kind does not have at this Kubernetes version",
    what: "Compares every field of built-in kinds with those that the cluster's Kubernetes version has. The nearest name is \
           proposed, and fields of other versions are named as such.",
    source: "Kubernetes' published OpenAPI definitions, 1.25 to 1.37. Strict field validation (`kubectl apply`, server-side \
             apply) refuses the object; otherwise the field is dropped silently.",
    bad: deployment!("\n          imagePullPolcy: Always\n"),
    good: deployment!("\n          imagePullPolicy: Always\n"),
    limits: "Fields behind a feature gate count as known: gates are not visible in Git.",
}

row! {
    WRONG_TYPE = "api-wrong-type", refused, "a value of another type than its field takes",
    what: "Compares every value of built-in kinds with the type of its field, as Kubernetes reads YAML: `yes` is a boolean, \
           `1.10` a number, `\"3\"` a string. `null` counts as absent.",
    source: "Kubernetes' published OpenAPI definitions and the JSON decoder of k8s.io/apimachinery.",
    bad: deployment!("\n  replicas: \"3\"\n"),
    good: deployment!("\n  replicas: 3\n"),
}

row! {
    REQUIRED_FIELD = "api-required-field", refused, "a field that must be there is missing",
    what: "Finds built-in kinds without a field that every Kubernetes version from 1.25 to 1.37 requires, and manifests \
           without `apiVersion` or `kind`.",
    source: "Kubernetes' published OpenAPI definitions; the intersection over versions, because the server enforces its own \
             checks and not these lists.",
    bad: manifest!(cluster "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "web", "\nsubjects:\n  - kind: Group\n    name: web\n"),
    good: manifest!(cluster "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "web", "\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: ClusterRole\n  name: view\nsubjects:\n  - kind: Group\n    name: web\n"),
    check: crate::Check::Root(crate::api::identity::fields),
}

row! {
    ENUM_VALUE = "api-enum-value", refused, "a word outside of the closed set of its field",
    what: "Checks fields of built-in kinds that take one of a few words, case and all. An empty string counts as unset.",
    source: "The `+enum` types of k8s.io/api and the supported sets of Kubernetes' validation code, with the versions that \
             have each value.",
    bad: pod!("\n      imagePullPolicy: always\n"),
    good: pod!("\n      imagePullPolicy: Always\n"),
}

row! {
    DUPLICATE_ITEM = "api-duplicate-item", warned, "two items of a list share the key that tells them apart",
    what: "Finds items of list maps and sets of built-in kinds that are there twice, where no other check of this table says so. \
           The server stores both; server-side apply refuses the object.",
    source: "`x-kubernetes-list-map-keys` of Kubernetes' published OpenAPI definitions.",
    bad: manifest!("v1", "ServiceAccount", "\nsecrets:\n  - name: registry\n  - name: registry\n"),
    good: manifest!("v1", "ServiceAccount", "\nsecrets:\n  - name: registry\n"),
}

row! {
    UNKNOWN_KIND = "api-unknown-kind", refused, "a kind or version that its built-in API group never had",
    what: "Finds objects of the API server's own groups whose kind or version does not exist: a misspelt kind, a wrong case, a \
           kind in another group.",
    source: "The kinds that Kubernetes 1.25 to 1.37 serve. Custom kinds: `crd-missing`.",
    bad: "# clusters/prod/web/manifest.yaml\napiVersion: v1\nkind: Configmap\nmetadata:\n  name: web\n  namespace: web\n",
    good: manifest!("v1", "ConfigMap", "\n"),
}

row! {
    INTEGER_RANGE = "api-integer-range", refused, "a number that does not fit the integer of its field",
    what: "Checks numbers against the 32 or 64 bits of their field.",
    source: "The formats `int32` and `int64` of Kubernetes' OpenAPI definitions.",
    bad: deployment!("\n  replicas: 3000000000\n"),
    good: deployment!("\n  replicas: 3\n"),
}

row! {
    QUANTITY_FORMAT = "api-quantity-format", refused, "an amount that is no quantity",
    what: "Checks amounts: a number with one of the suffixes n u m k M G T P E Ki Mi Gi Ti Pi Ei or an exponent, and not \
           negative for resources.",
    source: "`resource.ParseQuantity` (k8s.io/apimachinery, pkg/api/resource).",
    bad: pod!("\n      resources:\n        limits:\n          memory: 512MB\n"),
    good: pod!("\n      resources:\n        limits:\n          memory: 512Mi\n"),
}

row! {
    QUANTITY_MILLI_BYTES = "api-quantity-milli-bytes", warned, "thousandths of a byte",
    what: "Finds memory and storage with the suffix `m`, which means thousandths: `512m` of memory is half a byte.",
    source: "resource.Quantity (k8s.io/apimachinery, pkg/api/resource).",
    bad: pod!("\n      resources:\n        limits:\n          memory: 512m\n"),
    good: pod!("\n      resources:\n        limits:\n          memory: 512Mi\n"),
}
