//! Label selectors.

use deconflict_kube::{items_at, text_at, text_of};
use deconflict_yaml::Node;

/// True when labels, asked through `label`, match a `LabelSelector`; an empty one matches all.
pub(crate) fn matches<'l>(selector: &Node, label: impl Fn(&str) -> Option<&'l str>) -> bool {
    let equal = selector
        .get("matchLabels")
        .map(|map| map.fields())
        .unwrap_or_default();
    equal
        .iter()
        .all(|field| text_of(&field.value).is_some_and(|value| label(field.name()) == Some(value)))
        && items_at(selector, &["matchExpressions"]).all(|expression| holds(expression, &label))
}

fn holds<'l>(expression: &Node, label: &impl Fn(&str) -> Option<&'l str>) -> bool {
    let value = label(text_at(expression, &["key"]).unwrap_or_default());
    let listed = |value: &str| {
        items_at(expression, &["values"])
            .filter_map(text_of)
            .any(|known| known == value)
    };
    match text_at(expression, &["operator"]) {
        Some("In") => value.is_some_and(listed),
        Some("NotIn") => !value.is_some_and(listed),
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        _ => false,
    }
}
