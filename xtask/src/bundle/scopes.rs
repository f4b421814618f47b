//! Plural names and scope of built-in kinds, from the constants of `k8s-openapi`'s generated code.

use std::path::Path;

use super::graph::Graph;
use super::{list, read};

/// Kinds that newer releases dropped, so that the crate no longer tells their scope: (group, kind, plural, namespaced).
/// Source: the API reference of the last Kubernetes release that served them.
const GONE: &[(&str, &str, &str, bool)] = &[
    ("", "PodSecurityPolicy", "podsecuritypolicies", false),
    (
        "autoscaling",
        "HorizontalPodAutoscaler",
        "horizontalpodautoscalers",
        true,
    ),
    ("batch", "CronJob", "cronjobs", true),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschemas", false),
    (
        "flowcontrol.apiserver.k8s.io",
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
        false,
    ),
    ("networking.k8s.io", "ClusterCIDR", "clustercidrs", false),
    ("policy", "PodSecurityPolicy", "podsecuritypolicies", false),
    ("resource.k8s.io", "PodScheduling", "podschedulings", true),
    (
        "resource.k8s.io",
        "PodSchedulingContext",
        "podschedulingcontexts",
        true,
    ),
    ("resource.k8s.io", "ResourceClass", "resourceclasses", false),
    (
        "resource.k8s.io",
        "ResourceClaimParameters",
        "resourceclaimparameters",
        true,
    ),
    (
        "resource.k8s.io",
        "ResourceClassParameters",
        "resourceclassparameters",
        true,
    ),
];

/// Fill in scope and plural. What a kind is in one version it is in all.
pub(super) fn add(graph: &mut Graph, crate_root: &Path) -> Result<(), String> {
    let mut facts: Vec<(String, String, String, bool)> = Vec::new();
    for version in list(&crate_root.join("src"))? {
        if version
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("v1_"))
        {
            collect(&version, &mut facts)?;
        }
    }
    facts.extend(GONE.iter().map(|(group, kind, plural, namespaced)| {
        (
            (*group).to_owned(),
            (*kind).to_owned(),
            (*plural).to_owned(),
            *namespaced,
        )
    }));
    for ((group, kind, _), known) in &mut graph.kinds {
        if let Some((_, _, plural, namespaced)) =
            facts.iter().find(|fact| fact.0 == *group && fact.1 == *kind)
        {
            known.plural.clone_from(plural);
            known.namespaced = Some(*namespaced);
        }
    }
    Ok(())
}

fn collect(directory: &Path, facts: &mut Vec<(String, String, String, bool)>) -> Result<(), String> {
    for path in list(directory)? {
        if path.is_dir() {
            collect(&path, facts)?;
        } else if path.extension().is_some_and(|name| name == "rs") {
            for block in read(&path)?.split("impl crate::Resource for ").skip(1) {
                let constant = |name: &str| {
                    let rest = block.split_once(&format!("const {name}: &'static str = \""))?.1;
                    Some(rest.split_once('"')?.0.to_owned())
                };
                let scope = block
                    .split_once("type Scope = crate::")
                    .map_or("", |(_, rest)| rest);
                let (Some(group), Some(kind), Some(plural)) =
                    (constant("GROUP"), constant("KIND"), constant("URL_PATH_SEGMENT"))
                else {
                    continue;
                };
                if scope.starts_with("NamespaceResourceScope") {
                    facts.push((group, kind, plural, true));
                } else if scope.starts_with("ClusterResourceScope") {
                    facts.push((group, kind, plural, false));
                }
            }
        }
    }
    Ok(())
}
