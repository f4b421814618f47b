//! What the API server refuses of a change: fields that stay as they were when the object was made, and the rules of
//! definitions about a change. Sources: the `Validate…Update` functions of Kubernetes, pkg/apis/*/validation.

mod kinds;
mod table;
#[cfg(test)]
mod tests;

use crate::crd::{Definitions, SchemaFault};
use crate::same::{Difference, differences};
use crate::schema::KubernetesVersion;
use crate::validate::{Effect, Violation};
use crate::{Object, text_of};
use table::{Frozen, Row};

/// Both sides of a change.
#[derive(Clone, Copy)]
struct Pair<'n> {
    old: &'n Object,
    new: &'n Object,
    kubernetes: KubernetesVersion,
}

/// What the API server of a cluster with `kubernetes` and `definitions` refuses when `new` is applied over `old`. Places
/// and paths are those of `new`; for a field that is gone, the place is what stands around it. Both must have one
/// identity (group, kind, namespace and name), else nothing is found. What `new` is by itself is [`crate::validate`]'s.
///
/// Rows are those of the check table (`immutable-selector`, `immutable-statefulset`, …), and `transition` for a rule of a
/// definition that compares with `oldSelf`. Equal values written in another way (`1Gi` and `1024Mi`, a default spelt out,
/// another order of keys) are no change. An object that is deleted and made anew, by an option of its engine or by a hook,
/// is not refused: the caller knows that.
pub fn validate_change(
    old: &Object,
    new: &Object,
    kubernetes: KubernetesVersion,
    definitions: &Definitions,
) -> Vec<Violation> {
    if old.key != new.key || std::ptr::eq(&raw const *old.body, &raw const *new.body) {
        return Vec::new();
    }
    let pair = Pair { old, new, kubernetes };
    let mut found = frozen(pair);
    found.extend(transitions(pair, definitions));
    found
}

fn frozen(pair: Pair<'_>) -> Vec<Violation> {
    let rows: Vec<&Row> = table::rows(&pair.new.key).collect();
    if rows.is_empty() {
        return Vec::new();
    }
    let all = differences(pair.old, pair.new);
    let mut found = Vec::new();
    for row in rows {
        let changed: Vec<_> = all
            .iter()
            .filter(|difference| is_frozen(row, pair, difference))
            .collect();
        // What the new object says is a better place than what it lacks.
        let first = changed.iter().find(|difference| difference.right.is_some());
        if let Some(first) = first.or_else(|| changed.first()) {
            let mut violation = violation(row, pair, first);
            let further = changed.iter().filter(|other| other.near.at != first.near.at);
            let further = further.map(|other| (other.near.at, format!("`{}` too", other.path)));
            violation.related.extend(further);
            found.push(violation);
        }
    }
    found
}

fn is_frozen(row: &Row, pair: Pair<'_>, difference: &Difference<'_>) -> bool {
    match row.frozen {
        Frozen::Below(paths) => paths.iter().any(|path| difference.names.starts_with(path)),
        Frozen::By(decide) => decide(pair, difference),
    }
}

fn violation(row: &Row, pair: Pair<'_>, difference: &Difference<'_>) -> Violation {
    let kind = &pair.new.key.kind;
    let secret = pair.new.key.is("", "Secret") && difference.names[0] != "type";
    let shown = |side: Option<&deconflict_yaml::Node>| {
        side.and_then(text_of)
            .filter(|text| text.len() <= 60 && !secret)
            .map(|text| format!("`{text}`"))
    };
    let change = match (shown(difference.left), shown(difference.right)) {
        (Some(old), Some(new)) => format!(" from {old} to {new}"),
        (Some(old), None) if difference.right.is_none() => format!(" from {old} to nothing"),
        (None, Some(new)) if difference.left.is_none() => format!(" from nothing to {new}"),
        _ => String::new(),
    };
    Violation {
        row: row.id,
        effect: Effect::Refused,
        at: difference.near.at,
        path: difference.path.clone(),
        message: format!(
            "`{}` changes{change}; {} cannot be changed once the {kind} exists",
            difference.path, row.what
        ),
        help: Some(row.help.to_owned()),
        related: Vec::new(),
        repair: None,
    }
}

/// Rules that compare with `oldSelf`: refused only when every definition of the kind refuses it.
fn transitions(pair: Pair<'_>, definitions: &Definitions) -> Vec<Violation> {
    let new = pair.new;
    let owned = definitions.of(&new.key.group, &new.key.kind);
    let each = owned.iter().map(|definition| {
        let version = definition
            .version(&new.version)
            .filter(|_| new.version == pair.old.version);
        let broken = version.and_then(|version| version.schema());
        let broken = broken.map(|schema| schema.validate_transition(&new.body, &pair.old.body));
        let violations = broken.unwrap_or_default().into_iter().map(|broken| Violation {
            row: "transition",
            effect: Effect::Refused,
            at: broken.at,
            message: match (&broken.fault, broken.path.is_empty()) {
                (SchemaFault::Rule(words), false) => format!("`{}`: {words}", broken.path),
                (SchemaFault::Rule(words), true) => words.clone(),
                _ => String::new(),
            },
            path: broken.path,
            help: None,
            related: vec![(
                definition.at,
                "the definition, whose rule compares with what was there".to_owned(),
            )],
            repair: None,
        });
        violations.collect::<Vec<_>>()
    });
    each.min_by_key(Vec::len).unwrap_or_default()
}
