use deconflict_findings::Label;
use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two Applications of one Argo CD with the same namespace and name, and two that deploy the same source with the
    /// same settings to the same cluster and namespace. Applications that ApplicationSets make count too.
    ///
    /// ## Why it matters
    /// Of two with one name the last one applied wins, and the objects of the other are pruned. Two of one source both claim
    /// every object: each shows as out of sync in turn, and removing one deletes what the other deployed.
    ///
    /// ## Example
    /// ```yaml
    /// # argocd/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source:
    ///     repoURL: https://charts.example
    ///     chart: web
    ///     targetRevision: 1.2.3
    ///   destination:
    ///     name: in-cluster
    ///     namespace: web
    /// # argocd/web-copy.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web-copy
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source:
    ///     repoURL: https://charts.example
    ///     chart: web
    ///     targetRevision: 1.2.3
    ///   destination:
    ///     name: in-cluster
    ///     namespace: web
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # argocd/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source:
    ///     repoURL: https://charts.example
    ///     chart: web
    ///     targetRevision: 1.2.3
    ///   destination:
    ///     name: in-cluster
    ///     namespace: web
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Two objects of one name in one build of kustomize are an error of the build. Where no Argo CD is known to read them, they
    /// are `own-object-repeated`.
    "argo-app-twice", "two Applications have one name, or one source and destination",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    report(context, sink, |problem, at| {
        let (app, first, message, help) = match problem {
            ProblemKind::ApplicationTwice { app, first } => (
                app,
                first,
                format!("Application {app} is declared twice in one Argo CD"),
                "rename one of them, or remove it",
            ),
            ProblemKind::SourceTwice { app, other, first } => (
                app,
                first,
                format!("Applications {other} and {app} deploy the same source to the same place"),
                "remove one of them, or give it a destination or settings of its own",
            ),
            _ => return None,
        };
        let mut finding = finding(&RULE, message, at, "Application", app, Engine::ArgoCd);
        finding.related.push(Label::new(*first, "the other one"));
        finding
            .notes
            .push("both claim the same objects, and removing one prunes what the other deployed".to_owned());
        finding.help = Some(help.to_owned());
        Some(finding)
    });
}
