use std::collections::BTreeSet;

use crate::collision::{Collision, Side};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds deployments whose directory names an environment (`overlays/dev`, `environments/staging`) that is placed in a
    /// cluster of another class: development in production, production in staging, and so on.
    ///
    /// ## Why it matters
    /// One wrong line in an Application puts unfinished code, test credentials and debug settings into production, or
    /// production's real data into a test.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod-eu
    ///     class: production
    ///     roots: [apps/search/overlays/dev]
    /// # apps/search/overlays/dev/search.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: search
    ///   namespace: search
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
    /// clusters:
    ///   - name: prod-eu
    ///     class: development
    ///     roots: [apps/search/overlays/dev]
    /// # apps/search/overlays/dev/search.yaml
    /// apiVersion: v1
    /// kind: Pod
    /// metadata:
    ///   name: search
    ///   namespace: search
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
    /// Environments are known by name: dev, development, test, qa, sandbox; stage, staging, uat, preprod; prod,
    /// production, live. Others, and clusters without class, are not judged.
    "iso-cluster-class", "an environment's deployment goes to a cluster of another class",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let Some(cluster) = context.index.cluster else {
        return;
    };
    let Some(class) = cluster.class.as_deref().and_then(class_of) else {
        return;
    };
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    for placed in context.index.live() {
        let Some(root) = &placed.placement.root else {
            continue;
        };
        let parts: Vec<&str> = root.parts().collect();
        let after = |pair: &[&str]| matches!(pair[0], "overlays" | "environments" | "envs" | "env");
        let below = parts.windows(2).find(|pair| after(pair)).map(|pair| pair[1]);
        let Some(environment) = placed.placement.environment.as_deref().or(below) else {
            continue;
        };
        let Some(meant) = class_of(environment).filter(|meant| *meant != class) else {
            continue;
        };
        if !told.insert((root.as_str(), placed.app.as_str())) {
            continue;
        }
        let message = format!(
            "{} deploys its {environment} environment to {}, a cluster of class {class}",
            placed.app, cluster.name
        );
        let mut side = Side::declared(placed);
        let label = format!("{}, meant for {meant}", side.label);
        if let Some(at) = placed.placement.declared_at {
            side.spot = deconflict_claims::Spot::at(at);
        }
        let Some(mut finding) = Collision::new(context.files, [side.labelled(label)]).finding(&RULE, message)
        else {
            continue;
        };
        if let Some(at) = cluster.declared_at {
            finding.related.push(deconflict_findings::Label::new(
                at,
                format!("the cluster, of class {class}"),
            ));
        }
        finding.key = Some(root.display().to_owned());
        finding
            .notes
            .push(format!("what is meant for {meant} runs in {class}"));
        finding.help = Some(
            "deploy the overlay of that cluster's environment, or correct the cluster's `class`".to_owned(),
        );
        sink.report(finding);
    }
}

/// The class that a name of an environment or class stands for.
fn class_of(name: &str) -> Option<&'static str> {
    match name.to_lowercase().as_str() {
        "dev" | "development" | "test" | "testing" | "qa" | "sandbox" => Some("development"),
        "stage" | "staging" | "uat" | "preprod" | "pre-prod" => Some("staging"),
        "prod" | "production" | "live" => Some("production"),
        _ => None,
    }
}
