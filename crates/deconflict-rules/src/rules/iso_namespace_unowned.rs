use crate::absent::at_namespace;
use crate::platform::is_infrastructure;
use crate::quota::in_namespace;
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds namespaces with workloads that no entry of `teams[].namespaces` lists, in a repository whose configuration
    /// lists namespaces of teams. Namespaces of Kubernetes itself and those that only a directory of `layout.infra`
    /// deploys to belong to the platform.
    ///
    /// ## Why it matters
    /// Who may deploy there, who pays and who is called at night is then decided during the incident. Other rules of this
    /// family cannot judge what nobody owns.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: search, paths: ["apps/search/**"], namespaces: [search]}
    /// rules:
    ///   cap-no-quota: "off"
    ///   iso-no-default-deny: "off"
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: search
    ///   namespace: legacy
    /// spec:
    ///   containers:
    ///     - name: search
    ///       image: registry.example/search:1.0
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: search, paths: ["apps/search/**"], namespaces: [legacy]}
    /// rules:
    ///   cap-no-quota: "off"
    ///   iso-no-default-deny: "off"
    /// # apps/search/overlays/prod/search.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: search
    ///   namespace: legacy
    /// spec:
    ///   containers:
    ///     - name: search
    ///       image: registry.example/search:1.0
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Without any `teams[].namespaces` the rule is silent: nothing says that namespaces have owners here.
    "iso-namespace-unowned", "a namespace with workloads belongs to no team",
    severity: Warning,
    joins: false,
    check: Cluster(check),
}

/// Namespaces that Kubernetes makes.
const SYSTEM: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    if context.config.teams.iter().all(|team| team.namespaces.is_empty()) {
        return;
    }
    for namespace in context.index.pods().namespaces() {
        if SYSTEM.contains(&namespace.as_str())
            || context.config.teams_of_namespace(namespace).next().is_some()
        {
            continue;
        }
        let mut pods = context.index.pods().of_namespace(namespace);
        if pods.all(|pod| is_infrastructure(context.config, context.index.workload(pod))) {
            continue;
        }
        let message = format!("no team owns what runs{}", in_namespace(context, namespace));
        let Some(mut finding) = at_namespace(context, &RULE, namespace, message) else {
            continue;
        };
        finding.notes.push(
            "nobody is responsible for it, and quotas and policies of teams do not cover it".to_owned(),
        );
        finding.help = Some("add it to `teams[].namespaces` of one team".to_owned());
        sink.report(finding);
    }
}
