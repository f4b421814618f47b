use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Flux Kustomizations whose `path`, and HelmReleases whose chart, does not exist in the source.
    ///
    /// ## Why it matters
    /// kustomize-controller stops with `kustomization path not found`; what was applied before stays as it is.
    ///
    /// ## Example
    /// ```yaml
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: apps
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./apps/prdo
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # apps/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod, apps/prod]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: apps
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./apps/prod
    ///   sourceRef:
    ///     kind: GitRepository
    ///     name: flux-system
    /// # apps/prod/config.yaml
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
    /// Only sources that are this repository, or are copied from it by an ArtifactGenerator, are looked at.
    "flux-path-missing", "the path of a Flux object does not exist in its source",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    let is_flux = |app: &str| {
        context
            .placements
            .all
            .iter()
            .any(|placement| placement.engine == Engine::Flux && placement.app.as_deref() == Some(app))
    };
    report(context, sink, |problem, at| {
        let (app, message) = match problem {
            ProblemKind::PathMissing { app, path } if is_flux(app) => (
                app,
                format!("the path {} of {app} does not exist", path.display()),
            ),
            ProblemKind::PathOutside { app, path }
                if !context.placements.all.iter().any(|placement| {
                    placement.engine == Engine::ArgoCd && placement.app.as_ref() == Some(app)
                }) =>
            {
                (
                    app,
                    format!("the path {path:?} of {app} leads outside its source"),
                )
            }
            _ => return None,
        };
        let mut finding = finding(&RULE, message, at, "Kustomization", app, Engine::Flux);
        finding
            .notes
            .push("Flux stops there; what it applied before stays as it is".to_owned());
        finding.help = Some("correct the path; it counts from the top of the source".to_owned());
        Some(finding)
    });
}
