use deconflict_findings::{Finding, Severity};
use deconflict_placement::{Problem, ProblemKind};

use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds engine objects that make each other without end, or more than 24 levels deep: an Application of Applications, or
    /// a Flux Kustomization whose directory holds another one, each with a name of its own.
    ///
    /// ## Why it matters
    /// The engine goes on and makes more of them, until somebody stops it; what the further ones deploy is not checked.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: prod, roots: [clusters/prod]}]
    /// # clusters/prod/loop.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: loop, namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./loop
    ///   targetNamespace: loop
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    ///   postBuild: {substitute: {n: a}}
    /// # loop/loop.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: "loop-${n}", namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./loop
    ///   targetNamespace: "loop-${n}"
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    ///   postBuild: {substitute: {n: "${n}a"}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # clusters/prod/web.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: web, namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   prune: true
    ///   path: ./web
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # web/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: web, namespace: web}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Objects that make each other under the same names are a circle, not endless: they are followed once.
    "lay-too-deep", "engine objects make each other without end",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    let mut told = Vec::new();
    for Problem { kind, at } in &context.placements.problems {
        // Every round of a loop stands at the same lines.
        let (ProblemKind::TooDeep { app }, Some(at)) = (kind, *at) else {
            continue;
        };
        if told.contains(&at) {
            continue;
        }
        told.push(at);
        let message = format!("{app} is made by more than 24 engine objects that make each other");
        let mut finding = Finding::new(RULE.meta.id, Severity::Error, message, at);
        finding
            .notes
            .push("what further ones deploy is not checked; the engine goes on making them".to_owned());
        finding.help = Some("let the directory that it names hold no object that names it again".to_owned());
        sink.report(finding);
    }
}
