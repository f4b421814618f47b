//! Which kinds have no namespace.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::Gvk;

/// Kinds without namespace that a user's OpenAPI document (`openapi.path`) adds to the built-in ones.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Scopes(Option<Arc<FxHashSet<(SmolStr, SmolStr)>>>);

impl Scopes {
    /// From pairs of apiVersion and kind.
    pub(crate) fn new(kinds: FxHashSet<(SmolStr, SmolStr)>) -> Self {
        Self((!kinds.is_empty()).then(|| Arc::new(kinds)))
    }

    /// True without any.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// True for a kind that is among them.
    pub(super) fn declare(&self, gvk: &Gvk) -> bool {
        let Some(kinds) = &self.0 else { return false };
        kinds.contains(&(gvk.api_version().into(), gvk.kind.clone()))
    }
}

/// (apiVersion, kind) of the kinds that the OpenAPI document of Kubernetes v1.21.2 declares cluster-scoped: the list
/// kustomize 5.5.0 was built with.
const CLUSTER_SCOPED: &[(&str, &str)] = &[
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "MutatingWebhookConfiguration",
    ),
    (
        "admissionregistration.k8s.io/v1beta1",
        "ValidatingWebhookConfiguration",
    ),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("apiregistration.k8s.io/v1beta1", "APIService"),
    ("certificates.k8s.io/v1", "CertificateSigningRequest"),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"),
    (
        "flowcontrol.apiserver.k8s.io/v1beta1",
        "PriorityLevelConfiguration",
    ),
    ("networking.k8s.io/v1", "IngressClass"),
    ("networking.k8s.io/v1beta1", "IngressClass"),
    ("node.k8s.io/v1", "RuntimeClass"),
    ("node.k8s.io/v1beta1", "RuntimeClass"),
    ("policy/v1beta1", "PodSecurityPolicy"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRoleBinding"),
    ("scheduling.k8s.io/v1", "PriorityClass"),
    ("scheduling.k8s.io/v1beta1", "PriorityClass"),
    ("storage.k8s.io/v1", "CSIDriver"),
    ("storage.k8s.io/v1", "CSINode"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("storage.k8s.io/v1", "VolumeAttachment"),
    ("storage.k8s.io/v1beta1", "CSIDriver"),
    ("storage.k8s.io/v1beta1", "CSINode"),
    ("storage.k8s.io/v1beta1", "StorageClass"),
    ("storage.k8s.io/v1beta1", "VolumeAttachment"),
    ("v1", "ComponentStatus"),
    ("v1", "Namespace"),
    ("v1", "Node"),
    ("v1", "NodeProxyOptions"),
    ("v1", "PersistentVolume"),
];

/// True for kinds in the list; everything else, unknown kinds included, has a namespace. Asked for every object again and
/// again, so it allocates nothing, and the kind, which nearly always differs, is looked at first.
pub(super) fn is_cluster_scoped(gvk: &Gvk) -> bool {
    let is_version = |api_version: &str| match api_version.split_once('/') {
        Some((group, version)) => gvk.group == group && gvk.version == version,
        None => gvk.group.is_empty() && gvk.version == api_version,
    };
    let kind = gvk.kind.as_str();
    CLUSTER_SCOPED
        .iter()
        .any(|(api_version, listed)| *listed == kind && is_version(api_version))
}
