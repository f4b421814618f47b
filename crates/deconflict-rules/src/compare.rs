//! Objects that are one in the cluster: who declares them, and how they differ.

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_config::Config;
use deconflict_files::Files;
use deconflict_findings::{Certainty, Finding, PlacementStatus};
use deconflict_kube::{Difference, differences, text_at};
use deconflict_yaml::{Dialect, Node, Value};

use crate::ClusterContext;
use crate::carried::Carried;
use crate::collision::{Collision, Side, in_cluster};

/// One object that two or more applications declare, or two or more SyncSets of one hub.
#[derive(Debug)]
pub(crate) struct Shared<'i, 'a> {
    /// The first declaration of each.
    pub(crate) group: Vec<&'i Placed<'a>>,
    /// ` in prod`, ` in clusters that both SyncSets select`; may be empty.
    pub(crate) place: String,
    /// Of what SyncSets carry, how certain it is that one cluster gets it from all of them.
    pub(crate) carried: Option<Certainty>,
}

impl<'i, 'a> Shared<'i, 'a> {
    /// The collision of all declarations. What a SyncSet of a team carries says so.
    pub(crate) fn collision(&self, files: &Files) -> Collision<'i, 'a> {
        let side = |placed: &&'i Placed<'a>| match (self.carried, &placed.owner) {
            (Some(_), Some(_)) => {
                Side::declared(placed).labelled(format!("{} in {}", placed.title(), placed.app))
            }
            _ => Side::declared(placed),
        };
        Collision::new(files, self.group.iter().map(side))
    }

    /// Make the finding as certain as the clusters are.
    pub(crate) fn doubt(&self, finding: &mut Finding) {
        if self.carried == Some(Certainty::Possible) {
            finding.certainty = Certainty::Possible;
            finding.notes.push(
                "no ClusterDeployment here shows a cluster that all of them select, but there may be one"
                    .to_owned(),
            );
        }
    }
}

/// Tell every object that applications of the cluster share, and every one that its SyncSets carry to one cluster. What
/// `argo-app-twice` tells is left out.
pub(crate) fn each_shared(context: &ClusterContext<'_>, mut tell: impl FnMut(&Shared<'_, '_>)) {
    let index = context.index;
    for group in across_applications(index) {
        if !is_application_twice(index, &group) {
            tell(&Shared {
                group,
                place: in_cluster(index),
                carried: None,
            });
        }
    }
    let carried = Carried::of(index, context.config);
    let inside = carried.index();
    for clash in carried.clashes(&inside) {
        let sides = match clash.sides.len() {
            2 => "both".to_owned(),
            more => format!("all {more}"),
        };
        let may = match clash.certainty {
            Certainty::Witnessed => "",
            Certainty::Possible => "may ",
        };
        tell(&Shared {
            group: clash.sides,
            place: format!(" in clusters that {sides} SyncSets {may}select"),
            carried: Some(clash.certainty),
        });
    }
}

/// True when `group`, which is one object, is Applications that `argo-app-twice` tells, whatever their content: at different
/// places of a cluster. Where there are Applications, nothing is placed by the layout alone, so that they are all followed.
pub(crate) fn is_application_twice(index: &ClusterIndex<'_>, group: &[&Placed<'_>]) -> bool {
    let Some((first, others)) = group.split_first() else {
        return false;
    };
    let is_read = |placed: &&Placed<'_>| {
        placed.placement.status == PlacementStatus::Rendered
            && placed
                .facts
                .object
                .body
                .get("spec")
                .is_some_and(|spec| spec.is_map())
    };
    let place = |placed: &Placed<'_>| {
        let object = &placed.facts.object;
        let name = object.body.at_path(&["metadata", "name"]);
        name.map_or(object.body.at, |name| name.at)
    };
    first.facts.object.key.is("argoproj.io", "Application")
        && index.is_placed()
        && group.iter().all(is_read)
        && others.iter().any(|other| place(other) != place(first))
}

/// Every object that two or more applications declare: the first declaration of each, in the order of sites.
pub(crate) fn across_applications<'i, 'a>(
    index: &'i ClusterIndex<'a>,
) -> impl Iterator<Item = Vec<&'i Placed<'a>>> {
    index.repeated().filter_map(|group| {
        let mut firsts: Vec<&Placed<'a>> = Vec::new();
        for placed in group.into_iter().filter(|placed| is_whole(placed)) {
            if firsts.iter().all(|known| known.app != placed.app) {
                firsts.push(placed);
            }
        }
        (firsts.len() > 1).then_some(firsts)
    })
}

/// True for an object that its application declares as a whole. With Flux's `ssa: Merge` it declares single fields, with
/// `Ignore` and `IfNotPresent` it leaves an existing object alone.
fn is_whole(placed: &Placed<'_>) -> bool {
    is_partial(placed) == Some(false)
}

/// Whether the application declares single fields (Flux's `ssa: Merge`) or the whole; `None` when it leaves an existing
/// object alone.
pub(crate) fn is_partial(placed: &Placed<'_>) -> Option<bool> {
    let annotation = ["metadata", "annotations", "kustomize.toolkit.fluxcd.io/ssa"];
    let said = text_at(&placed.facts.object.body, &annotation).map(str::to_lowercase);
    match said.as_deref() {
        Some("merge") => Some(true),
        Some("ignore" | "ifnotpresent") => None,
        _ => Some(false),
    }
}

