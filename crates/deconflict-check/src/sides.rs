//! The sides of a finding: which labels stand for which objects, and how their owners are related.

use deconflict_files::Origin;
use deconflict_findings::{Finding, Label, ObjectRef};

/// How many of the first labels belong to the first objects, one each.
fn count(finding: &Finding) -> usize {
    finding.objects.len().min(1 + finding.related.len())
}

/// The objects that collide; others only explain.
pub(crate) fn objects(finding: &Finding) -> &[ObjectRef] {
    &finding.objects[..count(finding)]
}

/// The labels of the sides; the primary one at least.
pub(crate) fn labels(finding: &Finding) -> impl Iterator<Item = &Label> {
    std::iter::once(&finding.primary)
        .chain(&finding.related)
        .take(count(finding).max(1))
}

/// Everywhere that a finding stands: its sides, what only explains, and the way of its value.
pub(crate) fn places(finding: &Finding) -> impl Iterator<Item = Origin> {
    let labels = std::iter::once(&finding.primary).chain(&finding.related);
    let trail = finding.trail.iter().map(|step| step.at);
    labels.map(|label| label.at).chain(trail)
}

/// True when two sides belong to different teams. A side without a known owner counts as another team, unless it is of
/// the same application (CONTRACT.md, Severity).
pub(crate) fn cross_teams(finding: &Finding) -> bool {
    let sides = objects(finding);
    let Some((first, rest)) = sides.split_first() else {
        return false;
    };
    rest.iter().any(|other| !same_team(first, other))
}

fn same_team(a: &ObjectRef, b: &ObjectRef) -> bool {
    match (&a.owner, &b.owner) {
        (Some(a), Some(b)) => a == b,
        _ => a.app.is_some() && a.app == b.app && a.owner == b.owner,
    }
}

#[cfg(test)]
mod tests {
    use deconflict_files::{Files, Origin, RepoPath};
    use deconflict_findings::{Finding, Label, ObjectRef, Severity};

    use super::{cross_teams, labels};

    fn finding(sides: &[(&str, &str)]) -> Finding {
        let file = Files::new().intern(&RepoPath::top(), &"".into());
        let at = Origin::start_of(file);
        let mut finding = Finding::new("own-object-conflict", Severity::Error, "", at);
        finding.related = vec![Label::new(at, ""); sides.len().saturating_sub(1)];
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        finding.objects = sides
            .iter()
            .map(|(owner, app)| ObjectRef {
                owner: text(owner),
                app: text(app),
                ..ObjectRef::default()
            })
            .collect();
        finding
    }

    #[test]
    fn relations() {
        let check = |sides: &[(&str, &str)], want: bool| {
            assert_eq!(cross_teams(&finding(sides)), want, "{sides:?}");
        };
        check(&[], false);
        check(&[("a", "x")], false);
        check(&[("a", "x"), ("a", "y")], false);
        check(&[("a", "x"), ("b", "y")], true);
        check(&[("a", "x"), ("", "y")], true);
        check(&[("", "x"), ("", "y")], true);
        check(&[("", "x"), ("", "x")], false);
        check(&[("", ""), ("", "")], true);
        check(&[("a", "x"), ("a", "y"), ("b", "z")], true);
    }

    #[test]
    fn objects_beyond_the_labels_only_explain() {
        let mut finding = finding(&[("a", "x"), ("b", "y")]);
        finding.related.clear();
        assert!(!cross_teams(&finding));
        assert_eq!(labels(&finding).count(), 1);
    }
}
