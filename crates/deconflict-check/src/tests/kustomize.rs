//! Findings about kustomizations, through the whole pipeline.

use deconflict_findings::Finding;

use super::run;
use crate::Options;

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata:\n  name: a\n  namespace: x\n  labels: {tier: c}\nspec:\n  ports: [{port: 80}]\n";

fn found(rule: &str, kustomization: &str, more: &str) -> Vec<Finding> {
    let at = "apps/x/overlays/test";
    let tree = format!(
        "//- deconflict.yaml\nclusters: [{{name: test}}]\n//- {at}/kustomization.yaml\n{kustomization}//- {at}/a.yaml\n{SERVICE}{more}"
    );
    let report = run(&tree, &Options::default());
    let findings = report.findings.into_iter();
    findings.filter(|finding| finding.rule == rule).collect()
}

#[test]
fn an_edit_is_offered_only_if_the_same_is_built() {
    let check = |kustomization: &str, more: &str, want: Option<&[&str]>| {
        let findings = found("kus-deprecated-field", kustomization, more);
        let [finding] = &findings[..] else {
            panic!("{kustomization}: {findings:?}");
        };
        let edits = finding.fix.as_ref().map(|fix| {
            let texts = fix.edits.iter().map(|edit| edit.with.as_str());
            texts.collect::<Vec<_>>()
        });
        assert_eq!(edits.as_deref(), want, "{kustomization}: {:?}", finding.help);
    };
    check(
        "resources: [a.yaml]\ncommonLabels:\n  app: web # why\n",
        "",
        Some(&["labels:\n- includeSelectors: true\n  pairs:\n    app: web # why\n"]),
    );
    check(
        "resources: [a.yaml]\npatchesStrategicMerge:\n- p.yaml\n",
        "//- apps/x/overlays/test/p.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: x}\nspec: {type: NodePort}\n",
        Some(&["patches:\n- path: p.yaml\n"]),
    );
    // It ran after the labels were set, and would run before.
    check(
        "resources: [a.yaml]\nlabels:\n- pairs: {tier: a}\npatchesJson6902:\n- target: {version: v1, kind: Service, name: a}\n  patch: '- {op: replace, path: /metadata/labels/tier, value: b}'\n",
        "",
        None,
    );
    check("resources: [a.yaml]\ncommonLabels: {app: web}\n", "", None);
    // A component by itself has nothing to change; the root that uses it decides.
    check(
        "resources: [a.yaml]\ncomponents: [c]\n",
        "//- apps/x/overlays/test/c/kustomization.yaml\napiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels:\n- pairs: {tier: a}\npatchesJson6902:\n- target: {version: v1, kind: Service, name: a}\n  patch: '- {op: replace, path: /metadata/labels/tier, value: b}'\n",
        None,
    );
}

#[test]
fn a_target_that_names_nothing_is_worse_than_one_that_takes_what_fits() {
    let check = |target: &str, want: &[&str]| {
        let kustomization = format!(
            "resources: [a.yaml]\npatches:\n- target: {{{target}}}\n  patch: '- {{op: add, path: /spec/type, value: NodePort}}'\n"
        );
        let findings = found("kus-patch-no-target", &kustomization, "");
        let severities: Vec<_> = findings.iter().map(|finding| finding.severity.word()).collect();
        assert_eq!(severities, want, "{target}");
    };
    check("kind: Service, name: a", &[]);
    check("kind: Service", &[]);
    check("kind: Service, name: b", &["error"]);
    check("kind: Deployment", &["info"]);
    check("name: (b|c)", &["info"]);
    check("kind: Service, labelSelector: tier=d", &["info"]);
    check("kind: Service, labelSelector: tier=c", &[]);
}
