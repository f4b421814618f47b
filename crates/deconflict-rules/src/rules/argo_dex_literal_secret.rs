use deconflict_findings::Label;
use deconflict_yaml::{Node, parse_embedded};

use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds secrets that stand as text in `dex.config` or `oidc.config` of `argocd-cm`: a `clientSecret`, `bindPW` or the like
    /// that does not begin with `$`.
    ///
    /// ## Why it matters
    /// Everybody who can read the repository or the ConfigMap can log in as Argo CD at the identity provider. Argo CD takes
    /// `$key` from the Secret `argocd-secret`, and `$name:key` from another.
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
    ///   url: https://argocd.example
    ///   dex.config: |
    ///     connectors:
    ///       - type: github
    ///         id: github
    ///         name: GitHub
    ///         config:
    ///           clientID: argocd
    ///           clientSecret: not-so-secret
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
    ///   url: https://argocd.example
    ///   dex.config: |
    ///     connectors:
    ///       - type: github
    ///         id: github
    ///         name: GitHub
    ///         config:
    ///           clientID: argocd
    ///           clientSecret: $dex.github.clientSecret
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Fields are known by name: clientSecret, bindPW, password, secret, clientKey.
    "argo-dex-literal-secret", "a secret of a login connector stands in the ConfigMap",
    severity: Error,
    joins: false,
    check: Object(check),
}

/// Fields of dex connectors and of OIDC settings that hold secrets.
const SECRETS: [&str; 5] = ["clientSecret", "bindPW", "password", "secret", "clientKey"];

const MAX_DEPTH: u32 = 16;

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let object = context.object;
    if !object.key.is("", "ConfigMap") || object.key.name != "argocd-cm" {
        return;
    }
    for setting in ["dex.config", "oidc.config"] {
        let Some(value) = object.body.at_path(&["data", setting]) else {
            continue;
        };
        let file = context.files.get(value.at.file);
        let parsed = parse_embedded(value, &file.text);
        for root in parsed
            .documents
            .iter()
            .filter_map(|document| document.root.as_ref())
        {
            look(context, root, setting, "", 0, sink);
        }
    }
}

fn look(context: &ObjectContext<'_>, node: &Node, setting: &str, path: &str, depth: u32, sink: &mut Sink) {
    if depth > MAX_DEPTH {
        return;
    }
    for (at, item) in node.items().iter().enumerate() {
        look(context, item, setting, &format!("{path}[{at}]"), depth + 1, sink);
    }
    for field in node.fields() {
        let name = field.name();
        let below = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        let literal = field
            .value
            .text()
            .is_some_and(|text| !text.is_empty() && !text.starts_with('$'));
        if literal && SECRETS.contains(&name) {
            let message = format!("`{name}` in {setting} of argocd-cm is written out");
            let mut finding = about(&RULE, context.object, message, field.value.at);
            finding.primary = Label::secret(field.value.at, "");
            finding.field = Some(format!("data[{setting:?}]"));
            finding.key = Some(below);
            finding.notes.push(
                "everybody who can read this can log in as Argo CD at the identity provider".to_owned(),
            );
            finding.help = Some(
                "put it into the Secret argocd-secret and write `$key` here (`$name:key` for another Secret with the label \
                 app.kubernetes.io/part-of=argocd); then have it replaced at the provider"
                    .to_owned(),
            );
            sink.report(finding);
        } else {
            look(context, &field.value, setting, &below, depth + 1, sink);
        }
    }
}
