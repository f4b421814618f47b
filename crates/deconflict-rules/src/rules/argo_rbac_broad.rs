use deconflict_yaml::Node;

use crate::engine::{about, line_of};
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds policies of `argocd-rbac-cm` that give everybody everything: `role:admin` as `policy.default`, `role:admin` for a
    /// group that holds everyone (`system:authenticated`, `system:serviceaccounts`), and a `p` line that allows such a subject
    /// every action on everything.
    ///
    /// ## Why it matters
    /// `policy.default` is what every user has who can log in. With it, or with a group of all service accounts, anybody can
    /// deploy anything anywhere, read logs and secrets in manifests, and delete clusters.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/argocd/overlays/prod/cm.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: argocd-rbac-cm
    ///   namespace: argocd
    /// data:
    ///   policy.csv: |
    ///     g, system:serviceaccounts, role:admin
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/argocd/overlays/prod/cm.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: argocd-rbac-cm
    ///   namespace: argocd
    /// data:
    ///   policy.default: role:readonly
    ///   policy.csv: |
    ///     g, org:platform, role:admin
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Roles of the file itself are not followed: a role with every permission under another name is not seen.
    "argo-rbac-broad", "everybody is an administrator of Argo CD",
    severity: Warning,
    joins: false,
    check: Object(check),
}

/// Groups that hold everyone, or every pod.
fn holds_everyone(subject: &str) -> bool {
    matches!(
        subject,
        "*" | "system:authenticated" | "system:unauthenticated" | "authenticated"
    ) || subject == "system:serviceaccounts"
        || subject.starts_with("system:serviceaccounts:")
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let object = context.object;
    if !object.key.is("", "ConfigMap") || object.key.name != "argocd-rbac-cm" {
        return;
    }
    let Some(data) = object.body.get("data") else {
        return;
    };
    if let Some(node) = data.get("policy.default")
        && let Some(role) = node.text().map(str::trim)
        && role == "role:admin"
    {
        let message = format!("everybody who can log in has {role}, by `policy.default`");
        let mut finding = about(&RULE, object, message, node.at);
        finding.field = Some("data[\"policy.default\"]".to_owned());
        finding
            .notes
            .push("anybody can deploy anything to every cluster".to_owned());
        finding.help = Some(
            "write `role:readonly`, or leave it out, and grant roles to groups in policy.csv".to_owned(),
        );
        sink.report(finding);
    }
    let policies = data.fields().iter().filter(|field| {
        let name = field.name();
        name == "policy.csv" || (name.starts_with("policy.") && name.strip_suffix(".csv").is_some())
    });
    for field in policies {
        lines(context, &field.value, field.name(), sink);
    }
}

fn lines(context: &ObjectContext<'_>, node: &Node, name: &str, sink: &mut Sink) {
    let Some(text) = node.text() else { return };
    for (number, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line
            .split(',')
            .map(|field| field.trim().trim_matches('"'))
            .collect();
        let who = match fields.as_slice() {
            ["g", subject, "role:admin"] if holds_everyone(subject) => *subject,
            ["p", subject, "*", "*", "*" | "*/*", "allow"] if holds_everyone(subject) => *subject,
            _ => continue,
        };
        let message = format!("{who} may do everything in Argo CD, by `{}`", line.trim());
        let mut finding = about(
            &RULE,
            context.object,
            message,
            line_of(context.files, node, text, number + 1),
        );
        finding.field = Some(format!("data[{name:?}]"));
        finding.key = Some(line.trim().to_owned());
        finding
            .notes
            .push("every member of it can deploy anything to every cluster".to_owned());
        finding.help = Some(
            "grant the role to the few that need it, and others a role with the projects they own".to_owned(),
        );
        sink.report(finding);
    }
}
