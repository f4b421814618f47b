use deconflict_claims::{Claimed, Space, What};
use deconflict_findings::Severity;
use smol_str::SmolStr;

use crate::collision::{Side, by_object, collide, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds one PersistentVolumeClaim that the pods of two applications mount writable. A writer and readers are fine.
    ///
    /// ## Why it matters
    /// A claim looks like any other name in a pod, and nothing asks whose it is. Two programs that do not know of each other
    /// write into one file system: files are overwritten, locks are broken, and a restore brings back half of it.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/export/overlays/prod/export.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: export, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: export}}
    ///   template:
    ///     metadata: {labels: {app: export}}
    ///     spec:
    ///       containers:
    ///         - name: export
    ///           image: registry.example/export:1.4
    ///           volumeMounts: [{name: data, mountPath: /data}]
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim: {claimName: reports}
    /// # apps/billing/invoices/overlays/prod/invoices.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: invoices, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: invoices}}
    ///   template:
    ///     metadata: {labels: {app: invoices}}
    ///     spec:
    ///       containers:
    ///         - name: invoices
    ///           image: registry.example/invoices:2.0
    ///           volumeMounts: [{name: data, mountPath: /data}]
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim: {claimName: reports}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/export/overlays/prod/export.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: export, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: export}}
    ///   template:
    ///     metadata: {labels: {app: export}}
    ///     spec:
    ///       containers:
    ///         - name: export
    ///           image: registry.example/export:1.4
    ///           volumeMounts: [{name: data, mountPath: /data}]
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim: {claimName: reports}
    /// # apps/billing/invoices/overlays/prod/invoices.yaml
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata: {name: invoices, namespace: shared}
    /// spec:
    ///   selector: {matchLabels: {app: invoices}}
    ///   template:
    ///     metadata: {labels: {app: invoices}}
    ///     spec:
    ///       containers:
    ///         - name: invoices
    ///           image: registry.example/invoices:2.0
    ///           volumeMounts: [{name: data, mountPath: /data, readOnly: true}]
    ///       volumes:
    ///         - name: data
    ///           persistentVolumeClaim: {claimName: reports}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A mount without `readOnly: true` counts as a writer, whatever the program does. Disjoint `subPath`s of a
    /// ReadWriteMany claim are only information.
    "sto-pvc-shared", "pods of two applications write to one PersistentVolumeClaim",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in context.index.claims(Space::Volume) {
        let sides = by_object(&group);
        let collision = collide(context, &sides);
        if !collision.crosses_applications() {
            continue;
        }
        let [first, ..] = sides.as_slice() else { continue };
        let (namespace, name) = (first.placed.namespace.as_deref(), &first.claim.key);
        let claim = context.index.find("", "PersistentVolumeClaim", namespace, name);
        let modes: Vec<&str> = claim
            .and_then(|claim| claim.facts.object.body.at_path(&["spec", "accessModes"]))
            .map(|modes| modes.items().iter().filter_map(|mode| mode.text()).collect())
            .unwrap_or_default();
        let title = match namespace {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.to_string(),
        };
        let message = format!(
            "{} {} write to PersistentVolumeClaim {title}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(title);
        if let Some(claim) = claim {
            let side = Side::declared(claim);
            finding.related.push(deconflict_findings::Label::new(
                side.spot.at,
                match modes.as_slice() {
                    [] => "the claim".to_owned(),
                    modes => format!("the claim, {}", modes.join(", ")),
                },
            ));
            finding.objects.push(claim.reference());
        }
        if modes.contains(&"ReadWriteMany") && are_disjoint(&sides) {
            finding.severity = Severity::Info;
            finding
                .notes
                .push("they write to different sub-paths of it, and share its space and its fate".to_owned());
        } else {
            finding.notes.push(consequence(&modes).to_owned());
        }
        finding.help = Some(
            "give one of them its own claim, or mount it with `readOnly: true`; if they are meant to share it, \
             declare a contract"
                .to_owned(),
        );
        sink.report(finding);
    }
}

fn consequence(modes: &[&str]) -> &'static str {
    match modes {
        ["ReadWriteOncePod"] => {
            "only one pod may use the claim: the pods of whichever comes second never start"
        }
        ["ReadWriteOnce"] => {
            "on one node both write into one file system; on two nodes the pods of whichever comes second never start"
        }
        _ => "both write into one file system, each without knowing of the other's files",
    }
}

