//! Which kinds have a namespace.

use rustc_hash::FxHashMap;

use crate::GroupKind;

/// Whether objects of a kind live in a namespace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scope {
    /// They do not.
    Cluster,
    /// They do.
    Namespaced,
    /// Nobody here knows the kind.
    Unknown,
}

/// Scopes of built-in kinds, of widely used custom kinds, and of the kinds that the tree itself defines.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scopes {
    defined: FxHashMap<GroupKind, Scope>,
}

impl Scopes {
    /// Built-in and widely used kinds only.
    pub fn new() -> Self {
        Self::default()
    }

    /// A CustomResourceDefinition of the tree says so; it beats the tables. Definitions that disagree make the kind unknown.
    pub fn define(&mut self, kind: GroupKind, scope: Scope) {
        let known = self.defined.entry(kind).or_insert(scope);
        if *known != scope {
            *known = Scope::Unknown;
        }
    }

    /// The scope of a kind.
    pub fn of(&self, group: &str, kind: &str) -> Scope {
        if self.defined.is_empty() {
            return scope(group, kind);
        }
        self.defined
            .get(&GroupKind::new(group, kind))
            .copied()
            .unwrap_or_else(|| scope(group, kind))
    }
}

/// The scope of a built-in kind (Kubernetes 1.35, and what older versions served) or of a widely used custom kind
/// (the CustomResourceDefinitions that their projects publish).
pub fn scope(group: &str, kind: &str) -> Scope {
    if CLUSTER.contains(&(group, kind)) {
        return Scope::Cluster;
    }
    if CLUSTER_GROUPS.contains(&group) {
        return Scope::Cluster;
    }
    if NAMESPACED_GROUPS.contains(&group) || NAMESPACED.contains(&(group, kind)) {
        return Scope::Namespaced;
    }
    Scope::Unknown
}

/// Groups whose kinds are all cluster-scoped.
const CLUSTER_GROUPS: &[&str] = &[
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "config.openshift.io",
    "constraints.gatekeeper.sh",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "node.k8s.io",
    "storagemigration.k8s.io",
    "templates.gatekeeper.sh",
];

/// Groups whose kinds have a namespace, but for those in [`CLUSTER`].
const NAMESPACED_GROUPS: &[&str] = &[
    "",
    "acme.cert-manager.io",
    "apps",
    "argoproj.io",
    "autoscaling",
    "autoscaling.k8s.io",
    "batch",
    "bitnami.com",
    "cert-manager.io",
    "cilium.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "elasticsearch.k8s.elastic.co",
    "events.k8s.io",
    "extensions",
    "external-secrets.io",
    "gateway.networking.k8s.io",
    "helm.toolkit.fluxcd.io",
    "image.toolkit.fluxcd.io",
    "k8s.cni.cncf.io",
    "kafka.strimzi.io",
    "keda.sh",
    "kibana.k8s.elastic.co",
    "kustomize.toolkit.fluxcd.io",
    "metallb.io",
    "monitoring.coreos.com",
    "networking.istio.io",
    "networking.k8s.io",
    "notification.toolkit.fluxcd.io",
    "policy",
    "postgresql.cnpg.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "route.openshift.io",
    "secrets.hashicorp.com",
    "security.istio.io",
    "serving.knative.dev",
    "source.toolkit.fluxcd.io",
    "storage.k8s.io",
    "telemetry.istio.io",
    "tekton.dev",
    "traefik.containo.us",
    "traefik.io",
    "triggers.tekton.dev",
    "velero.io",
];

/// Further namespaced kinds of groups that are not listed whole.
const NAMESPACED: &[(&str, &str)] = &[
    ("authorization.k8s.io", "LocalSubjectAccessReview"),
    ("certificates.k8s.io", "PodCertificateRequest"),
    ("hive.openshift.io", "ClusterDeployment"),
    ("hive.openshift.io", "SyncSet"),
    ("kyverno.io", "CleanupPolicy"),
    ("kyverno.io", "Policy"),
    ("kyverno.io", "PolicyException"),
    ("operators.coreos.com", "CatalogSource"),
    ("operators.coreos.com", "ClusterServiceVersion"),
    ("operators.coreos.com", "InstallPlan"),
    ("operators.coreos.com", "OperatorGroup"),
    ("operators.coreos.com", "Subscription"),
    ("scheduling.k8s.io", "Workload"),
    ("snapshot.storage.k8s.io", "VolumeSnapshot"),
];

