use deconflict_placement::Engine;

use crate::compare::{Shared, each_shared, first_difference, has_own_rule, is_alias, side_by_side};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one object (group, kind, namespace and name) that two applications deploy into one cluster with different
    /// content, and lists the fields that differ. The same for two of Hive's SyncSets or SelectorSyncSets of one hub that carry
    /// one object and select one cluster.
    ///
    /// ## Why it matters
    /// Neither file is wrong alone, and Git merges both. In the cluster there is only one object: whoever syncs last wins,
    /// until the other one syncs again. Users report incidents (argo-cd#25987: "incidents because of such behaviour") and
    /// restarts every ten minutes (kustomize-controller#732), because each apply also rolls the pods.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/storefront/web/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: app-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: strict
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: app-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: "off"
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/storefront/web/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: storefront-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: strict
    /// # apps/payments/gateway/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: app-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: "off"
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Defaults that the API server fills in count as written for built-in kinds; for custom kinds they do not, so an
    /// object that spells its CRD's defaults out counts as different. CustomResourceDefinitions, APIServices and
    /// Namespaces have rules of their own. Argo CD Applications of one name are `argo-app-twice`.
    ///
    /// Objects inside SyncSets are compared with those inside other SyncSets of the hub only, not with what else is deployed
    /// into the selected clusters; `patches` and `secretMappings` of a SyncSet are not looked at. Clusters are known by the
    /// ClusterDeployments of the hub and by `clusters[].labels`. Where these show none that both select, the finding is certain
    /// if one selector selects whatever the other does, possible if the selectors allow a cluster, and else there is none. Of
    /// more than 128 different selectors that carry one object only equal ones are compared.
    "own-object-conflict", "two applications deploy one object with different content",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    each_shared(context, |shared| report(context, shared, sink));
}

fn report(context: &ClusterContext<'_>, shared: &Shared<'_, '_>, sink: &mut Sink) {
    if has_own_rule(shared.group[0]) || is_alias(&shared.group) {
        return;
    }
    let collision = shared.collision(context.files);
    let placed: Vec<_> = collision.sides.iter().map(|side| side.placed).collect();
    let Some((other, found)) = first_difference(&placed) else {
        return;
    };
    let message = format!(
        "{} {} deploy {}{}, with different content",
        collision.who(),
        collision.both(),
        placed[0].title(),
        shared.place
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    let between = if placed.len() > 2 {
        format!("{} and {} differ in: ", placed[0].who(), other.who())
    } else {
        "they differ in: ".to_owned()
    };
    finding
        .notes
        .push(between + &side_by_side(context, placed[0], &found));
    let engines = |engine: Engine| placed.iter().all(|placed| placed.placement.engine == engine);
    let consequence = if shared.carried.is_some() {
        "Hive applies each SyncSet again and again, so each overwrites the other in turn"
    } else if engines(Engine::ArgoCd) {
        "Argo CD syncs whichever application ran last; the other shows as out of sync, in turn"
    } else if engines(Engine::Flux) {
        "Flux applies all Kustomizations as one field manager, so each replaces the other's fields without a conflict"
    } else {
        "whichever is applied last overwrites the other, at every apply"
    };
    finding.notes.push(consequence.to_owned());
    shared.doubt(&mut finding);
    finding.help =
        Some("give one of them its own name, or let one team own it and the other read it".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use deconflict_config::Config;
    use deconflict_placement::Engine;

    use crate::fixture::{check, run, run_with};

    const RULE: &str = "own-object-conflict";

    fn two(kind: &str, one: &str, other: &str) -> String {
        let object = |team: &str, fields: &str| {
            format!(
                "//- apps/{team}/web/overlays/prod/o.yaml\n{kind}\nmetadata: {{name: x, namespace: shared}}\n{fields}\n"
            )
        };
        object("a", one) + &object("b", other)
    }

    const CONFIG_MAP: &str = "apiVersion: v1\nkind: ConfigMap";
    const SECRET: &str = "apiVersion: v1\nkind: Secret";

    #[test]
    fn leaves_side_by_side() {
        check(
            RULE,
            &two(CONFIG_MAP, "data: {RISK_MODE: strict, TIMEOUT: 5s}", "data: {RISK_MODE: 'off'}"),
            "error[own-object-conflict]: a and b both deploy ConfigMap shared/x in prod, with different content
             apps/a/web/overlays/prod/o.yaml:3 `x` ConfigMap shared/x (team a)
             apps/b/web/overlays/prod/o.yaml:3 `x` ConfigMap shared/x (team b)
             note: they differ in: data.RISK_MODE (\"strict\" / \"off\"), data.TIMEOUT (\"5s\" / missing)
             note: whichever is applied last overwrites the other, at every apply
             help: give one of them its own name, or let one team own it and the other read it",
        );
    }

    #[test]
    fn secrets_are_never_shown() {
        let got = run(
            RULE,
            &two(
                SECRET,
                "stringData: {p: hunter2}",
                "stringData: {p: hunter3, q: other}",
            ),
        );
        assert!(
            got.contains("they differ in: stringData.p (secret), stringData.q (secret)"),
            "{got}"
        );
        assert!(!got.contains("hunter") && !got.contains("other\""), "{got}");
        let config = Config {
            secret_fields: vec!["*.data.password".into()],
            ..Config::default()
        };
        let text = two(
            CONFIG_MAP,
            "data: {password: hunter2}",
            "data: {password: hunter3}",
        );
        let got = run_with(RULE, &text, &config, Engine::Plain);
        assert!(
            got.contains("data.password (secret)") && !got.contains("hunter"),
            "{got}"
        );
    }

    #[test]
    fn engines_say_what_happens() {
        let text = two(CONFIG_MAP, "data: {a: x}", "data: {a: z}");
        let with = |engine| run_with(RULE, &text, &Config::default(), engine);
        assert!(with(Engine::ArgoCd).contains("Argo CD syncs whichever application ran last"));
        assert!(with(Engine::Flux).contains("one field manager"));
    }

    #[test]
    fn near_misses() {
        // Equal after normalisation, another namespace, another cluster, a kind with its own rule, local input.
        let none = |text: &str| assert_eq!(run(RULE, text), "", "{text}");
        none(&two(CONFIG_MAP, "data: {a: x, b: z}", "data: {b: 'z', a: x}"));
        let different = two(CONFIG_MAP, "data: {a: x}", "data: {a: z}");
        none(&different.replacen("namespace: shared", "namespace: other", 1));
        none(&different.replacen("overlays/prod", "overlays/staging", 1));
        none(&two(
            "apiVersion: v1\nkind: Namespace",
            "spec: {a: x}",
            "spec: {a: z}",
        ));
        let local = "annotations: {config.kubernetes.io/local-config: 'true'}";
        none(&different.replacen("namespace: shared", &format!("namespace: shared, {local}"), 1));
    }

    #[test]
    fn versions_of_a_kind_are_an_alias() {
        let text = two(
            "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler",
            "spec: {maxReplicas: 2}",
            "spec: {maxReplicas: 3}",
        )
        .replacen("autoscaling/v2", "autoscaling/v1", 1);
        assert_eq!(run(RULE, &text), "");
        assert_ne!(run("own-object-alias", &text), "");
    }

    #[test]
    fn without_a_namespace_it_is_only_possible() {
        let text = two(CONFIG_MAP, "data: {a: x}", "data: {a: z}").replace(", namespace: shared", "");
        assert!(run(RULE, &text).starts_with("error[own-object-conflict] (possible)"));
    }
}
