//! The entry: what one API server would say about one object.

use deconflict_yaml::Node;

use super::cursor::Cursor;
use super::{Effect, Subject, Violation, check_object, custom, list_maps, placeholder, structure, templates};
use crate::crd::Definitions;
use crate::schema::{Bundle, KindId, KubernetesVersion, Memo, Retired, nearest};
use crate::{Object, expand_list};

/// How many objects deep lists and embedded objects are followed.
const NESTING: usize = 8;

/// Everything that the API server of a cluster with `kubernetes` and `definitions` has to say about `object`: structure
/// and rows for built-in kinds, the definitions for custom resources (else what the bundle knows of them). In the order
/// of the text, then of rows. Empty for kinds that nobody here knows.
///
/// Each violation's row names a rule: `unknown-field`, `wrong-type`, `required-field`, `enum-value`, `duplicate-item` and
/// the rows of the check table for built-in kinds; `unknown-kind`, `api-removed`, `api-deprecated`; `schema` and
/// `schema-unknown` (with `-embedded` where the bundle decides), `version` and `deprecated` for custom resources, and
/// `unanswered` for a rule of a definition whose answer is not known.
pub fn validate(object: &Object, kubernetes: KubernetesVersion, definitions: &Definitions) -> Vec<Violation> {
    validate_with(object, kubernetes, definitions, &Memo::new())
}

/// The same for one of many objects that share parts: what `memo` knows to be right is not looked at again.
pub fn validate_with(
    object: &Object,
    kubernetes: KubernetesVersion,
    definitions: &Definitions,
    memo: &Memo,
) -> Vec<Violation> {
    let mut found = judge(object, kubernetes, definitions, memo, NESTING);
    found.retain(|violation| !placeholder::is_open(&object.body, &violation.path));
    found.sort_by(|a, b| (a.at.span.start, a.row, &a.path).cmp(&(b.at.span.start, b.row, &b.path)));
    found
}

fn judge(
    object: &Object,
    kubernetes: KubernetesVersion,
    definitions: &Definitions,
    memo: &Memo,
    depth: usize,
) -> Vec<Violation> {
    let bundle = Bundle::embedded();
    let (group, version, kind) = (&*object.key.group, &*object.version, &*object.key.kind);
    let subject = Subject {
        group,
        version,
        kind,
        kubernetes,
    };
    let owned = definitions.of(group, kind);
    if !owned.is_empty() {
        let mut found = check_object(subject, &object.body);
        found.retain(|violation| violation.row != "namespace-on-cluster-scoped");
        found.extend(custom::check(object, owned));
        return found;
    }
    let Some(row) = bundle.kind(group, version, kind) else {
        if templates::has_template(group, kind) {
            return check_object(subject, &object.body);
        }
        return unknown_kind(object, kubernetes);
    };
    let mut found = Vec::new();
    if bundle.is_custom(row) {
        if let Some(retired) = bundle.deprecated_custom(group, version, kind) {
            found.push(deprecated(object, &retired));
        }
    } else if !bundle.is_served(row, kubernetes) {
        found.push(not_served(object, row, kubernetes));
        return found;
    } else if let Some(retired) = bundle.retired(group, version, kind, kubernetes) {
        found.push(deprecated(object, &retired));
    }
    let mut rows = check_object(subject, &object.body);
    if bundle.is_custom(row) {
        // Scopes of custom resources are compared where their definitions are.
        rows.retain(|violation| violation.row != "namespace-on-cluster-scoped");
        rows.extend(list_maps::check(group, kind, &Cursor::root(&object.body)));
    }
    found.extend(merge(rows, structure::check(subject, row, &object.body, memo)));
    if depth > 0 && is_list(&object.body, kind) {
        for item in expand_list(&object.body) {
            if let Ok(item) = Object::new(item, None) {
                found.extend(judge(&item, kubernetes, definitions, memo, depth - 1));
            }
        }
    }
    found
}

fn is_list(body: &Node, kind: &str) -> bool {
    kind.ends_with("List") && body.get("items").is_some_and(|items| items.is_list())
}

/// A row says the same as structure in better words, so structure yields where both speak of one field.
fn merge(rows: Vec<Violation>, structure: Vec<Violation>) -> Vec<Violation> {
    let mut kept: Vec<Violation> = structure
        .into_iter()
        .filter(|fault| {
            let same = |row: &Violation| {
                let item = fault.row == "duplicate-item" && row.path.starts_with(&fault.path);
                (item || row.path == fault.path) && row.effect <= fault.effect
            };
            fault.row == "unknown-field" || !rows.iter().any(same)
        })
        .collect();
    kept.extend(rows);
    kept
}

fn at_field(object: &Object, field: &str) -> Violation {
    Violation {
        row: "unknown-kind",
        effect: Effect::Refused,
        at: object.body.get(field).map_or(object.body.at, |value| value.at),
        path: field.to_owned(),
        message: String::new(),
        help: None,
        related: Vec::new(),
        repair: None,
    }
}

