use deconflict_kustomize::WarningKind;

use crate::kustomize::{finding, text_at, warnings, whose};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds entries of `images` whose `name` no image has at that step of the build.
    ///
    /// ## Why it matters
    /// The tag or digest that somebody raises there reaches no container: the old image goes on running, and a fix that was
    /// merged is not deployed.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [runner.yaml]
    /// images:
    ///   - name: registry.example/web
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
    ///         image: registry.example/payments/web:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources: [runner.yaml]
    /// images:
    ///   - name: registry.example/payments/web
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
    ///         image: registry.example/payments/web:1.0
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// An entry in a component or base that several roots share is of use when it matches in one of them. Where something
    /// could not be loaded (the network, a chart), the image may come from there, and nothing is said.
    "kus-image-override-dead", "an entry of `images` is for an image that nothing uses",
    severity: Warning,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    for warning in warnings(context, |kind| kind == WarningKind::NoImage) {
        if context.used.contains(&warning.at) {
            continue;
        }
        let name = text_at(context, warning.at);
        let message = format!(
            "`images` of {} changes nothing: no image that is built there is named `{name}`",
            whose(context, warning.at)
        );
        let mut finding = finding(&RULE, message, warning.at, name);
        finding
            .notes
            .push("the tag or digest given there reaches no container".to_owned());
        finding.help = Some(
            "write the name as the containers have it, with registry and without tag, or remove the entry; an image in \
             another field than `image` of a container needs `configurations`"
                .to_owned(),
        );
        sink.report(finding);
    }
}
