use deconflict_findings::Finding;
use deconflict_kube::{bool_at, text_at};
use deconflict_lua::{Fault, FaultKind, STATES, check_health};
use deconflict_yaml::{Node, parse_embedded};

use crate::engine::{about, line_of};
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds health checks in `argocd-cm` (`resource.customizations.health.<group>_<kind>`, or `health.lua` under
    /// `resource.customizations`) that are no Lua, use libraries that Argo CD does not give them (`os.execute`, `io`, `string`),
    /// set a state that Argo CD does not know, return no table, or never end; and customization keys that it cannot read.
    ///
    /// ## Why it matters
    /// Argo CD shows every object of the kind as Unknown, with the error, or waits for it without end: waves after it are never
    /// applied. A key that it cannot read makes it refuse all customizations.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/argocd/overlays/prod/cm.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: argocd-cm
    ///   namespace: argocd
    /// data:
    ///   resource.customizations.health.batch_Job: |
    ///     hs = {}
    ///     hs.status = "Done"
    ///     return hs
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/argocd/overlays/prod/cm.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: argocd-cm
    ///   namespace: argocd
    /// data:
    ///   resource.customizations.health.batch_Job: |
    ///     hs = {}
    ///     hs.status = "Healthy"
    ///     return hs
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A script is run over four made-up objects (without status, with an empty one, ready, failing) in a sandbox without libraries
    /// and with limits; that it stops over a field they lack shows nothing. With `useOpenLibs` it is read, not run. Scripts of
    /// actions are not looked at.
    "argo-health-lua", "a health check of Argo CD does not work",
    severity: Error,
    joins: false,
    check: Object(check),
}

const PREFIX: &str = "resource.customizations.";

/// What a customization may set (`appendResourceOverridesFromSplitKeys` in util/settings of argo-cd, read 2026-08-22).
const TYPES: [&str; 6] = [
    "actions",
    "health",
    "ignoreDifferences",
    "ignoreResourceUpdates",
    "knownTypeFields",
    "useOpenLibs",
];

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let object = context.object;
    if !object.key.is("", "ConfigMap") || object.key.name != "argocd-cm" {
        return;
    }
    let Some(data) = object.body.get("data") else {
        return;
    };
    for field in data.fields() {
        let name = field.name();
        if name == "resource.customizations" {
            whole(context, &field.value, sink);
            continue;
        }
        // Without a fourth part Argo CD passes over the key.
        let Some((what, target)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once('.')) else {
            continue;
        };
        let malformed = if !TYPES.contains(&what) {
            Some((
                format!("`{what}` in `{name}` is nothing that Argo CD customizes"),
                format!("one of {}", TYPES.join(", ")),
            ))
        } else if target.is_empty() || target.matches('_').count() > 1 {
            Some((
                format!("Argo CD cannot read the kind in `{name}`"),
                "write the group, one `_` and the kind, such as `resource.customizations.health.cert-manager.io_Certificate`, \
                 or the kind alone"
                    .to_owned(),
            ))
        } else {
            None
        };
        if let Some((message, help)) = malformed {
            let mut finding = about(&RULE, object, message, field.key_at.0);
            finding.field = Some(format!("data[{name:?}]"));
            finding
                .notes
                .push("Argo CD refuses all customizations with it".to_owned());
            finding.help = Some(help);
            sink.report(finding);
        } else if what == "health" {
            let (group, kind) = target.split_once('_').unwrap_or(("", target));
            let switch = format!("{PREFIX}useOpenLibs.{target}");
            let is_open = text_at(data, &[&switch]) == Some("true");
            script(
                context,
                &field.value,
                is_open,
                (group, kind),
                &format!("data[{name:?}]"),
                sink,
            );
        }
    }
}

/// All customizations as one text, by `group/kind`.
fn whole(context: &ObjectContext<'_>, value: &Node, sink: &mut Sink) {
    let file = context.files.get(value.at.file);
    let parsed = parse_embedded(value, &file.text);
    for root in parsed
        .documents
        .iter()
        .filter_map(|document| document.root.as_ref())
    {
        for field in root.fields() {
            let Some(health) = field.value.get("health.lua") else {
                continue;
            };
            let (group, kind) = field.name().split_once('/').unwrap_or(("", field.name()));
            let is_open = bool_at(&field.value, &["health.lua.useOpenLibs"]) == Some(true);
            let path = format!("data[\"resource.customizations\"][{:?}]", field.name());
            script(context, health, is_open, (group, kind), &path, sink);
        }
    }
}

fn script(
    context: &ObjectContext<'_>,
    node: &Node,
    is_open: bool,
    (group, kind): (&str, &str),
    path: &str,
    sink: &mut Sink,
) {
    let Some(text) = node.text() else { return };
    for fault in check_health(text, is_open, group, kind) {
        let mut finding = tell(context, node, text, &fault, kind);
        finding.field = Some(path.to_owned());
        sink.report(finding);
    }
}

fn tell(context: &ObjectContext<'_>, node: &Node, text: &str, fault: &Fault, kind: &str) -> Finding {
    let (what, key, help) = match &fault.kind {
        FaultKind::Syntax(message) => (
            format!("is no Lua: {message}"),
            "syntax".to_owned(),
            "correct it; Argo CD reads Lua 5.1".to_owned(),
        ),
        FaultKind::Library(name) => (
            format!("uses `{name}`, which Argo CD does not give it"),
            name.clone(),
            "do without: a script gets `obj`, the basic functions, `table`, os.time and os.date; libraries such as `string` come \
             with `resource.customizations.useOpenLibs.<group>_<kind>: \"true\"`, which lets it run programs too"
                .to_owned(),
        ),
        FaultKind::State(state) => (
            format!("sets the state {state:?}, which Argo CD does not know"),
            state.clone(),
            format!("one of {}", STATES.join(", ")),
        ),
        FaultKind::Returns(kind) => (
            format!("returns a {kind}"),
            "return".to_owned(),
            "return a table with `status` and `message`".to_owned(),
        ),
        FaultKind::Endless => (
            "does not end".to_owned(),
            "endless".to_owned(),
            "end every loop; Argo CD stops a script after a second".to_owned(),
        ),
    };
    let at = fault
        .line
        .map_or(node.at, |line| line_of(context.files, node, text, line));
    let message = format!("the health check of {kind} {what}");
    let mut finding = about(&RULE, context.object, message, at);
    finding.key = Some(key);
    finding.notes.push(format!(
        "Argo CD shows every {kind} as Unknown, and waves after it wait"
    ));
    finding.help = Some(help);
    finding
}