/// A kind the bundle does not know at this version: gone, misspelt, or a custom resource nobody here defines.
fn unknown_kind(object: &Object, kubernetes: KubernetesVersion) -> Vec<Violation> {
    let bundle = Bundle::embedded();
    let (group, version, kind) = (&*object.key.group, &*object.version, &*object.key.kind);
    if let Some(retired) = bundle.retired(group, version, kind, kubernetes) {
        return vec![removed(object, &retired, kubernetes)];
    }
    if !bundle.is_builtin_group(group) {
        // Versions of popular custom resources that the bundle lacks may well exist: only definitions can tell.
        return Vec::new();
    }
    let known: Vec<String> = bundle
        .served(group, kind)
        .filter(|row| row.since <= kubernetes && kubernetes <= row.until)
        .map(|row| row.version.to_owned())
        .collect();
    if let Some(instead) = known.last() {
        let mut found = at_field(object, "apiVersion");
        let instead = joined(group, instead);
        found.message = format!(
            "there is no {} {kind}: Kubernetes {kubernetes} serves {instead}",
            object.api_version()
        );
        found.help = Some(format!("write `apiVersion: {instead}`"));
        return vec![found];
    }
    let mut found = at_field(object, "kind");
    found.message = format!("there is no kind `{kind}` in {}", object.api_version());
    let elsewhere = bundle.groups_of(kind);
    if let Some((group, version)) = elsewhere
        .iter()
        .max_by_key(|(_, version)| !version.contains("alpha"))
    {
        found = Violation {
            message: found.message,
            ..at_field(object, "apiVersion")
        };
        found.help = Some(format!(
            "{kind} is served as `apiVersion: {}`",
            joined(group, version)
        ));
    } else if let Some(near) = nearest(kind, bundle.builtin_kinds(group)) {
        found.help = Some(format!("did you mean `{near}`?"));
        if near.eq_ignore_ascii_case(kind) {
            found.repair(kind, near);
        }
    }
    vec![found]
}

fn joined(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}

/// A version that the bundle knows, at a Kubernetes version that does not serve it (any more, or yet).
fn not_served(object: &Object, row: KindId, kubernetes: KubernetesVersion) -> Violation {
    let bundle = Bundle::embedded();
    let since = bundle.since(row);
    if since > kubernetes {
        let mut found = at_field(object, "apiVersion");
        found.row = "api-removed";
        let kind = &object.key.kind;
        found.message = format!(
            "{} {kind} comes with Kubernetes {since}; checked for {kubernetes}",
            object.api_version()
        );
        return found;
    }
    match bundle.retired(&object.key.group, &object.version, &object.key.kind, kubernetes) {
        Some(retired) => removed(object, &retired, kubernetes),
        None => at_field(object, "apiVersion"),
    }
}

fn removed(object: &Object, retired: &Retired, kubernetes: KubernetesVersion) -> Violation {
    let mut found = at_field(object, "apiVersion");
    let (api, kind) = (object.api_version(), &object.key.kind);
    let gone = retired.gone_in.unwrap_or(kubernetes);
    if gone > kubernetes {
        return deprecated(object, retired);
    }
    found.row = "api-removed";
    found.message = format!("{api} {kind} was removed in Kubernetes {gone}; checked for {kubernetes}");
    replace(&mut found, retired, &api, kind);
    found
}

fn deprecated(object: &Object, retired: &Retired) -> Violation {
    let mut found = at_field(object, "apiVersion");
    let (api, kind) = (object.api_version(), &object.key.kind);
    found.row = "api-deprecated";
    found.effect = Effect::Warned;
    found.message = match retired.gone_in {
        Some(gone) => format!("{api} {kind} is deprecated and gone in Kubernetes {gone}"),
        None => format!("{api} {kind} is deprecated"),
    };
    replace(&mut found, retired, &api, kind);
    found
}

fn replace(found: &mut Violation, retired: &Retired, api: &str, kind: &str) {
    match &retired.instead {
        Some(instead) => {
            found.help = Some(if retired.same_shape {
                format!("write `apiVersion: {instead}`")
            } else {
                format!("write it as `{instead}`, whose fields differ")
            });
            if retired.same_shape {
                found.repair(api, instead.clone());
            }
        }
        None => found.help = Some(format!("nothing replaces {kind}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{validate, validate_with};
    use crate::fixture::node;
    use crate::schema::Memo;
    use crate::{Definitions, KubernetesVersion, Object};

    /// What an overlay changes is looked at, what it shares with its base only once, and what is wrong is said for each.
    #[test]
    fn shared_parts_are_looked_at_once() {
        let (base, _) = node(
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 1, selector: {matchLabels: {a: b}}, \
             template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: b}], volumes: [{name: c, emptyDri: {}}]}}}}",
        );
        let overlays: Vec<Object> = (0..3)
            .map(|number| {
                let mut body = Arc::clone(&base);
                let copy = Arc::make_mut(&mut body);
                let at = copy.at;
                let other = node(&format!("{number}")).0;
                copy.get_mut("spec").unwrap().set("replicas", at, other);
                Object::new(body, None).unwrap()
            })
            .collect();
        let (memo, version, definitions) = (Memo::new(), KubernetesVersion::DEFAULT, Definitions::new());
        let mut sizes = Vec::new();
        for object in &overlays {
            let found = validate_with(object, version, &definitions, &memo);
            assert_eq!(found, validate(object, version, &definitions));
            assert!(found.iter().any(|fault| fault.row == "unknown-field"));
            sizes.push(format!("{memo:?}"));
        }
        // Not the template, as something in it is wrong.
        assert_eq!(sizes, ["Memo of 2 subtrees"; 3]);
    }
}
