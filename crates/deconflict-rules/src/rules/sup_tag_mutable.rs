use deconflict_kube::bool_at;

use crate::collision::in_cluster;
use crate::images::{Image, images};
use crate::refs::at;
use crate::{ClusterContext, Sink, context, rule};

rule! {
    /// ## What it does
    /// Finds images without tag or with the tag `latest` and no digest, in containers, init containers and ephemeral
    /// containers of every kind that runs pods.
    ///
    /// ## Why it matters
    /// The same manifest runs another program after the next restart or on the next node; a rollback in Git rolls
    /// nothing back.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/shop/web/overlays/prod/pod.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   containers:
    ///     - name: web
    ///       image: registry.example/web:latest
    /// ```
    ///
    /// ## Instead
    /// ```yaml
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
    /// `digest: true` asks for a digest in clusters of class production. Default: `false`.
    ///
    /// ## Known limits
    /// Tags other than `latest` may be moved too; `digest` is the way to exclude that. Images that an operator chooses
    /// are not in Git.
    "sup-tag-mutable", "an image tag says nothing about what runs",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let wants_digest =
        context::options(context.config, ID).and_then(|options| bool_at(options, &["digest"])) == Some(true);
    let production = context
        .index
        .cluster
        .is_some_and(deconflict_placement::Cluster::is_production);
    for placed in context.index.live() {
        for Image {
            container,
            node,
            name,
        } in images(placed)
        {
            if name.digest {
                continue;
            }
            let why = match name.tag {
                None => "without a tag",
                Some("latest") => "with the tag latest",
                Some(_) if wants_digest && production => "without a digest",
                Some(_) => continue,
            };
            let message = format!(
                "container {container} of {} runs {} {why}{}",
                placed.title(),
                name.text,
                in_cluster(context.index)
            );
            let Some(mut finding) = at(context, &RULE, placed, node, message) else {
                continue;
            };
            finding.key = Some(container.to_owned());
            finding.notes.push(
                "what runs may change at every restart, and a rollback in Git changes nothing".to_owned(),
            );
            finding.help =
                Some("name a version, and a digest where it matters: `name:1.2.3@sha256:…`".to_owned());
            sink.report(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn tags() {
        for (image, found) in [
            ("web", true),
            ("web:latest", true),
            ("localhost:5000/web", true),
            ("registry.example:443/a/web:latest", true),
            ("web:1", false),
            ("localhost:5000/web:1", false),
            ("web@sha256:0123", false),
            ("web:latest@sha256:0123", false),
            ("'$(IMAGE)'", false),
            ("ko://example.com/cmd/web", false),
            ("''", false),
        ] {
            for field in ["containers", "initContainers", "ephemeralContainers"] {
                let text = format!(
                    "//- apps/a/web/overlays/prod/p.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: p, namespace: n}}\n\
                     spec: {{template: {{spec: {{{field}: [{{name: c, image: {image}}}]}}}}}}\n"
                );
                let got = run("sup-tag-mutable", &text);
                assert_eq!(!got.is_empty(), found, "{text}\n{got}");
            }
        }
    }
}
