use deconflict_yaml::Node;

use crate::engine::{about, line_of};
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Reads the lines of `policy.csv` (and `policy.*.csv`) in `argocd-rbac-cm` and the `policies` of AppProject roles, and finds
    /// lines with a wrong number of fields, an unknown resource, action or effect, and grants of roles that no line defines.
    ///
    /// ## Why it matters
    /// Argo CD skips a line that it cannot read, or refuses the whole policy and keeps the old one: people have rights that they
    /// should not have, or lack those that they need.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/argocd/overlays/prod/rbac.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: argocd-rbac-cm
    ///   namespace: argocd
    /// data:
    ///   policy.csv: |
    ///     p, role:deployer, applications, sync
    ///     g, org:payments, role:deployer
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/argocd/overlays/prod/rbac.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: argocd-rbac-cm
    ///   namespace: argocd
    /// data:
    ///   policy.csv: |
    ///     p, role:deployer, applications, sync, payments/*, allow
    ///     g, org:payments, role:deployer
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Whether a user or group of that name exists is not known here.
    "argo-rbac-csv", "a policy line that Argo CD cannot read, or that grants a role nobody defines",
    severity: Error,
    joins: false,
    check: Object(check),
}

const RESOURCES: [&str; 11] = [
    "accounts",
    "applications",
    "applicationsets",
    "certificates",
    "clusters",
    "exec",
    "extensions",
    "gpgkeys",
    "logs",
    "projects",
    "repositories",
];
const ACTIONS: [&str; 8] = [
    "action", "create", "delete", "get", "invoke", "override", "sync", "update",
];
/// Roles that Argo CD brings.
const BUILT_IN: [&str; 2] = ["role:admin", "role:readonly"];

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let object = context.object;
    if object.key.is("", "ConfigMap") && object.key.name == "argocd-rbac-cm" {
        let data = object
            .body
            .get("data")
            .map(|data| data.fields())
            .unwrap_or_default();
        let policies = data.iter().filter(|field| {
            let middle = field.name().strip_prefix("policy");
            middle.is_some_and(|rest| {
                rest == ".csv" || (rest.starts_with('.') && rest.strip_suffix(".csv").is_some())
            })
        });
        let nodes: Vec<(String, &Node)> = policies
            .map(|field| (format!("data[{:?}]", field.name()), &*field.value))
            .collect();
        let texts: Vec<&str> = nodes.iter().filter_map(|(_, node)| node.text()).collect();
        let roles = defined(texts.iter().flat_map(|text| text.lines()));
        for (field, node) in nodes {
            lines(context, node, &field, Some(&roles), sink);
        }
    } else if object.key.is("argoproj.io", "AppProject") {
        let roles = object
            .body
            .at_path(&["spec", "roles"])
            .map(Node::items)
            .unwrap_or_default();
        for (at, role) in roles.iter().enumerate() {
            let policies = role.get("policies").map(|list| list.items()).unwrap_or_default();
            for (number, policy) in policies.iter().enumerate() {
                let field = format!("spec.roles[{at}].policies[{number}]");
                lines(context, policy, &field, None, sink);
            }
        }
    }
}

/// Roles that have a line, or are granted to another role.
fn defined<'t>(lines: impl Iterator<Item = &'t str>) -> Vec<String> {
    let mut roles: Vec<String> = BUILT_IN.iter().map(|role| (*role).to_owned()).collect();
    for line in lines {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        if let ["p" | "g", subject, ..] = fields.as_slice() {
            roles.push((*subject).to_owned());
        }
    }
    roles
}

fn lines(
    context: &ObjectContext<'_>,
    node: &Node,
    field: &str,
    roles: Option<&Vec<String>>,
    sink: &mut Sink,
) {
    let Some(text) = node.text() else { return };
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((what, help)) = wrong(line, roles) else {
            continue;
        };
        let message = format!("policy line `{line}`: {what}");
        let mut finding = about(
            &RULE,
            context.object,
            message,
            line_of(context.files, node, text, number + 1),
        );
        finding.field = Some(field.to_owned());
        finding.key = Some(line.to_owned());
        finding
            .notes
            .push("Argo CD skips the line, or refuses the whole policy and keeps the old one".to_owned());
        finding.help = Some(help);
        sink.report(finding);
    }
}

/// What is wrong with a line, and what to do.
fn wrong(line: &str, roles: Option<&Vec<String>>) -> Option<(String, String)> {
    let fields: Vec<&str> = line
        .split(',')
        .map(|field| field.trim().trim_matches('"'))
        .collect();
    match fields.as_slice() {
        ["p", _, resource, action, _, effect] => {
            if *resource != "*" && !RESOURCES.contains(resource) {
                let help = format!("one of {}, or *", RESOURCES.join(", "));
                return Some((format!("`{resource}` is no resource"), help));
            }
            let verb = action.split('/').next().unwrap_or_default();
            if !action.contains('*') && !ACTIONS.contains(&verb) {
                let help = format!("one of {}, or *", ACTIONS.join(", "));
                return Some((format!("`{action}` is no action"), help));
            }
            (!matches!(*effect, "allow" | "deny"))
                .then(|| (format!("`{effect}` is no effect"), "allow or deny".to_owned()))
        }
        ["p", ..] => Some((
            format!("{} fields, must be 6", fields.len()),
            "p, subject, resource, action, object, effect; for example: p, role:deployer, applications, sync, payments/*, allow"
                .to_owned(),
        )),
        ["g", _, role] => {
            let is_unknown = role.starts_with("role:") && roles.is_some_and(|roles| !roles.iter().any(|known| known == role));
            is_unknown.then(|| {
                let help = "add `p` lines for it, or grant one that is defined".to_owned();
                (format!("no line defines {role}"), help)
            })
        }
        ["g", ..] => Some((
            format!("{} fields, must be 3", fields.len()),
            "g, user or group, role; for example: g, org:payments, role:deployer".to_owned(),
        )),
        _ => Some((
            "it starts with neither p nor g".to_owned(),
            "p, subject, resource, action, object, effect; or g, user or group, role".to_owned(),
        )),
    }
}
