//! Keys of Argo CD's ConfigMaps: `docs/operator-manual/argocd-cm.yaml`, `argocd-cmd-params-cm.yaml` and
//! `argocd-rbac-cm.yaml` of argo-cd and the constants in `util/settings` and `util/rbac`, read 2026-08-22 (3.2). A name
//! that ends in `.` or `_` stands for all that begin so.

/// True when `name` is one of `known`.
pub(crate) fn is_known(known: &[&str], name: &str) -> bool {
    if name.contains('/') && !name.starts_with("resource.customizations.") {
        // `controller.argoproj.io/…` looks like one of a family and is an invention.
        return false;
    }
    known.iter().any(|key| {
        let is_prefix = key.ends_with(['.', '_']);
        *key == name || (is_prefix && name.len() > key.len() && name.starts_with(key))
    })
}

pub(crate) const CM: &[&str] = &[
    "accounts.",
    "admin.enabled",
    "application.allowedNodeLabels",
    "application.instanceLabelKey",
    "application.links",
    "application.resourceTrackingMethod",
    "application.sync.impersonation.enabled",
    "application.sync.requireOverridePrivilegeForRevisionSync",
    "cluster.inClusterEnabled",
    "configManagementPlugins",
    "dex.config",
    "exec.enabled",
    "exec.shells",
    "extension.config",
    "extension.config.",
    "ga.anonymizeusers",
    "ga.trackingid",
    "globalProjects",
    "help.chatText",
    "help.chatUrl",
    "help.download.",
    "helm.enable",
    "helm.repositories",
    "helm.valuesFileSchemes",
    "installationID",
    "jsonnet.enable",
    "kustomize.buildOptions",
    "kustomize.buildOptions.",
    "kustomize.enable",
    "kustomize.path.",
    "kustomize.version.",
    "oidc.config",
    "oidc.tls.insecure.skip.verify",
    "passwordPattern",
    "project.links",
    "repositories",
    "repository.credentials",
    "resource.compareoptions",
    "resource.customLabels",
    "resource.customizations",
    "resource.customizations.",
    "resource.exclusions",
    "resource.ignoreResourceUpdatesEnabled",
    "resource.inclusions",
    "resource.includeEventLabelKeys",
    "resource.excludeEventLabelKeys",
    "resource.links",
    "resource.respectRBAC",
    "resource.sensitive.mask.annotations",
    "server.maxPodLogsToRender",
    "server.rbac.disableApplicationFineGrainedRBACInheritance",
    "server.rbac.log.enforce.enable",
    "sourceHydrator.commitMessageTemplate",
    "statusbadge.enabled",
    "statusbadge.url",
    "timeout.hard.reconciliation",
    "timeout.reconciliation",
    "timeout.reconciliation.jitter",
    "ui.bannercontent",
    "ui.bannerpermanent",
    "ui.bannerposition",
    "ui.bannerurl",
    "ui.cssurl",
    "ui.loginButtonText",
    "url",
    "additionalUrls",
    "users.anonymous.enabled",
    "users.session.duration",
    "webhook.azuredevops.",
    "webhook.bitbucket.",
    "webhook.bitbucketserver.",
    "webhook.github.secret",
    "webhook.gitlab.secret",
    "webhook.gogs.secret",
    "webhook.maxPayloadSizeMB",
    "webhook.refreshJitter",
    "webhook.refreshWorkers",
];

pub(crate) const RBAC: &[&str] = &[
    "policy.csv",
    "policy.default",
    "policy.matchMode",
    "policy.",
    "scopes",
];

/// Families, because components add parameters with every release.
pub(crate) const PARAMS: &[&str] = &[
    "application.namespaces",
    "applicationsetcontroller.",
    "commitserver.",
    "commit.server",
    "controller.",
    "dexserver.",
    "hydrator.",
    "log.format.timestamp",
    "notificationscontroller.",
    "otlp.",
    "redis.",
    "repo.server",
    "reposerver.",
    "server.",
];
