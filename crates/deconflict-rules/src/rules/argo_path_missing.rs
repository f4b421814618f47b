use deconflict_files::Origin;
use deconflict_findings::Finding;
use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Applications, also those that an ApplicationSet makes, whose source path in this repository does not exist.
    ///
    /// ## Why it matters
    /// Argo CD cannot compare such an Application: it shows `ComparisonError: app path does not exist`, and what was deployed
    /// before stays as it is.
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
    ///     path: apps/wbe
    ///   destination:
    ///     name: in-cluster
    ///     namespace: web
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
    /// Only sources of this repository are looked at: one whose address stands under `sources` in `deconflict.yaml`, or is the
    /// remote `origin`. A source that follows another branch or a tag is looked up in the tree at hand.
    "argo-path-missing", "the source path of an Application does not exist",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    let is_application = |app: &str| {
        context
            .placements
            .all
            .iter()
            .any(|placement| placement.engine == Engine::ArgoCd && placement.app.as_deref() == Some(app))
    };
    report(context, sink, |problem, at| match problem {
        ProblemKind::PathMissing { app, path } if is_application(app) => {
            let message = format!("the path {} of Application {app} does not exist", path.display());
            Some(tell(message, at, app))
        }
        ProblemKind::PathOutside { app, path } if is_application(app) => {
            let message = format!("the path {path:?} of Application {app} leads outside the repository");
            Some(tell(message, at, app))
        }
        ProblemKind::SourceAmbiguous { app } => {
            let message = format!(
                "Application {app} has more than one of `kustomize`, `helm`, `directory` and `plugin` in one source"
            );
            Some(tell(message, at, app))
        }
        _ => None,
    });
}

fn tell(message: String, at: Origin, app: &str) -> Finding {
    let mut finding = finding(&RULE, message, at, "Application", app, Engine::ArgoCd);
    finding.key = Some("source".to_owned());
    finding
        .notes
        .push("Argo CD cannot compare it; what it deployed before stays as it is".to_owned());
    finding.help = Some("correct the path, or remove the Application with what it deployed".to_owned());
    finding
}