/// Cluster-scoped kinds.
const CLUSTER: &[(&str, &str)] = &[
    ("", "ComponentStatus"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("apiextensions.crossplane.io", "CompositeResourceDefinition"),
    ("apiextensions.crossplane.io", "Composition"),
    ("apiextensions.crossplane.io", "EnvironmentConfig"),
    ("argoproj.io", "ClusterAnalysisTemplate"),
    ("argoproj.io", "ClusterWorkflowTemplate"),
    ("authentication.k8s.io", "SelfSubjectReview"),
    ("authentication.k8s.io", "TokenReview"),
    ("authorization.k8s.io", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "SelfSubjectRulesReview"),
    ("authorization.k8s.io", "SubjectAccessReview"),
    ("cert-manager.io", "ClusterIssuer"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("certificates.k8s.io", "ClusterTrustBundle"),
    ("cilium.io", "CiliumBGPAdvertisement"),
    ("cilium.io", "CiliumBGPClusterConfig"),
    ("cilium.io", "CiliumBGPNodeConfig"),
    ("cilium.io", "CiliumBGPNodeConfigOverride"),
    ("cilium.io", "CiliumBGPPeerConfig"),
    ("cilium.io", "CiliumBGPPeeringPolicy"),
    ("cilium.io", "CiliumCIDRGroup"),
    ("cilium.io", "CiliumClusterwideEnvoyConfig"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("cilium.io", "CiliumDatapathPlugin"),
    ("cilium.io", "CiliumEgressGatewayPolicy"),
    ("cilium.io", "CiliumEndpointSlice"),
    ("cilium.io", "CiliumExternalWorkload"),
    ("cilium.io", "CiliumIdentity"),
    ("cilium.io", "CiliumL2AnnouncementPolicy"),
    ("cilium.io", "CiliumLoadBalancerIPPool"),
    ("cilium.io", "CiliumNode"),
    ("cilium.io", "CiliumPodIPPool"),
    ("external-secrets.io", "ClusterExternalSecret"),
    ("external-secrets.io", "ClusterPushSecret"),
    ("external-secrets.io", "ClusterSecretStore"),
    ("extensions", "PodSecurityPolicy"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("hive.openshift.io", "SelectorSyncSet"),
    ("karpenter.k8s.aws", "EC2NodeClass"),
    ("karpenter.sh", "NodeClaim"),
    ("karpenter.sh", "NodePool"),
    ("keda.sh", "ClusterTriggerAuthentication"),
    ("kyverno.io", "ClusterCleanupPolicy"),
    ("kyverno.io", "ClusterPolicy"),
    ("kyverno.io", "GlobalContextEntry"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "IngressClass"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("oauth.openshift.io", "OAuthClient"),
    ("pkg.crossplane.io", "Configuration"),
    ("pkg.crossplane.io", "DeploymentRuntimeConfig"),
    ("pkg.crossplane.io", "Function"),
    ("pkg.crossplane.io", "Provider"),
    ("policy", "PodSecurityPolicy"),
    ("project.openshift.io", "Project"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"),
    ("resource.k8s.io", "DeviceTaintRule"),
    ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("security.openshift.io", "SecurityContextConstraints"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
    ("snapshot.storage.k8s.io", "VolumeSnapshotContent"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storage.k8s.io", "VolumeAttributesClass"),
    ("tekton.dev", "ClusterTask"),
    ("triggers.tekton.dev", "ClusterInterceptor"),
    ("triggers.tekton.dev", "ClusterTriggerBinding"),
    ("trust.cert-manager.io", "Bundle"),
    ("user.openshift.io", "Group"),
];

#[cfg(test)]
mod tests {
    use super::{Scope, Scopes, scope};
    use crate::GroupKind;

    #[test]
    fn built_in_and_common_kinds() {
        let check = |group: &str, kind: &str, expected: Scope| {
            assert_eq!(scope(group, kind), expected, "{group}/{kind}");
        };
        check("", "Namespace", Scope::Cluster);
        check("", "Secret", Scope::Namespaced);
        check("apps", "Deployment", Scope::Namespaced);
        check("apiextensions.k8s.io", "CustomResourceDefinition", Scope::Cluster);
        check("rbac.authorization.k8s.io", "ClusterRole", Scope::Cluster);
        check("rbac.authorization.k8s.io", "Role", Scope::Namespaced);
        check("argoproj.io", "Application", Scope::Namespaced);
        check("cert-manager.io", "ClusterIssuer", Scope::Cluster);
        check("example.com", "Thing", Scope::Unknown);
    }

    #[test]
    fn definitions_of_the_tree() {
        let mut scopes = Scopes::new();
        scopes.define(GroupKind::new("example.com", "Thing"), Scope::Cluster);
        assert_eq!(scopes.of("example.com", "Thing"), Scope::Cluster);
        assert_eq!(scopes.of("", "Node"), Scope::Cluster);
        scopes.define(GroupKind::new("example.com", "Thing"), Scope::Namespaced);
        assert_eq!(scopes.of("example.com", "Thing"), Scope::Unknown);
    }
}
