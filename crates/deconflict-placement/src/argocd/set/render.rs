//! Filling templates.

use std::sync::Arc;

use deconflict_yaml::{Node, Scalar, Style};
use serde_json::Value;

use super::params::Params;
use crate::argocd::gotemplate;
use crate::edit;

/// How a set's templates are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Renderer {
    /// Go templates; else `{{name}}` alone.
    pub(crate) go: bool,
    /// A name that is not there is an error.
    pub(crate) strict: bool,
}

impl Renderer {
    /// The tree with each text and each key rendered on its own, so that structure never changes.
    pub(crate) fn node(self, node: &Arc<Node>, params: &Params) -> Result<Arc<Node>, String> {
        let mut error = None;
        let rendered = edit::rewrite(node, &mut |scalar| {
            if !scalar.text.contains("{{") {
                return None;
            }
            match self.text(&scalar.text, params) {
                Ok(text) => Some(Scalar {
                    text: text.into(),
                    // A template stays a text whatever comes out.
                    style: if scalar.style == Style::Plain {
                        Style::DoubleQuoted
                    } else {
                        scalar.style
                    },
                    tag: scalar.tag.clone(),
                }),
                Err(why) => {
                    error.get_or_insert(why);
                    None
                }
            }
        });
        match error {
            Some(why) => Err(why),
            None => Ok(rendered),
        }
    }

    /// One text rendered.
    pub(crate) fn text(self, text: &str, params: &Params) -> Result<String, String> {
        if self.go {
            gotemplate::render(text, &Value::Object(params.clone()), self.strict)
        } else {
            Ok(fill(text, params))
        }
    }
}

/// `{{ name }}` replaced where `name` is a known parameter; anything else stays as it is.
fn fill(text: &str, params: &Params) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let Some((tag, next)) = after.split_once("}}") else {
            out.push_str("{{");
            rest = after;
            continue;
        };
        if let Some(Value::String(value)) = params.get(tag.trim()) {
            out.push_str(value);
        } else {
            out.push_str("{{");
            out.push_str(tag);
            out.push_str("}}");
        }
        rest = next;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::fill;

    #[test]
    fn only_known_names_are_replaced() {
        let Value::Object(params) = json!({"a": "1", "values.b": "2"}) else {
            panic!()
        };
        assert_eq!(fill("{{a}}-{{ values.b }}-{{c}} {{", &params), "1-2-{{c}} {{");
    }
}
