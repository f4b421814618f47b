use std::collections::BTreeSet;

use deconflict_findings::Label;
use deconflict_placement::Engine;

use crate::argo_project::{by_placement, judged};
use crate::engine::finding;
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Applications that deploy to a cluster or namespace which their AppProject does not allow. The namespace of every
    /// rendered object counts, not only the Application's own.
    ///
    /// ## Why it matters
    /// Argo CD refuses to sync: of the Application as a whole when its own destination is denied, else when it meets the
    /// object, with the rest left out of sync.
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
    ///   sourceRepos: ["https://git.example/org/*"]
    ///   destinations:
    ///     - {name: in-cluster, namespace: "web-*"}
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
    "argo-project-destination-denied", "the AppProject does not allow a cluster or namespace",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    let objects = by_placement(context);
    let mut told = BTreeSet::new();
    for judged in judged(context) {
        let (app, placement, project) = (judged.app, judged.placement, judged.project);
        let Some(at) = placement.declared_at else { continue };
        let placed = objects
            .get(&placement.id.0)
            .map(Vec::as_slice)
            .unwrap_or_default();
        // An Application may leave its own namespace open when every object has one.
        let own = placement.namespace.as_deref().map(|namespace| (namespace, None));
        let of_objects = placed
            .iter()
            .filter_map(|placed| Some((placed.namespace.as_deref()?, Some(*placed))));
        for (namespace, object) in own.into_iter().chain(of_objects) {
            if project.allows_destination(judged.request, namespace)
                || !told.insert((app, &placement.cluster, namespace))
            {
                continue;
            }
            let name = project.name();
            let place = placement
                .cluster
                .as_ref()
                .map_or_else(String::new, |cluster| format!(" of {cluster}"));
            let message = format!(
                "Application {app} deploys to namespace {namespace}{place}, which project {name} does not allow"
            );
            let mut finding = finding(&RULE, message, at, "Application", app, Engine::ArgoCd);
            finding.related.push(Label::new(
                project.place_of("destinations"),
                format!("what project {name} allows"),
            ));
            if let Some(object) = object {
                finding
                    .related
                    .push(Label::new(object.facts.object.declared_at, object.title()));
                finding.certainty = object.certainty;
            }
            finding.key = Some(namespace.to_owned());
            finding.notes.push("Argo CD refuses to sync it".to_owned());
            finding.help = Some(format!(
                "add cluster and namespace to `destinations` of project {name}, or deploy to one that it allows"
            ));
            sink.report(finding);
        }
    }
}
