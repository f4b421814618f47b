//! Rules that see a change across applications: data that others read, versions that others use, edits that reach far.

use std::sync::Arc;

use deconflict_config::Codeowners;
use deconflict_files::{Files, MemoryTree, RepoPath};
use deconflict_findings::{Finding, Judged, Report};
use deconflict_yaml::Library;

use crate::{Change, Input, Options, check_change};

/// The report on the change from one tree to another (`//- path` starts a file); renames are not looked for.
pub(super) fn report(before: &str, after: &str, options: &Options) -> Report {
    let table = Arc::new(Files::new());
    let library = |text: &str| {
        let tree = MemoryTree::fixture(text);
        Arc::new(Library::new(Arc::new(tree.snapshot()), Arc::clone(&table)))
    };
    let (base, merged) = (library(before), library(after));
    let ids: Vec<&str> = crate::rules().iter().map(|meta| meta.id).collect();
    let found = deconflict_config::find(&merged, &RepoPath::top(), &ids);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let text = |library: &Library, path: &RepoPath| library.load(path).ok().map(|file| file.text.to_string());
    let mut changed: Vec<RepoPath> = [&base, &merged]
        .into_iter()
        .flat_map(|library| library.snapshot().files())
        .filter(|path| text(&base, path) != text(&merged, path))
        .collect();
    changed.sort();
    changed.dedup();
    let change = Change {
        base,
        changed,
        renames: Vec::new(),
        conflicts: Vec::new(),
    };
    let input = Input {
        library: merged,
        config: Arc::new(found.config),
        codeowners: Arc::new(Codeowners::default()),
        origin: None,
        judged: Judged {
            kind: "worktree",
            base: Some("main".to_owned()),
            merged: true,
        },
    };
    check_change(&input, &change, options)
}

/// `rule severity: message` of everything new among `rules`.
pub(super) fn found(rules: &[&str], before: &str, after: &str) -> Vec<String> {
    let report = report(before, after, &Options::default());
    let new = report
        .findings
        .iter()
        .filter(|finding| !finding.old && rules.contains(&finding.rule));
    new.map(|finding| {
        let word = finding.severity.word();
        format!("{} {word}: {}", finding.rule, finding.message)
    })
    .collect()
}

/// The only finding of `rule`.
fn only(rule: &str, before: &str, after: &str) -> Finding {
    let report = report(before, after, &Options::default());
    let mut all = report.findings.into_iter().filter(|finding| finding.rule == rule);
    let first = all.next().expect("one is found");
    assert!(all.next().is_none(), "only one is found");
    first
}

pub(super) const CLUSTERS: &str =
    "//- deconflict.yaml\nversion: 1\nclusters: [{name: prod, class: production}]\n";

pub(super) fn map(kind: &str, rest: &str) -> String {
    format!(
        "//- apps/payments/gateway/overlays/prod/settings.yaml\napiVersion: v1\nkind: {kind}\nmetadata: {{name: settings, \
         namespace: x}}\n{rest}\n"
    )
}

/// A Deployment of `team` whose pod spec has `container` in its only container, and `pod` beside it.
fn reader(team: &str, container: &str, pod: &str) -> String {
    format!(
        "//- apps/{team}/api/overlays/prod/api.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api, namespace: x}}\n\
         spec:\n  selector: {{matchLabels: {{app: api}}}}\n  template:\n    metadata: {{labels: {{app: api}}}}\n    spec:\n      \
         containers:\n        - name: api\n          image: registry.example/api:1\n{container}\n{pod}\n"
    )
}

const ENV: &str = "          env: [{name: MODE, valueFrom: {configMapKeyRef: {name: settings, key: MODE}}}]";
const WHOLE: &str = "          envFrom: [{configMapRef: {name: settings}}]";
const MOUNT: &str = "          volumeMounts: [{name: v, mountPath: /etc/app}]";
const PART: &str = "          volumeMounts: [{name: v, mountPath: /etc/app/MODE, subPath: MODE}]";
const VOLUME: &str = "      volumes: [{name: v, configMap: {name: settings}}]";
const ITEMS: &str =
    "      volumes: [{name: v, configMap: {name: settings, items: [{key: MODE, path: mode}]}}]";
