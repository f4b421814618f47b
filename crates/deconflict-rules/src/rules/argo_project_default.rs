use deconflict_claims::Placed;
use deconflict_yaml::Node;

use crate::argo_application::application;
use crate::argo_project::DEFAULT;
use crate::refs::at;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds Applications, and templates of ApplicationSets, in the project `default`, or in none, which is the same. More
    /// than three in one cluster are one finding, at the first.
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
    check: Cluster(check),
}

/// So many are told one by one; more are the style of the house, told once.
const ONE_BY_ONE: usize = 3;

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let found: Vec<_> = context.index.live().filter_map(in_default).collect();
    if found.len() <= ONE_BY_ONE {
        for (placed, node) in found {
            let message = format!(
                "{} is in the project `default`, which allows everything",
                placed.title()
            );
            report(context, placed, node, message, None, sink);
        }
        return;
    }
    let (placed, node) = found[0];
    let message = format!(
        "{} Applications and ApplicationSets are in the project `default`, which allows everything: {} and others",
        found.len(),
        placed.title()
    );
    report(context, placed, node, message, Some("many Applications"), sink);
}

/// The object, and the text that says so, if it is an Application, or makes some, in the project `default`.
fn in_default<'i, 'a>(placed: &'i Placed<'a>) -> Option<(&'i Placed<'a>, &'i Node)> {
    let application = application(&placed.facts.object)?;
    // Without `project` the API server refuses an Application already.
    let project = application.spec.get("project")?;
    let name = application.text(&["project"]).unwrap_or_default();
    (name.is_empty() || name == DEFAULT).then_some((placed, &**project))
}

fn report(
    context: &ClusterContext<'_>,
    placed: &Placed<'_>,
    node: &Node,
    message: String,
    key: Option<&str>,
    sink: &mut Sink,
) {
    let Some(mut finding) = at(context, &RULE, placed, node, message) else {
        return;
    };
    finding.key = key.map(ToOwned::to_owned);
    finding
        .notes
        .push("nothing keeps it from deploying over what other teams own".to_owned());
    finding.help = Some(
        "make an AppProject for the team, with its repositories, namespaces and kinds, and name it here"
            .to_owned(),
    );
    sink.report(finding);
}
