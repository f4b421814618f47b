use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{certainty, finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds `dependsOn` of Flux Kustomizations and HelmReleases that names an object of the same kind which is not in the
    /// cluster's part of the tree.
    ///
    /// ## Why it matters
    /// Flux waits for what never comes: the object is not reconciled, and says `dependency not found`.
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
    ///   path: ./infrastructure/web
    ///   dependsOn:
    ///     - name: databases
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # infrastructure/web/config.yaml
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
    ///   path: ./infrastructure/web
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # infrastructure/web/config.yaml
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
    /// What somebody applied to the cluster by hand is not known here.
    "flux-depends-missing", "a Flux object depends on one that is not there",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    report(context, sink, |problem, at| {
        let ProblemKind::DependencyMissing { app, dependency } = problem else {
            return None;
        };
        let message = format!("{app} depends on {dependency}, which nothing here makes");
        let mut finding = finding(&RULE, message, at, "Kustomization", app, Engine::Flux);
        finding.certainty = certainty(context, app);
        finding.key = Some(dependency.to_string());
        finding
            .notes
            .push("Flux waits for it and never reconciles this one".to_owned());
        finding.help = Some(
            "correct the name (the namespace defaults to the object's own), or remove the dependency"
                .to_owned(),
        );
        Some(finding)
    });
}
