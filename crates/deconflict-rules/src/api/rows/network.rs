//! Services, Ingresses, NetworkPolicies.

use crate::api::row::{manifest, row};

row! {
    SERVICE_PORTS = "api-service-ports", refused, "ports that a Service cannot have",
    what: "A Service has ports unless it is headless or of type ExternalName; more than one need names, which are DNS labels; name and \
           pair of protocol and port stand once.",
    source: "`ValidateService` (pkg/apis/core/validation).",
    bad: manifest!("v1", "Service", "\nspec:\n  selector:\n    app: web\n  ports:\n    - port: 80\n    - port: 443\n"),
    good: manifest!("v1", "Service", "\nspec:\n  selector:\n    app: web\n  ports:\n    - name: http\n      port: 80\n    - name: https\n      port: 443\n"),
}

row! {
    NODE_PORT = "api-node-port", refused, "a node port on a Service that has none, twice, or outside of the range",
    what: "`nodePort` goes with `type: NodePort` or `LoadBalancer`, and stands once per protocol. Outside of 30000 to 32767, the range a \
           cluster has unless it was changed, it is a warning.",
    source: "`ValidateService` (pkg/apis/core/validation); `--service-node-port-range`.",
    bad: manifest!("v1", "Service", "\nspec:\n  selector:\n    app: web\n  ports:\n    - port: 80\n      nodePort: 30080\n"),
    good: manifest!("v1", "Service", "\nspec:\n  type: NodePort\n  selector:\n    app: web\n  ports:\n    - port: 80\n      nodePort: 30080\n"),
}

row! {
    SERVICE_EXTERNAL_NAME = "api-service-external-name", refused, "an external Service without a name, or with an address",
    what: "`type: ExternalName` needs `externalName`, a host name in lower case, and no `clusterIP`.",
    source: "`ValidateService` (pkg/apis/core/validation).",
    bad: manifest!("v1", "Service", "\nspec:\n  type: ExternalName\n"),
    good: manifest!("v1", "Service", "\nspec:\n  type: ExternalName\n  externalName: db.example.org\n"),
}

row! {
    SERVICE_HEADLESS_TYPE = "api-service-headless-type", refused, "a headless Service that should be reached from outside",
    what: "`clusterIP: None` does not go with `type: NodePort` or `LoadBalancer`.",
    source: "`ValidateService` (pkg/apis/core/validation).",
    bad: manifest!("v1", "Service", "\nspec:\n  type: LoadBalancer\n  clusterIP: None\n  selector:\n    app: web\n  ports:\n    - port: 80\n"),
    good: manifest!("v1", "Service", "\nspec:\n  type: LoadBalancer\n  selector:\n    app: web\n  ports:\n    - port: 80\n"),
}

row! {
    SERVICE_TYPE_FIELDS = "api-service-type-fields", refused, "a field that the Service's type does not have",
    what: "`loadBalancerClass`, `allocateLoadBalancerNodePorts` and `loadBalancerSourceRanges` need `type: LoadBalancer`; \
           `externalTrafficPolicy` a type that is reached from outside; `healthCheckNodePort` LoadBalancer with policy `Local`.",
    source: "`ValidateService` (pkg/apis/core/validation).",
    bad: manifest!("v1", "Service", "\nspec:\n  type: ClusterIP\n  externalTrafficPolicy: Local\n  selector:\n    app: web\n  ports:\n    - port: 80\n"),
    good: manifest!("v1", "Service", "\nspec:\n  type: LoadBalancer\n  externalTrafficPolicy: Local\n  selector:\n    app: web\n  ports:\n    - port: 80\n"),
}

row! {
    INGRESS_RULES = "api-ingress-rules", refused, "an Ingress that leads nowhere, or to two places",
    what: "An Ingress has rules or a default backend; a backend is a `service` or a `resource`; a service's port is a `number` or a \
           `name`.",
    source: "`ValidateIngressSpec`, `validateIngressBackend` (pkg/apis/networking/validation).",
    bad: manifest!("networking.k8s.io/v1", "Ingress", "\nspec:\n  rules:\n    - host: shop.example.org\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n                  name: http\n"),
    good: manifest!("networking.k8s.io/v1", "Ingress", "\nspec:\n  rules:\n    - host: shop.example.org\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n"),
}

row! {
    INGRESS_PATH = "api-ingress-path", refused, "a path of an Ingress that cannot be matched",
    what: "`pathType` is there, and paths of type `Exact` and `Prefix` start with `/` and contain none of `//`, `/./`, `/../`, `%2f`.",
    source: "`validateHTTPIngressPath` (pkg/apis/networking/validation).",
    bad: manifest!("networking.k8s.io/v1", "Ingress", "\nspec:\n  rules:\n    - host: shop.example.org\n      http:\n        paths:\n          - path: shop\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n"),
    good: manifest!("networking.k8s.io/v1", "Ingress", "\nspec:\n  rules:\n    - host: shop.example.org\n      http:\n        paths:\n          - path: /shop\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n"),
}

row! {
    INGRESS_HOST = "api-ingress-host", refused, "a host of an Ingress that is no host name",
    what: "A host is a DNS name in lower case, or one with `*.` in front; not an address.",
    source: "`validateIngressRules` (pkg/apis/networking/validation).",
    bad: manifest!("networking.k8s.io/v1", "Ingress", "\nspec:\n  rules:\n    - host: Shop.Example.org\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n"),
    good: manifest!("networking.k8s.io/v1", "Ingress", "\nspec:\n  rules:\n    - host: shop.example.org\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n"),
}

row! {
    INGRESS_CLASS_BOTH = "api-ingress-class-both", refused, "an Ingress names its class twice",
    what: "The annotation `kubernetes.io/ingress.class` and `ingressClassName` cannot both be set when an Ingress is created.",
    source: "`ValidateIngressCreate` (pkg/apis/networking/validation).",
    bad: manifest!("networking.k8s.io/v1", "Ingress", "\n  annotations:\n    kubernetes.io/ingress.class: nginx\nspec:\n  ingressClassName: nginx\n  rules:\n    - host: shop.example.org\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n"),
    good: manifest!("networking.k8s.io/v1", "Ingress", "\nspec:\n  ingressClassName: nginx\n  rules:\n    - host: shop.example.org\n      http:\n        paths:\n          - path: /\n            pathType: Prefix\n            backend:\n              service:\n                name: web\n                port:\n                  number: 80\n"),
    limits: "An Ingress that exists already keeps both; recreating it fails.",
}

row! {
    NETPOL_PEER = "api-netpol-peer", refused, "a peer of a NetworkPolicy that is nobody, or two things",
    what: "A peer is selectors or an `ipBlock`; blocks are CIDRs and exceptions lie strictly within; `endPort` follows a number that is \
           not greater.",
    source: "`ValidateNetworkPolicyPeer`, `ValidateIPBlock`, `ValidateNetworkPolicyPort` (pkg/apis/networking/validation).",
    bad: manifest!("networking.k8s.io/v1", "NetworkPolicy", "\nspec:\n  podSelector: {}\n  ingress:\n    - from:\n        - ipBlock:\n            cidr: 10.0.0.0/8\n          podSelector: {}\n"),
    good: manifest!("networking.k8s.io/v1", "NetworkPolicy", "\nspec:\n  podSelector: {}\n  ingress:\n    - from:\n        - ipBlock:\n            cidr: 10.0.0.0/8\n        - podSelector: {}\n"),
}
