use deconflict_findings::{Certainty, Finding};
use deconflict_kube::{Object, bool_at, text_at};
use deconflict_yaml::Node;

use crate::change::is_kept;
use crate::{ChangeContext, Sink, rule};

rule! {
    /// ## What it does
    /// With `--base`, finds claims, volumes, databases, topics, Namespaces, and StatefulSets that take their claims with
    /// them, which the change takes out of a cluster whose engine deletes what is no longer in Git (`prune`).
    ///
    /// ## Why it matters
    /// The merge deletes the data. Reverting the commit brings the object back, empty.
    ///
    /// ## Before
    /// ```yaml
    /// # deconflict.yaml
    /// clusters: [{name: prod}]
    /// # clusters/prod/gateway.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: gateway, namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/payments/gateway
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: GitRepository
    /// metadata: {name: flux-system, namespace: flux-system}
    /// spec:
    ///   interval: 1m
    ///   url: https://git.example/platform
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: flux-system, namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   path: ./clusters/prod
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # apps/payments/gateway/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata: {name: ledger, namespace: payments}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// # apps/payments/gateway/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway, namespace: payments}
    /// ```
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// clusters: [{name: prod}]
    /// # clusters/prod/gateway.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: gateway, namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/payments/gateway
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: GitRepository
    /// metadata: {name: flux-system, namespace: flux-system}
    /// spec:
    ///   interval: 1m
    ///   url: https://git.example/platform
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: flux-system, namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   path: ./clusters/prod
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # apps/payments/gateway/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway, namespace: payments}
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// clusters: [{name: prod}]
    /// # clusters/prod/gateway.yaml
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: gateway, namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   path: ./apps/payments/gateway
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # clusters/prod/flux-system/gotk-sync.yaml
    /// apiVersion: source.toolkit.fluxcd.io/v1
    /// kind: GitRepository
    /// metadata: {name: flux-system, namespace: flux-system}
    /// spec:
    ///   interval: 1m
    ///   url: https://git.example/platform
    /// ---
    /// apiVersion: kustomize.toolkit.fluxcd.io/v1
    /// kind: Kustomization
    /// metadata: {name: flux-system, namespace: flux-system}
    /// spec:
    ///   interval: 10m
    ///   path: ./clusters/prod
    ///   prune: true
    ///   sourceRef: {kind: GitRepository, name: flux-system}
    /// # apps/payments/gateway/claim.yaml
    /// apiVersion: v1
    /// kind: PersistentVolumeClaim
    /// metadata:
    ///   name: ledger
    ///   namespace: payments
    ///   annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}
    /// spec:
    ///   accessModes: [ReadWriteOnce]
    ///   resources: {requests: {storage: 10Gi}}
    /// # apps/payments/gateway/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway, namespace: payments}
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Whether a volume keeps its data (`reclaimPolicy`) is the StorageClass's say, which may not be in the repository. Where
    /// the whole application goes, its own deletion policy decides, and the finding is only possible. A smaller size of a
    /// claim is `chg-immutable-field`. Objects that an annotation protects from pruning are left out, and so are databases of
    /// CloudNativePG that stay when their object goes (`databaseReclaimPolicy`). A Kafka whose storage has no
    /// `deleteClaim: true`, and a volume that is not reclaimed by `Delete`, keep their data as a rule: only possible.
    "chg-data-loss", "the change deletes an object that holds data",
    severity: Error,
    joins: false,
    check: Change(check),
}

/// Kinds whose deletion deletes data.
const HOLDERS: [(&str, &str); 5] = [
    ("", "PersistentVolumeClaim"),
    ("", "Namespace"),
    ("postgresql.cnpg.io", "Cluster"),
    ("kafka.strimzi.io", "KafkaTopic"),
    ("acid.zalan.do", "postgresql"),
];

/// How sure it is that data goes with the object; `None` for one that holds none, or leaves it where it is.
fn loses(object: &Object) -> Option<Certainty> {
    let says = |path: &[&str], text: &str| text_at(&object.body, path) == Some(text);
    let holds = HOLDERS.iter().any(|(group, kind)| object.key.is(group, kind));
    let surely = |it: bool| {
        if it {
            Certainty::Witnessed
        } else {
            Certainty::Possible
        }
    };
    match (object.key.group.as_str(), object.key.kind.as_str()) {
        _ if holds => Some(Certainty::Witnessed),
        ("", "PersistentVolume") => Some(surely(says(&["spec", "persistentVolumeReclaimPolicy"], "Delete"))),
        // Its claims stay unless it says so.
        ("apps", "StatefulSet") => says(
            &["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"],
            "Delete",
        )
        .then_some(Certainty::Witnessed),
        ("postgresql.cnpg.io", "Database") => {
            says(&["spec", "databaseReclaimPolicy"], "delete").then_some(Certainty::Witnessed)
        }
        ("kafka.strimzi.io", "Kafka" | "KafkaNodePool") => {
            let spec = object.body.at_path(&["spec"]);
            Some(surely(spec.is_some_and(deletes_claims)))
        }
        _ => None,
    }
}

/// True when a storage below `node` goes with its cluster (Strimzi documentation, "Configuring Kafka storage").
fn deletes_claims(node: &Node) -> bool {
    bool_at(node, &["deleteClaim"]) == Some(true)
        || node.fields().iter().any(|field| deletes_claims(&field.value))
        || node.items().iter().any(|item| deletes_claims(item))
}

fn check(context: &ChangeContext<'_>, sink: &mut Sink) {
    for gone in context.gone() {
        let object = &gone.facts.object;
        let Some(certainty) = loses(object) else { continue };
        if gone.placement.upkeep.prunes != Some(true) || is_kept(gone) {
            continue;
        }
        let message = format!(
            "{} is no longer in Git{}, and {} prunes: its data goes with it",
            gone.title(),
            context.in_cluster(),
            gone.app
        );
        let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, object.declared_at);
        finding.primary.text = "was declared here".to_owned();
        finding.objects = vec![gone.reference()];
        finding.certainty = gone.certainty.min(certainty);
        if !context.after.live().any(|placed| placed.app == gone.app) {
            finding.certainty = Certainty::Possible;
        }
        finding.help = Some(
            "first protect it from pruning in a change of its own (`Prune=false`, `kustomize.toolkit.fluxcd.io/prune: \
             disabled`), or keep it"
                .to_owned(),
        );
        sink.report(finding);
    }
}
