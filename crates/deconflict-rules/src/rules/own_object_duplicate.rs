use deconflict_findings::Severity;
use deconflict_placement::Engine;

use crate::compare::{Shared, each_shared, first_difference, has_own_rule, is_alias};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one object that two applications deploy into one cluster with the same content, or that two of Hive's SyncSets or
    /// SelectorSyncSets of one hub carry to one cluster.
    ///
    /// ## Why it matters
    /// Nothing differs, so nothing fails, until one application is deleted or stops declaring the object: its prune takes
    /// the object away under the other one. Two green pull requests nine minutes apart made such a duplicate
    /// (JiRaska/open-bank-oss#3474). Where neither side prunes (plain `kubectl apply`) it is a warning: they are equal only
    /// until somebody changes one of them. Of SyncSets those prune that say `resourceApplyMode: Sync`.
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
    ///   RISK_MODE: strict
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/storefront/web/overlays/prod/settings.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: app-config
    ///   namespace: shared
    /// data:
    ///   RISK_MODE: strict
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Equal means equal after normalisation: amounts (`1024Mi` and `1Gi`), the order of fields and of list maps, and the
    /// API server's defaults of built-in kinds do not count. Argo CD Applications of one name are `argo-app-twice`.
    ///
    /// Objects inside SyncSets are compared with those inside other SyncSets of the hub only; see `own-object-conflict`.
    "own-object-duplicate", "two applications deploy one object with the same content",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    each_shared(context, |shared| report(context, shared, sink));
}

fn report(context: &ClusterContext<'_>, shared: &Shared<'_, '_>, sink: &mut Sink) {
    let group = &shared.group;
    if has_own_rule(group[0]) || is_alias(group) || first_difference(group).is_some() {
        return;
    }
    let prunes = group.iter().map(|placed| placed.placement).any(|placement| {
        let carried = shared.carried.is_some() && placement.upkeep.prunes == Some(true);
        placement.engine != Engine::Plain || carried
    });
    let collision = shared.collision(context.files);
    let message = format!(
        "{} {} deploy {}{}, with the same content",
        collision.who(),
        collision.both(),
        collision.sides[0].placed.title(),
        shared.place
    );
    let Some(mut finding) = collision.finding(&RULE, message) else {
        return;
    };
    if prunes {
        finding.notes.push(
            "when one of them stops declaring it, its prune deletes the object under the other".to_owned(),
        );
    } else {
        finding.severity = Severity::Warning;
        finding
            .notes
            .push("nothing differs today; the next change to one of them is undone by the other".to_owned());
    }
    shared.doubt(&mut finding);
    finding.help = Some("declare it once, in the application of the team that owns it".to_owned());
    sink.report(finding);
}

#[cfg(test)]
mod tests {
    use deconflict_config::Config;
    use deconflict_placement::Engine;

    use crate::fixture::{check, run, run_with};

    const RULE: &str = "own-object-duplicate";

    fn two(one: &str, other: &str) -> String {
        let object = |team: &str, spec: &str| {
            format!(
                "//- apps/{team}/web/overlays/prod/o.yaml\napiVersion: v1\nkind: ResourceQuota\n\
                 metadata: {{name: x, namespace: shared}}\nspec: {spec}\n"
            )
        };
        object("a", one) + &object("b", other)
    }

    #[test]
    fn equal_after_normalisation() {
        check(
            RULE,
            &two("{hard: {limits.memory: 1024Mi, pods: 5}}", "{hard: {pods: '5', limits.memory: 1Gi}}"),
            "warning[own-object-duplicate]: a and b both deploy ResourceQuota shared/x in prod, with the same content
             apps/a/web/overlays/prod/o.yaml:3 `x` ResourceQuota shared/x (team a)
             apps/b/web/overlays/prod/o.yaml:3 `x` ResourceQuota shared/x (team b)
             note: nothing differs today; the next change to one of them is undone by the other
             help: declare it once, in the application of the team that owns it",
        );
    }

    #[test]
    fn whoever_prunes_deletes() {
        let text = two("{hard: {pods: 5}}", "{hard: {pods: 5}}");
        let got = run_with(RULE, &text, &Config::default(), Engine::ArgoCd);
        assert!(
            got.starts_with("error[own-object-duplicate]") && got.contains("its prune deletes"),
            "{got}"
        );
    }

    #[test]
    fn different_objects_are_a_conflict() {
        assert_eq!(run(RULE, &two("{hard: {pods: 5}}", "{hard: {pods: 6}}")), "");
    }
}
