use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{Finding, Severity};
use deconflict_placement::{Placement, ProblemKind};

use crate::collision::list;
use crate::files::kustomization_of;
use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Says once which roots and manifests belong to no cluster: no engine deploys them, the configuration does not list
    /// them, and their path is not of the standard layout (`apps/<app>/overlays/<environment>`, `clusters/<name>`).
    ///
    /// ## Why it matters
    /// They get the checks of files, objects and their own root, and are compared with nobody else's: a collision with them
    /// is not found.
    ///
    /// ## Example
    /// ```yaml
    /// # stuff/gateway/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// ```
    ///
    /// ## Options
    /// None. `clusters[].roots` in `deconflict.yaml` says what goes where.
    ///
    /// ## Known limits
    /// What another repository deploys from here cannot be seen from here. Roots with engine objects that no entry point
    /// reaches are `lay-orphan`.
    "lay-unknown-layout", "a root or manifest belongs to no cluster",
    severity: Info,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    // What holds engine objects that nothing applies is told of with them.
    let orphans: Vec<&RepoPath> = context
        .placements
        .problems
        .iter()
        .filter_map(|problem| match &problem.kind {
            ProblemKind::Orphan { root, .. } => Some(root),
            _ => None,
        })
        .collect();
    let is_orphan = |placement: &&Placement| {
        let root = placement.root.as_ref();
        root.is_some_and(|root| orphans.contains(&root))
    };
    let mut roots: Vec<(&str, &Placement)> = context
        .placements
        .unplaced()
        .filter(|placement| !is_orphan(placement))
        .filter_map(|placement| Some((placement.root.as_ref()?.display(), placement)))
        .collect();
    roots.sort_by_key(|(path, _)| *path);
    roots.dedup_by_key(|(path, _)| *path);
    let Some(at) = roots
        .iter()
        .find_map(|(_, placement)| place_of(context, placement))
    else {
        return;
    };
    let names: Vec<String> = roots.iter().map(|(path, _)| (*path).to_owned()).collect();
    let (what, they) = match roots.len() {
        1 => ("1 root belongs".to_owned(), "it deploys"),
        count => (format!("{count} roots belong"), "they deploy"),
    };
    let message = format!(
        "{what} to no cluster, so what {they} is compared with nobody else's: {}",
        list(&names, "and")
    );
    let mut finding = Finding::new(RULE.meta.id, Severity::Info, message, at);
    finding.notes.push(
        "files, objects and the root itself are checked; collisions with other applications are not found"
            .to_owned(),
    );
    finding.help = Some(
        "list them under `clusters[].roots` in deconflict.yaml (`deconflict init --stdout` makes a proposal)"
            .to_owned(),
    );
    sink.report(finding);
}

/// A text to point at: the kustomization file, else the first manifest.
fn place_of(context: &FleetContext<'_>, placement: &Placement) -> Option<Origin> {
    let root = placement.root.as_ref()?;
    let loaded = kustomization_of(context.library, root).or_else(|| {
        let first = placement.render.as_ref()?.files.first()?;
        context.library.load(first).ok()
    })?;
    Some(Origin::start_of(loaded.file))
}
