use std::sync::Arc;

use deconflict_files::{Origin, RepoPath, Span};
use deconflict_findings::{Edit, Finding, Fix, Safety};
use deconflict_kustomize::{LoadRestrictor, Options, Session, Warning, WarningKind, to_yaml};
use deconflict_yaml::{Library, Loaded};

use crate::kustomize::modern::{Change, apply, changes};
use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds fields of a kustomization that kustomize has deprecated: `bases`, `imageTags`, `patchesStrategicMerge`,
    /// `patchesJson6902`, `commonLabels` and `vars`. It offers the edit that `kustomize edit fix` would make, in place, so
    /// that comments and layout stay, and only if the directory builds to the same bytes afterwards.
    ///
    /// ## Why it matters
    /// kustomize prints a warning at each build and announces that the fields will go. Some cannot be moved without a
    /// change: `patchesStrategicMerge` runs before names and labels are changed, and what replaces it at another time.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources:
    ///   - service.yaml
    /// commonLabels:
    ///   team: payments
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
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources:
    ///   - service.yaml
    /// labels:
    ///   - includeSelectors: true
    ///     pairs:
    ///       team: payments
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
    /// No edit is offered for `vars`, for fields in flow style, and for a directory that cannot be built by itself.
    /// A base or component is compared by itself and in one root that uses it.
    "kus-deprecated-field", "a field of a kustomization is deprecated",
    severity: Warning,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    for warning in context.warnings {
        let WarningKind::Deprecated(field) = warning.kind else {
            continue;
        };
        sink.report(finding(context, field, warning));
    }
}

fn finding(context: &RootContext<'_>, field: &str, warning: &Warning) -> Finding {
    let library = context.library;
    let instead = match field {
        "bases" => "resources",
        "imageTags" => "images",
        "commonLabels" => "labels",
        "vars" => "replacements",
        _ => "patches",
    };
    let message = format!("`{field}` is deprecated: kustomize wants `{instead}`");
    let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, warning.at);
    let file = library.files().get(warning.at.file);
    finding.key = Some(format!("{}: {field}", file.path));
    let is_wanted = context.changed.is_none_or(|changed| changed.contains(&file.path));
    let loaded = is_wanted.then(|| library.load(&file.path).ok()).flatten();
    let offered = loaded.and_then(|loaded| offer(context, &file.path, &loaded, field, warning.at));
    finding.help = Some(match &offered {
        Some(Offer::Same(_)) => match field {
            "commonLabels" => "write it as an item of `labels` with `includeSelectors: true`".to_owned(),
            _ => format!("move the entries to `{instead}`"),
        },
        Some(Offer::Differs) => format!(
            "moved to `{instead}`, the entries take effect at another time: what is built changes, or fails. Compare both \
             builds"
        ),
        None => format!("write the entries as `{instead}`, and compare the builds before and after"),
    });
    if let Some(Offer::Same(edits)) = offered {
        finding.fix = Some(Fix {
            title: format!("use `{instead}`"),
            safety: Safety::Safe,
            edits,
        });
    }
    finding
}

enum Offer {
    /// The same is built afterwards.
    Same(Vec<Edit>),
    /// Something else is built, or nothing.
    Differs,
}

fn offer(
    context: &RootContext<'_>,
    path: &RepoPath,
    loaded: &Loaded,
    field: &str,
    at: Origin,
) -> Option<Offer> {
    if !loaded.is_utf8() || loaded.text.contains('\r') {
        return None;
    }
    let changes = changes(&loaded.text, field, at.span.range().start)?;
    let edited = apply(&loaded.text, &changes);
    // By itself, and in a root that uses it: alone, a component has nothing to change.
    let directory = path.parent()?;
    let root = (directory != context.root.path).then(|| context.root.path.clone());
    for directory in root.into_iter().chain([directory]) {
        let before = build(context.library, &directory)?;
        let snapshot = context.library.snapshot().with_content(path, &edited).ok()?;
        // Only what was edited is read and parsed again.
        let library = Library::beside(context.library, Arc::new(snapshot), [path.clone()]);
        if build(&Arc::new(library), &directory) != Some(before) {
            return Some(Offer::Differs);
        }
    }
    let edit = |(range, with): Change| Edit {
        at: Origin::new(loaded.file, Span::new(range.start, range.end)),
        with,
    };
    Some(Offer::Same(changes.into_iter().map(edit).collect()))
}

/// What the directory builds to if the file at `path` holds `text`; `None` if it does not.
fn build(library: &Arc<Library>, directory: &RepoPath) -> Option<String> {
    let options = Options {
        load_restrictor: LoadRestrictor::None,
        ..Options::default()
    };
    let rendered = Session::new(Arc::clone(library)).build(directory, &options);
    rendered
        .problems
        .is_empty()
        .then(|| to_yaml(&rendered.objects).ok())?
}
