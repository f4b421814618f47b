//! Go templates of ApplicationSets.

use serde_json::Value;

/// Render.
pub(crate) fn render(_text: &str, _dot: &Value, _strict: bool) -> Result<String, String> {
    Err("Go templates are not evaluated".to_owned())
}