/// True when no two sides write to equal sub-paths, or to one inside the other.
fn are_disjoint(sides: &[&Claimed<'_, '_>]) -> bool {
    let mut paths: Vec<(&SmolStr, usize)> = Vec::new();
    for (side, claimed) in sides.iter().enumerate() {
        let What::Writer {
            sub_paths: Some(written),
            ..
        } = &claimed.claim.what
        else {
            return false;
        };
        paths.extend(written.iter().map(|path| (path, side)));
    }
    // Sorted by parts, a path stands before what lies inside of it.
    paths.sort_by(|a, b| a.0.split('/').cmp(b.0.split('/')).then(a.1.cmp(&b.1)));
    let inside = |outer: &str, inner: &str| {
        outer.is_empty()
            || inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut open: Vec<(&SmolStr, usize)> = Vec::new();
    for (path, side) in paths {
        while open.last().is_some_and(|(outer, _)| !inside(outer, path)) {
            open.pop();
        }
        if open.iter().any(|(_, other)| *other != side) {
            return false;
        }
        open.push((path, side));
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::fixture::{check, run};

    const RULE: &str = "sto-pvc-shared";

    /// A workload of `team` whose container mounts the claim `reports` with those mount fields.
    fn workload(team: &str, volume: &str, mount: &str) -> String {
        format!(
            "//- apps/{team}/web/overlays/prod/d.yaml\napiVersion: apps/v1\nkind: Deployment\n\
             metadata: {{name: {team}, namespace: shared}}\nspec:\n  template:\n    spec:\n      \
             containers: [{{name: c, volumeMounts: [{{name: v, mountPath: /d{mount}}}]}}]\n      \
             volumes: [{{name: v, persistentVolumeClaim: {{claimName: reports{volume}}}}}]\n"
        )
    }

    fn claim(modes: &str) -> String {
        format!(
            "//- infra/storage/overlays/prod/c.yaml\napiVersion: v1\nkind: PersistentVolumeClaim\n\
             metadata: {{name: reports, namespace: shared}}\nspec: {{accessModes: [{modes}]}}\n"
        )
    }

    #[test]
    fn two_writers() {
        check(
            RULE,
            &(workload("a", "", "") + &workload("b", "", "") + &claim("ReadWriteOnce")),
            "error[sto-pvc-shared]: a and b both write to PersistentVolumeClaim shared/reports in prod
             apps/a/web/overlays/prod/d.yaml:8 `reports` Deployment shared/a (team a)
             apps/b/web/overlays/prod/d.yaml:8 `reports` Deployment shared/b (team b)
             infra/storage/overlays/prod/c.yaml:3 `reports` the claim, ReadWriteOnce
             note: on one node both write into one file system; on two nodes the pods of whichever comes second never start
             help: give one of them its own claim, or mount it with `readOnly: true`; if they are meant to share it, declare a contract",
        );
    }

    #[test]
    fn readers_are_legal() {
        let none = |other: &str| assert_eq!(run(RULE, &(workload("a", "", "") + other)), "");
        none(&workload("b", ", readOnly: true", ""));
        none(&workload("b", "", ", readOnly: true"));
        none(&workload("b", "", "").replace("name: v, mountPath", "name: w, mountPath"));
        none(&workload("b", "", "").replace("namespace: shared", "namespace: other"));
        none(&workload("b", "", "").replace("overlays/prod", "overlays/staging"));
        // Two workloads of one application know of each other.
        none(&workload("b", "", "").replace("apps/b/web/overlays/prod/d", "apps/a/web/overlays/prod/e"));
    }

    #[test]
    fn sub_paths() {
        let severity = |one: &str, other: &str, modes: &str| {
            let text = workload("a", "", one) + &workload("b", "", other) + &claim(modes);
            run(RULE, &text).split('[').next().unwrap_or_default().to_owned()
        };
        let (one, other) = (", subPath: one", ", subPath: other");
        assert_eq!(severity(one, other, "ReadWriteMany"), "info");
        assert_eq!(severity(one, other, "ReadWriteOnce"), "error");
        assert_eq!(severity(one, ", subPath: one/below", "ReadWriteMany"), "error");
        assert_eq!(severity(one, ", subPath: oneself", "ReadWriteMany"), "info");
        assert_eq!(severity(one, one, "ReadWriteMany"), "error");
        assert_eq!(severity(one, "", "ReadWriteMany"), "error");
        assert_eq!(severity(one, ", subPathExpr: $(POD)", "ReadWriteMany"), "error");
    }
}