/// True when the declarations name different versions of the API.
pub(crate) fn is_alias(group: &[&Placed<'_>]) -> bool {
    let version = |placed: &&Placed<'_>| placed.facts.object.version.clone();
    group
        .first()
        .is_some_and(|first| group.iter().any(|other| version(other) != version(first)))
}

/// True for kinds whose double declaration has a rule of its own.
pub(crate) fn has_own_rule(placed: &Placed<'_>) -> bool {
    matches!(
        (
            placed.facts.object.key.group.as_str(),
            placed.facts.object.key.kind.as_str()
        ),
        ("apiextensions.k8s.io", "CustomResourceDefinition")
            | ("apiregistration.k8s.io", "APIService")
            | ("", "Namespace")
    )
}

/// How the first object differs from the first of the others that differs: the other, and the leaves.
pub(crate) fn first_difference<'i, 'a>(
    group: &[&'i Placed<'a>],
) -> Option<(&'i Placed<'a>, Vec<Difference<'a>>)> {
    let (first, others) = group.split_first()?;
    others.iter().find_map(|other| {
        let found = differences(&first.facts.object, &other.facts.object);
        (!found.is_empty()).then_some((*other, found))
    })
}

/// `data.RISK_MODE ("strict" / "off"), data.TIMEOUT ("5s" / missing)`: at most five, then how many more. Secret values are
/// never shown.
pub(crate) fn side_by_side(
    context: &ClusterContext<'_>,
    placed: &Placed<'_>,
    found: &[Difference<'_>],
) -> String {
    let kind = &placed.facts.object.key.kind;
    let one = |difference: &Difference<'_>| {
        if is_secret(context.config, kind, &difference.path) {
            return format!("{} (secret)", difference.path);
        }
        format!(
            "{} ({} / {})",
            difference.path,
            shown(difference.left),
            shown(difference.right)
        )
    };
    let mut text = found.iter().take(5).map(one).collect::<Vec<_>>().join(", ");
    if found.len() > 5 {
        text.push_str(&format!(" and {} more", found.len() - 5));
    }
    text
}

/// True for values of Secrets, and of fields that the configuration names (`*.spec.password`: kind or `*`, then the path).
pub(crate) fn is_secret(config: &Config, kind: &str, path: &str) -> bool {
    let below = |prefix: &str| {
        path.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(['.', '[']) || rest.is_empty())
    };
    if kind == "Secret" && (below("data") || below("stringData")) {
        return true;
    }
    config
        .secret_fields
        .iter()
        .any(|pattern| matches(pattern, kind, path))
}

/// True when a pattern and a path agree as far as both go: the path may name the field, a map that holds it, or something
/// in it.
fn matches(pattern: &str, kind: &str, path: &str) -> bool {
    let parts = std::iter::once(kind).chain(path.split('.'));
    parts
        .zip(pattern.split('.'))
        .all(|(part, wanted)| wanted == "*" || wanted == part.split('[').next().unwrap_or(part))
}

/// True when the configuration calls the value at `path` secret, or one around it.
pub(crate) fn names_value(config: &Config, kind: &str, path: &str) -> bool {
    let deep = path.split('.').count() + 1;
    let reaches = |pattern: &&smol_str::SmolStr| pattern.split('.').count() <= deep;
    config
        .secret_fields
        .iter()
        .filter(reaches)
        .any(|pattern| matches(pattern, kind, path))
}

/// The texts that the configuration calls secret in an object, the longest first; what is shorter than three letters is
/// everywhere.
pub(crate) fn secret_texts(config: &Config, kind: &str, body: &Node) -> Vec<String> {
    fn walk(node: &Node, parts: &[&str], texts: &mut Vec<String>) {
        for item in node.items() {
            walk(item, parts, texts);
        }
        match (parts, node.text()) {
            ([], Some(text)) if text.chars().count() > 2 => texts.push(text.to_owned()),
            _ => {}
        }
        for field in node.fields() {
            match parts {
                [] => walk(&field.value, parts, texts),
                [first, rest @ ..] if *first == "*" || *first == field.name() => {
                    walk(&field.value, rest, texts);
                }
                _ => {}
            }
        }
    }
    let mut texts = Vec::new();
    for pattern in &config.secret_fields {
        let parts: Vec<&str> = pattern.split('.').collect();
        if let Some((first, rest)) = parts.split_first()
            && (*first == "*" || *first == kind)
        {
            walk(body, rest, &mut texts);
        }
    }
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts
}

/// A value in one line.
pub(crate) fn shown(node: Option<&Node>) -> String {
    let Some(node) = node else {
        return "missing".to_owned();
    };
    if node.is_map() {
        return match (node.fields(), node.get("name").and_then(|name| name.text())) {
            ([], _) => "{}".to_owned(),
            ([_], Some(name)) => format!("{{name: {name}}}"),
            (_, Some(name)) => format!("{{name: {name}, …}}"),
            (_, None) => "{…}".to_owned(),
        };
    }
    let Some(scalar) = node.as_scalar() else {
        return if node.items().is_empty() { "[]" } else { "[…]" }.to_owned();
    };
    match Dialect::Kubernetes.read(scalar) {
        Value::String | Value::Invalid | Value::Binary | Value::Timestamp => {
            let line = scalar.text.lines().next().unwrap_or_default();
            let cut: String = line.chars().take(LONGEST).collect();
            let more = if cut.len() < scalar.text.trim_end().len() {
                "…"
            } else {
                ""
            };
            format!("\"{cut}{more}\"")
        }
        _ => scalar.text.to_string(),
    }
}

/// Characters of a value that one line has room for.
const LONGEST: usize = 40;