const PROJECTED: &str = "      volumes: [{name: v, projected: {sources: [{configMap: {name: settings, items: [{key: MODE, path: mode}]}}]}}]";

#[test]
fn keys_that_somebody_reads() {
    let rules = ["cfg-key-removed-in-use", "ref-key-missing", "cfg-shared-changed"];
    let check = |container: &str, pod: &str, after: &str, want: &[&str]| {
        let rest = CLUSTERS.to_owned() + &reader("checkout", container, pod);
        let rest = rest
            + "//- apps/checkout/api/overlays/prod/ns.yaml\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n";
        let before = rest.clone() + &map("ConfigMap", "data: {MODE: strict, LEVEL: info}");
        let got = found(&rules, &before, &(rest + &map("ConfigMap", after)));
        assert_eq!(got, want, "{container} {pod} {after}");
    };
    let gone = "data: {LEVEL: info}";
    // One defect, one finding, although the reference by itself is wrong too.
    let said = "cfg-key-removed-in-use error: payments takes key MODE out of ConfigMap x/settings in prod, and Deployment x/api \
                still reads it";
    check(ENV, "", gone, &[said]);
    check(MOUNT, ITEMS, gone, &[said]);
    check(MOUNT, PROJECTED, gone, &[said]);
    check(PART, VOLUME, gone, &[said]);
    // It is there under another field.
    check(ENV, "", "data: {LEVEL: info}\nbinaryData: {MODE: c3RyaWN0}", &[]);
    // Another key than the one that is read.
    check(ENV, "", "data: {MODE: strict}", &[]);
    // Who takes the whole may or may not need it.
    let shared = "cfg-shared-changed warning: payments changes `MODE` of ConfigMap x/settings in prod, which checkout reads";
    check(WHOLE, "", gone, &[shared]);
    check(MOUNT, VOLUME, gone, &[shared]);
    // Who can do without said so.
    let optional = ENV.replace("key: MODE", "key: MODE, optional: true");
    check(&optional, "", gone, &[shared]);
    check(
        MOUNT,
        &ITEMS.replace("items", "optional: true, items"),
        gone,
        &[shared],
    );
    // A path below a key is no key, and another object is another object.
    check(
        &PART.replace("subPath: MODE", "subPath: MODE/x"),
        VOLUME,
        gone,
        &[shared],
    );
    check(
        &ENV.replace("name: settings", "name: others, optional: true"),
        "",
        gone,
        &[],
    );
}

#[test]
fn a_removed_key_names_both_sides_and_no_value() {
    let secret = ENV.replace("configMap", "secret");
    let rest = CLUSTERS.to_owned() + &reader("checkout", &secret, "");
    let before = rest.clone() + &map("Secret", "stringData: {MODE: hunter2, LEVEL: info}");
    let after = rest + &map("Secret", "stringData: {LEVEL: info}");
    let finding = only("cfg-key-removed-in-use", &before, &after);
    let owners: Vec<Option<&str>> = finding
        .objects
        .iter()
        .map(|object| object.owner.as_deref())
        .collect();
    assert_eq!(owners, [Some("payments"), Some("checkout")]);
    let labels: Vec<(&str, bool)> = std::iter::once(&finding.primary)
        .chain(&finding.related)
        .map(|label| (label.text.as_str(), label.masked))
        .collect();
    assert_eq!(
        labels,
        [
            ("Secret x/settings no longer has it (team payments)", false),
            ("Deployment x/api sets a variable from it (team checkout)", false),
            ("was here before the change", true),
        ]
    );
}

