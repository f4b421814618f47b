//! What a change does in one cluster: objects before and after it, by identity.

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_files::Files;
use deconflict_findings::{Certainty, Finding, Label};
use deconflict_kube::{Definitions, KubernetesVersion, Object, Violation, text_at, validate_change};

use crate::Sink;
use crate::collision::in_cluster;
use crate::kustomize::selector::Mutations;

/// One cluster before and after a change.
#[derive(Clone, Copy, Debug)]
pub struct ChangeContext<'a> {
    /// What was there.
    pub before: &'a ClusterIndex<'a>,
    /// What will be there.
    pub after: &'a ClusterIndex<'a>,
    /// The cluster's version.
    pub kubernetes: KubernetesVersion,
    /// The definitions after the change.
    pub definitions: &'a Definitions,
    /// For the paths of places.
    pub files: &'a Files,
}

/// One object before and after.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) old: &'a Placed<'a>,
    pub(crate) new: &'a Placed<'a>,
}

impl<'a> ChangeContext<'a> {
    /// Objects that are there before and after, and are not the very same.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = Pair<'a>> {
        let before = self.before;
        self.after.live().filter_map(move |new| {
            let (group, kind, namespace, name) = new.identity();
            let old = before.find(group, kind, namespace, name)?;
            let same = std::ptr::eq(
                &raw const *old.facts.object.body,
                &raw const *new.facts.object.body,
            );
            (!same).then_some(Pair { old, new })
        })
    }

    /// Objects that are there before and not after.
    pub(crate) fn gone(&self) -> impl Iterator<Item = &'a Placed<'a>> {
        let after = self.after;
        self.before.live().filter(move |old| {
            let (group, kind, namespace, name) = old.identity();
            after.find(group, kind, namespace, name).is_none()
        })
    }

    /// What the cluster is called in messages: ` in prod-eu`.
    pub(crate) fn in_cluster(&self) -> String {
        in_cluster(self.before)
    }
}

/// True when an annotation keeps the object from being pruned (Argo CD documentation, "Sync Options"; Flux documentation,
/// "Kustomization", `prune`; Helm documentation, "Tell Helm Not To Uninstall a Resource").
pub(crate) fn is_kept(placed: &Placed<'_>) -> bool {
    let annotation = |name: &str| text_at(&placed.facts.object.body, &["metadata", "annotations", name]);
    let options = annotation("argocd.argoproj.io/sync-options").unwrap_or_default();
    options
        .split(',')
        .any(|option| matches!(option.trim(), "Prune=false" | "Prune=confirm"))
        || annotation("helm.sh/resource-policy") == Some("keep")
        || annotation("kustomize.toolkit.fluxcd.io/prune")
            .is_some_and(|value| value.eq_ignore_ascii_case("disabled"))
}

impl Pair<'_> {
    /// True when the engine deletes the object and makes it anew, so that nothing of it need stay as it was: hooks, and
    /// options of the object or its application (Argo CD documentation, "Sync Options"; Flux documentation, "Kustomization",
    /// `force`).
    fn is_made_anew(&self) -> bool {
        let body = &self.new.facts.object.body;
        let annotation = |name: &str| text_at(body, &["metadata", "annotations", name]);
        let options = annotation("argocd.argoproj.io/sync-options").unwrap_or_default();
        let has = |wanted: &str| options.split(',').any(|option| option.trim() == wanted);
        self.new.placement.upkeep.recreates
            || annotation("argocd.argoproj.io/hook").is_some()
            || annotation("helm.sh/hook").is_some()
            || has("Force=true") && has("Replace=true")
            || annotation("kustomize.toolkit.fluxcd.io/force")
                .is_some_and(|value| value.eq_ignore_ascii_case("enabled"))
    }

    /// The old object under the key of the new one: both are one in the cluster, whoever says the namespace.
    fn old_object(&self) -> Object {
        Object {
            key: self.new.facts.object.key.clone(),
            ..self.old.facts.object.clone()
        }
    }
}

/// What the API server refuses of the change: the findings of all rules that are [`crate::Check::Update`], and of
/// definitions whose rules compare with `oldSelf`. One pass, because each object is compared once.
pub fn judge_updates(context: &ChangeContext<'_>, sink: &mut Sink) {
    let mut mutations = Mutations::default();
    for pair in context.pairs().filter(|pair| !pair.is_made_anew()) {
        let new = &pair.new.facts.object;
        // Values of an encrypted object are not what will be applied.
        if new.body.at_path(&["sops", "mac"]).is_some() {
            continue;
        }
        for violation in validate_change(&pair.old_object(), new, context.kubernetes, context.definitions) {
            if mutations.take(pair, &violation) {
                continue;
            }
            if let Some(finding) = finding(context, pair, violation) {
                sink.report(finding);
            }
        }
    }
    mutations.report(context, sink);
}

fn id_of(violation: &Violation) -> &'static str {
    match violation.row {
        "transition" => "crd-schema-violation",
        "immutable-config" if violation.path != "type" => "cfg-immutable-data",
        _ => "chg-immutable-field",
    }
}

fn finding(context: &ChangeContext<'_>, pair: Pair<'_>, violation: Violation) -> Option<Finding> {
    let rule = crate::rule_of(id_of(&violation))?;
    let message = format!(
        "{}{}: {}",
        pair.new.title(),
        context.in_cluster(),
        violation.message
    );
    let mut finding = Finding::new(rule.meta.id, rule.meta.severity, message, violation.at);
    let is_secret = pair.new.facts.object.key.is("", "Secret") && violation.path != "type";
    if is_secret {
        finding.primary = Label::secret(violation.at, "");
    }
    finding.related = violation
        .related
        .into_iter()
        .map(|(at, text)| Label::new(at, text))
        .collect();
    finding.objects = vec![pair.new.reference()];
    finding.field = (!violation.path.is_empty()).then_some(violation.path);
    finding.certainty = pair.new.certainty.min(pair.old.certainty);
    // A Job that is deleted when it is done is gone before the next change, most times.
    let is_short_lived = pair
        .old
        .facts
        .object
        .body
        .at_path(&["spec", "ttlSecondsAfterFinished"]);
    if pair.new.facts.object.key.is("batch", "Job") && is_short_lived.is_some() {
        finding.certainty = Certainty::Possible;
    }
    finding.notes.push(format!(
        "the API server refuses the change, and the sync of {} stops at it",
        pair.new.app
    ));
    finding.help = violation.help;
    Some(finding)
}
