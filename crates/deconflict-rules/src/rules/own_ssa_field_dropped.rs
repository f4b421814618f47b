use deconflict_claims::Placed;
use deconflict_kube::{Difference, differences};
use deconflict_placement::Engine;

use crate::collision::{Collision, Side, in_cluster, list};
use crate::compare::{has_own_rule, is_partial};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds objects that two Flux Kustomizations apply, of which at least one declares single fields
    /// (`kustomize.toolkit.fluxcd.io/ssa: Merge`), with different sets of fields.
    ///
    /// ## Why it matters
    /// All Kustomizations apply as one field manager, so that server-side apply sees no conflict: each apply removes
    /// the fields that only the other declares. In fluxcd/kustomize-controller#1724 an annotation against pruning
    /// vanished this way, and a production namespace was deleted.
    ///
    /// ## Example
    /// ```yaml
    /// # clusters/prod/flux.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: GitRepository
    /// metadata:
    ///   name: flux-system
    ///   namespace: flux-system
    /// spec:
    ///   interval: 1m
    ///   url: https://git.example/org/gitops
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: coredns
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/dns
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: scaling
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/scaling
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # apps/dns/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: dns
    ///   namespace: dns
    ///   annotations:
    ///     kustomize.toolkit.fluxcd.io/ssa: Merge
    /// data:
    ///   upstream: 192.0.2.1
    /// # apps/scaling/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: dns
    ///   namespace: dns
    ///   annotations:
    ///     kustomize.toolkit.fluxcd.io/ssa: Merge
    /// data:
    ///   cache: "30"
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod]
    /// sources:
    ///   - {name: flux-system/flux-system, path: "."}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # clusters/prod/flux.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: GitRepository
    /// metadata:
    ///   name: flux-system
    ///   namespace: flux-system
    /// spec:
    ///   interval: 1m
    ///   url: https://git.example/org/gitops
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: coredns
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/dns
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata:
    ///   name: scaling
    ///   namespace: flux-system
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/scaling
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # apps/dns/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: dns
    ///   namespace: dns
    ///   annotations:
    ///     kustomize.toolkit.fluxcd.io/ssa: Merge
    /// data:
    ///   upstream: 192.0.2.1
    /// # apps/scaling/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: dns
    ///   namespace: dns
    ///   annotations:
    ///     kustomize.toolkit.fluxcd.io/ssa: Merge
    /// data:
    ///   upstream: 192.0.2.1
    /// # deconflict.yaml
    /// version: 1
    /// clusters:
    ///   - name: prod
    ///     roots: [clusters/prod]
    /// sources:
    ///   - {name: flux-system/flux-system, path: "."}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Two applications that both declare the whole object are `own-object-conflict`; Namespaces are `own-namespace-
    /// conflict`. Objects with `ssa: Ignore` or `IfNotPresent` have no owner. Which parts Argo CD applies with
    /// ServerSideApply cannot be told from the objects.
    "own-ssa-field-dropped", "two Kustomizations of Flux drop each other's fields",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in context.index.repeated() {
        let mut owners: Vec<&Placed<'_>> = Vec::new();
        for placed in group {
            let known = owners.iter().any(|owner| owner.app == placed.app);
            if placed.placement.engine == Engine::Flux && is_partial(placed).is_some() && !known {
                owners.push(placed);
            }
        }
        let some_partial = owners.iter().any(|owner| is_partial(owner) == Some(true));
        let [first, others @ ..] = owners.as_slice() else {
            continue;
        };
        if !some_partial || has_own_rule(first) {
            continue;
        }
        for other in others {
            report(context, sink, first, other);
        }
    }
}

fn report(context: &ClusterContext<'_>, sink: &mut Sink, first: &Placed<'_>, other: &Placed<'_>) {
    let found = differences(&first.facts.object, &other.facts.object);
    let only = |is_only: fn(&Difference<'_>) -> bool| -> Vec<String> {
        let leaves = found.iter().filter(|difference| is_only(difference));
        leaves.map(|difference| difference.path.clone()).collect()
    };
    let of_first = only(|difference| difference.right.is_none());
    let of_other = only(|difference| difference.left.is_none());
    if of_first.is_empty() && of_other.is_empty() {
        return;
    }
    let sides = [first, other].map(Side::declared);
    let collision = Collision::new(context.files, sides);
    let message = format!(
        "{} {} apply fields of {}, and each drops what only the other declares{}",
        collision.who(),
        collision.both(),
        first.title(),
        in_cluster(context.index)
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    for (placed, leaves) in [(first, &of_first), (other, &of_other)] {
        if !leaves.is_empty() {
            finding
                .notes
                .push(format!("only {} declares {}", placed.app, list(leaves, "and")));
        }
    }
    finding.notes.push(
        "Flux applies all Kustomizations as one field manager, so nothing reports a conflict".to_owned(),
    );
    finding.help = Some("declare all fields in one Kustomization, or the same fields in both".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use deconflict_config::Config;
    use deconflict_placement::Engine;

    use crate::fixture::run_with;

    #[test]
    fn partial_owners() {
        let object = |team: &str, ssa: &str, data: &str| {
            format!(
                "//- apps/{team}/web/overlays/prod/o.yaml\napiVersion: v1\nkind: ConfigMap\n\
                 metadata: {{name: x, namespace: n, annotations: {{kustomize.toolkit.fluxcd.io/ssa: {ssa}}}}}\ndata: {{{data}}}\n"
            )
        };
        let (merge, whole) = ("Merge", "Override");
        for (one, other, engine, found) in [
            ((merge, "a: b"), (merge, "c: d"), Engine::Flux, true),
            ((merge, "a: b"), (whole, "a: b, c: d"), Engine::Flux, true),
            ((merge, "a: b"), (merge, "a: b"), Engine::Flux, false),
            // Different values of the same fields are not dropped.
            ((merge, "a: b"), (merge, "a: c"), Engine::Flux, false),
            ((whole, "a: b"), (whole, "c: d"), Engine::Flux, false),
            ((merge, "a: b"), ("Ignore", "c: d"), Engine::Flux, false),
            ((merge, "a: b"), (merge, "c: d"), Engine::ArgoCd, false),
        ] {
            let text = object("a", one.0, one.1) + &object("b", other.0, other.1);
            let got = run_with("own-ssa-field-dropped", &text, &Config::default(), engine);
            assert_eq!(!got.is_empty(), found, "{text}\n{got}");
        }
    }
}
