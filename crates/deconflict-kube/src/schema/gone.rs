//! API versions that are gone or on their way out, and what replaces them.

use super::{Bundle, KubernetesVersion};

/// What became of an API version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retired {
    /// First Kubernetes version without it; `None` for a custom resource, whose operator decides.
    pub gone_in: Option<KubernetesVersion>,
    /// The `group/version` to write instead, if there is one.
    pub instead: Option<String>,
    /// The replacement has the same fields, so that changing `apiVersion` is all there is to do.
    pub same_shape: bool,
}

/// Group, version, kinds, minor that removed it, replacement, same shape.
type Gone = (
    &'static str,
    &'static str,
    &'static [&'static str],
    u16,
    &'static str,
    bool,
);

/// Removals before the oldest version in the bundle, and those whose replacement is not merely the newest version.
/// Source: the Deprecated API Migration Guide of kubernetes.io.
const GONE: &[Gone] = &[
    (
        "extensions",
        "v1beta1",
        &["Deployment", "DaemonSet", "ReplicaSet"],
        16,
        "apps/v1",
        false,
    ),
    (
        "extensions",
        "v1beta1",
        &["NetworkPolicy"],
        16,
        "networking.k8s.io/v1",
        true,
    ),
    ("extensions", "v1beta1", &["PodSecurityPolicy"], 16, "", false),
    (
        "extensions",
        "v1beta1",
        &["Ingress"],
        22,
        "networking.k8s.io/v1",
        false,
    ),
    (
        "apps",
        "v1beta1",
        &["Deployment", "StatefulSet"],
        16,
        "apps/v1",
        false,
    ),
    ("apps", "v1beta1", &["ControllerRevision"], 16, "apps/v1", true),
    (
        "apps",
        "v1beta2",
        &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
        16,
        "apps/v1",
        false,
    ),
    ("apps", "v1beta2", &["ControllerRevision"], 16, "apps/v1", true),
    (
        "admissionregistration.k8s.io",
        "v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        22,
        "admissionregistration.k8s.io/v1",
        false,
    ),
    (
        "apiextensions.k8s.io",
        "v1beta1",
        &["CustomResourceDefinition"],
        22,
        "apiextensions.k8s.io/v1",
        false,
    ),
    (
        "apiregistration.k8s.io",
        "v1beta1",
        &["APIService"],
        22,
        "apiregistration.k8s.io/v1",
        true,
    ),
    (
        "authentication.k8s.io",
        "v1beta1",
        &["TokenReview"],
        22,
        "authentication.k8s.io/v1",
        true,
    ),
    (
        "authorization.k8s.io",
        "v1beta1",
        &[
            "LocalSubjectAccessReview",
            "SelfSubjectAccessReview",
            "SubjectAccessReview",
            "SelfSubjectRulesReview",
        ],
        22,
        "authorization.k8s.io/v1",
        true,
    ),
    (
        "certificates.k8s.io",
        "v1beta1",
        &["CertificateSigningRequest"],
        22,
        "certificates.k8s.io/v1",
        false,
    ),
    (
        "coordination.k8s.io",
        "v1beta1",
        &["Lease"],
        22,
        "coordination.k8s.io/v1",
        true,
    ),
    (
        "networking.k8s.io",
        "v1beta1",
        &["Ingress"],
        22,
        "networking.k8s.io/v1",
        false,
    ),
    (
        "networking.k8s.io",
        "v1beta1",
        &["IngressClass"],
        22,
        "networking.k8s.io/v1",
        true,
    ),
    (
        "rbac.authorization.k8s.io",
        "v1beta1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        22,
        "rbac.authorization.k8s.io/v1",
        true,
    ),
    (
        "rbac.authorization.k8s.io",
        "v1alpha1",
        &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"],
        22,
        "rbac.authorization.k8s.io/v1",
        true,
    ),
    (
        "scheduling.k8s.io",
        "v1beta1",
        &["PriorityClass"],
        22,
        "scheduling.k8s.io/v1",
        true,
    ),
    (
        "storage.k8s.io",
        "v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        22,
        "storage.k8s.io/v1",
        true,
    ),
    ("batch", "v1beta1", &["CronJob"], 25, "batch/v1", true),
    (
        "discovery.k8s.io",
        "v1beta1",
        &["EndpointSlice"],
        25,
        "discovery.k8s.io/v1",
        false,
    ),
    (
        "events.k8s.io",
        "v1beta1",
        &["Event"],
        25,
        "events.k8s.io/v1",
        false,
    ),
    (
        "autoscaling",
        "v2beta1",
        &["HorizontalPodAutoscaler"],
        25,
        "autoscaling/v2",
        false,
    ),
    (
        "policy",
        "v1beta1",
        &["PodDisruptionBudget"],
        25,
        "policy/v1",
        true,
    ),
    ("policy", "v1beta1", &["PodSecurityPolicy"], 25, "", false),
    (
        "node.k8s.io",
        "v1beta1",
        &["RuntimeClass"],
        25,
        "node.k8s.io/v1",
        true,
    ),
    (
        "autoscaling",
        "v2beta2",
        &["HorizontalPodAutoscaler"],
        26,
        "autoscaling/v2",
        true,
    ),
];

