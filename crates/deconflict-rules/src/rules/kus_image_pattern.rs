use deconflict_kustomize::Quirk;

use crate::kustomize::{finding, quirks, text_at, whose};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds entries of `images` that rewrite an image of another name. kustomize reads `name` as a regular expression, so
    /// a dot stands for any character (`acme.web` is also `acme-web`) and `a|b` is no longer anchored.
    ///
    /// ## Why it matters
    /// A container gets the tag, or even the image, that was meant for another.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [runner.yaml]
    /// images:
    ///   - name: acme.web
    ///     newTag: "2.1"
    /// # apps/payments/gateway/overlays/prod/runner.yaml
    /// apiVersion: v1
    /// kind: PodTemplate
    /// metadata:
    ///   name: runner
    ///   namespace: payments
    /// template:
    ///   spec:
    ///     containers:
    ///       - name: web
    ///         image: acme-web:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [runner.yaml]
    /// images:
    ///   - name: acme-web
    ///     newTag: "2.1"
    /// # apps/payments/gateway/overlays/prod/runner.yaml
    /// apiVersion: v1
    /// kind: PodTemplate
    /// metadata:
    ///   name: runner
    ///   namespace: payments
    /// template:
    ///   spec:
    ///     containers:
    ///       - name: web
    ///         image: acme-web:1.0
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A dot that meets only dots is no finding: `registry.example/web` matches itself. Measured with kustomize 5.5.0.
    "kus-image-pattern", "the name in `images` is a regular expression and rewrites other images too",
    severity: Warning,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    quirks(context, sink, Quirk::ImagePattern, |at| {
        let name = text_at(context, at);
        let message = format!(
            "`images` of {} rewrites images of other names: kustomize reads `{name}` as a regular expression",
            whose(context, at)
        );
        let mut finding = finding(&RULE, message, at, name);
        finding
            .notes
            .push("kustomize matches `^NAME` and an optional tag and digest, and says nothing".to_owned());
        finding.help = Some("write dots as `\\.` and one entry per image".to_owned());
        finding
    });
}
