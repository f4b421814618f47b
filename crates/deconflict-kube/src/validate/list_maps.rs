//! Lists of popular custom resources whose items must differ in a key: their definitions say so, and the types that the
//! embedded schemas come from do not.

use std::collections::HashMap;

use deconflict_files::Origin;

use super::cursor::Cursor;
use super::{Effect, Violation};

/// Group, kind, the way to the list and the key (`x-kubernetes-list-map-keys` of the published definitions of
/// prometheus-operator and of the Gateway API).
const LISTS: &[(&str, &str, &[&str], &str)] = &[
    (
        "monitoring.coreos.com",
        "PrometheusRule",
        &["spec", "groups"],
        "name",
    ),
    (
        "gateway.networking.k8s.io",
        "Gateway",
        &["spec", "listeners"],
        "name",
    ),
];

/// Items that repeat the key of an earlier one.
pub(super) fn check(group: &str, kind: &str, root: &Cursor<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for (.., path, key) in LISTS.iter().filter(|known| known.0 == group && known.1 == kind) {
        let list = root.path(path);
        let items: Vec<Cursor<'_>> = list.items().collect();
        let mut first: HashMap<&str, Origin> = HashMap::new();
        for item in &items {
            let name = item.get(key);
            let Some(text) = name.str() else { continue };
            if let Some(first) = first.get(text) {
                let field = path.last().copied().unwrap_or_default();
                found.push(Violation {
                    row: "schema-embedded",
                    effect: Effect::Refused,
                    at: name.at(),
                    path: name.field_path(),
                    message: format!(
                        "two of `{field}` have the {key} `{text}`, and the API server takes each only once"
                    ),
                    help: Some("merge them into one, or rename one".to_owned()),
                    related: vec![(*first, "the first one".to_owned())],
                    repair: None,
                });
            } else {
                first.insert(text, name.at());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::fixture::node;
    use crate::{Definitions, KubernetesVersion, Object, validate};

    fn check(groups: &str, expected: &[&str]) {
        let text = format!(
            "{{apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {{name: a}}, spec: {{groups: [{groups}]}}}}"
        );
        let object = Object::new(node(&text).0, None).unwrap();
        let all = validate(&object, KubernetesVersion::DEFAULT, &Definitions::new());
        let shown: Vec<String> = all
            .iter()
            .map(|fault| format!("{} {:?} {}", fault.row, fault.effect, fault.path))
            .collect();
        assert_eq!(shown, expected, "{groups}");
    }

    #[test]
    fn a_group_has_a_name_of_its_own() {
        check("{name: a, rules: []}, {name: b, rules: []}", &[]);
        check(
            "{name: a}, {name: b}, {name: a}",
            &["schema-embedded Refused spec.groups[2].name"],
        );
        // Case counts.
        check("{name: a}, {name: A}", &[]);
    }
}
