use crate::testing::Setup;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

fn kustomization(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata: {{name: {name}, namespace: flux-system}}\nspec: {{sourceRef: {{kind: GitRepository, name: r}}, {spec}}}\n"
    )
}

fn git(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n\
         metadata: {{name: {name}, namespace: flux-system}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn kustomizations_apply_paths_of_their_source() {
    Setup::new(&format!(
        "//- entry/all.yaml\n{}---\n{}---\n{}---\n{}---\n{}---\n{}//- a/pod.yaml\n{POD}//- b/pod.yaml\n{POD}",
        git("r", "url: 'ssh://git@git.example/r', ref: {branch: main}"),
        git("tagged", "url: 'https://git.example/r.git', ref: {tag: v1}"),
        git("other", "url: 'https://git.example/other'"),
        kustomization("a", "path: ./a, targetNamespace: ns"),
        kustomization("b", "path: b, suspend: true, kubeConfig: {secretRef: {name: two}}"),
        kustomization("lost", "path: ../../x"),
    )
    .replace("name: r}, path: b", "name: tagged}, path: b"))
    .cluster("one", &["entry"])
    .cluster("two", &[])
    .source("https://git.example/r", ".")
    .check(
        "flux flux-system/a a kustomize one ns
         plain entry entry directory one -
         flux flux-system/b b kustomize two - not-by-merge skipped: suspended
         problem: PathOutside { app: \"flux-system/lost\", path: \"../../x\" } at \"../../x\"",
    );
}

#[test]
fn what_flux_bootstrap_wrote_names_the_cluster() {
    let sync = format!(
        "{}---\n{}",
        git("r", "url: 'https://git.example/r', ref: {branch: master}"),
        kustomization("flux-system", "path: ./clusters/prod"),
    );
    Setup::new(&format!(
        "//- clusters/prod/flux-system/gotk-sync.yaml\n{sync}//- clusters/prod/flux-system/kustomization.yaml\n\
         resources: [gotk-sync.yaml]\n//- clusters/prod/apps.yaml\n{}//- apps/pod.yaml\n{POD}//- old/k.yaml\n{}",
        kustomization("apps", "path: ./apps"),
        kustomization("old", "path: ./apps"),
    ))
    .check(
        "plain old old directory - -
         flux flux-system/apps apps kustomize prod -
         flux flux-system/flux-system clusters/prod kustomize prod -
         problem: Orphan { engine: Flux, app: \"flux-system/old\", root: \"old\" } at \"old\"",
    );
}

#[test]
fn an_artifact_generator_lays_directories_elsewhere() {
    let generator = "apiVersion: source.extensions.fluxcd.io/v1beta1\nkind: ArtifactGenerator\n\
                     metadata: {name: g, namespace: flux-system}\nspec:\n  sources: [{alias: m, kind: GitRepository, name: r}]\n\
                     \x20 artifacts: [{name: x, copy: [{from: '@m/infra/**', to: '@artifact/'}, {from: '@m/apps/prod/**', to: '@artifact/prod/'}]}]\n";
    Setup::new(&format!(
        "//- entry/all.yaml\n{generator}---\n{}---\n{}//- infra/net/pod.yaml\n{POD}//- apps/prod/pod.yaml\n{POD}",
        kustomization("net", "path: net").replace("GitRepository, name: r", "ExternalArtifact, name: x"),
        kustomization("prod", "path: ./prod").replace("GitRepository, name: r", "ExternalArtifact, name: x"),
    ))
    .cluster("one", &["entry"])
    .source("flux-system/r", ".")
    .check(
        "flux flux-system/net infra/net kustomize one -
         flux flux-system/prod apps/prod kustomize one -
         plain entry entry directory one -",
    );
}

#[test]
fn helm_releases_are_placed_with_their_chart() {
    let release = |name: &str, spec: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: {name}, namespace: n}}\nspec: {{{spec}}}\n"
        )
    };
    Setup::new(&format!(
        "//- entry/all.yaml\n{}---\n{}---\n{}---\n{}---\n{}//- charts/c/Chart.yaml\nname: c\n",
        git("r", "url: 'https://git.example/r'"),
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: h, namespace: n}\nspec: {url: 'oci://charts.example'}\n",
        release("remote", "chart: {spec: {chart: c, sourceRef: {kind: HelmRepository, name: h}}}, targetNamespace: t"),
        release("local", "chart: {spec: {chart: charts/c, sourceRef: {kind: GitRepository, name: r, namespace: flux-system}}}"),
        release("lost", "chartRef: {kind: OCIRepository, name: o}"),
    ))
    .cluster("one", &["entry"])
    .source("https://git.example/r", ".")
    .check(
        "flux n/local charts/c helm one n skipped: helm
         flux n/lost - helm one n from o not-by-merge skipped: not-found
         flux n/remote - helm one t from oci://charts.example not-by-merge skipped: remote
         plain entry entry directory one -
         problem: SourceMissing { app: \"n/lost\", kind: \"OCIRepository\", source: \"n/o\" } at \"o\"",
    );
}

