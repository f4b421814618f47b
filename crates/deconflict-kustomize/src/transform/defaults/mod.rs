//! The field specs that kustomize 5.5.0 starts with (its builtinpluginconsts; kustomize.md section 6), as tables: here
//! those that set a value; who refers to whom by name, and where variables may stand, below.

mod references;
mod variables;

use std::sync::{Arc, OnceLock};

use smol_str::{SmolStr, format_smolstr};

use super::fieldspec::FieldSpec;
use super::specs::FieldSpecs;
use crate::model::Gvk;

/// (group, version, kind, path, create).
type Row = (&'static str, &'static str, &'static str, &'static str, bool);

const NAMESPACE: &[Row] = &[
    ("", "", "Namespace", "metadata/name", true),
    (
        "apiregistration.k8s.io",
        "",
        "APIService",
        "spec/service/namespace",
        true,
    ),
    (
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
        false,
    ),
];

/// Selectors; [`TEMPLATE_LABELS`] and [`AFFINITY`] belong to `commonLabels` too.
const SELECTORS: &[Row] = &[
    ("", "v1", "Service", "spec/selector", true),
    ("", "v1", "ReplicationController", "spec/selector", true),
    ("", "", "Deployment", "spec/selector/matchLabels", true),
    ("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    ("", "", "DaemonSet", "spec/selector/matchLabels", true),
    ("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    ("batch", "", "Job", "spec/selector/matchLabels", false),
    (
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/selector/matchLabels",
        false,
    ),
    (
        "policy",
        "",
        "PodDisruptionBudget",
        "spec/selector/matchLabels",
        false,
    ),
    (
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/podSelector/matchLabels",
        false,
    ),
    (
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/ingress/from/podSelector/matchLabels",
        false,
    ),
    (
        "networking.k8s.io",
        "",
        "NetworkPolicy",
        "spec/egress/to/podSelector/matchLabels",
        false,
    ),
];

/// Paths below `spec/template/spec/` of Deployment and StatefulSet in apps.
const AFFINITY: &[&str] = &[
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
];

const TEMPLATE_LABELS: &[Row] = &[
    ("", "", "", "metadata/labels", true),
    (
        "",
        "v1",
        "ReplicationController",
        "spec/template/metadata/labels",
        true,
    ),
    ("", "", "Deployment", "spec/template/metadata/labels", true),
    ("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    ("", "", "DaemonSet", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    (
        "apps",
        "",
        "StatefulSet",
        "spec/volumeClaimTemplates[]/metadata/labels",
        true,
    ),
    ("batch", "", "Job", "spec/template/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    (
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/metadata/labels",
        true,
    ),
];

const ANNOTATIONS: &[Row] = &[
    ("", "", "", "metadata/annotations", true),
    (
        "",
        "v1",
        "ReplicationController",
        "spec/template/metadata/annotations",
        true,
    ),
    ("", "", "Deployment", "spec/template/metadata/annotations", true),
    ("", "", "ReplicaSet", "spec/template/metadata/annotations", true),
    ("", "", "DaemonSet", "spec/template/metadata/annotations", true),
    ("", "", "StatefulSet", "spec/template/metadata/annotations", true),
    ("batch", "", "Job", "spec/template/metadata/annotations", true),
    (
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/metadata/annotations",
        true,
    ),
    (
        "batch",
        "",
        "CronJob",
        "spec/jobTemplate/spec/template/metadata/annotations",
        true,
    ),
];

const IMAGES: &[Row] = &[
    ("", "", "", "spec/containers[]/image", true),
    ("", "", "", "spec/initContainers[]/image", true),
    ("", "", "", "spec/template/spec/containers[]/image", true),
    ("", "", "", "spec/template/spec/initContainers[]/image", true),
];

const REPLICAS: &[Row] = &[
    ("", "", "Deployment", "spec/replicas", true),
    ("", "", "ReplicationController", "spec/replicas", true),
    ("", "", "ReplicaSet", "spec/replicas", true),
    ("", "", "StatefulSet", "spec/replicas", true),
];

/// The defaults, merged onto nothing as every build does first.
pub(super) fn defaults() -> Arc<FieldSpecs> {
    static DEFAULTS: OnceLock<Arc<FieldSpecs>> = OnceLock::new();
    Arc::clone(DEFAULTS.get_or_init(|| Arc::new(build())))
}

fn build() -> FieldSpecs {
    let mut common_labels = specs(SELECTORS);
    for kind in ["Deployment", "StatefulSet"] {
        let path = |below: &&str| format_smolstr!("spec/template/spec/{below}");
        common_labels.extend(
            AFFINITY
                .iter()
                .map(|below| spec("apps", "", kind, path(below), false)),
        );
    }
    common_labels.extend(specs(TEMPLATE_LABELS));
    let metadata_name = vec![spec("", "", "", SmolStr::new_static("metadata/name"), false)];
    let mut built = FieldSpecs {
        name_prefix: metadata_name.clone(),
        name_suffix: metadata_name,
        namespace: specs(NAMESPACE),
        common_labels,
        labels: Vec::new(),
        template_labels: specs(TEMPLATE_LABELS),
        common_annotations: specs(ANNOTATIONS),
        name_reference: references::specs(),
        var_reference: variables::specs(),
        images: specs(IMAGES),
        replicas: specs(REPLICAS),
    };
    built.sort();
    built
}

fn specs(rows: &[Row]) -> Vec<FieldSpec> {
    rows.iter()
        .map(|(group, version, kind, path, create)| {
            spec(group, version, kind, SmolStr::new_static(path), *create)
        })
        .collect()
}

fn spec(group: &str, version: &str, kind: &str, path: SmolStr, create: bool) -> FieldSpec {
    FieldSpec {
        gvk: gvk(group, version, kind),
        path,
        create,
    }
}

fn gvk(group: &str, version: &str, kind: &str) -> Gvk {
    Gvk {
        group: group.into(),
        version: version.into(),
        kind: kind.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use deconflict_files::{Files, RepoPath};
    use deconflict_yaml::parse;

    use super::*;

    /// The same facts as upstream's, read from the shared data.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test that reads data")]
    fn equal_upstream() {
        let shared = std::env::var_os("DECONFLICT_SHARED").map_or_else(
            || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
            PathBuf::from,
        );
        let file = shared.join("conformance/kustomize-data/fieldspecs-v5.5.0.json");
        let Ok(text) = std::fs::read_to_string(&file) else {
            println!("skipped: no shared directory");
            return;
        };
        let files = Files::default();
        let text: Arc<str> = text.into();
        let id = files.intern(&RepoPath::new("specs.json").expect("a path"), &text);
        let parsed = parse(id, &text);
        let root = parsed.documents[0].root.as_ref().expect("a document");
        let upstream = FieldSpecs::from_configuration(root).expect("field specs");
        let mut merged = FieldSpecs::default();
        merged.merge_in(&upstream).expect("no conflict");
        let mut ours = FieldSpecs::default();
        ours.merge_in(&defaults()).expect("no conflict");
        let key = |spec: &FieldSpec| format!("{spec:?}");
        let sorted = |specs: &[FieldSpec]| {
            let mut keys: Vec<String> = specs.iter().map(key).collect();
            keys.sort();
            // Upstream lists one path twice.
            keys.dedup();
            keys
        };
        for (ours, theirs) in ours.lists().into_iter().zip(merged.lists()) {
            assert_eq!(sorted(ours), sorted(theirs));
        }
        assert_eq!(ours.name_reference.len(), merged.name_reference.len());
        for (ours, theirs) in ours.name_reference.iter().zip(&merged.name_reference) {
            assert_eq!(ours.gvk, theirs.gvk);
            assert_eq!(sorted(&ours.referrers), sorted(&theirs.referrers));
        }
    }
}
