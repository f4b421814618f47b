use deconflict_kube::text_at;

use crate::collision::in_cluster;
use crate::refs::{Target, World};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds RoleBindings and ClusterRoleBindings whose Role or ClusterRole nothing in the cluster's part of the tree
    /// makes.
    ///
    /// ## Why it matters
    /// The binding is accepted and gives no right: its subjects are refused at run time. `roleRef` cannot be changed
    /// later, and whoever may create a role of that name decides what it grants.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: Role
    ///   name: reader
    /// subjects:
    ///   - {kind: ServiceAccount, name: web, namespace: shop}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/shop/web/overlays/prod/all.yaml
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    /// ---
    /// apiVersion: v1
    /// kind: ServiceAccount
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: RoleBinding
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// roleRef:
    ///   apiGroup: rbac.authorization.k8s.io
    ///   kind: Role
    ///   name: reader
    /// subjects:
    ///   - {kind: ServiceAccount, name: web, namespace: shop}
    /// ---
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: Role
    /// metadata:
    ///   name: reader
    ///   namespace: shop
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [configmaps]
    ///     verbs: [get]
    /// ```
    ///
    /// ## Options
    /// None. What is made elsewhere goes under `external` in `deconflict.yaml`: `{kind: KIND, namespace: shop, name: web}`.
    ///
    /// ## Known limits
    /// It is an error only where the tree has all of the namespace: the Namespace is declared, and nothing that goes
    /// there was skipped or failed. Otherwise it is information. Names that a controller may give to an object at run
    /// time (they stand in a custom resource, an annotation, an argument or a permission to write, or start with the
    /// name of a custom resource) count as present. A ClusterRole has no namespace: a missing one is an error only
    /// where nothing at all that goes to the cluster was skipped. Roles that Kubernetes brings (`cluster-admin`,
    /// `admin`, `edit`, `view`, `system:*`) are known, and those of OpenShift as far as its documentation lists them.
    "ref-role-missing", "a binding names a role that nobody makes",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

const BINDINGS: [&str; 2] = ["RoleBinding", "ClusterRoleBinding"];

/// Roles that Kubernetes and OpenShift bring (their RBAC documentation), beside `system:*`.
const GIVEN: [&str; 12] = [
    "cluster-admin",
    "admin",
    "edit",
    "view",
    "basic-user",
    "cluster-monitoring-view",
    "cluster-reader",
    "cluster-status",
    "self-provisioner",
    "self-access-reviewer",
    "storage-admin",
    "registry-viewer",
];

const RBAC: &str = "rbac.authorization.k8s.io";

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(world) = World::new(context) else { return };
    for binding in context.index.live() {
        let object = &binding.facts.object;
        if object.key.group != RBAC || !BINDINGS.contains(&object.key.kind.as_str()) {
            continue;
        }
        let Some(kind) = text_at(&object.body, &["roleRef", "kind"]) else {
            continue;
        };
        let Some(node) = object.body.at_path(&["roleRef", "name"]) else {
            continue;
        };
        let Some(name) = node.text().filter(|name| !name.is_empty()) else {
            continue;
        };
        let namespace = match kind {
            "Role" => binding.namespace.as_deref(),
            "ClusterRole" => None,
            _ => continue,
        };
        let given = kind == "ClusterRole"
            && (GIVEN.contains(&name) || name.starts_with("system:") || name.starts_with("registry-"));
        let target = Target {
            group: RBAC,
            kind,
            namespace,
            name,
        };
        if given || world.has(target) {
            continue;
        }
        let message = format!(
            "{} grants {kind} {name}, which nothing here makes{}",
            binding.title(),
            in_cluster(context.index)
        );
        let Some(mut finding) = world.finding(&RULE, (binding, node), (kind, namespace), message) else {
            continue;
        };
        finding.key = Some(format!("{kind} {name}"));
        finding
            .notes
            .push("the API server accepts the binding, and it grants nothing".to_owned());
        finding.help = Some(
            "correct the name, or add the role; one that is made elsewhere goes under `external`".to_owned(),
        );
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn roles() {
        let text = |binding: &str, kind: &str, name: &str, more: &str| {
            format!(
                "//- apps/a/web/overlays/prod/all.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {{name: n}}\n---\n\
                 apiVersion: rbac.authorization.k8s.io/v1\nkind: {binding}\nmetadata: {{name: b, namespace: n}}\n\
                 roleRef: {{kind: {kind}, name: '{name}'}}\n---\n{more}"
            )
        };
        let role = |kind: &str, namespace: &str| {
            format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r{namespace}}}\n"
            )
        };
        for (text, found) in [
            (text("RoleBinding", "Role", "r", ""), true),
            (
                text("RoleBinding", "Role", "r", &role("Role", ", namespace: m")),
                true,
            ),
            (text("RoleBinding", "Role", "view", ""), true),
            (text("RoleBinding", "ClusterRole", "r", ""), true),
            (text("ClusterRoleBinding", "ClusterRole", "r", ""), true),
            (
                text("RoleBinding", "Role", "r", &role("Role", ", namespace: n")),
                false,
            ),
            (
                text("RoleBinding", "ClusterRole", "r", &role("ClusterRole", "")),
                false,
            ),
            (text("RoleBinding", "ClusterRole", "view", ""), false),
            (
                text("ClusterRoleBinding", "ClusterRole", "system:auth-delegator", ""),
                false,
            ),
        ] {
            let got = run("ref-role-missing", &text);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
