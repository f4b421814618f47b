use crate::testing::Setup;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

#[test]
fn environments_are_clusters_and_infra_is_everywhere() {
    Setup::new(&format!(
        "//- apps/web/base/kustomization.yaml\nresources: [pod.yaml]\n//- apps/web/base/pod.yaml\n{POD}\
         //- apps/web/overlays/dev/kustomization.yaml\nresources: [../../base]\n\
         //- apps/web/overlays/prod/kustomization.yaml\nresources: [../../base]\n\
         //- infra/redis/pod.yaml\n{POD}//- other/pod.yaml\n{POD}//- clusters/prod/pod.yaml\n{POD}"
    ))
    .check(
        "plain other other directory - -
         plain infra/redis infra/redis directory dev -
         plain web apps/web/overlays/dev kustomize dev -
         plain clusters/prod clusters/prod directory prod -
         plain infra/redis infra/redis directory prod -
         plain web apps/web/overlays/prod kustomize prod -",
    );
}

#[test]
fn listed_roots_are_placed_where_they_are_listed() {
    Setup::new(&format!(
        "//- a/b/kustomization.yaml\nresources: [pod.yaml]\n//- a/b/pod.yaml\n{POD}\
         //- a/c/overlays/x/kustomization.yaml\nconfigMapGenerator: [{{name: g, literals: [a=b]}}]\n//- d/pod.yaml\n{POD}//- d/e/pod.yaml\n{POD}\
         //- g/pod.yaml\n{POD}//- g/h/kustomization.yaml\nconfigMapGenerator: [{{name: g, literals: [a=b]}}]\n//- chart/Chart.yaml\nname: c\n"
    ))
    .cluster("one", &["a/*", "d", "g", "missing", "nothing/**", "chart"])
    .check(
        "plain a/c a/c/overlays/x kustomize - -
         plain a/b a/b kustomize one -
         plain chart chart helm one - skipped: helm
         plain d d directory one -
         plain g g kustomize one -
         problem: ListedRootMissing { cluster: \"one\", path: \"missing\" }
         problem: ListedGlobEmpty { cluster: \"one\", glob: \"nothing/**\" }",
    );
}

#[test]
fn a_directory_listed_for_two_clusters_has_two_placements() {
    Setup::new(&format!(
        "//- a/pod.yaml\n{POD}//- b/pod.yaml\n{POD}//- b/c/kustomization.yaml\nconfigMapGenerator: [{{name: g, literals: [a=b]}}]\n"
    ))
    .cluster("one", &["a", "b/**"])
    .cluster("two", &["a"])
    .check(
        "plain a a directory one -
             plain b b directory one -
             plain b/c b/c kustomize one -
             plain a a directory two -",
    );
}
