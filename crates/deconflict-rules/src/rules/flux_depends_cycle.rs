use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Flux Kustomizations, or HelmReleases, that wait for each other through `dependsOn`.
    ///
    /// ## Why it matters
    /// None of them is ever reconciled.
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
    ///     - name: cache
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: cache
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./infrastructure/cache
    ///   dependsOn:
    ///     - name: web
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # infrastructure/web/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// # infrastructure/cache/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: cache
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
    /// A Kustomization that waits for a HelmRelease by `healthChecks` is not followed.
    "flux-depends-cycle", "Flux objects wait for each other",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    report(context, sink, |problem, at| {
        let ProblemKind::DependencyCycle { apps } = problem else {
            return None;
        };
        let first = apps.first()?;
        let mut way: Vec<&str> = apps.iter().map(smol_str::SmolStr::as_str).collect();
        way.push(first);
        let message = format!("these wait for each other: {}", way.join(" → "));
        let mut finding = finding(&RULE, message, at, "Kustomization", first, Engine::Flux);
        finding.key = Some(way.join(" "));
        finding.notes.push("none of them is ever reconciled".to_owned());
        finding.help = Some("remove one of the dependencies".to_owned());
        Some(finding)
    });
}
