//! What a change takes out of a cluster, and what nothing places.

use super::shared::{CLUSTERS, crd, found, map, report, widget};
use crate::Options;

/// A cluster that Flux fills from `apps/gateway`, with a name or without one, and pruning as `prune` says.
fn flux(entry: &str, prune: &str, files: &str) -> String {
    let named = if entry == "clusters/prod" { CLUSTERS } else { "" };
    let mut text = named.to_owned();
    for (file, name, path) in [
        ("flux-system/gotk-sync", "flux-system", entry),
        ("gateway", "gateway", "apps/gateway"),
    ] {
        text += &format!(
            "//- {entry}/{file}.yaml\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, \
             namespace: flux-system}}\nspec:\n  interval: 10m\n  path: ./{path}\n  prune: {prune}\n  sourceRef: {{kind: \
             GitRepository, name: flux-system}}\n"
        );
    }
    text + &format!(
        "//- {entry}/flux-system/source.yaml\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: \
         flux-system, namespace: flux-system}}\nspec: {{interval: 1m, url: https://git.example/platform}}\n//- \
         apps/gateway/config.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: gateway, namespace: x}}\n{files}"
    )
}

fn object(api: &str, kind: &str, more: &str) -> String {
    format!(
        "//- apps/gateway/it.yaml\napiVersion: {api}\nkind: {kind}\nmetadata: {{name: it, namespace: x{more}\n"
    )
}

#[test]
fn what_goes_with_its_data() {
    let check = |prune: &str, (before, after): (&str, &str), want: &[&str]| {
        for entry in ["clusters/prod", "k8s"] {
            let report = report(
                &flux(entry, prune, before),
                &flux(entry, prune, after),
                &Options::default(),
            );
            let found = report
                .findings
                .iter()
                .filter(|finding| finding.rule == "chg-data-loss");
            let found: Vec<&str> = found.map(|finding| finding.severity.word()).collect();
            assert_eq!(found, want, "{entry} {before}");
        }
    };
    let claim = object("v1", "PersistentVolumeClaim", "}");
    check("true", (&claim, ""), &["error"]);
    check("false", (&claim, ""), &[]);
    check("true", (&claim, &claim), &[]);
    // Another file: it is still there.
    check("true", (&claim, &claim.replace("it.yaml", "other.yaml")), &[]);
}

#[test]
fn what_keeps_its_data() {
    let check = |before: &str, want: &[&str]| {
        let (with, without) = (
            flux("clusters/prod", "true", before),
            flux("clusters/prod", "true", ""),
        );
        let report = report(&with, &without, &Options::default());
        let found = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "chg-data-loss");
        let found: Vec<&str> = found.map(|finding| finding.severity.word()).collect();
        assert_eq!(found, want, "{before}");
    };
    for (annotation, want) in [
        ("kustomize.toolkit.fluxcd.io/prune: disabled", &[][..]),
        ("helm.sh/resource-policy: keep", &[]),
        ("argocd.argoproj.io/sync-options: 'Prune=false'", &[]),
        ("argocd.argoproj.io/sync-options: 'Prune=true'", &["error"]),
    ] {
        check(
            &object(
                "v1",
                "PersistentVolumeClaim",
                &format!(", annotations: {{{annotation}}}}}"),
            ),
            want,
        );
    }
    let set = |policy: &str| object("apps/v1", "StatefulSet", &format!("}}\nspec: {{{policy}}}"));
    check(
        &set("persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}"),
        &["error"],
    );
    check(
        &set("persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}"),
        &[],
    );
    check(&set(""), &[]);
    let volume = |policy: &str| {
        object(
            "v1",
            "PersistentVolume",
            &format!("}}\nspec: {{persistentVolumeReclaimPolicy: {policy}}}"),
        )
        .replace(", namespace: x", "")
    };
    check(&volume("Delete"), &["error"]);
    check(&volume("Retain"), &["info"]);
    check(
        &object("v1", "Namespace", "}").replace(", namespace: x", ""),
        &["error"],
    );
    check(&object("postgresql.cnpg.io/v1", "Cluster", "}"), &["error"]);
    check(&object("postgresql.cnpg.io/v1", "Database", "}"), &[]);
    check(
        &object(
            "postgresql.cnpg.io/v1",
            "Database",
            "}\nspec: {databaseReclaimPolicy: delete}",
        ),
        &["error"],
    );
    check(&object("kafka.strimzi.io/v1", "KafkaTopic", "}"), &["error"]);
    let kafka = |claim: &str| {
        object(
            "kafka.strimzi.io/v1",
            "KafkaNodePool",
            &format!("}}\nspec: {{storage: {{type: jbod, volumes: [{{type: persistent-claim{claim}}}]}}}}"),
        )
    };
    check(&kafka(", deleteClaim: true"), &["error"]);
    check(&kafka(""), &["info"]);
    check(&object("v1", "ConfigMap", "}"), &[]);
}