/// Versions of custom resources that their projects have deprecated in favour of another: group, versions, replacement,
/// same shape. Sources: the release notes of Istio 1.22, Gatekeeper 3.8, Gateway API 1.0, Traefik 3.0, Flux 2.3 and
/// External Secrets 0.16.
const DEPRECATED: &[(&str, &[&str], &str, bool)] = &[
    ("networking.istio.io", &["v1alpha3", "v1beta1"], "v1", true),
    ("security.istio.io", &["v1beta1"], "v1", true),
    ("telemetry.istio.io", &["v1alpha1"], "v1", true),
    ("templates.gatekeeper.sh", &["v1alpha1", "v1beta1"], "v1", false),
    ("external-secrets.io", &["v1alpha1"], "v1", false),
    ("external-secrets.io", &["v1beta1"], "v1", true),
    (
        "kustomize.toolkit.fluxcd.io",
        &["v1beta1", "v1beta2"],
        "v1",
        false,
    ),
    ("helm.toolkit.fluxcd.io", &["v2beta1", "v2beta2"], "v2", false),
];

/// Kinds that exist in the replacement version only under some conditions are not among these: Istio's EnvoyFilter and
/// ProxyConfig have no `v1`.
const STILL_CURRENT: &[(&str, &str)] = &[
    ("networking.istio.io", "EnvoyFilter"),
    ("networking.istio.io", "ProxyConfig"),
];

impl Bundle {
    /// The fate of an API version of a built-in kind that `kubernetes` does not serve, or that a later version of the
    /// bundle drops; `None` for one that stays, and for what never was.
    pub fn retired(
        &self,
        group: &str,
        version: &str,
        kind: &str,
        kubernetes: KubernetesVersion,
    ) -> Option<Retired> {
        let listed = GONE
            .iter()
            .find(|row| row.0 == group && row.1 == version && row.2.contains(&kind));
        if let Some(row) = listed {
            return Some(Retired {
                gone_in: Some(KubernetesVersion::new(row.3)),
                instead: (!row.4.is_empty()).then(|| row.4.to_owned()),
                same_shape: row.5,
            });
        }
        let all: Vec<_> = self.served(group, kind).collect();
        let this = all.iter().find(|row| row.version == version)?;
        if this.until == KubernetesVersion::NEWEST {
            return None;
        }
        let better = all
            .iter()
            .filter(|row| row.until > this.until && row.since <= kubernetes);
        let best = better.max_by_key(|row| (row.until, stability(row.version)));
        Some(Retired {
            gone_in: Some(KubernetesVersion::new(this.until.minor() + 1)),
            instead: best.map(|row| {
                if group.is_empty() {
                    row.version.to_owned()
                } else {
                    format!("{group}/{}", row.version)
                }
            }),
            same_shape: false,
        })
    }

    /// The replacement of a custom resource's version that its project has deprecated.
    pub fn deprecated_custom(&self, group: &str, version: &str, kind: &str) -> Option<Retired> {
        let row = DEPRECATED
            .iter()
            .find(|row| row.0 == group && row.1.contains(&version))
            .filter(|_| !STILL_CURRENT.contains(&(group, kind)))?;
        Some(Retired {
            gone_in: None,
            instead: Some(format!("{group}/{}", row.2)),
            same_shape: row.3,
        })
    }

    /// True for an API group that the API server itself serves at some version.
    pub fn is_builtin_group(&self, group: &str) -> bool {
        self.builtin_kinds(group).next().is_some() || GONE.iter().any(|row| row.0 == group)
    }
}

/// `v1` before `v1beta1` before `v1alpha1`.
fn stability(version: &str) -> u8 {
    match version {
        text if text.contains("alpha") => 0,
        text if text.contains("beta") => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::{Bundle, KubernetesVersion};

    fn check(group: &str, version: &str, kind: &str, minor: u16, expected: &str) {
        let found = Bundle::embedded().retired(group, version, kind, KubernetesVersion::new(minor));
        let text = found.map_or("stays".to_owned(), |retired| {
            let gone = retired
                .gone_in
                .map_or(String::new(), |version| version.to_string());
            format!(
                "{gone} {}",
                retired.instead.unwrap_or_else(|| "nothing".to_owned())
            )
        });
        assert_eq!(text, expected, "{group}/{version} {kind}");
    }

    #[test]
    fn retired_versions_name_their_replacement() {
        check(
            "extensions",
            "v1beta1",
            "Ingress",
            34,
            "1.22 networking.k8s.io/v1",
        );
        check(
            "autoscaling",
            "v2beta2",
            "HorizontalPodAutoscaler",
            25,
            "1.26 autoscaling/v2",
        );
        check("batch", "v1beta1", "CronJob", 34, "1.25 batch/v1");
        check("policy", "v1beta1", "PodSecurityPolicy", 34, "1.25 nothing");
        check(
            "flowcontrol.apiserver.k8s.io",
            "v1beta3",
            "FlowSchema",
            30,
            "1.32 flowcontrol.apiserver.k8s.io/v1",
        );
        check("apps", "v1", "Deployment", 34, "stays");
        check("apps", "v9", "Deployment", 34, "stays");
    }
}
