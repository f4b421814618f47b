use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{Finding, Label};
use deconflict_kustomize::{Problem, ProblemKind};
use deconflict_yaml::{Dialect, Library, Loaded};

use crate::files::{is_kustomization_file, kustomization_of, looks_like_manifest};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds kustomizations that kustomize cannot build: a missing file or base, a path outside the root, a cycle, an object
    /// that comes twice, a patch that does not fit. The message is kustomize's own for the innermost cause.
    ///
    /// ## Why it matters
    /// What does not build is not deployed: Argo CD shows a comparison error, Flux keeps the last good revision, and from
    /// then on nothing of that overlay changes in the cluster.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources:
    ///   - service.yaml
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources:
    ///   - service.yaml
    /// # apps/payments/gateway/overlays/prod/service.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// spec:
    ///   ports:
    ///     - port: 80
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// What needs the network, Helm or a plugin is not built here; it stands in the coverage, not among the findings.
    /// A manifest that is no YAML is `lay-yaml-hazard`.
    "kus-build-error", "a kustomization cannot be built",
    severity: Error,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    for problem in context.problems {
        match problem.kind {
            ProblemKind::Build | ProblemKind::NotFound => {}
            // Rules of their own.
            ProblemKind::NoTarget | ProblemKind::Crash => continue,
            ProblemKind::Remote | ProblemKind::Helm | ProblemKind::Plugin => continue,
        }
        let Some(at) = problem
            .at
            .or_else(|| start_of(context.library, &context.root.path))
        else {
            continue;
        };
        let path = context.library.files().get(at.file).path.clone();
        if is_hazard_of_manifest(context.library, &path) {
            continue;
        }
        sink.report(finding(context, problem, at, &path));
    }
}

fn finding(context: &RootContext<'_>, problem: &Problem, at: Origin, path: &RepoPath) -> Finding {
    let root = context.root.path.display();
    // A base is broken wherever it is used; one finding says so, and where it was seen tells the overlays.
    let directory = if is_kustomization_file(path) {
        path.parent()
            .map_or_else(|| root.to_owned(), |parent| parent.display().to_owned())
    } else {
        root.to_owned()
    };
    let message = format!(
        "the kustomization {directory} cannot be built: {}",
        problem.message
    );
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at);
    finding.related = problem
        .related
        .iter()
        .map(|other| Label::new(*other, "takes part"))
        .collect();
    finding.key = Some(format!("{path}: {}", problem.message));
    finding
        .notes
        .push("nothing of it is deployed until it builds".to_owned());
    finding.help = (problem.kind == ProblemKind::NotFound)
        .then(|| "add what is missing, or correct the path".to_owned());
    finding
}

/// The start of the kustomization file of `directory`.
fn start_of(library: &Library, directory: &RepoPath) -> Option<Origin> {
    kustomization_of(library, directory).map(|loaded| Origin::start_of(loaded.file))
}

/// True when the file is a manifest that is broken as YAML: then `lay-yaml-hazard` says so, once.
fn is_hazard_of_manifest(library: &Library, path: &RepoPath) -> bool {
    let broken = |loaded: &Loaded| {
        loaded
            .parsed()
            .problems
            .iter()
            .any(|problem| problem.kind.is_refused_by(Dialect::Resource))
    };
    !is_kustomization_file(path)
        && library
            .load(path)
            .is_ok_and(|loaded| looks_like_manifest(&loaded.text) && broken(&loaded))
}
