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

#[test]
fn files_that_no_kustomization_lists() {
    const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: x}\n";
    let at = "apps/x/overlays/test";
    let check = |kustomization: &str, more: &str, want: &[&str]| {
        let findings = found("kus-unreachable-file", kustomization, more);
        let told = findings.iter().map(|finding| {
            let label = &finding.related[0].text;
            format!("{}; {label}", finding.message)
        });
        assert_eq!(told.collect::<Vec<_>>(), want, "{kustomization}{more}");
    };
    let b = format!("//- {at}/b.yaml\n{OBJECT}");
    let lost = "apps/x/overlays/test/b.yaml holds ConfigMap x/b, but apps/x/overlays/test/kustomization.yaml does not list it \
                and nothing else deploys it; ";
    check(
        "resources: [a.yaml]\n",
        &b,
        &[&format!("{lost}does not list b.yaml")],
    );
    check(
        "resources:\n- a.yaml\n# - b.yaml\n",
        &b,
        &[&format!("{lost}is commented out")],
    );
    check(
        "resources:\n- a.yaml\n# b.yaml is kept for the next move\n",
        &b,
        &[],
    );
    // It is read, in one way or another.
    check("resources: [a.yaml, b.yaml]\n", &b, &[]);
    check("resources: [a.yaml]\npatches: [{path: b.yaml}]\n", &b, &[]);
    check(
        "resources: [a.yaml]\nconfigMapGenerator: [{name: c, files: [c=b.yaml]}]\n",
        &b,
        &[],
    );
    check(
        "resources: [a.yaml]\n",
        &format!("{b}//- other/kustomization.yaml\nresources: [../{at}/b.yaml]\n"),
        &[],
    );
    // A plugin reads what it likes.
    check(
        "resources: [a.yaml]\ngenerators: [g.yaml]\n",
        &format!(
            "{b}//- {at}/g.yaml\napiVersion: viaduct.ai/v1\nkind: ksops\nmetadata: {{name: g}}\nfiles: [./b.yaml]\n"
        ),
        &[],
    );
    // Somebody says what to do with it.
    check(
        "resources: [a.yaml]\n",
        &format!("{b}//- apps/x/README.md\nOnce, by hand: kubectl apply -f b.yaml\n"),
        &[],
    );
    check(
        "resources: [a.yaml]\n",
        &format!("{b}//- hack/deploy.sh\nkubectl apply -f {at}/b.yaml\n"),
        &[],
    );
    check(
        "resources: [a.yaml]\n",
        &format!("{b}//- apps/y/README.md\nkubectl apply -f b.yaml\n"),
        &[&format!("{lost}does not list b.yaml")],
    );
    // Not meant to be applied.
    for name in ["b.example.yaml", "secret-template.yaml", "tests/b.yaml"] {
        check(
            "resources: [a.yaml]\n",
            &format!("//- {at}/{name}\n{OBJECT}"),
            &[],
        );
    }
    let local = OBJECT.replace(
        "{name: b",
        "{annotations: {config.kubernetes.io/local-config: 'true'}, name: b",
    );
    check("resources: [a.yaml]\n", &format!("//- {at}/b.yaml\n{local}"), &[]);
    check(
        "resources: [a.yaml]\n",
        &format!("//- {at}/b.yaml\nreplicas: 1\n"),
        &[],
    );
    // Not beside it, and not an application.
    check(
        "resources: [a.yaml]\n",
        &format!("//- apps/y/b.yaml\n{OBJECT}"),
        &[],
    );
    check(
        "resources: [a.yaml]\n",
        &format!(
            "//- stuff/kustomization.yaml\nresources: [c.yaml]\n//- stuff/b.yaml\n{OBJECT}//- stuff/c.yaml\n{SERVICE}"
        ),
        &[],
    );
}

#[test]
fn bases_of_another_team() {
    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: x}\n";
    const OWN: &str = "apps/x/overlays/test";
    let check = |config: &str, owners: &str, kustomization: &str, want: &[&str]| {
        let tree = format!(
            "//- deconflict.yaml\nclusters: [{{name: test}}]\n{config}//- CODEOWNERS\n{owners}//- {OWN}/kustomization.yaml\n{kustomization}\
             //- {OWN}/own.yaml\n{MAP}//- apps/x/base/kustomization.yaml\nresources: [b.yaml]\n//- apps/x/base/b.yaml\n{MAP}\
             //- shared/base/kustomization.yaml\nresources: [b.yaml]\n//- shared/base/b.yaml\n{MAP}\
             //- shared/c/kustomization.yaml\nkind: Component\nlabels: [{{pairs: {{a: b}}}}]\n"
        );
        let report = run(&tree, &Options::default());
        let findings = report.findings.iter();
        let told = findings.filter(|finding| finding.rule == "kus-cross-team-resource");
        let told = told.map(|finding| format!("{} {}", finding.severity.word(), finding.message));
        assert_eq!(told.collect::<Vec<_>>(), want, "{config}{owners}{kustomization}");
    };
    let teams = "teams: [{name: red, paths: ['apps/x/**']}, {name: blue, paths: ['shared/**']}]\n";
    let base = "resources: [../../../../shared/base]\n";
    let found = "warning apps/x/overlays/test of red builds on shared/base of blue, and no contract says that both know";
    check(teams, "", base, &[found]);
    check(teams, "", "resources: [../../base]\n", &[]);
    check(
        teams,
        "",
        "resources: [own.yaml]\ncomponents: [../../../../shared/c]\n",
        &[
            "warning apps/x/overlays/test of red builds on shared/c of blue, and no contract says that both know",
        ],
    );
    check(
        teams,
        "",
        "resources: [../../../../shared/base/b.yaml]\n",
        &[
            "warning apps/x/overlays/test of red builds on shared/base/b.yaml of blue, and no contract says that both know",
        ],
    );
    // Both owners must be known.
    check("teams: [{name: red, paths: ['apps/x/**']}]\n", "", base, &[]);
    check("teams: [{name: blue, paths: ['shared/**']}]\n", "", base, &[]);
    // CODEOWNERS counts too; what has an owner in common is shared.
    check("", "/apps/ @o/red\n/shared/ @o/blue\n", base, &[found]);
    check("", "/apps/ @o/red\n/shared/ @o/blue @o/red\n", base, &[]);
    // Both know.
    let contract = |object: &str, allow: &str| {
        format!(
            "{teams}contracts: [{{rule: kus-cross-team-resource, object: {object}, allow: [{allow}], reason: r}}]\n"
        )
    };
    check(&contract("Kustomization/shared/base", "red, blue"), "", base, &[]);
    check(&contract("Kustomization/shared/base", "red"), "", base, &[found]);
    check(
        &contract("Kustomization/shared/c", "red, blue"),
        "",
        base,
        &[found],
    );
}
