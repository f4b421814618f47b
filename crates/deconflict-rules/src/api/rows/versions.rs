//! API versions, and custom resources against their definitions.

use crate::api::row::{manifest, row};

/// The definition that the examples below share.
macro_rules! widget {
    ($resource:expr) => {
        concat!(
            "# clusters/prod/web/definition.yaml\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  \
             name: widgets.example.org\nspec:\n  group: example.org\n  scope: Namespaced\n  names:\n    kind: Widget\n    plural: \
             widgets\n  versions:\n    - name: v1\n      served: true\n      storage: true\n      schema:\n        \
             openAPIV3Schema:\n          type: object\n          properties:\n            spec:\n              type: object\n              \
             required: [size]\n              properties:\n                size:\n                  type: integer\n                  \
             minimum: 1\n    - name: v1alpha1\n      served: false\n      storage: false\n      schema:\n        openAPIV3Schema:\n          \
             type: object\n",
            "# clusters/prod/web/widget.yaml\n",
            $resource
        )
    };
}

row! {
    API_REMOVED = "dep-api-removed", refused, "an API version that the cluster no longer serves, or not yet",
    what: "Compares the API version of built-in kinds with what the Kubernetes version of each cluster serves, and names the replacement. \
           The version comes from `kubernetes:` in the configuration or `--kubernetes-version`.",
    source: "The kinds that Kubernetes 1.25 to 1.37 serve, and the Deprecated API Migration Guide for what is older.",
    bad: manifest!("policy/v1beta1", "PodDisruptionBudget", "\nspec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      app: web\n"),
    good: manifest!("policy/v1", "PodDisruptionBudget", "\nspec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      app: web\n"),
    limits: "Alpha and beta APIs that a cluster serves only with a feature gate count as served.",
}

row! {
    API_DEPRECATED = "dep-api-deprecated", warned, "an API version that a later Kubernetes or its project drops",
    what: "Finds API versions that the cluster serves today and a known later version does not; versions that a definition of the tree \
           marks `deprecated`; and those of Istio, Gatekeeper, Flux and External Secrets that their projects have replaced.",
    source: "The kinds that Kubernetes 1.25 to 1.37 serve; release notes of the projects.",
    bad: manifest!("networking.istio.io/v1beta1", "VirtualService", "\nspec:\n  hosts: [web]\n  http:\n    - route:\n        - destination:\n            host: web\n"),
    good: manifest!("networking.istio.io/v1", "VirtualService", "\nspec:\n  hosts: [web]\n  http:\n    - route:\n        - destination:\n            host: web\n"),
}

row! {
    SCHEMA_VIOLATION = "crd-schema-violation", refused, "a custom resource does not fit its definition",
    what: "Holds custom resources against the CustomResourceDefinition placed in the same cluster: structure, types, required fields, bounds, \
           patterns, enums, list keys, and the definition's own rules. Without one in the repository, what is embedded of popular \
           definitions is used, and its findings are warnings.",
    source: "The CustomResourceDefinition; embedded: the crates `kcr_*`.",
    bad: widget!("apiVersion: example.org/v1\nkind: Widget\nmetadata:\n  name: web\n  namespace: web\nspec:\n  size: 0\n"),
    good: widget!("apiVersion: example.org/v1\nkind: Widget\nmetadata:\n  name: web\n  namespace: web\nspec:\n  size: 1\n"),
    limits: "Several definitions of one kind in a cluster: a resource is refused when all of them refuse it. Rules about a change \
             (`oldSelf`) need a base.",
}

row! {
    VERSION_NOT_SERVED = "crd-version-not-served", refused, "a custom resource in a version that its definition does not serve",
    what: "Compares the version of a custom resource with the CustomResourceDefinition placed in the same cluster: it must be there, and \
           `served: true`.",
    source: "The CustomResourceDefinition.",
    bad: widget!("apiVersion: example.org/v1alpha1\nkind: Widget\nmetadata:\n  name: web\n  namespace: web\nspec:\n  size: 1\n"),
    good: widget!("apiVersion: example.org/v1\nkind: Widget\nmetadata:\n  name: web\n  namespace: web\nspec:\n  size: 1\n"),
    limits: "With a base, a version that the change itself takes away is `crd-served-version-removed`, once for the definition.",
}
