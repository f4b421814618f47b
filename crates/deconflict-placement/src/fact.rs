//! Objects that engines look up in the cluster: ConfigMaps, Secrets, sources.

use deconflict_kube::{text_at, text_of};
use deconflict_yaml::Node;
use smol_str::SmolStr;

/// Value `key` of a Secret, from `stringData` or `data`; `None` when it is missing, encrypted or no text.
pub(crate) fn secret_text(secret: &Node, key: &str) -> Option<SmolStr> {
    if let Some(text) = text_at(secret, &["stringData", key]) {
        return (!is_sealed(text)).then(|| text.into());
    }
    decode(text_at(secret, &["data", key])?)
}

/// The variables of a ConfigMap or Secret by name; `None` for a value that is encrypted or no text.
pub(crate) fn variables(object: &Node) -> Vec<(SmolStr, Option<SmolStr>)> {
    let is_secret = text_at(object, &["kind"]) == Some("Secret");
    let fields = |name: &str| object.get(name).map(|map| map.fields()).unwrap_or_default();
    let mut found: Vec<(SmolStr, Option<SmolStr>)> = Vec::new();
    for field in fields("data") {
        let text = text_of(&field.value);
        let value = match text {
            Some(text) if is_secret => decode(text),
            Some(text) => (!is_sealed(text)).then(|| text.into()),
            None => None,
        };
        found.push((field.name().into(), value));
    }
    for field in fields("stringData") {
        let value = text_of(&field.value)
            .filter(|text| !is_sealed(text))
            .map(SmolStr::from);
        found.retain(|(name, _)| name != field.name());
        found.push((field.name().into(), value));
    }
    found
}

/// A value that SOPS encrypted.
fn is_sealed(text: &str) -> bool {
    text.starts_with("ENC[")
}

fn decode(text: &str) -> Option<SmolStr> {
    use base64::Engine as _;
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(compact).ok()?;
    String::from_utf8(bytes).ok().map(SmolStr::from)
}
