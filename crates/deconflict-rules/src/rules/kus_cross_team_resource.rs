use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{Finding, Label, ObjectRef};
use deconflict_placement::KUSTOMIZATION_LISTS;
use deconflict_yaml::Node;
use smol_str::SmolStr;

use crate::files::{is_kustomization_file, kustomization_of};
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds kustomizations that build on a directory or a file of another team: in `resources`, `components`, `bases`,
    /// patches and settings.
    ///
    /// ## Why it matters
    /// What the other team commits there is deployed here with it, without a review by those who run it; and the other team
    /// does not know that a change breaks somebody. A contract says that both know.
    ///
    /// ## Example
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: test}]
    /// teams:
    ///   - {name: platform, paths: ["base/**"]}
    ///   - {name: payments, paths: ["apps/payments/**"]}
    /// # base/gateway/kustomization.yaml
    /// resources: [config.yaml]
    /// # base/gateway/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway, namespace: payments}
    /// # apps/payments/gateway/overlays/test/kustomization.yaml
    /// resources: [../../../../../base/gateway]
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # deconflict.yaml
    /// version: 1
    /// clusters: [{name: test}]
    /// teams:
    ///   - {name: platform, paths: ["base/**"]}
    ///   - {name: payments, paths: ["apps/payments/**"]}
    /// contracts:
    ///   - rule: kus-cross-team-resource
    ///     object: Kustomization/base/gateway
    ///     allow: [platform, payments]
    ///     approved_by: platform
    ///     reason: platform announces changes of the gateway
    /// # base/gateway/kustomization.yaml
    /// resources: [config.yaml]
    /// # base/gateway/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata: {name: gateway, namespace: payments}
    /// # apps/payments/gateway/overlays/test/kustomization.yaml
    /// resources: [../../../../../base/gateway]
    /// ```
    ///
    /// ## Options
    /// None. A contract's `object` is `Kustomization/` and the path of what is used.
    ///
    /// ## Known limits
    /// Both owners must be known, by `teams[].paths` or CODEOWNERS; with one owner in common nothing is said. Of several
    /// layers only the line that leaves the team's own files is told.
    "kus-cross-team-resource", "a kustomization builds on files of another team",
    severity: Warning,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    for path in &context.placements.manifests {
        if !is_kustomization_file(path) {
            continue;
        }
        let owners = context.placements.owners.all_of_path(path);
        let (Some(directory), false) = (path.parent(), owners.is_empty()) else {
            continue;
        };
        let Ok(loaded) = context.library.load(path) else {
            continue;
        };
        let mut documents = loaded.parsed().documents.iter();
        let Some(root) = documents.find_map(|document| document.root.as_ref()) else {
            continue;
        };
        for entry in entries(root) {
            if let Some(finding) = foreign(context, &directory, &owners, entry) {
                sink.report(finding);
            }
        }
    }
}

/// The scalars that name files or directories.
fn entries(root: &Node) -> impl Iterator<Item = &Node> {
    let items = |name: &str| root.get(name).map_or(&[][..], |list| list.items());
    let listed = KUSTOMIZATION_LISTS
        .into_iter()
        .flat_map(items)
        .map(|item| &**item);
    let patches = ["patches", "patchesJson6902", "replacements"].into_iter();
    let patches = patches.flat_map(items).filter_map(|item| item.get("path"));
    listed.chain(patches.map(|path| &**path))
}

/// What stands at `entry`, if it belongs to nobody of `owners`.
fn foreign(
    context: &FleetContext<'_>,
    directory: &RepoPath,
    owners: &[SmolStr],
    entry: &Node,
) -> Option<Finding> {
    let text = entry.text()?;
    let target = directory.join(text).filter(|_| !text.contains(['\n', ':']))?;
    // What lies in the own directory is the own team's, as a rule, and needs no look.
    if target.is_top() || target.parent().as_ref() == Some(directory) {
        return None;
    }
    let loaded = kustomization_of(context.library, &target).or_else(|| context.library.load(&target).ok())?;
    let file = context.library.files().get(loaded.file);
    let others = context.placements.owners.all_of_path(&file.path);
    let (own, other) = (owners.first()?, others.first()?);
    if others.iter().any(|team| owners.contains(team)) {
        return None;
    }
    let message = format!(
        "{} of {own} builds on {} of {other}, and no contract says that both know",
        directory.display(),
        target.display()
    );
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, entry.at);
    finding.primary.text = format!("{own} uses it");
    finding.related = vec![Label::new(
        Origin::start_of(loaded.file),
        format!("{other} owns it"),
    )];
    let side = |path: &RepoPath, owner: &SmolStr| ObjectRef {
        group: "kustomize.config.k8s.io".to_owned(),
        kind: "Kustomization".to_owned(),
        name: path.display().to_owned(),
        owner: Some(owner.to_string()),
        ..ObjectRef::default()
    };
    finding.objects = vec![side(directory, own), side(&target, other)];
    finding.key = Some(target.display().to_owned());
    finding.help = Some(format!(
        "agree with {other}, and write it down: `contracts: [{{rule: {}, object: Kustomization/{}, allow: [{own}, {other}], \
         reason: …}}]`",
        RULE.meta.id,
        target.display()
    ));
    Some(finding)
}
