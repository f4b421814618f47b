use deconflict_claims::{Placed, Spot};
use deconflict_findings::{Certainty, Finding, Label};
use deconflict_kube::{Definition, Version, items_at, text_of};

use crate::change::Pair;
use crate::collision::{Collision, Side, list};
use crate::{ChangeContext, Sink, rule};

rule! {
    /// ## What it does
    /// With `--base`, finds changes of a CustomResourceDefinition after which it no longer serves a version that objects of
    /// the cluster are written in, or no longer lists the version that objects are stored in.
    ///
    /// ## Why it matters
    /// The API server no longer takes the objects, so every application that has one of them stops syncing, other teams' too.
    /// A definition that no longer lists a version it has stored in is refused itself.
    ///
    /// ## Before
    /// ```yaml
    /// # infra/widgets/overlays/prod/crd.yaml
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata:
    ///   name: widgets.example.com
    /// spec:
    ///   group: example.com
    ///   scope: Namespaced
    ///   names: {kind: Widget, plural: widgets}
    ///   versions:
    ///     - name: v1
    ///       served: true
    ///       storage: true
    ///       schema: {openAPIV3Schema: {type: object}}
    ///     - name: v1beta1
    ///       served: true
    ///       storage: false
    ///       schema: {openAPIV3Schema: {type: object}}
    /// # apps/payments/gateway/overlays/prod/widget.yaml
    /// apiVersion: example.com/v1beta1
    /// kind: Widget
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Example
    /// ```yaml
    /// # infra/widgets/overlays/prod/crd.yaml
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata:
    ///   name: widgets.example.com
    /// spec:
    ///   group: example.com
    ///   scope: Namespaced
    ///   names: {kind: Widget, plural: widgets}
    ///   versions:
    ///     - name: v1
    ///       served: true
    ///       storage: true
    ///       schema: {openAPIV3Schema: {type: object}}
    /// # apps/payments/gateway/overlays/prod/widget.yaml
    /// apiVersion: example.com/v1beta1
    /// kind: Widget
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # infra/widgets/overlays/prod/crd.yaml
    /// apiVersion: apiextensions.k8s.io/v1
    /// kind: CustomResourceDefinition
    /// metadata:
    ///   name: widgets.example.com
    /// spec:
    ///   group: example.com
    ///   scope: Namespaced
    ///   names: {kind: Widget, plural: widgets}
    ///   versions:
    ///     - name: v1
    ///       served: true
    ///       storage: true
    ///       schema: {openAPIV3Schema: {type: object}}
    /// # apps/payments/gateway/overlays/prod/widget.yaml
    /// apiVersion: example.com/v1
    /// kind: Widget
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// Objects that are not in the repository are not known. With a base this rule speaks once for the definition, and
    /// `crd-version-not-served` says nothing of the objects it names; without one, or where this rule is off,
    /// `crd-version-not-served` speaks for each object. A definition that goes as a whole is `crd-deleted-with-objects`. What
    /// `status.storedVersions` says in Git may be out of date, so that is only possible.
    "crd-served-version-removed", "a definition no longer serves a version in use",
    severity: Error,
    joins: false,
    check: Change(check),
}

fn check(context: &ChangeContext<'_>, sink: &mut Sink) {
    for pair in context.pairs() {
        let object = &pair.new.facts.object;
        if !object.key.is("apiextensions.k8s.io", "CustomResourceDefinition") {
            continue;
        }
        let read = |placed: &Placed<'_>| Definition::from_object(&placed.facts.object.body);
        let (Some(old), Some(new)) = (read(pair.old), read(pair.new)) else {
            continue;
        };
        for version in &old.versions {
            if let Some(finding) = judge(context, pair, (&new, version)) {
                sink.report(finding);
            }
        }
    }
}

fn judge(
    context: &ChangeContext<'_>,
    pair: &Pair<'_>,
    (new, version): (&Definition, &Version),
) -> Option<Finding> {
    let Definition { group, kind, .. } = new;
    let name = version.name.as_str();
    let is_served = |definition: &Definition| definition.version(name).is_some_and(|it| it.served);
    let mut definitions = context.definitions.of(group, kind).iter();
    let is_lost = version.served && !definitions.any(|definition| is_served(definition));
    let users: Vec<&Placed<'_>> = context
        .after
        .live()
        .filter(|placed| {
            let object = &placed.facts.object;
            is_lost && object.key.is(group, kind) && object.version == name
        })
        .collect();
    let stored = stored(pair, version).filter(|_| new.version(name).is_none());
    if users.is_empty() && stored.is_none() {
        return None;
    }
    let place = new.version(name).map_or_else(
        || Side::declared(pair.new),
        |version| Side::new(pair.new, Spot::at(version.at)),
    );
    let what = if new.version(name).is_none() {
        "drops version"
    } else {
        "stops serving version"
    };
    let own = place.labelled(format!("{} {what} {name}", pair.new.title()));
    let using = users.iter().take(4).map(|placed| {
        let version = placed.facts.object.body.at_path(&["apiVersion"]);
        let spot = version.map_or_else(|| Spot::at(placed.facts.object.declared_at), Spot::of);
        Side::new(placed, spot)
    });
    let titles: Vec<String> = users.iter().map(|placed| placed.title()).collect();
    let rest = match titles.len() {
        0 => "in which objects are stored".to_owned(),
        1 => format!("which {} still uses", titles[0]),
        _ => format!("which {} still use", list(&titles, "and")),
    };
    let message = format!(
        "{} {what} {name}{}, {rest}",
        pair.new.title(),
        context.in_cluster()
    );
    let sides = std::iter::once(own).chain(using);
    let mut finding = Collision::new(context.files, sides).finding(&RULE, message)?;
    finding
        .objects
        .extend(users.iter().skip(4).map(|placed| placed.reference()));
    finding
        .related
        .push(Label::new(version.at, "was served before the change"));
    let surest = users.iter().map(|placed| placed.certainty).max();
    finding.certainty = pair
        .new
        .certainty
        .min(surest.or(stored).unwrap_or(Certainty::Possible));
    finding.key = Some(format!("{group}/{kind} {name}"));
    if !users.is_empty() {
        finding
            .notes
            .push("the API server no longer takes these objects, and their sync stops".to_owned());
    }
    if stored.is_some() {
        finding.notes.push(format!(
            "the API server refuses the definition while `status.storedVersions` has {name}, and it did store in it"
        ));
    }
    finding.help = Some(help(new, version, !users.is_empty()));
    Some(finding)
}

/// How sure it is that the cluster still stores objects in the version.
fn stored(pair: &Pair<'_>, version: &Version) -> Option<Certainty> {
    let body = &pair.old.facts.object.body;
    let mut listed = items_at(body, &["status", "storedVersions"]).filter_map(text_of);
    if version.storage {
        Some(Certainty::Witnessed)
    } else {
        listed
            .any(|listed| listed == version.name)
            .then_some(Certainty::Possible)
    }
}

fn help(new: &Definition, version: &Version, is_used: bool) -> String {
    let kept = new
        .versions
        .iter()
        .find(|version| version.storage && version.served);
    match kept {
        Some(kept) if is_used => format!(
            "write the objects as `{}/{}` first, in a change of its own, then drop {}",
            new.group, kept.name, version.name
        ),
        _ => format!(
            "keep {} with `served: false`, migrate what is stored, and drop it in a later change",
            version.name
        ),
    }
}
