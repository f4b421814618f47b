use deconflict_kube::bool_at;

use crate::argo_application::application;
use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Applications, and templates of ApplicationSets, that sync by themselves without `prune: true`.
    ///
    /// ## Why it matters
    /// What is deleted in Git stays in the cluster: old Deployments keep running, old Ingresses keep their hosts, old
    /// permissions stay granted, and nobody sees them in the repository any more.
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
    ///   syncPolicy:
    ///     automated:
    ///       selfHeal: true
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
    ///   syncPolicy:
    ///     automated:
    ///       prune: true
    ///       selfHeal: true
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A patch of an ApplicationSet (`templatePatch`) is not looked at. An Application that is synced by hand is nobody's business.
    "argo-prune-off", "an Application syncs by itself and never prunes",
    severity: Warning,
    joins: false,
    check: Object(check),
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let Some(application) = application(context.object) else {
        return;
    };
    let Some(automated) = application.spec.at_path(&["syncPolicy", "automated"]) else {
        return;
    };
    // A template of an ApplicationSet may compute either.
    let is_computed = |name: &str| {
        automated
            .get(name)
            .and_then(|value| value.text())
            .is_some_and(|text| text.contains("{{"))
    };
    if is_computed("prune") || is_computed("enabled") || bool_at(automated, &["enabled"]) == Some(false) {
        return;
    }
    if bool_at(automated, &["prune"]) == Some(true) {
        return;
    }
    let message = format!("{} syncs by itself and does not prune", application.title);
    let at = match automated.field("prune") {
        Some(field) => field.key_at.0,
        None => application.place_of(&["syncPolicy", "automated"]),
    };
    let mut finding = about(&RULE, context.object, message, at);
    finding.field = Some(application.field("syncPolicy.automated.prune"));
    finding
        .notes
        .push("what is deleted in Git stays in the cluster".to_owned());
    finding.help = Some(
        "write `prune: true`; objects that must stay get the annotation argocd.argoproj.io/sync-options: Prune=false".to_owned(),
    );
    sink.report(finding);
}
