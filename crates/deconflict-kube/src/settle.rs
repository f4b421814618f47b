//! What kustomize's output says, where its reader and Kubernetes' disagree.

use std::sync::Arc;

use deconflict_yaml::{Dialect, Kind, Node, Scalar, Style, Value};

/// The body as kustomize writes it: kustomize reads `yes` and `on` as strings and quotes them, so the API server gets
/// strings, although the same text in a plain manifest is a boolean. Shares everything that stays.
pub fn settle(body: &Arc<Node>) -> Arc<Node> {
    settled(body).map_or_else(|| Arc::clone(body), Arc::new)
}

/// The changed node; `None` when nothing changes.
fn settled(node: &Node) -> Option<Node> {
    let kind = match &node.kind {
        Kind::Scalar(scalar) => {
            let differs = scalar.style == Style::Plain
                && scalar.tag.is_none()
                && Dialect::Kubernetes.read(scalar) != Value::String
                && Dialect::Resource.read(scalar) == Value::String;
            Kind::Scalar(differs.then(|| Scalar::string(scalar.text.clone()))?)
        }
        Kind::List(items) => {
            let mut changed: Option<Vec<Arc<Node>>> = None;
            for (index, item) in items.iter().enumerate() {
                if let Some(new) = settled(item) {
                    changed.get_or_insert_with(|| items.clone())[index] = Arc::new(new);
                }
            }
            Kind::List(changed?)
        }
        Kind::Map(fields) => {
            let mut changed = None;
            for (index, field) in fields.iter().enumerate() {
                if let Some(new) = settled(&field.value) {
                    changed.get_or_insert_with(|| fields.clone())[index].value = Arc::new(new);
                }
            }
            Kind::Map(changed?)
        }
    };
    Some(Node {
        at: node.at,
        via: node.via.clone(),
        kind,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_yaml::Dialect;

    use super::settle;
    use crate::fixture::node;

    #[test]
    fn strings_stay_strings() {
        let (body, _) = node("{a: yes, b: [on, {c: no}], d: true, e: 3, f: {g: h}}");
        let after = settle(&body);
        let text = |path: &[&str]| {
            after
                .at_path(path)
                .and_then(|node| node.as_str(Dialect::Kubernetes))
        };
        assert_eq!(
            (text(&["a"]), text(&["d"]), text(&["e"])),
            (Some("yes"), None, None)
        );
        assert_eq!(
            after.get("b").unwrap().items()[0].as_str(Dialect::Kubernetes),
            Some("on")
        );
        assert!(Arc::ptr_eq(after.get("f").unwrap(), body.get("f").unwrap()));
        let (same, _) = node("{a: b, c: [1, true]}");
        assert!(Arc::ptr_eq(&settle(&same), &same));
    }
}
