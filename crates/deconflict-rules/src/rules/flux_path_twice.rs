use deconflict_findings::Label;
use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two Flux Kustomizations of one cluster that build the same directory into the same namespace with the same
    /// settings, or one that builds a directory inside the other's.
    ///
    /// ## Why it matters
    /// Both own every object: the last to reconcile writes its owner labels, and removing one prunes what the other still
    /// applies.
    ///
    /// ## Example
    /// ```yaml
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: web
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./infrastructure/quotas
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: web-again
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: infrastructure/quotas/
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # infrastructure/quotas/readme.txt
    /// nothing is applied from here yet
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: web
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./infrastructure/quotas
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # infrastructure/quotas/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod]
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Two that differ in target namespace, patches or variables may make objects of different names and are compared object
    /// by object (`own-object-duplicate`).
    "flux-path-twice", "two Flux Kustomizations build the same directory",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    report(context, sink, |problem, at| {
        let ProblemKind::PathTwice {
            app,
            other,
            path,
            first,
        } = problem
        else {
            return None;
        };
        let message = format!("Kustomizations {other} and {app} both apply {}", path.display());
        let mut finding = finding(&RULE, message, at, "Kustomization", app, Engine::Flux);
        finding.related.push(Label::new(*first, "the other one"));
        finding.key = Some(path.display().to_owned());
        finding
            .notes
            .push("removing one prunes what the other still applies".to_owned());
        finding.help = Some("let one of them apply it, and make the other depend on that one".to_owned());
        Some(finding)
    });
}
