use std::collections::BTreeMap;

use deconflict_claims::{Placed, Spot};
use deconflict_findings::Certainty;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::platform::{is_infrastructure, same_team};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds applications of one team that put objects into a namespace that the configuration gives to other teams
    /// (`teams[].namespaces`).
    ///
    /// ## Why it matters
    /// A namespace is the border between teams: quota, network policies, Secrets and permissions count per namespace.
    /// What a stranger puts there takes part in all of them, and its owner does not know of it.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: payments, paths: ["apps/payments/**"], namespaces: [payments]}
    ///   - {name: checkout, paths: ["apps/checkout/**"], namespaces: [checkout]}
    /// # apps/checkout/api/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: api, namespace: payments}
    /// data: {TIMEOUT: 5s}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// teams:
    ///   - {name: payments, paths: ["apps/payments/**"], namespaces: [payments]}
    ///   - {name: checkout, paths: ["apps/checkout/**"], namespaces: [checkout]}
    /// # apps/checkout/api/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: api, namespace: checkout}
    /// data: {TIMEOUT: 5s}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Both owners must be known. Applications below `layout.infra` may deploy anywhere. A contract (`contracts` with
    /// this rule) allows it.
    "own-foreign-namespace", "an application deploys into another team's namespace",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    let mut groups: BTreeMap<(&str, &str), Vec<&Placed<'_>>> = BTreeMap::new();
    for placed in context.index.live() {
        let (Some(namespace), Some(owner)) = (&placed.namespace, &placed.owner) else {
            continue;
        };
        if placed.certainty == Certainty::Possible {
            continue;
        }
        let mut teams = context.config.teams_of_namespace(namespace).peekable();
        let is_foreign = teams.peek().is_some() && teams.all(|team| !same_team(team, owner));
        if is_foreign && !is_infrastructure(context.config, placed) {
            groups
                .entry((placed.app.as_str(), namespace.as_str()))
                .or_default()
                .push(placed);
        }
    }
    for ((app, namespace), placed) in groups {
        let teams: Vec<String> = context
            .config
            .teams_of_namespace(namespace)
            .map(ToString::to_string)
            .collect();
        let collision = Collision::new(
            context.files,
            placed.iter().map(|placed| {
                let node = placed.facts.object.body.at_path(&["metadata", "namespace"]);
                let side = Side::declared(placed);
                match node {
                    Some(node) => Side::new(placed, Spot::of(node)),
                    None => side,
                }
            }),
        );
        let Some(first) = collision.sides.first() else {
            continue;
        };
        let more = match placed.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "{} deploys {}{more} into namespace {namespace} of {}{}",
            first.placed.who(),
            first.placed.title(),
            list(&teams, "and"),
            in_cluster(context.index)
        );
        let one = Collision {
            sides: vec![first.clone()],
        };
        let Some(mut finding) = one.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(format!("{app} in {namespace}"));
        finding.notes.push(
            "it takes part in that team's quota, network policies and permissions, and its Secrets can be mounted".to_owned(),
        );
        finding.help = Some(
            "deploy it into a namespace of its own team, or declare a contract that the other team approved"
                .to_owned(),
        );
        sink.report(finding);
    }
}
