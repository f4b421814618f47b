//! Hive: what SyncSets carry from a hub to the clusters that they select.

use deconflict_report::Style;

use super::engines::check;
use super::run;
use crate::Options;

/// A SelectorSyncSet in `sets/<name>` that carries ConfigMap `n/x`.
fn set(name: &str, selector: &str) -> String {
    format!(
        "//- sets/{name}/set.yaml
apiVersion: hive.openshift.io/v1
kind: SelectorSyncSet
metadata: {{name: {name}}}
spec:
  clusterDeploymentSelector: {{matchLabels: {selector}}}
  resources:
    - {{apiVersion: v1, kind: ConfigMap, metadata: {{name: x, namespace: n}}, data: {{by: {name}}}}}
"
    )
}

fn tree(clusters: &str, sets: &[String]) -> String {
    format!(
        "//- deconflict.yaml\nversion: 1\nclusters: [{clusters}]\n{}",
        sets.concat()
    )
}

const HUB: &str = "{name: hub, roots: ['sets/*']}";

const CONFLICT: &str =
    "SelectorSyncSet a and SelectorSyncSet b both deploy ConfigMap n/x in clusters that both SyncSets";

#[test]
fn clusters_that_show_it() {
    let sets = [set("a", "{managed: 'true'}"), set("b", "{region: eu}")];
    let possible = format!("info[own-object-conflict] {CONFLICT} may select, with different content");
    let witnessed = format!("error[own-object-conflict] {CONFLICT} select, with different content");
    check("own-object", &tree(HUB, &sets), &[&possible]);
    let other = format!("{HUB}, {{name: one, labels: {{managed: 'true', region: us}}}}");
    check("own-object", &tree(&other, &sets), &[&possible]);
    let one = format!("{HUB}, {{name: one, labels: {{managed: 'true', region: eu}}}}");
    check("own-object", &tree(&one, &sets), &[&witnessed]);
    let deployment = "//- sets/clusters/one.yaml\napiVersion: hive.openshift.io/v1\nkind: ClusterDeployment\nmetadata: {name: one, \
                      namespace: one, labels: {managed: 'true', region: eu}}\n"
        .to_owned();
    let [a, b] = sets;
    check("own-object", &tree(HUB, &[a, b, deployment]), &[&witnessed]);
}

#[test]
fn two_hubs() {
    let two = "{name: east, roots: ['sets/*']}, {name: west, roots: ['sets/*']}";
    let (a, b) = (set("a", "{managed: 'true'}"), set("b", "{managed: 'true'}"));
    check("own-object", &tree(two, std::slice::from_ref(&a)), &[]);
    let apart = "{name: east, roots: [sets/a]}, {name: west, roots: [sets/b]}";
    let both = [a, b];
    check("own-object", &tree(apart, &both), &[]);
    // One finding, of both hubs.
    check(
        "own-object",
        &tree(two, &both),
        &[&format!(
            "error[own-object-conflict] {CONFLICT} select, with different content"
        )],
    );
}

#[test]
fn a_hub_has_not_what_it_carries() {
    let own = "//- sets/own/own.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: n}\ndata: {by: own}\n".to_owned();
    check(
        "own-object",
        &tree(HUB, &[set("a", "{managed: 'true'}"), own]),
        &[],
    );
}

#[test]
fn carried_secrets_are_never_shown() {
    let sets = ["a", "b"].map(|name| {
        let secret = format!("{{stringData: {{token: hunter2-{name}}}, apiVersion: v1, kind: Secret");
        set(name, "{managed: 'true'}").replace("{apiVersion: v1, kind: ConfigMap", &secret)
    });
    let report = run(&tree(HUB, &sets), &Options::default());
    let shown = deconflict_report::human(&report, Style::default()) + &deconflict_report::json(&report);
    assert!(
        shown.contains("both deploy Secret n/x") && !shown.contains("hunter"),
        "{shown}"
    );
}
