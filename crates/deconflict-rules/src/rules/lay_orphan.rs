use std::collections::BTreeMap;

use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{Finding, Severity};
use deconflict_placement::{Engine, ProblemKind};

use crate::collision::list;
use crate::files::kustomization_of;
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Says which Applications, ApplicationSets and Flux Kustomizations nothing applies: the repository has entry points of
    /// that engine (`clusters[].roots`, what `flux bootstrap` writes, a FluxInstance), and none of them leads there.
    ///
    /// ## Why it matters
    /// What such an object names is deployed by nobody, as far as the repository says, and is compared with nobody: it may
    /// be left from earlier, or an entry point is missing in the configuration.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: prod, roots: [argocd/prod]}]
    /// # argocd/prod/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source: {repoURL: https://charts.example, chart: web, targetRevision: 1.2.3}
    ///   destination: {name: in-cluster, namespace: web}
    /// # argocd/old/api.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: api
    ///   namespace: argocd
    /// spec:
    ///   project: api
    ///   source: {repoURL: https://charts.example, chart: api, targetRevision: 1.2.3}
    ///   destination: {name: in-cluster, namespace: api}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: prod, roots: [argocd/prod]}]
    /// # argocd/prod/web.yaml
    /// apiVersion: argoproj.io/v1alpha1
    /// kind: Application
    /// metadata:
    ///   name: web
    ///   namespace: argocd
    /// spec:
    ///   project: web
    ///   source: {repoURL: https://charts.example, chart: web, targetRevision: 1.2.3}
    ///   destination: {name: in-cluster, namespace: web}
    /// ```
    ///
    /// ## Options
    /// None. `clusters[].roots` in `deconflict.yaml` names what is applied by hand, `exclude` what is not to be looked at.
    ///
    /// ## Known limits
    /// One finding per root. Where the repository declares no entry point of the engine, its objects are taken for applied
    /// by hand.
    "lay-orphan", "nothing applies an engine's object",
    severity: Info,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    let mut roots: BTreeMap<(&RepoPath, Engine), (Origin, Vec<String>)> = BTreeMap::new();
    for problem in &context.placements.problems {
        if let (ProblemKind::Orphan { engine, app, root }, Some(at)) = (&problem.kind, problem.at) {
            let (_, apps) = roots.entry((root, *engine)).or_insert_with(|| (at, Vec::new()));
            apps.push(app.to_string());
        }
    }
    for ((root, engine), (at, mut apps)) in roots {
        apps.sort();
        apps.dedup();
        let engine = match engine {
            Engine::ArgoCd => "Argo CD",
            Engine::Flux => "Flux",
            Engine::Plain => continue,
        };
        let objects = match apps.len() {
            1 => "1 object".to_owned(),
            count => format!("{count} objects"),
        };
        let message = format!(
            "no entry point of {engine} leads to {objects} of {}: {}",
            root.display(),
            list(&apps, "and")
        );
        // A root is removed or listed as a whole; its objects may stand in a base that others build on.
        let at = kustomization_of(context.library, root).map_or(at, |loaded| Origin::start_of(loaded.file));
        let mut finding = Finding::new(RULE.meta.id, Severity::Info, message, at);
        finding.key = Some(format!("{engine} {}", root.display()));
        finding
            .notes
            .push("what they name is deployed by nobody, and compared with nobody".to_owned());
        finding.help = Some(format!(
            "remove them if they are left over, name them under `exclude`, or list {} under `clusters[].roots` in \
             deconflict.yaml if it is applied by hand",
            root.display()
        ));
        sink.report(finding);
    }
}