#[test]
fn the_last_object_of_a_cluster() {
    // With the application goes what would have pruned: its own deletion decides.
    let before = flux(
        "clusters/prod",
        "true",
        &object("v1", "PersistentVolumeClaim", "}"),
    );
    let report = report(&before, CLUSTERS, &Options::default());
    let found = report
        .findings
        .iter()
        .find(|finding| finding.rule == "chg-data-loss");
    assert_eq!(found.map(|finding| finding.severity.word()), Some("info"));
}

#[test]
fn definitions_that_go() {
    let definition = crd(&[("v1", true, true)], "").replace("infra/widgets/overlays/prod", "apps/gateway");
    let widget = widget("v1").replace("apps/payments/gateway/overlays/prod", "apps/gateway");
    let check = |prune: &str, before: &str, after: &str, want: &[&str]| {
        let (before, after) = (flux("k8s", prune, before), flux("k8s", prune, after));
        let report = report(&before, &after, &Options::default());
        let found = report
            .findings
            .iter()
            .filter(|finding| finding.rule == "crd-deleted-with-objects");
        let found: Vec<&str> = found.map(|finding| finding.severity.word()).collect();
        assert_eq!(found, want, "{before}\n{after}");
    };
    check("true", &(definition.clone() + &widget), &widget, &["error"]);
    check("false", &(definition.clone() + &widget), &widget, &["error"]);
    check("true", &(definition.clone() + &widget), "", &["info"]);
    check("false", &definition, "", &[]);
    check(
        "true",
        &(definition.clone() + &widget),
        &(definition.clone() + &widget),
        &[],
    );
    check(
        "true",
        &(definition.clone() + &widget),
        &(definition.replace("crd.yaml", "definition.yaml") + &widget),
        &[],
    );
    let kept = definition.replace(
        "{name: widgets.example.com}",
        "{name: widgets.example.com, annotations: {helm.sh/resource-policy: keep}}",
    );
    check("true", &(kept + &widget), &widget, &[]);
}

#[test]
fn what_nothing_places_is_updated_all_the_same() {
    let job = |image: &str| {
        format!(
            "//- jobs/migrate.yaml\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: migrate, namespace: x}}\nspec: {{template: \
             {{spec: {{restartPolicy: Never, containers: [{{name: a, image: 'registry.example/a:{image}'}}]}}}}}}\n"
        )
    };
    let rules = ["chg-immutable-field", "chg-data-loss"];
    let got = found(&rules, &job("1"), &job("2"));
    assert!(
        matches!(&got[..], [one] if one.starts_with("chg-immutable-field error: Job x/migrate: ")),
        "{got:?}"
    );
    // Beside something that is placed it may be an example as well.
    let placed = CLUSTERS.to_owned() + &map("ConfigMap", "data: {A: b}");
    let got = found(&rules, &(placed.clone() + &job("1")), &(placed + &job("2")));
    assert!(
        matches!(&got[..], [one] if one.starts_with("chg-immutable-field info: Job x/migrate: ")),
        "{got:?}"
    );
    let claim = object("v1", "PersistentVolumeClaim", "}");
    assert_eq!(found(&rules, &(claim + &job("1")), &job("1")), [""; 0]);
}
