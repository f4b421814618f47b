use deconflict_findings::Severity;

use crate::collision::{Collision, Side, in_cluster};
use crate::compare::{across_applications, first_difference, side_by_side};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one CustomResourceDefinition that two applications deploy into one cluster: an error when the two differ in
    /// their `spec` (versions, schema, scope), else a warning.
    ///
    /// ## Why it matters
    /// A CRD belongs to the whole cluster. With two versions of it, each sync replaces the schema under the other team's
    /// objects: fields vanish, versions stop being served, and controllers loop (argo-cd#18417 ran a control plane out of
    /// memory; KBVE/kbve#11107 left stateful sets at no replicas). A chart's `crds/` directory beside an application for
    /// CRDs is the usual way to get there.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/queue/overlays/prod/crd.yaml
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata:
    ///   name: queues.example.com
    /// spec:
    ///   group: example.com
    ///   scope: Namespaced
    ///   names: {kind: Queue, plural: queues, singular: queue, listKind: QueueList}
    ///   versions:
    ///     - name: v1
    ///       served: true
    ///       storage: true
    ///       schema: {openAPIV3Schema: {type: object}}
    /// # apps/billing/queue/overlays/prod/crd.yaml
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata:
    ///   name: queues.example.com
    /// spec:
    ///   group: example.com
    ///   scope: Namespaced
    ///   names: {kind: Queue, plural: queues, singular: queue, listKind: QueueList}
    ///   versions:
    ///     - name: v2
    ///       served: true
    ///       storage: true
    ///       schema: {openAPIV3Schema: {type: object}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/queue-crds/overlays/prod/crd.yaml
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata:
    ///   name: queues.example.com
    /// spec:
    ///   group: example.com
    ///   scope: Namespaced
    ///   names: {kind: Queue, plural: queues, singular: queue, listKind: QueueList}
    ///   versions:
    ///     - name: v1
    ///       served: true
    ///       storage: false
    ///       schema: {openAPIV3Schema: {type: object}}
    ///     - name: v2
    ///       served: true
    ///       storage: true
    ///       schema: {openAPIV3Schema: {type: object}}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// CRDs that a chart or an operator installs by itself are not in Git and not seen.
    "crd-owned-twice", "two applications deploy one CustomResourceDefinition",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in across_applications(context.index) {
        let key = &group[0].facts.object.key;
        if !key.is("apiextensions.k8s.io", "CustomResourceDefinition") {
            continue;
        }
        let collision = Collision::new(context.files, group.into_iter().map(Side::declared));
        let placed: Vec<_> = collision.sides.iter().map(|side| side.placed).collect();
        let found = first_difference(&placed).map(|(_, mut found)| {
            found.retain(|difference| difference.path.starts_with("spec"));
            found
        });
        let found = found.filter(|found| !found.is_empty());
        let message = format!(
            "{} {} deploy the CRD {}{}, {}",
            collision.who(),
            collision.both(),
            placed[0].facts.object.key.name,
            in_cluster(context.index),
            if found.is_some() {
                "with different versions or schemas"
            } else {
                "with the same versions and schemas"
            }
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        if let Some(found) = found {
            finding.notes.push(format!(
                "they differ in: {}",
                side_by_side(context, placed[0], &found)
            ));
            finding.notes.push(
                "whichever is applied last decides which versions and fields exist for everybody's objects"
                    .to_owned(),
            );
        } else {
            finding.severity = Severity::Warning;
            finding.notes.push(
                "deleting one of the applications may delete the CRD and with it every object of the kind"
                    .to_owned(),
            );
        }
        finding.help =
            Some("deploy the CRD from one application, with every version that somebody uses".to_owned());
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    const RULE: &str = "crd-owned-twice";

    fn two(one: &str, other: &str) -> String {
        let crd = |team: &str, (labels, version): (&str, &str)| {
            format!(
                "//- apps/{team}/web/overlays/prod/c.yaml\napiVersion: apiextensions.k8s.io/v1\n\
                 kind: CustomResourceDefinition\nmetadata: {{name: queues.example.com, labels: {{{labels}}}}}\n\
                 spec: {{group: example.com, scope: Namespaced, names: {{kind: Queue}}, versions: [{{name: {version}}}]}}\n"
            )
        };
        crd("a", ("", one)) + &crd("b", ("team: b", other))
    }

    #[test]
    fn versions_differ() {
        check(
            RULE,
            &two("v1", "v2"),
            "error[crd-owned-twice]: a and b both deploy the CRD queues.example.com in prod, with different versions or schemas
             apps/a/web/overlays/prod/c.yaml:3 `queues.example.com` CustomResourceDefinition queues.example.com (team a)
             apps/b/web/overlays/prod/c.yaml:3 `queues.example.com` CustomResourceDefinition queues.example.com (team b)
             note: they differ in: spec.versions[0] ({name: v1} / missing), spec.versions[0] (missing / {name: v2})
             note: whichever is applied last decides which versions and fields exist for everybody's objects
             help: deploy the CRD from one application, with every version that somebody uses",
        );
    }

    #[test]
    fn equal_specs_are_a_warning() {
        let got = run(RULE, &two("v1", "v1"));
        assert!(got.starts_with("warning[crd-owned-twice]"), "{got}");
        // And nothing else speaks of it.
        assert_eq!(run("", &two("v1", "v1")), got);
    }
}
