//! ConfigMaps, Secrets, LimitRanges.

use super::Sink;
use super::cursor::Cursor;
use super::names::is_config_key;
use super::pod_parts::quantity;
use crate::schema::is_base64;

/// The sum of all values, in bytes (`MaxSecretSize`).
const SIZE_MAX: usize = 1024 * 1024;

/// ConfigMap.
pub(super) fn config_map(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let (data, binary) = (root.get("data"), root.get("binaryData"));
    let mut size = 0;
    for (map, encoded) in [(&data, false), (&binary, true)] {
        for (key, value) in map.fields() {
            config_key(sink, key, &value);
            let length = value.text().len();
            size += if encoded { length / 4 * 3 } else { length };
            if encoded && data.get(key).exists() {
                let at = value.key_at();
                sink.refuse(
                    "config-key",
                    &value,
                    format!("`{key}` stands in `data` and in `binaryData`"),
                )
                .relate(data.get(key).key_at(), "in data")
                .at = at;
            }
        }
    }
    too_large(sink, root, size, "ConfigMap");
}

/// Secret.
pub(super) fn secret(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let (data, plain) = (root.get("data"), root.get("stringData"));
    let mut size = 0;
    for (key, value) in data.fields() {
        config_key(sink, key, &value);
        size += value.text().len() / 4 * 3;
        // Structure says the same of the type; the sentence for people is here.
        if value.str().is_some_and(|text| !is_base64(text)) {
            sink.refuse(
                "secret-data",
                &value,
                format!("the value of `{key}` is not base64 with padding"),
            )
            .help("encode it, or put the plain text under `stringData`");
        }
    }
    for (key, value) in plain.fields() {
        config_key(sink, key, &value);
        size += if data.get(key).exists() {
            0
        } else {
            value.text().len()
        };
    }
    too_large(sink, root, size, "Secret");
    required_keys(sink, root, &data, &plain);
}

fn config_key(sink: &mut Sink<'_>, key: &str, value: &Cursor<'_>) {
    if !is_config_key(key) {
        let at = value.key_at();
        sink.refuse("config-key", value, format!("`{key}` is no key: letters, digits, `-`, `_`, `.`, at most 253, not `.` or starting with `..`")).at = at;
    }
}

fn too_large(sink: &mut Sink<'_>, root: &Cursor<'_>, size: usize, kind: &str) {
    if size > SIZE_MAX {
        let data = root.get("data");
        let place = if data.exists() { data } else { *root };
        sink.refuse(
            "config-size",
            &place,
            format!("the values take {size} bytes together; a {kind} takes at most {SIZE_MAX}"),
        );
    }
}

fn required_keys(sink: &mut Sink<'_>, root: &Cursor<'_>, data: &Cursor<'_>, plain: &Cursor<'_>) {
    let kind = root.get("type");
    let has = |key: &str| data.fields().chain(plain.fields()).any(|(name, _)| name == key);
    let missing = |keys: &[&'static str]| keys.iter().copied().filter(|key| !has(key)).collect::<Vec<_>>();
    match kind.text() {
        "kubernetes.io/tls" => {
            for key in missing(&["tls.crt", "tls.key"]) {
                sink.refuse(
                    "secret-type-keys",
                    &kind,
                    format!("a Secret of type kubernetes.io/tls needs the key `{key}`"),
                );
            }
        }
        "kubernetes.io/ssh-auth" => {
            for key in missing(&["ssh-privatekey"]) {
                sink.refuse(
                    "secret-type-keys",
                    &kind,
                    format!("a Secret of type kubernetes.io/ssh-auth needs the key `{key}`"),
                );
            }
        }
        "kubernetes.io/basic-auth" if missing(&["username", "password"]).len() == 2 => {
            sink.refuse(
                "secret-type-keys",
                &kind,
                "a Secret of type kubernetes.io/basic-auth needs `username` or `password`",
            );
        }
        "kubernetes.io/dockerconfigjson" => docker(sink, &kind, data, plain, ".dockerconfigjson"),
        "kubernetes.io/dockercfg" => docker(sink, &kind, data, plain, ".dockercfg"),
        _ => {}
    }
}

fn docker(sink: &mut Sink<'_>, kind: &Cursor<'_>, data: &Cursor<'_>, plain: &Cursor<'_>, key: &str) {
    let (encoded, text) = (data.get(key), plain.get(key));
    if !encoded.exists() && !text.exists() {
        sink.refuse(
            "secret-type-keys",
            kind,
            format!("a Secret of type {} needs the key `{key}`", kind.text()),
        );
        return;
    }
    // The value itself is never shown. Only its shape is looked at: JSON starts with a brace, which base64 writes `ey` or `ew`.
    let looks_like_json = match text.str() {
        Some(text) => text.trim_start().starts_with('{'),
        None => encoded.text().is_empty() || encoded.text().trim_start().starts_with(['e', 'I', 'C', 'D']),
    };
    if !looks_like_json {
        let place = if text.exists() { text } else { encoded };
        sink.refuse(
            "secret-type-keys",
            &place,
            format!("the value of `{key}` must be JSON"),
        );
    }
}

/// LimitRange: min, defaultRequest, default and max in this order.
pub(super) fn limit_range(sink: &mut Sink<'_>, root: &Cursor<'_>) {
    let spec = root.get("spec");
    let limits = spec.get("limits");
    for item in limits.items() {
        const ORDER: [&str; 4] = ["min", "defaultRequest", "default", "max"];
        for (index, low) in ORDER.iter().enumerate() {
            for high in &ORDER[index + 1..] {
                let (lower, upper) = (item.get(low), item.get(high));
                for (name, value) in lower.fields() {
                    let other = upper.get(name);
                    if let (Some(a), Some(b)) = (quantity(&value), quantity(&other))
                        && a > b
                    {
                        sink.refuse(
                            "limit-range",
                            &value,
                            format!(
                                "`{low}.{name}` ({}) is above `{high}.{name}` ({})",
                                value.raw().unwrap_or_default(),
                                other.raw().unwrap_or_default()
                            ),
                        )
                        .relate(other.at(), (*high).to_owned());
                    }
                }
            }
        }
    }
}