#[test]
fn variables_come_from_the_cluster_and_wait_for_it() {
    let placements = Setup::new(&format!(
        "//- entry/all.yaml\n{}---\n{}---\n{}//- a/pod.yaml\n{POD}//- vars/vars.yaml\napiVersion: v1\nkind: ConfigMap\n\
         metadata: {{name: v, namespace: flux-system}}\ndata: {{zone: eu, tier: low}}\n",
        git("r", "url: 'https://git.example/r'"),
        kustomization(
            "a",
            "path: a, postBuild: {substitute: {tier: high}, substituteFrom: [{kind: ConfigMap, name: v}, {kind: Secret, name: s}]}"
        ),
        kustomization("vars", "path: vars"),
    ))
    .cluster("one", &["entry"])
    .source("https://git.example/r", ".")
    .run();
    let root = placements
        .all
        .iter()
        .find_map(|p| p.render.as_ref().filter(|root| root.path.as_str() == "a"));
    let substitution = root.and_then(|root| root.build.substitution.clone()).unwrap();
    let text = |name: &str, value: &str| (name.into(), Some(value.into()));
    assert_eq!(substitution.variables, [text("tier", "high"), text("zone", "eu")]);
    assert!(substitution.open, "the Secret is nowhere");
}

#[test]
fn dependencies_are_there_and_never_go_in_circles() {
    Setup::new(&format!(
        "//- entry/all.yaml\n{}---\n{}---\n{}---\n{}//- a/readme.txt\nx\n",
        git("r", "url: 'https://git.example/r'"),
        kustomization("a", "path: a, dependsOn: [{name: b}, {name: lost}]"),
        kustomization(
            "b",
            "path: a, dependsOn: [{name: a}, {name: c}], targetNamespace: b"
        ),
        kustomization("c", "path: a, targetNamespace: c"),
    ))
    .cluster("one", &["entry"])
    .source("https://git.example/r", ".")
    .check(
        "flux flux-system/a a kustomize one -
         flux flux-system/b a kustomize one b
         flux flux-system/c a kustomize one c
         plain entry entry directory one -
         problem: DependencyMissing { app: \"flux-system/a\", dependency: \"flux-system/lost\" } at \"lost\"
         problem: DependencyCycle { apps: [\"flux-system/a\", \"flux-system/b\"] } at \"a\"",
    );
}

#[test]
fn a_source_leaves_files_out() {
    let status = |ignored: &str, spec: &str| {
        let placements = Setup::new(&format!(
            "{ignored}//- entry/all.yaml\n{}---\n{}//- a/pod.yaml\n{POD}//- a/copy/pod.yaml\n{POD}",
            git("r", &format!("url: 'https://git.example/r'{spec}")),
            kustomization("a", "path: a"),
        ))
        .cluster("one", &["entry"])
        .source("https://git.example/r", ".")
        .run();
        let mut all = placements.all.iter();
        let placement = all.find(|placement| placement.app.as_deref() == Some("flux-system/a"));
        placement.map(|placement| placement.status.word())
    };
    // One object twice in one build is refused.
    assert_eq!(status("", ""), Some("failed"));
    assert_eq!(status("//- .sourceignore\n/a/copy/\n", ""), Some("rendered"));
    assert_eq!(status("//- a/.sourceignore\n/copy/\n", ""), Some("rendered"));
    assert_eq!(status("//- b/.sourceignore\ncopy\n", ""), Some("failed"));
    assert_eq!(status("", ", ignore: \"/*\\n!/a\\n/a/copy\""), Some("rendered"));
}

#[test]
fn a_resource_set_stands_in_the_coverage() {
    let set = "apiVersion: fluxcd.controlplane.io/v1\nkind: ResourceSet\nmetadata: {name: tenants, namespace: flux-system}\nspec: \
               {inputs: [{tenant: a}], resources: []}\n";
    let placements = Setup::new(&format!("//- entry/all.yaml\n{set}"))
        .cluster("one", &["entry"])
        .run();
    let skipped = placements
        .skipped
        .iter()
        .map(|skipped| format!("{} {}: {}", skipped.path, skipped.reason, skipped.detail));
    assert_eq!(
        skipped.collect::<Vec<_>>(),
        [
            "entry/all.yaml unsupported: ResourceSet flux-system/tenants makes its objects in the cluster: it is not evaluated"
        ]
    );
}