#[test]
fn data_that_another_application_reads() {
    let rules = ["cfg-shared-changed"];
    let check = |rest: &str, (kind, before): (&str, &str), after: &str, want: &[&str]| {
        let rest = CLUSTERS.to_owned() + rest;
        let got = found(
            &rules,
            &(rest.clone() + &map(kind, before)),
            &(rest + &map(kind, after)),
        );
        assert_eq!(got, want, "{before} {after}");
    };
    let strict = ("ConfigMap", "data: {MODE: strict, LEVEL: info}");
    let lax = "data: {MODE: lax, LEVEL: info}";
    let theirs = reader("checkout", ENV, "");
    let said = "cfg-shared-changed warning: payments changes `MODE` of ConfigMap x/settings in prod, which checkout reads";
    check(&theirs, strict, lax, &[said]);
    // The same team, another application; and the same application.
    check(
        &reader("payments", ENV, ""),
        strict,
        lax,
        &[
            "cfg-shared-changed info: payments changes `MODE` of ConfigMap x/settings in prod, which payments/api reads",
        ],
    );
    check(
        &reader("payments", ENV, "").replace("/api/overlays", "/gateway/overlays"),
        strict,
        lax,
        &[],
    );
    // A key that nobody there takes; the same data in another way; metadata alone.
    check(&theirs, strict, "data: {MODE: strict, LEVEL: debug}", &[]);
    check(&theirs, strict, "data:\n  LEVEL: 'info'\n  MODE: \"strict\"", &[]);
    check(
        &theirs,
        strict,
        "data: {MODE: strict, LEVEL: info}\nimmutable: true",
        &[],
    );
    // The API server refuses it, which is said elsewhere.
    check(
        &theirs,
        ("ConfigMap", "immutable: true\ndata: {MODE: strict, LEVEL: info}"),
        "immutable: true\ndata: {MODE: lax, LEVEL: info}",
        &[],
    );
    let secret = theirs.replace("configMap", "secret");
    let of_secret = said.replace("ConfigMap", "Secret");
    check(
        &secret,
        ("Secret", "data: {MODE: c3RyaWN0}"),
        "stringData: {MODE: lax}",
        &[&of_secret],
    );
    check(
        &secret,
        ("Secret", "data: {MODE: c3RyaWN0}"),
        "stringData: {MODE: strict}",
        &[],
    );
    check(
        &secret,
        ("Secret", "data: {MODE: ENC1}\nsops: {mac: a}"),
        "data: {MODE: ENC2}\nsops: {mac: b}",
        &[&of_secret.replace("warning", "info")],
    );
    // Another namespace's pods read another object.
    check(&theirs.replace("namespace: x", "namespace: y"), strict, lax, &[]);
}

#[test]
fn moved_into_a_generator_is_no_change() {
    let rest = CLUSTERS.to_owned() + &reader("checkout", ENV, "");
    let before = rest.clone() + &map("ConfigMap", "data: {MODE: strict}");
    let generated = |value: &str| {
        rest.clone()
            + "//- apps/payments/gateway/overlays/prod/kustomization.yaml\nnamespace: x\ngeneratorOptions: {disableNameSuffixHash: \
               true}\nconfigMapGenerator: [{name: settings, literals: [MODE="
            + value
            + "]}]\n"
    };
    assert_eq!(
        found(&["cfg-shared-changed"], &before, &generated("strict")),
        [""; 0]
    );
    assert_eq!(
        found(&["cfg-shared-changed"], &before, &generated("lax")).len(),
        1
    );
}

