//! Pod templates in custom resources whose controllers make pods of them as they stand: the API server takes the resource,
//! and the pods are refused later.

use super::cursor::Cursor;
use super::pod::{Restart, template};
use super::{Effect, Sink};

/// Group, kind, the way to the template, and which restart policies its pods may have. Only where the controller adds nothing that
/// could make a template right (Knative gives containers names, so it is not here).
const KINDS: &[(&str, &str, &[&str], Restart)] = &[
    ("argoproj.io", "Rollout", &["spec", "template"], Restart::Always),
    (
        "apps.kruise.io",
        "CloneSet",
        &["spec", "template"],
        Restart::Always,
    ),
    (
        "apps.kruise.io",
        "DaemonSet",
        &["spec", "template"],
        Restart::Always,
    ),
    (
        "keda.sh",
        "ScaledJob",
        &["spec", "jobTargetRef", "template"],
        Restart::Finite,
    ),
];

/// True for kinds that [`check`] knows.
pub(super) fn has_template(group: &str, kind: &str) -> bool {
    KINDS.iter().any(|known| known.0 == group && known.1 == kind)
}

/// The templates of the object, if it is of such a kind.
pub(super) fn check(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let (group, kind) = (sink.subject.group, sink.subject.kind);
    for (_, _, path, restart) in KINDS.iter().filter(|known| known.0 == group && known.1 == kind) {
        sink.pod_effect = Effect::FailsLater;
        template(sink, &root.path(path), *restart);
        sink.pod_effect = Effect::Refused;
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::node;
    use crate::{Definitions, KubernetesVersion, Object, validate};

    /// `row effect path` of what is said about pods.
    fn check(text: &str, expected: &[&str]) {
        let object = Object::new(node(text).0, None).unwrap();
        let all = validate(&object, KubernetesVersion::DEFAULT, &Definitions::new());
        let shown = all.iter().filter(|fault| !fault.row.starts_with("schema"));
        let shown: Vec<String> = shown
            .map(|fault| format!("{} {:?} {}", fault.row, fault.effect, fault.path))
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn pods_of_custom_resources() {
        let rollout = |pod: &str| {
            format!(
                "{{apiVersion: argoproj.io/v1alpha1, kind: Rollout, metadata: {{name: a}}, spec: {{{pod}}}}}"
            )
        };
        check(
            &rollout("template: {spec: {containers: [{name: a, image: b}]}}"),
            &[],
        );
        check(&rollout("workloadRef: {kind: Deployment, name: a}"), &[]);
        check(
            &rollout("template: {spec: {restartPolicy: Never, containers: [{name: A, image: b}]}}"),
            &[
                "restart-policy FailsLater spec.template.spec.restartPolicy",
                "container-name FailsLater spec.template.spec.containers[0].name",
            ],
        );
        // Knative names containers itself.
        check(
            "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}, spec: {template: {spec: {containers: [{image: b}]}}}}",
            &[],
        );
    }

    #[test]
    fn the_last_index_of_a_job_fits_its_pod_s_name() {
        let job = |name: &str, count: u32| {
            format!(
                "{{apiVersion: batch/v1, kind: Job, metadata: {{name: {name}}}, spec: {{completionMode: Indexed, completions: {count}, \
                 template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: b}}]}}}}}}}}"
            )
        };
        let name = "a".repeat(61);
        check(&job(&name, 10), &[]);
        check(&job(&name, 11), &["name-length-job Refused metadata.name"]);
        check(&job("a.b", 2), &["name-length-job Refused metadata.name"]);
    }
}
