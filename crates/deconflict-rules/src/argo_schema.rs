//! Fields of Argo CD's own kinds, from the CustomResourceDefinitions of Argo CD 3.2 (manifests/crds, read 2026-08-22).

/// What may stand at a place.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Not looked at.
    Any,
    /// A map with these fields.
    Map(&'static [(&'static str, Shape)]),
    /// A list of these.
    List(&'static Shape),
}

/// The shape of a kind of group `argoproj.io`.
pub(crate) fn shape_of(kind: &str) -> Option<&'static Shape> {
    match kind {
        "Application" => Some(&APPLICATION),
        "ApplicationSet" => Some(&APPLICATION_SET),
        "AppProject" => Some(&APP_PROJECT),
        _ => None,
    }
}

use Shape::{Any, List, Map};

static APPLICATION: Shape = Map(&[
    ("apiVersion", Any),
    ("kind", Any),
    ("metadata", Any),
    ("spec", Map(APPLICATION_SPEC)),
    ("operation", Any),
    ("status", Any),
]);

const APPLICATION_SPEC: &[(&str, Shape)] = &[
    (
        "destination",
        Map(&[("name", Any), ("namespace", Any), ("server", Any)]),
    ),
    (
        "ignoreDifferences",
        List(&Map(&[
            ("group", Any),
            ("jqPathExpressions", Any),
            ("jsonPointers", Any),
            ("kind", Any),
            ("managedFieldsManagers", Any),
            ("name", Any),
            ("namespace", Any),
        ])),
    ),
    ("info", List(&Map(&[("name", Any), ("value", Any)]))),
    ("project", Any),
    ("revisionHistoryLimit", Any),
    ("source", Map(SOURCE)),
    ("sourceHydrator", Any),
    ("sources", List(&Map(SOURCE))),
    (
        "syncPolicy",
        Map(&[
            (
                "automated",
                Map(&[
                    ("allowEmpty", Any),
                    ("enabled", Any),
                    ("prune", Any),
                    ("selfHeal", Any),
                ]),
            ),
            (
                "managedNamespaceMetadata",
                Map(&[("annotations", Any), ("labels", Any)]),
            ),
            (
                "retry",
                Map(&[
                    (
                        "backoff",
                        Map(&[("duration", Any), ("factor", Any), ("maxDuration", Any)]),
                    ),
                    ("limit", Any),
                    ("refresh", Any),
                ]),
            ),
            ("syncOptions", Any),
        ]),
    ),
];

const SOURCE: &[(&str, Shape)] = &[
    ("chart", Any),
    (
        "directory",
        Map(&[
            ("exclude", Any),
            ("include", Any),
            ("jsonnet", Any),
            ("recurse", Any),
        ]),
    ),
    (
        "helm",
        Map(&[
            ("apiVersions", Any),
            ("fileParameters", List(&Map(&[("name", Any), ("path", Any)]))),
            ("ignoreMissingValueFiles", Any),
            ("kubeVersion", Any),
            ("namespace", Any),
            (
                "parameters",
                List(&Map(&[("forceString", Any), ("name", Any), ("value", Any)])),
            ),
            ("passCredentials", Any),
            ("releaseName", Any),
            ("skipCrds", Any),
            ("skipSchemaValidation", Any),
            ("skipTests", Any),
            ("valueFiles", Any),
            ("values", Any),
            ("valuesObject", Any),
            ("version", Any),
        ]),
    ),
    (
        "kustomize",
        Map(&[
            ("apiVersions", Any),
            ("commonAnnotations", Any),
            ("commonAnnotationsEnvsubst", Any),
            ("commonLabels", Any),
            ("components", Any),
            ("forceCommonAnnotations", Any),
            ("forceCommonLabels", Any),
            ("ignoreMissingComponents", Any),
            ("images", Any),
            ("kubeVersion", Any),
            ("labelIncludeTemplates", Any),
            ("labelWithoutSelector", Any),
            ("namePrefix", Any),
            ("nameSuffix", Any),
            ("namespace", Any),
            ("patches", Any),
            ("replicas", Any),
            ("version", Any),
        ]),
    ),
    ("name", Any),
    ("path", Any),
    ("plugin", Map(&[("env", Any), ("name", Any), ("parameters", Any)])),
    ("ref", Any),
    ("repoURL", Any),
    ("targetRevision", Any),
];

static APPLICATION_SET: Shape = Map(&[
    ("apiVersion", Any),
    ("kind", Any),
    ("metadata", Any),
    (
        "spec",
        Map(&[
            ("applyNestedSelectors", Any),
            (
                "generators",
                List(&Map(&[
                    ("clusterDecisionResource", Any),
                    (
                        "clusters",
                        Map(&[
                            ("flatList", Any),
                            ("selector", Any),
                            ("template", Any),
                            ("values", Any),
                        ]),
                    ),
                    ("git", Any),
                    (
                        "list",
                        Map(&[("elements", Any), ("elementsYaml", Any), ("template", Any)]),
                    ),
                    ("matrix", Map(&[("generators", Any), ("template", Any)])),
                    (
                        "merge",
                        Map(&[("generators", Any), ("mergeKeys", Any), ("template", Any)]),
                    ),
                    ("plugin", Any),
                    ("pullRequest", Any),
                    ("scmProvider", Any),
                    ("selector", Any),
                ])),
            ),
            ("goTemplate", Any),
            ("goTemplateOptions", Any),
            ("ignoreApplicationDifferences", Any),
            ("preservedFields", Any),
            ("strategy", Any),
            (
                "syncPolicy",
                Map(&[("applicationsSync", Any), ("preserveResourcesOnDeletion", Any)]),
            ),
            (
                "template",
                Map(&[
                    (
                        "metadata",
                        Map(&[
                            ("annotations", Any),
                            ("finalizers", Any),
                            ("labels", Any),
                            ("name", Any),
                            ("namespace", Any),
                        ]),
                    ),
                    ("spec", Map(APPLICATION_SPEC)),
                ]),
            ),
            ("templatePatch", Any),
        ]),
    ),
    ("status", Any),
]);

static APP_PROJECT: Shape = Map(&[
    ("apiVersion", Any),
    ("kind", Any),
    ("metadata", Any),
    (
        "spec",
        Map(&[
            ("clusterResourceBlacklist", Any),
            ("clusterResourceWhitelist", Any),
            ("description", Any),
            ("destinationServiceAccounts", Any),
            (
                "destinations",
                List(&Map(&[("name", Any), ("namespace", Any), ("server", Any)])),
            ),
            ("namespaceResourceBlacklist", Any),
            ("namespaceResourceWhitelist", Any),
            ("orphanedResources", Map(&[("ignore", Any), ("warn", Any)])),
            ("permitOnlyProjectScopedClusters", Any),
            (
                "roles",
                List(&Map(&[
                    ("description", Any),
                    ("groups", Any),
                    ("jwtTokens", Any),
                    ("name", Any),
                    ("policies", Any),
                ])),
            ),
            ("signatureKeys", Any),
            ("sourceNamespaces", Any),
            ("sourceRepos", Any),
            (
                "syncWindows",
                List(&Map(&[
                    ("andOperator", Any),
                    ("applications", Any),
                    ("clusters", Any),
                    ("description", Any),
                    ("duration", Any),
                    ("kind", Any),
                    ("manualSync", Any),
                    ("namespaces", Any),
                    ("schedule", Any),
                    ("syncOverrun", Any),
                    ("timeZone", Any),
                ])),
            ),
        ]),
    ),
    ("status", Any),
]);
