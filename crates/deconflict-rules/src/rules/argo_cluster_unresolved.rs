use deconflict_files::Origin;
use deconflict_findings::Finding;
use deconflict_placement::{Engine, ProblemKind};

use crate::engine::{finding, report};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Applications whose destination names no cluster that is known, or has both `name` and `server`, or neither.
    /// Clusters are known from `clusters` in `deconflict.yaml` and from cluster Secrets in the tree; without any, no
    /// destination is unknown.
    ///
    /// ## Why it matters
    /// Argo CD refuses an Application whose destination it cannot resolve (`InvalidSpecError`), and nothing of it is deployed.
    /// Here it is compared with nobody, so a collision is not found.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     servers: ["https://prod.example:6443"]
    ///     roots: [argocd]
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
    ///     server: https://prd.example:6443
    ///     namespace: web
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     servers: ["https://prod.example:6443"]
    ///     roots: [argocd]
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
    ///     server: https://prod.example:6443
    ///     namespace: web
    /// ```
    ///
    /// ## Options
    /// None. `clusters[].servers` takes every spelling of a cluster.
    ///
    /// ## Known limits
    /// Clusters that an Argo CD knows from elsewhere must be listed.
    "argo-cluster-unresolved", "the destination of an Application is no cluster",
    severity: Error,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    report(context, sink, |problem, at| match problem {
        ProblemKind::DestinationUnknown { app, destination } => {
            let message = format!("Application {app} goes to `{destination}`, which is no known cluster");
            let known: Vec<&str> = context
                .placements
                .clusters
                .iter()
                .map(|cluster| cluster.name.as_str())
                .collect();
            let help = format!(
                "correct it, or add it to `clusters` in deconflict.yaml, to the `servers` of the cluster that it is; known are {}",
                known.join(", ")
            );
            Some(tell(message, at, app, help))
        }
        ProblemKind::DestinationBoth { app } => {
            let message = format!("the destination of Application {app} has both `name` and `server`");
            Some(tell(message, at, app, "remove one of them".to_owned()))
        }
        ProblemKind::DestinationNeither { app } => {
            let message = format!("the destination of Application {app} has neither `name` nor `server`");
            let help =
                "add `name: in-cluster` for the cluster that Argo CD runs in, or the `server` of another";
            Some(tell(message, at, app, help.to_owned()))
        }
        _ => None,
    });
}

fn tell(message: String, at: Origin, app: &str, help: String) -> Finding {
    let mut finding = finding(&RULE, message, at, "Application", app, Engine::ArgoCd);
    finding.key = Some("destination".to_owned());
    finding
        .notes
        .push("Argo CD refuses it, and nothing of it is deployed".to_owned());
    finding.help = Some(help);
    finding
}
