use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{certainty, finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Flux Kustomizations and HelmReleases whose `sourceRef` or `chartRef` names an object that nothing in the cluster's
    /// part of the tree makes.
    ///
    /// ## Why it matters
    /// Without its source a Kustomization or HelmRelease never becomes ready: nothing new of it is deployed, and everything
    /// that depends on it waits.
    ///
    /// ## Example
    /// ```yaml
    /// # clusters/prod/podinfo.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: HelmRepository
    /// metadata:
    ///   name: podinfo
    ///   namespace: flux-system
    /// spec:
    ///   interval: 1h
    ///   url: https://charts.example
    /// ---
    /// apiVersion: helm.toolkit.fluxcd.io/v2
    /// kind: HelmRelease
    /// metadata:
    ///   name: podinfo
    ///   namespace: web
    /// spec:
    ///   interval: 1h
    ///   chart:
    ///     spec:
    ///       chart: podinfo
    ///       sourceRef:
    ///         kind: HelmRepository
    ///         name: podinfo
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # clusters/prod/podinfo.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: HelmRepository
    /// metadata:
    ///   name: podinfo
    ///   namespace: flux-system
    /// spec:
    ///   interval: 1h
    ///   url: https://charts.example
    /// ---
    /// apiVersion: helm.toolkit.fluxcd.io/v2
    /// kind: HelmRelease
    /// metadata:
    ///   name: podinfo
    ///   namespace: web
    /// spec:
    ///   interval: 1h
    ///   chart:
    ///     spec:
    ///       chart: podinfo
    ///       sourceRef:
    ///         kind: HelmRepository
    ///         name: podinfo
    ///         namespace: flux-system
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod]
    /// ```
    ///
    /// ## Options
    /// None. `sources` in `deconflict.yaml` names a source that is made elsewhere.
    ///
    /// ## Known limits
    /// The GitRepository `flux-system` that `flux bootstrap` makes counts as present.
    "flux-source-missing", "a Flux object names a source that is not there",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    report(context, sink, |problem, at| {
        let ProblemKind::SourceMissing { app, kind, source } = problem else {
            return None;
        };
        let external = context.config.external.iter().any(|known| {
            known.kind == *kind
                && source
                    .rsplit('/')
                    .next()
                    .is_some_and(|name| known.name.is_match(name))
        });
        if external {
            return None;
        }
        let message = format!("{app} takes its source from {kind} {source}, which nothing here makes");
        let mut finding = finding(&RULE, message, at, "Kustomization", app, Engine::Flux);
        finding.certainty = certainty(context, app);
        finding.key = Some(format!("{kind} {source}"));
        finding
            .notes
            .push("it never becomes ready, and what depends on it waits".to_owned());
        finding.help = Some(
            "correct kind, name or namespace (it defaults to the object's own), or add the source to the tree; one that is \
             made elsewhere goes under `external` in deconflict.yaml"
                .to_owned(),
        );
        Some(finding)
    });
}
