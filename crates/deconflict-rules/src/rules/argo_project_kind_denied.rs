use std::collections::BTreeSet;

use deconflict_findings::Label;
use deconflict_placement::Engine;

use crate::argo_project::{by_placement, judged};
use crate::engine::finding;
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Applications that render a kind of object which their AppProject does not allow. Kinds without a namespace are
    /// allowed only when `clusterResourceWhitelist` lists them; kinds with one unless `namespaceResourceWhitelist` is there and
    /// does not, or a blacklist does.
    ///
    /// ## Why it matters
    /// Argo CD fails the sync at that object. A project without `clusterResourceWhitelist` allows no ClusterRole, no
    /// Namespace, no CustomResourceDefinition at all, which people notice after the merge.
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
    /// # apps/web/role.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: web-nodes
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [nodes]
    ///     verbs: [get]
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
    ///   clusterResourceWhitelist:
    ///     - {group: rbac.authorization.k8s.io, kind: ClusterRole}
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
    /// # apps/web/role.yaml
    /// apiVersion: rbac.authorization.k8s.io/v1
    /// kind: ClusterRole
    /// metadata:
    ///   name: web-nodes
    /// rules:
    ///   - apiGroups: [""]
    ///     resources: [nodes]
    ///     verbs: [get]
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
    "argo-project-kind-denied", "the AppProject does not allow a kind of object",
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
        for placed in objects.get(&placement.id.0).into_iter().flatten() {
            let key = &placed.facts.object.key;
            if project.allows_kind(placed) || !told.insert((app, key.group.as_str(), key.kind.as_str())) {
                continue;
            }
            let name = project.name();
            let message = format!(
                "Application {app} deploys {}, a kind that project {name} does not allow",
                placed.title()
            );
            let list = match placed.namespace {
                Some(_) => "namespaceResourceWhitelist",
                None => "clusterResourceWhitelist",
            };
            let mut finding = finding(&RULE, message, at, "Application", app, Engine::ArgoCd);
            finding
                .related
                .push(Label::new(placed.facts.object.declared_at, placed.title()));
            finding
                .related
                .push(Label::new(project.place_of(list), format!("project {name}")));
            finding.certainty = placed.certainty;
            finding.key = Some(format!("{}/{}", key.group, key.kind));
            finding
                .notes
                .push("Argo CD fails the sync at that object".to_owned());
            finding.help = Some(format!(
                "list group {:?} and kind {} in `{list}` of project {name} (and in no blacklist), or take the object out",
                key.group, key.kind
            ));
            sink.report(finding);
        }
    }
}
