use deconflict_findings::Finding;
use deconflict_kustomize::ProblemKind;

use crate::{RootContext, Sink, rule};

rule! {
    /// ## What it does
    /// Finds remote bases, components and files of kustomizations that name no commit or tag: a repository without `ref`,
    /// a `ref` or a path that is a branch which moves (`main`, `master`, `HEAD`, …), a release called `latest`.
    ///
    /// ## Why it matters
    /// What is deployed changes when somebody else pushes, without a pull request here; a rollback in Git does not bring
    /// the old state back.
    ///
    /// ## Example
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources:
    ///   - https://github.com/example/gateway//deploy?ref=main
    /// ```
    ///
    /// ## Instead
    /// ```yaml
    /// # apps/payments/gateway/overlays/prod/kustomization.yaml
    /// resources:
    ///   - https://github.com/example/gateway//deploy?ref=v1.4.2
    /// ```
    ///
    /// ## Options
    /// None.
    ///
    /// ## Known limits
    /// A `ref` of another name may be a branch too (`release-1.4`); only the repository could tell. Remote content itself
    /// is never fetched and stands in the coverage.
    "kus-remote-unpinned", "a remote base that moves by itself",
    severity: Warning,
    joins: false,
    check: Root(check),
}

fn check(context: &RootContext<'_>, sink: &mut Sink) {
    for problem in context.problems {
        let (ProblemKind::Remote, Some(at)) = (problem.kind, problem.at) else {
            continue;
        };
        let file = context.library.files().get(at.file);
        let Some(text) = file.text.get(at.span.range()) else {
            continue;
        };
        let url = text.trim_matches(['"', '\'']);
        let Some(why) = moves(url) else { continue };
        let message = format!("{url} {why}, so what is deployed changes without a commit here");
        let mut finding = Finding::new(RULE.meta.id, RULE.meta.severity, message, at);
        finding.key = Some(format!("{}: {url}", file.path));
        finding.help = Some("name a tag or a commit: `?ref=v1.2.3`".to_owned());
        sink.report(finding);
    }
}

/// Branches that move, by the names that everybody uses for them.
fn is_branch(name: &str) -> bool {
    const BRANCHES: [&str; 8] = [
        "main",
        "master",
        "HEAD",
        "develop",
        "development",
        "dev",
        "trunk",
        "latest",
    ];
    let name = name.strip_prefix("refs/heads/").unwrap_or(name);
    BRANCHES.contains(&name)
}

/// Why what `url` names is not fixed.
fn moves(url: &str) -> Option<String> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut named = parameters.filter(|(key, _)| matches!(*key, "ref" | "version"));
    if let Some((_, name)) = named.next() {
        return is_branch(name).then(|| format!("follows the branch {name}"));
    }
    let is_file = [".yaml", ".yml", ".json"].iter().any(|end| path.ends_with(end));
    if !is_file {
        return Some("names no commit or tag".to_owned());
    }
    if path.contains("/releases/latest/") {
        return Some("follows the latest release".to_owned());
    }
    // A directory may be called `dev`; below a version nothing moves.
    let is_version = |part: &str| {
        let digits = part.strip_prefix('v').unwrap_or(part);
        digits.starts_with(|c: char| c.is_ascii_digit())
            || (part.len() == 40 && part.chars().all(|c| c.is_ascii_hexdigit()))
    };
    let mut parts = path.split('/').skip(3);
    let first = parts.find(|part| is_version(part) || matches!(*part, "main" | "master" | "HEAD"))?;
    (!is_version(first)).then(|| format!("follows the branch {first}"))
}

#[cfg(test)]
mod tests {
    use super::moves;

    #[test]
    fn what_moves() {
        let check = |url: &str, want: bool| assert_eq!(moves(url).is_some(), want, "{url}");
        check("github.com/org/repo/deploy", true);
        check("https://github.com/org/repo//deploy?ref=main", true);
        check(
            "https://github.com/org/repo//deploy?timeout=90s&ref=refs/heads/master",
            true,
        );
        check("https://github.com/org/repo//deploy?ref=v1.2.3", false);
        check("https://github.com/org/repo//deploy?ref=3f2a91c", false);
        check("https://github.com/org/repo//deploy?ref=release-1.2", false);
        check("https://raw.example/org/repo/main/crd.yaml", true);
        check("https://raw.example/org/repo/v1.2.3/crd.yaml", false);
        check("https://raw.example/org/repo/v1.2.3/main/crd.yaml", false);
        check("https://raw.example/files/dev/crd.yaml", false);
        check(
            "https://github.com/org/repo/releases/latest/download/all.yaml",
            true,
        );
        check("https://github.com/org/repo/releases/download/v2/all.yaml", false);
    }
}
