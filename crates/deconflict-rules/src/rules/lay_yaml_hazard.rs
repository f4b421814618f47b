use deconflict_findings::{Finding, Label};
use deconflict_yaml::{Problem, ProblemKind};

use crate::files::is_kustomization_file;
use crate::{FileContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds manifests that are no YAML, or YAML that its readers understand differently: a syntax error, a tab in the
    /// indentation, a key that stands twice, an alias to an anchor of another document, a control character, an escape or
    /// a version that Kubernetes' reader refuses.
    ///
    /// ## Why it matters
    /// A file that cannot be read deploys nothing, and whatever stands beside it is checked without it. A key that stands
    /// twice is worse: kustomize and a strict reader refuse the file, others take the last value, and a reviewer sees the
    /// first.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/config.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: gateway
    ///   namespace: payments
    /// data:
    ///   TIMEOUT: 5s
    ///   TIMEOUT: 9s
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
    /// data:
    ///   TIMEOUT: 9s
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A kustomization file that cannot be read is `kus-build-error`; of what kustomize reads there without a word only keys
    /// that stand twice are found. Text where a field wants another type (`yes` in a
    /// ConfigMap) is `api-wrong-type`.
    "lay-yaml-hazard", "a manifest is no YAML, or is read differently by different readers",
    severity: Error,
    joins: false,
    check: File(check),
}

fn check(context: &FileContext<'_>, sink: &mut Sink) {
    let of_kustomize = is_kustomization_file(context.path);
    for problem in &context.loaded.parsed().problems {
        let is_duplicate = matches!(problem.kind, ProblemKind::DuplicateKey { .. });
        // Of the rest kustomize complains itself.
        if of_kustomize && !is_duplicate {
            continue;
        }
        let Some(mut words) = words(&problem.kind) else {
            continue;
        };
        if of_kustomize {
            words.consequence = "kustomize takes the last one and drops the others without a word";
        }
        let mut finding = Finding::new(
            RULE.meta.id,
            RULE.meta.severity,
            format!("{}: {}", context.path, words.what),
            problem.at,
        );
        words.label.clone_into(&mut finding.primary.text);
        finding.related.extend(first(problem));
        finding.key = Some(format!("{}: {}", context.path, words.what));
        finding.notes.push(words.consequence.to_owned());
        finding.help = words.help.map(str::to_owned);
        sink.report(finding);
    }
}

struct Words {
    what: String,
    label: &'static str,
    consequence: &'static str,
    help: Option<&'static str>,
}

const REFUSED: &str = "no reader accepts the document, so nothing of it is deployed";
const DIFFERENT: &str = "Kubernetes' reader refuses it, other readers do not";

/// `None` for what is legal everywhere.
fn words(kind: &ProblemKind) -> Option<Words> {
    let words = |what: String, label, consequence, help| {
        Some(Words {
            what,
            label,
            consequence,
            help,
        })
    };
    match kind {
        ProblemKind::Syntax(message) => words(format!("no YAML: {message}"), "here", REFUSED, None),
        ProblemKind::TabIndent => words(
            "a tab indents, where YAML takes spaces only".to_owned(),
            "this tab",
            REFUSED,
            Some("indent with spaces"),
        ),
        ProblemKind::TooDeep => words(
            "lists and maps are nested too deeply to be read".to_owned(),
            "here",
            "readers stop at some depth, so the document is not deployed",
            None,
        ),
        ProblemKind::TooLarge => words(
            "the text is too large to be read".to_owned(),
            "here",
            "it is not checked, and the API server takes no object above 1.5 MiB",
            None,
        ),
        ProblemKind::ControlCharacter(c) => words(
            format!("the character {} is not allowed in YAML", c.escape_unicode()),
            "here",
            REFUSED,
            Some("remove it, or write it as an escape in double quotes"),
        ),
        ProblemKind::InvalidUtf8 { offset } => words(
            format!("byte {offset} is not UTF-8"),
            "here",
            REFUSED,
            Some("save the file as UTF-8"),
        ),
        ProblemKind::UnknownAlias(name) => words(
            format!("the alias *{name} has no anchor in its document"),
            "no such anchor",
            REFUSED,
            Some("anchors end with their document: repeat the value, or define the anchor here"),
        ),
        ProblemKind::AliasCycle(name) => words(
            format!("the alias *{name} stands inside its own anchor"),
            "here",
            REFUSED,
            None,
        ),
        ProblemKind::AliasBomb => words(
            "aliases stand for more than any reader expands".to_owned(),
            "here",
            "readers refuse it as an attack",
            None,
        ),
        ProblemKind::ComplexKey => words(
            "a list or map stands where a key should".to_owned(),
            "as a key",
            REFUSED,
            Some("quote it if it is a template expression"),
        ),
        ProblemKind::NullKey => words("a key is empty".to_owned(), "no key", DIFFERENT, None),
        ProblemKind::DuplicateKey { key, .. } => words(
            format!("the key `{key}` stands twice in one map"),
            "second time",
            "kustomize and kubectl refuse it; where it is accepted, the last value wins",
            Some("keep one of them"),
        ),
        ProblemKind::Version { major, minor } => words(
            format!("it says YAML {major}.{minor}, which Kubernetes' reader does not know"),
            "here",
            DIFFERENT,
            Some("remove the `%YAML` line"),
        ),
        ProblemKind::Escape(text) => words(
            format!("the escape `{text}` is unknown to Kubernetes' reader"),
            "here",
            DIFFERENT,
            None,
        ),
        _ => None,
    }
}

fn first(problem: &Problem) -> Option<Label> {
    match &problem.kind {
        ProblemKind::DuplicateKey { first, .. } => Some(Label::new(*first, "first time")),
        _ => None,
    }
}
