use deconflict_claims::{ClusterIndex, Placed};

use crate::carried::Carried;
use crate::collision::{Collision, Side, in_cluster};
use crate::compare::{first_difference, is_application_twice, side_by_side};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one object that one application, one directory of manifests, or one of Hive's SyncSets or SelectorSyncSets declares
    /// twice.
    ///
    /// ## Why it matters
    /// The files are applied in some order and the last one wins, so one of the two declarations does nothing: often the one
    /// that somebody edits while wondering why nothing changes.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/one.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   TIMEOUT: 5s
    /// # apps/payments/gateway/overlays/prod/two.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   TIMEOUT: 9s
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/one.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   TIMEOUT: 9s
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Inside one kustomization kustomize itself refuses it; that is `kus-build-error`. Argo CD Applications of one name are
    /// `argo-app-twice` where an Argo CD reads them.
    "own-object-repeated", "one application declares one object twice",
    severity: Error,
    joins: false,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    repeated_in(context, context.index, sink);
    let carried = Carried::of(context.index, context.config);
    repeated_in(context, &carried.index(), sink);
}

fn repeated_in(context: &ClusterContext<'_>, index: &ClusterIndex<'_>, sink: &mut Sink) {
    for group in index.repeated() {
        let mut apps: Vec<Vec<&Placed<'_>>> = Vec::new();
        for placed in group {
            match apps.iter_mut().find(|known| known[0].app == placed.app) {
                // One root that two placements put into one cluster declares it once.
                Some(known) if known.iter().any(|other| std::ptr::eq(other.facts, placed.facts)) => {}
                Some(known) => known.push(placed),
                None => apps.push(vec![placed]),
            }
        }
        let is_told = |repeated: &[&Placed<'_>]| is_application_twice(index, repeated);
        let repeated = apps.into_iter().filter(|repeated| repeated.len() > 1);
        for repeated in repeated.filter(|repeated| !is_told(repeated)) {
            let collision = Collision::new(context.files, repeated.into_iter().map(Side::declared));
            let placed: Vec<_> = collision.sides.iter().map(|side| side.placed).collect();
            let times = match placed.len() {
                2 => "twice".to_owned(),
                times => format!("{times} times"),
            };
            let message = format!(
                "{} declares {} {times}{}",
                placed[0].app,
                placed[0].title(),
                in_cluster(index)
            );
            let difference = first_difference(&placed);
            let Some(mut finding) = collision.finding(&RULE, message) else {
                continue;
            };
            if let Some((_, found)) = difference {
                let leaves = side_by_side(context, placed[0], &found);
                finding.notes.push(format!("they differ in: {leaves}"));
                finding
                    .notes
                    .push("whichever is applied last wins, the other does nothing".to_owned());
                finding.help = Some("merge them into one, or rename one".to_owned());
            } else {
                finding
                    .notes
                    .push("they are equal, so one of them does nothing".to_owned());
                finding.help = Some("remove one of them".to_owned());
            }
            sink.report(finding);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    const RULE: &str = "own-object-repeated";

    fn two(second: &str, one: &str, other: &str) -> String {
        let object = |path: &str, data: &str| {
            format!(
                "//- {path}\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: x, namespace: a}}\ndata: {data}\n"
            )
        };
        object("apps/a/web/overlays/prod/one.yaml", one) + &object(second, other)
    }

    const SAME_APP: &str = "apps/a/web/overlays/prod/two.yaml";

    #[test]
    fn different_and_equal() {
        check(
            RULE,
            &two(SAME_APP, "{k: x}", "{k: z}"),
            "error[own-object-repeated]: a/web declares ConfigMap a/x twice in prod
             apps/a/web/overlays/prod/one.yaml:3 `x` ConfigMap a/x (team a)
             apps/a/web/overlays/prod/two.yaml:3 `x` ConfigMap a/x (team a)
             note: they differ in: data.k (\"x\" / \"z\")
             note: whichever is applied last wins, the other does nothing
             help: merge them into one, or rename one",
        );
        assert!(run(RULE, &two(SAME_APP, "{k: x}", "{k: x}")).contains("help: remove one of them"));
    }

    #[test]
    fn another_application_is_another_rule() {
        assert_eq!(
            run(
                RULE,
                &two("apps/b/web/overlays/prod/two.yaml", "{k: x}", "{k: z}")
            ),
            ""
        );
    }

    #[test]
    fn generated_names_are_not_compared() {
        let text = two(SAME_APP, "{k: x}", "{k: z}").replace("name: x", "generateName: x-");
        assert_eq!(run(RULE, &text), "");
    }
}
