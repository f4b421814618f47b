//! Roles and bindings.

use super::Sink;
use super::cursor::Cursor;

const GROUP: &str = "rbac.authorization.k8s.io";

/// Role, ClusterRole, RoleBinding, ClusterRoleBinding.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    match sink.subject.kind {
        "Role" | "ClusterRole" => rules(sink, root),
        "RoleBinding" | "ClusterRoleBinding" => binding(sink, root),
        _ => {}
    }
}

fn rules(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let namespaced = sink.subject.kind == "Role";
    let rules = root.get("rules");
    for rule in rules.items() {
        let (verbs, groups, resources) = (rule.get("verbs"), rule.get("apiGroups"), rule.get("resources"));
        let urls = rule.get("nonResourceURLs");
        if verbs.is_empty() {
            sink.refuse_missing("rbac-rule", &rule, "verbs", "a rule needs at least one verb");
        }
        if !urls.is_empty() {
            if namespaced {
                sink.refuse(
                    "rbac-rule",
                    &urls,
                    "a Role cannot grant `nonResourceURLs`; a ClusterRole can",
                );
            } else if !groups.is_empty() || !resources.is_empty() || !rule.get("resourceNames").is_empty() {
                sink.refuse(
                    "rbac-rule",
                    &urls,
                    "a rule is about resources or about `nonResourceURLs`, not both",
                );
            }
            continue;
        }
        if groups.is_empty() {
            sink.refuse_missing(
                "rbac-rule",
                &rule,
                "apiGroups",
                "a rule about resources needs `apiGroups`",
            )
            .help("the core group is the empty string: `apiGroups: [\"\"]`");
        }
        if resources.is_empty() {
            sink.refuse_missing(
                "rbac-rule",
                &rule,
                "resources",
                "a rule needs `resources`, or `nonResourceURLs` in a ClusterRole",
            );
        }
    }
}

fn binding(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let role = root.get("roleRef");
    let cluster_wide = sink.subject.kind == "ClusterRoleBinding";
    let (kind, group, name) = (role.get("kind"), role.get("apiGroup"), role.get("name"));
    let allowed = kind.text() == "ClusterRole" || kind.text() == "Role" && !cluster_wide;
    if role.exists() && !allowed {
        let want = if cluster_wide {
            "ClusterRole"
        } else {
            "Role or ClusterRole"
        };
        if kind.exists() {
            sink.refuse(
                "rbac-ref",
                &kind,
                format!(
                    "a {} refers to a {want}, not `{}`",
                    sink.subject.kind,
                    kind.text()
                ),
            );
        } else {
            sink.refuse_missing(
                "rbac-ref",
                &role,
                "kind",
                format!("`roleRef` needs its kind: {want}"),
            );
        }
    }
    // Empty is defaulted to the right group.
    if group.exists() && !matches!(group.text(), "" | GROUP) {
        sink.refuse("rbac-ref", &group, format!("roles belong to the group {GROUP}"));
    }
    if role.exists() && name.text().is_empty() && (!name.exists() || name.str().is_some()) {
        sink.refuse_missing("rbac-ref", &role, "name", "`roleRef` needs the role's name");
    }
    let subjects = root.get("subjects");
    for subject in subjects.items() {
        let (kind, group, namespace) = (
            subject.get("kind"),
            subject.get("apiGroup"),
            subject.get("namespace"),
        );
        if subject.get("name").text().is_empty() && !subject.get("name").exists() {
            sink.refuse_missing("rbac-ref", &subject, "name", "a subject needs a name");
        }
        match kind.text() {
            "ServiceAccount" => {
                if !matches!(group.text(), "") {
                    sink.refuse("rbac-ref", &group, "a ServiceAccount belongs to the core group")
                        .help("remove `apiGroup`");
                }
                // In a RoleBinding an absent namespace is the binding's own (`ValidateRoleBindingSubject`, `isNamespaced`).
                if cluster_wide && namespace.text().is_empty() {
                    sink.refuse_missing(
                        "rbac-ref",
                        &subject,
                        "namespace",
                        "a ServiceAccount lives in a namespace: the subject must name it",
                    );
                }
            }
            "User" | "Group" => {
                if group.exists() && !matches!(group.text(), "" | GROUP) {
                    sink.refuse("rbac-ref", &group, format!("users and groups belong to {GROUP}"));
                }
            }
            other => {
                if kind.exists() {
                    sink.refuse(
                        "rbac-ref",
                        &kind,
                        format!("`{other}` is no kind of subject: ServiceAccount, User, Group"),
                    );
                } else {
                    sink.refuse_missing(
                        "rbac-ref",
                        &subject,
                        "kind",
                        "a subject needs its kind: ServiceAccount, User or Group",
                    );
                }
            }
        }
    }
}
