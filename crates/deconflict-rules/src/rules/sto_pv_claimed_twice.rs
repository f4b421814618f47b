use deconflict_claims::{Claimed, Space, What};

use crate::collision::{by_object, collide, in_cluster};
use crate::{ClusterContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds two PersistentVolumeClaims with one `volumeName`, and a claim that names a volume whose `claimRef` keeps it
    /// for another claim.
    ///
    /// ## Why it matters
    /// A volume is bound to one claim. The other claim stays Pending for ever, and its pods with it; which one wins
    /// depends on who was there first.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/orders/export/overlays/prod/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: reports, namespace: orders}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   storageClassName: ""
    ///   volumeName: archive
    ///   resources: {requests: {storage: 5Gi}}
    /// # apps/billing/export/overlays/prod/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: reports, namespace: billing}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   storageClassName: ""
    ///   volumeName: archive
    ///   resources: {requests: {storage: 5Gi}}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/orders/export/overlays/prod/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: reports, namespace: orders}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   storageClassName: ""
    ///   volumeName: archive
    ///   resources: {requests: {storage: 5Gi}}
    /// # apps/billing/export/overlays/prod/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: reports, namespace: billing}
    /// spec:
    ///   accessModes: [ReadWriteMany]
    ///   storageClassName: ""
    ///   volumeName: archive-billing
    ///   resources: {requests: {storage: 5Gi}}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Volumes that nothing names are matched by size and class in the cluster; that cannot be told from Git.
    "sto-pv-claimed-twice", "two PersistentVolumeClaims name one volume",
    severity: Error,
    joins: true,
    check: Cluster(check),
}

fn check(context: &ClusterContext<'_>, sink: &mut Sink) {
    for group in context.index.claims(Space::PersistentVolume) {
        let all = by_object(&group);
        let is_volume = |claimed: &Claimed<'_, '_>| matches!(claimed.claim.what, What::KeptFor { .. });
        let claims: Vec<_> = all
            .iter()
            .copied()
            .filter(|claimed| !is_volume(claimed))
            .collect();
        let kept_for_another = all.iter().copied().find(|volume| {
            let What::KeptFor { namespace, name } = &volume.claim.what else {
                return false;
            };
            let is_it = |claim: &&Claimed<'_, '_>| {
                claim.placed.namespace.as_ref() == Some(namespace)
                    && claim.placed.facts.object.key.name == *name
            };
            !claims.is_empty() && !claims.iter().any(is_it)
        });
        let sides: Vec<_> = claims.into_iter().chain(kept_for_another).collect();
        let [first, _, ..] = sides.as_slice() else {
            continue;
        };
        let mut collision = collide(context, &sides);
        for side in &mut collision.sides {
            if side.placed.facts.object.key.kind == "PersistentVolume" {
                side.label = "kept for another claim".to_owned();
            }
        }
        let volume = &first.claim.key;
        let message = format!(
            "{} {} claim PersistentVolume {volume}{}",
            collision.who(),
            collision.both(),
            in_cluster(context.index)
        );
        let Some(mut finding) = collision.finding(&RULE, message) else {
            continue;
        };
        finding.key = Some(volume.to_string());
        finding
            .notes
            .push("a volume is bound to one claim; the other stays Pending, and its pods with it".to_owned());
        finding.help =
            Some("give each claim a volume of its own, or let both applications mount one claim".to_owned());
        sink.report(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::fixture::run;

    #[test]
    fn volumes_kept_for_a_claim() {
        let claim = "//- apps/a/web/overlays/prod/c.yaml\n{apiVersion: v1, kind: PersistentVolumeClaim, \
                     metadata: {name: x, namespace: a}, spec: {volumeName: v}}\n";
        let volume = |namespace: &str| {
            format!(
                "//- infra/nfs/overlays/prod/v.yaml\n{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: v}}, \
                 spec: {{claimRef: {{namespace: {namespace}, name: x}}}}}}\n"
            )
        };
        let run = |text: &str| run("sto-pv-claimed-twice", text);
        assert_eq!(run(&(claim.to_owned() + &volume("a"))), "");
        assert!(run(&(claim.to_owned() + &volume("b"))).contains("kept for another claim"));
        // Without the claim there is nothing that waits.
        assert_eq!(run(&volume("b")), "");
    }
}
