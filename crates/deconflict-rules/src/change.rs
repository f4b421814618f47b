//! What a change does in one cluster: objects before and after it, by identity.

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_config::Config;
use deconflict_files::{Files, Origin};
use deconflict_findings::{Certainty, Finding, Label};
use deconflict_kube::{
    Definitions, Difference, KubernetesVersion, Object, Violation, differences, text_at, validate_change,
};

use crate::collision::in_cluster;
use crate::kustomize::selector::Mutations;
use crate::{ClusterContext, Sink};

/// One cluster before and after a change, or one root that nothing places.
#[derive(Clone, Debug)]
pub struct ChangeContext<'a> {
    /// What was there.
    pub before: &'a ClusterIndex<'a>,
    /// What will be there.
    pub after: &'a ClusterIndex<'a>,
    /// The cluster's version.
    pub kubernetes: KubernetesVersion,
    /// The definitions after the change.
    pub definitions: &'a Definitions,
    /// The configuration after the change.
    pub config: &'a Config,
    /// For lines of places.
    pub files: &'a Files,
    pairs: Vec<Pair<'a>>,
}

/// What the edits of a change reach.
#[derive(Clone, Copy, Debug)]
pub struct ReachContext<'a> {
    /// Each with its files, in the order of the first one.
    pub reaches: &'a [Reach<'a>],
    /// The configuration after the change.
    pub config: &'a Config,
    /// For paths.
    pub files: &'a Files,
}

/// Files that the change edits and that reach the same deployments.
#[derive(Clone, Debug)]
pub struct Reach<'a> {
    /// The first edited place of each file.
    pub files: Vec<Origin>,
    /// Objects of the deployments that read the files, as far as the change makes others of them.
    pub objects: Vec<&'a Placed<'a>>,
}

/// One object before and after, which are not the same.
#[derive(Clone, Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) old: &'a Placed<'a>,
    pub(crate) new: &'a Placed<'a>,
    /// Empty when only the version is another.
    pub(crate) differences: Vec<Difference<'a>>,
}

impl<'a> ChangeContext<'a> {
    /// The change from `before` to `after`. Near-linear in the size of both.
    pub fn new(
        (before, after): (&'a ClusterIndex<'a>, &'a ClusterIndex<'a>),
        (kubernetes, definitions): (KubernetesVersion, &'a Definitions),
        (config, files): (&'a Config, &'a Files),
    ) -> Self {
        let pair = |new: &'a Placed<'a>| {
            let (group, kind, namespace, name) = new.identity();
            let old = before.find(group, kind, namespace, name)?;
            let differences = differences(&old.facts.object, &new.facts.object);
            let same = differences.is_empty() && old.facts.object.version == new.facts.object.version;
            (!same).then_some(Pair {
                old,
                new,
                differences,
            })
        };
        Self {
            before,
            after,
            kubernetes,
            definitions,
            config,
            files,
            pairs: after.live().filter_map(pair).collect(),
        }
    }

    /// Objects that are there before and after, and that the API server would tell apart: what is written in another way
    /// or stands in another file is no change.
    pub(crate) fn pairs(&self) -> &[Pair<'a>] {
        &self.pairs
    }

    /// The cluster after the change.
    pub(crate) fn cluster(&self) -> ClusterContext<'a> {
        ClusterContext {
            index: self.after,
            config: self.config,
            files: self.files,
        }
    }

    /// Objects that are another after the change, new or gone; those that are gone as they were.
    pub fn touched(&self) -> impl Iterator<Item = &'a Placed<'a>> {
        let before = self.before;
        let come = self.after.live().filter(move |new| {
            let (group, kind, namespace, name) = new.identity();
            before.find(group, kind, namespace, name).is_none()
        });
        let changed = self.pairs.iter().map(|pair| pair.new);
        changed.chain(come).chain(self.gone())
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
    for pair in context.pairs().iter().filter(|pair| !pair.is_made_anew()) {
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

fn finding(context: &ChangeContext<'_>, pair: &Pair<'_>, violation: Violation) -> Option<Finding> {
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
