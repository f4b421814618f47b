use crate::argo_application::application;
use crate::argo_project::DEFAULT;
use crate::engine::about;
use crate::{ObjectContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Applications, and templates of ApplicationSets, in the project `default`, or in none, which is the same.
    ///
    /// ## Why it matters
    /// The project `default` allows every source, every cluster, every namespace and every kind, unless somebody changed it. So
    /// nothing keeps the Application from overwriting what another team deploys.
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
    ///   project: default
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
    /// A project named by a template (`{{project}}`) is not looked at. What the project `default` was changed to does not count.
    "argo-project-default", "an Application is in the project `default`",
    severity: Warning,
    joins: false,
    check: Object(check),
}

fn check(context: &ObjectContext<'_>, sink: &mut Sink) {
    let Some(application) = application(context.object) else {
        return;
    };
    let project = application.text(&["project"]);
    // Without `project` the API server refuses an Application already.
    if project.is_some_and(|project| !project.is_empty() && project != DEFAULT)
        || application.spec.get("project").is_none()
    {
        return;
    }
    let message = format!(
        "{} is in the project `default`, which allows everything",
        application.title
    );
    let at = application.place_of(&["project"]);
    let mut finding = about(&RULE, context.object, message, at);
    finding.field = Some(application.field("project"));
    finding
        .notes
        .push("nothing keeps it from deploying over what other teams own".to_owned());
    finding.help = Some(
        "make an AppProject for the team, with its repositories, namespaces and kinds, and name it here"
            .to_owned(),
    );
    sink.report(finding);
}
