use deconflict_files::{Origin, ReadError};
use deconflict_findings::{Finding, Label, Severity};
use deconflict_placement::ProblemKind;

use crate::{FleetContext, Sink, rule};

rule! {
    /// ## What it does
    /// Reports a file with the name of a manifest that cannot be read: the system refuses it, it is larger than the limit, it
    /// is binary, or it is a symbolic link that leads nowhere, in a circle, or outside the repository.
    ///
    /// ## Why it matters
    /// What stands in it is not checked, and whoever deploys the directory stumbles over the same file.
    ///
    /// ## Example
    /// A symbolic link `a.yaml` to `b.yaml`, and `b.yaml` one to `a.yaml`.
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/web/overlays/prod/a.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: web
    ///   namespace: web
    /// ```
    ///
    /// ## Options
    /// None. `exclude` in `deconflict.yaml` names what is not to be looked at.
    ///
    /// ## Known limits
    /// Only files whose name says YAML or JSON are looked at. A file that can be read but not parsed is `lay-yaml-hazard`.
    "lay-unreadable-file", "a file with the name of a manifest cannot be read",
    severity: Warning,
    joins: false,
    check: Fleet(check),
}

fn check(context: &FleetContext<'_>, sink: &mut Sink) {
    for problem in &context.placements.problems {
        let ProblemKind::Unreadable { path, why } = &problem.kind else {
            continue;
        };
        let file = match context.library.load(path) {
            Ok(loaded) => loaded.file,
            Err(_) => context.library.files().intern(path, &"".into()),
        };
        let reason = match why {
            ReadError::NotFound => "the symbolic link leads nowhere".to_owned(),
            ReadError::Outside => {
                "the symbolic link leads outside the repository, where nothing is read".to_owned()
            }
            ReadError::LinkLoop => "the symbolic link leads in a circle".to_owned(),
            ReadError::TooLarge { size, limit } => {
                format!(
                    "it has {} MB, more than the {} that are read",
                    megabytes(*size),
                    megabytes(*limit)
                )
            }
            ReadError::Unreadable(why) => why.clone(),
            other @ ReadError::IsDirectory => other.to_string(),
        };
        let message = format!("{} cannot be read: {reason}", path.display());
        let mut finding = Finding::new(RULE.meta.id, Severity::Warning, message, Origin::start_of(file));
        finding.primary = Label::new(finding.primary.at, "");
        finding.notes.push("what stands in it is not checked".to_owned());
        finding.help = Some(
            "mend or remove the file, or name it under `exclude` in deconflict.yaml if nothing deploys it"
                .to_owned(),
        );
        sink.report(finding);
    }
}

/// Bytes in megabytes (10^6 bytes), rounded up so that more than the limit stays more.
fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1_000_000)
}
