use deconflict_kube::bool_at;

use crate::context::options;
use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Flux Kustomizations with `prune: false`.
    ///
    /// ## Why it matters
    /// What is deleted in Git stays in the cluster: old Deployments keep running, old Ingresses keep their hosts, old
    /// permissions stay granted, and nobody sees them in the repository any more.
    ///
    /// ## Example
    /// ```yaml
    /// # clusters/prod/web.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: web
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/web
    ///   prune: false
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: web
    /// # clusters/prod/source.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: GitRepository
    /// metadata:
    ///   name: web
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   url: https://git.example/org/web
    ///   ref:
    ///     branch: main
    /// # apps/web/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # clusters/prod/web.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: web
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/web
    ///   prune: true
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: web
    /// # clusters/prod/source.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: GitRepository
    /// metadata:
    ///   name: web
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   url: https://git.example/org/web
    ///   ref:
    ///     branch: main
    /// # apps/web/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// ```
    ///
    /// ## Options
    /// `allow`: names of Kustomizations that do not prune on purpose.
    ///
    /// ## Known limits
    /// What is right for one Kustomization (of CustomResourceDefinitions, of storage) stands in `allow`.
    "flux-prune-off", "a Flux Kustomization never prunes",
    severity: Warning,
    joins: false,
    check: Object(check),
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let object = context.object;
    if !object.key.is("kustomize.toolkit.fluxcd.io", "Kustomization") {
        return;
    }
    let Some(prune) = object.body.at_path(&["spec", "prune"]) else {
        return;
    };
    let allowed = options(context.config, ID).and_then(|options| options.get("allow"));
    let is_allowed = allowed.is_some_and(|allowed| {
        allowed
            .items()
            .iter()
            .any(|name| name.text() == Some(object.key.name.as_str()))
    });
    if bool_at(&object.body, &["spec", "prune"]) != Some(false) || is_allowed {
        return;
    }
    let message = format!("{} does not prune", object.key);
    let mut finding = about(&RULE, object, message, prune.at);
    finding.field = Some("spec.prune".to_owned());
    finding
        .notes
        .push("what is deleted in Git stays in the cluster".to_owned());
    finding.help = Some(
        "write `prune: true`; objects that must stay get the annotation kustomize.toolkit.fluxcd.io/prune: disabled".to_owned(),
    );
    sink.report(finding);
}
