//! Findings about what a namespace lacks: they stand at the Namespace, else at the first object of it.

use std::collections::BTreeMap;

use deconflict_claims::Placed;
use deconflict_findings::Finding;

use crate::collision::{Collision, Side};
use crate::{ClusterContext, Rule};

/// Namespaces that the configuration gives to a team and that exist in the tree, with the team, sorted.
pub(crate) fn team_namespaces<'i>(context: &ClusterContext<'i>) -> BTreeMap<&'i str, String> {
    let mut found = BTreeMap::new();
    if context.config.teams.iter().all(|team| team.namespaces.is_empty()) {
        return found;
    }
    let declared = context
        .index
        .live()
        .filter(|placed| placed.facts.object.key.is("", "Namespace"));
    let names = declared.map(|placed| placed.facts.object.key.name.as_str());
    for namespace in context
        .index
        .pods()
        .namespaces()
        .map(smol_str::SmolStr::as_str)
        .chain(names)
    {
        let mut teams = context
            .config
            .teams_of_namespace(namespace)
            .map(ToString::to_string);
        if let Some(team) = teams.next() {
            found.entry(namespace).or_insert(team);
        }
    }
    found
}

/// A finding at the Namespace of that name, else at the first workload in it.
pub(crate) fn at_namespace(
    context: &ClusterContext<'_>,
    rule: &Rule,
    namespace: &str,
    message: String,
) -> Option<Finding> {
    let object: Option<&Placed<'_>> = context.index.find("", "Namespace", None, namespace).or_else(|| {
        let pod = context.index.pods().of_namespace(namespace).next()?;
        Some(context.index.workload(pod))
    });
    let mut finding = Collision::new(context.files, [Side::declared(object?)]).finding(rule, message)?;
    finding.key = Some(namespace.to_owned());
    Some(finding)
}
