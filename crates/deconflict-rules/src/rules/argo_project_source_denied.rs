use std::collections::BTreeSet;

use deconflict_findings::Label;
use deconflict_placement::Engine;

use crate::argo_project::judged;
use crate::engine::finding;
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Applications with a source that their AppProject does not allow: no pattern of `sourceRepos` matches the
    /// repository, or one with `!` does. Every source counts, also one that only lends values.
    ///
    /// ## Why it matters
    /// Argo CD refuses to compare and to sync the Application; what it deployed before stays as it is.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [argocd]
    /// sources:
    ///   - {name: "https://git.example/org/gitops", path: "."}
    /// # argocd/project.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: AppProject
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   sourceRepos: ["https://git.example/web/*"]
    ///   destinations:
    ///     - {name: in-cluster, namespace: web}
    /// # argocd/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source:
    ///     repoURL: https://git.example/org/gitops
    ///     path: apps/web
    ///   destination:
    ///     name: in-cluster
    ///     namespace: web
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
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [argocd]
    /// sources:
    ///   - {name: "https://git.example/org/gitops", path: "."}
    /// # argocd/project.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: AppProject
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   sourceRepos: ["https://git.example/org/*"]
    ///   destinations:
    ///     - {name: in-cluster, namespace: web}
    /// # argocd/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source:
    ///     repoURL: https://git.example/org/gitops
    ///     path: apps/web
    ///   destination:
    ///     name: in-cluster
    ///     namespace: web
    /// # apps/web/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A project is known where the tree holds it next to the Application, and so are the `globalProjects` of argocd-cm, whose
    /// lists are added to those of others. `sourceNamespaces` and `permitOnlyProjectScopedClusters`, which allow less than the
    /// lists do, are not followed. Where nobody says the server or the name of a destination, a pattern on it counts as
    /// allowing.
    "argo-project-source-denied", "the AppProject does not allow a source",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    let mut told = BTreeSet::new();
    for judged in judged(context) {
        let (app, repo, project) = (judged.app, judged.request.repo.as_str(), judged.project);
        if project.allows_source(repo) || !told.insert((app, repo)) {
            continue;
        }
        let Some(at) = judged.placement.declared_at else {
            continue;
        };
        let name = project.name();
        let message =
            format!("Application {app} takes its source from {repo}, which project {name} does not allow");
        let mut finding = finding(&RULE, message, at, "Application", app, Engine::ArgoCd);
        finding.related.push(Label::new(
            project.place_of("sourceRepos"),
            format!("what project {name} allows"),
        ));
        finding.key = Some(repo.to_owned());
        finding
            .notes
            .push("Argo CD refuses to sync it; what it deployed before stays as it is".to_owned());
        finding.help = Some(format!(
            "add the repository to `sourceRepos` of project {name}, or use the project it belongs to"
        ));
        sink.report(finding);
    }
}