#[test]
fn when_readers_see_it() {
    let check = |container: &str, pod: &str, edit: &dyn Fn(String) -> String, want: &str| {
        let rest = |theirs: String| CLUSTERS.to_owned() + &theirs;
        let theirs = reader("checkout", container, pod);
        let before = rest(theirs.clone()) + &map("ConfigMap", "data: {MODE: strict}");
        let after = rest(edit(theirs)) + &map("ConfigMap", "data: {MODE: lax}");
        let finding = only("cfg-shared-changed", &before, &after);
        assert_eq!(
            finding.notes,
            [format!("Deployment x/api: {want}")],
            "{container}"
        );
    };
    let same = |text: String| text;
    check(
        ENV,
        "",
        &same,
        "goes on with the old values until its pods restart",
    );
    check(
        MOUNT,
        VOLUME,
        &same,
        "gets new files within a minute or two, if the program reads them again",
    );
    check(
        PART,
        VOLUME,
        &same,
        "has it mounted with `subPath`: the old text stays until its pods restart",
    );
    check(
        ENV,
        "",
        &|text| text.replace("api:1", "api:2"),
        "is rolled out by this change",
    );
    check(
        &format!("{ENV}\n"),
        "",
        &|text| {
            text.replace(
                "{name: api, n",
                "{name: api, annotations: {reloader.stakater.com/auto: 'true'}, n",
            )
        },
        "is restarted by Reloader",
    );
}

pub(super) fn crd(versions: &[(&str, bool, bool)], more: &str) -> String {
    let version = |(name, served, storage): &(&str, bool, bool)| {
        format!(
            "  - {{name: {name}, served: {served}, storage: {storage}, schema: {{openAPIV3Schema: {{type: object}}}}}}\n"
        )
    };
    let versions: String = versions.iter().map(version).collect();
    format!(
        "//- infra/widgets/overlays/prod/crd.yaml\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: \
         {{name: widgets.example.com}}\n{more}spec:\n  group: example.com\n  scope: Namespaced\n  names: {{kind: Widget, plural: \
         widgets}}\n  versions:\n{versions}"
    )
}

pub(super) fn widget(version: &str) -> String {
    format!(
        "//- apps/payments/gateway/overlays/prod/widget.yaml\napiVersion: example.com/{version}\nkind: Widget\nmetadata: {{name: a, \
         namespace: x}}\n"
    )
}

#[test]
fn versions_that_are_no_longer_served() {
    let rules = ["crd-served-version-removed", "crd-version-not-served"];
    let check = |before: String, after: String, want: &[&str]| {
        let got = found(
            &rules,
            &(CLUSTERS.to_owned() + &before),
            &(CLUSTERS.to_owned() + &after),
        );
        assert_eq!(got, want, "{before}\n{after}");
    };
    let both = || crd(&[("v1", true, true), ("v1beta1", true, false)], "");
    let one = || crd(&[("v1", true, true)], "");
    let unserved = || crd(&[("v1", true, true), ("v1beta1", false, false)], "");
    let said = |what: &str| {
        format!(
            "crd-served-version-removed error: CustomResourceDefinition widgets.example.com {what} version v1beta1 in prod, which \
             Widget x/a still uses"
        )
    };
    check(
        both() + &widget("v1beta1"),
        one() + &widget("v1beta1"),
        &[&said("drops")],
    );
    check(
        both() + &widget("v1beta1"),
        unserved() + &widget("v1beta1"),
        &[&said("stops serving")],
    );
    // The object goes along, or uses another version, or was not served before either.
    check(both() + &widget("v1beta1"), one() + &widget("v1"), &[]);
    check(both() + &widget("v1"), one() + &widget("v1"), &[]);
    check(unserved() + &widget("v1beta1"), one() + &widget("v1beta1"), &[]);
    // An object that is new in the old version is the object's own fault only where the definition stays.
    check(both(), one() + &widget("v1beta1"), &[&said("drops")]);
    check(
        unserved(),
        unserved() + &widget("v1beta1"),
        &[
            "crd-version-not-served error: Widget x/a: Widget v1beta1 is not served (`served: false`); its definition serves v1",
        ],
    );
    // Another definition of the kind serves it still.
    let other = both().replace("infra/widgets", "infra/others");
    check(
        both() + &other + &widget("v1beta1"),
        one() + &other + &widget("v1beta1"),
        &[],
    );
    // What it stores in.
    let stored = "crd-served-version-removed error: CustomResourceDefinition widgets.example.com drops version v1beta1 in prod, in \
                  which objects are stored";
    check(crd(&[("v1beta1", true, true)], ""), one(), &[stored]);
    check(
        crd(&[("v1beta1", true, true)], ""),
        crd(&[("v1", true, true), ("v1beta1", false, false)], ""),
        &[],
    );
    let status = "status: {storedVersions: [v1beta1, v1]}\n";
    let listed = crd(&[("v1", true, true), ("v1beta1", false, false)], status);
    check(listed, one(), &[&stored.replace("error", "info")]);
}

