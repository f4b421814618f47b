use deconflict_files::Origin;
use deconflict_findings::Finding;
use deconflict_kube::text_at;
use deconflict_yaml::{Node, parse_embedded};

use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds `dex.config` in `argocd-cm` that is no YAML, has no `connectors`, has a connector without `type`, `id` or `name`, has
    /// two connectors of one `id`, or stands in a ConfigMap without `url`.
    ///
    /// ## Why it matters
    /// Dex does not start, or refuses the connector, and nobody can log in. Without `url` Argo CD ignores the whole setting: it
    /// does not know where the identity provider shall send people back to.
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
    ///         config:
    ///           clientID: argocd
    ///           clientSecret: $dex.github.clientSecret
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
    /// What a connector needs under `config` is not known. Whether groups that policies use are asked for is not looked at. A ConfigMap that is only a part of `argocd-cm`, to be merged by somebody else, is judged as if it were all.
    "argo-dex-invalid", "the login settings of Argo CD do not work",
    severity: Warning,
    joins: false,
    check: Object(check),
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let object = context.object;
    if !object.key.is("", "ConfigMap") || object.key.name != "argocd-cm" {
        return;
    }
    let Some(data) = object.body.get("data") else {
        return;
    };
    let Some(value) = data
        .get("dex.config")
        .filter(|value| value.text().is_some_and(|text| !text.trim().is_empty()))
    else {
        return;
    };
    let tell = |message: String, at: Origin, key: &str, help: &str| -> Finding {
        let mut finding = about(&RULE, object, message, at);
        finding.field = Some("data[\"dex.config\"]".to_owned());
        finding.key = Some(key.to_owned());
        finding.notes.push("nobody can log in that way".to_owned());
        finding.help = Some(help.to_owned());
        finding
    };
    if text_at(data, &["url"]).is_none_or(str::is_empty) {
        let message = "argocd-cm has dex.config and no `url`, so Argo CD ignores it".to_owned();
        sink.report(tell(
            message,
            value.at,
            "url",
            "add `url`, the address that people open, such as https://argocd.example",
        ));
    }
    let file = context.files.get(value.at.file);
    let parsed = parse_embedded(value, &file.text);
    let root = parsed
        .documents
        .iter()
        .find_map(|document| document.root.as_ref());
    let Some(root) = root.filter(|root| parsed.problems.is_empty() && root.is_map()) else {
        let message = "dex.config of argocd-cm is no YAML map".to_owned();
        sink.report(tell(
            message,
            value.at,
            "yaml",
            "write a map with a list `connectors`",
        ));
        return;
    };
    let connectors = root
        .get("connectors")
        .map(|list| list.items())
        .unwrap_or_default();
    if connectors.is_empty() && root.get("staticClients").is_none() {
        let message = "dex.config of argocd-cm has no `connectors`".to_owned();
        sink.report(tell(
            message,
            value.at,
            "connectors",
            "list at least one connector, or remove dex.config",
        ));
    }
    let mut ids: Vec<&str> = Vec::new();
    for (at, connector) in connectors.iter().enumerate() {
        let text = |name: &str| text_at(connector, &[name]).filter(|text| !text.is_empty());
        let title = text("id")
            .or(text("name"))
            .map_or_else(|| format!("number {}", at + 1), str::to_owned);
        for required in ["type", "id", "name"] {
            if text(required).is_none() {
                let message = format!("connector {title} in dex.config of argocd-cm has no `{required}`");
                let key = format!("{at}.{required}");
                sink.report(tell(
                    message,
                    place_of(connector),
                    &key,
                    "a connector has `type`, `id`, `name` and `config`",
                ));
            }
        }
        if let Some(id) = text("id") {
            if ids.contains(&id) {
                let message = format!("two connectors in dex.config of argocd-cm have the id {id}");
                let place = connector.get("id").map_or(connector.at, |node| node.at);
                sink.report(tell(message, place, id, "give each connector an id of its own"));
            }
            ids.push(id);
        }
    }
}

/// Its first key: a whole map is much to mark.
fn place_of(connector: &Node) -> Origin {
    connector
        .fields()
        .first()
        .map_or(connector.at, |field| field.key_at.0)
}
