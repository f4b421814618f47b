use deconflict_kube::{items_at, text_of};

use crate::collision::in_cluster;
use crate::images::{Image, images};
use crate::refs::at;
use crate::{ClusterContext, Sink, context, rule};

rule! {
    /// ## What it does
    /// Finds images of registries or repositories that the option `allow` does not list, in containers, init containers
    /// and ephemeral containers of every kind that runs pods.
    ///
    /// ## Why it matters
    /// Where admission enforces the list, the pods are refused after the merge; where it does not, unknown software
    /// runs.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// rules:
    ///   sup-registry-denied: {allow: [registry.example]}
    /// # apps/shop/web/overlays/prod/pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: docker.io/library/nginx:1.27
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// rules:
    ///   sup-registry-denied: {allow: [registry.example]}
    /// # apps/shop/web/overlays/prod/pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:1.4.2
    /// ```
    ///
    /// ## Options
    /// `allow`: registries (`registry.example`) and repositories with all below them (`ghcr.io/acme`). Without it the rule is silent.
    ///
    /// ## Known limits
    /// Images that an operator or an injector chooses are not in Git. Mirrors that the nodes are configured with are
    /// not known.
    "sup-registry-denied", "an image comes from a registry that is not allowed",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(options) = context::options(context.config, ID) else {
        return;
    };
    let allowed: Vec<&str> = items_at(options, &["allow"]).filter_map(text_of).collect();
    if allowed.is_empty() {
        return;
    }
    for placed in context.index.live() {
        for Image {
            container,
            node,
            name,
        } in images(placed)
        {
            let full = name.repository();
            let covers = |entry: &&str| {
                let rest = full.strip_prefix(entry.trim_end_matches('/'));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if allowed.iter().any(covers) {
                continue;
            }
            let message = format!(
                "container {container} of {} runs {full}, which no entry of `allow` covers{}",
                placed.title(),
                in_cluster(context.index)
            );
            let Some(mut finding) = at(context, &RULE, placed, node, message) else {
                continue;
            };
            finding.key = Some(format!("{container} {full}"));
            finding.notes.push(format!("allowed are {}", allowed.join(", ")));
            finding.help =
                Some("use a copy in an allowed registry, or add the repository to `allow`".to_owned());
            sink.report(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::images::Name;

    #[test]
    fn repositories() {
        for (image, repository) in [
            ("nginx", "docker.io/library/nginx"),
            ("acme/web:1", "docker.io/acme/web"),
            ("index.docker.io/acme/web", "docker.io/acme/web"),
            ("localhost/web", "localhost/web"),
            ("localhost:5000/web:1", "localhost:5000/web"),
            ("ghcr.io/acme/web@sha256:01", "ghcr.io/acme/web"),
        ] {
            assert_eq!(Name::of(image).repository(), repository);
        }
    }
}