#[test]
fn edits_that_reach_far() {
    let config = |options: &str| {
        format!(
            "//- deconflict.yaml\nversion: 1\nclusters: [{{name: a}}, {{name: b}}, {{name: c}}, {{name: d}}]\nrules: {{chg-blast-radius: \
             {{{options}}}}}\n"
        )
    };
    let tree = |base: &str, overlay: &str| {
        let mut text = format!(
            "//- apps/shop/web/base/kustomization.yaml\nresources: [config.yaml]\n//- apps/shop/web/base/config.yaml\napiVersion: \
             v1\nkind: ConfigMap\nmetadata: {{name: web, namespace: x}}\ndata:\n  MODE: {base}\n"
        );
        for cluster in ["a", "b", "c", "d"] {
            text += &format!(
                "//- apps/shop/web/overlays/{cluster}/kustomization.yaml\nresources: [../../base]\ncommonAnnotations: {{of: {overlay}}}\n"
            );
        }
        text
    };
    let check = |options: &str, before: String, after: String, want: &[&str]| {
        let with = |tree: &str| config(options) + tree;
        let got = found(&["chg-blast-radius"], &with(&before), &with(&after));
        assert_eq!(got, want, "{options}");
    };
    let said = "chg-blast-radius info: the edit of apps/shop/web/base/config.yaml changes 4 objects of 1 application in 4 clusters";
    check("severity: info", tree("1", "x"), tree("2", "x"), &[said]);
    check("clusters: 4", tree("1", "x"), tree("2", "x"), &[]);
    // A comment changes nothing.
    check("severity: info", tree("1", "x"), tree("1 # one", "x"), &[]);
    // The same edit in each overlay is no small one.
    check("severity: info", tree("1", "x"), tree("1", "y"), &[]);
}

#[test]
fn a_rule_that_compares_sees_changes_only() {
    let rules = ["crd-schema-violation"];
    let schema = "{openAPIV3Schema: {type: object, properties: {spec: {type: object, x-kubernetes-validations: [{rule: 'self.n > \
                  oldSelf.n', message: must grow}], properties: {n: {type: integer}, s: {type: string}}}, status: \
                  {type: object, x-kubernetes-preserve-unknown-fields: true}}}}";
    let crd = crd(&[("v1", true, true)], "").replace("{openAPIV3Schema: {type: object}}", schema);
    let check = |before: &str, after: &str, want: usize| {
        let tree = |spec: &str| CLUSTERS.to_owned() + &crd + &widget("v1") + spec + "\n";
        let got = found(&rules, &tree(before), &tree(after));
        assert_eq!(got.len(), want, "{before} {after} {got:?}");
    };
    check("spec: {n: 1}", "spec: {n: 2}", 0);
    check("spec: {n: 2, s: a}", "spec: {n: 2, s: b}", 1);
    // Another way to write the same is no update, and neither is a status.
    check("spec: {n: 2, s: a}", "spec: {s: 'a', n: 2}", 0);
    check("spec: {n: 2}", "spec: {n: 2}\nstatus: {x: y}", 0);
}
