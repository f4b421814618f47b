//! Grammars of names (`k8s.io/apimachinery/pkg/util/validation`).

/// RFC 1123 label: at most 63 of `[a-z0-9-]`, alphanumeric at both ends.
pub(super) fn is_dns_label(text: &str) -> bool {
    text.len() <= 63 && is_label_text(text)
}

/// RFC 1035 label: as 1123, starting with a letter.
pub(super) fn is_dns_1035_label(text: &str) -> bool {
    is_dns_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// RFC 1123 subdomain: at most 253, labels joined by dots (each label of any length here, as upstream's pattern).
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_label_text)
}

fn is_label_text(text: &str) -> bool {
    let edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(edge)
        && bytes.last().is_some_and(edge)
        && bytes.iter().all(|byte| edge(byte) || *byte == b'-')
}

/// A wildcard subdomain: `*.` and a subdomain.
pub(super) fn is_wildcard_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.strip_prefix("*.").is_some_and(is_dns_subdomain)
}

/// `[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?`, at most 63.
fn is_qualified_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    text.len() <= 63
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// A label or annotation key: an optional DNS prefix with `/`, then a name.
pub(super) fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((prefix, name)) => is_dns_subdomain(prefix) && is_qualified_part(name),
        None => is_qualified_part(text),
    }
}

/// A label value: empty, or like the name of a key.
pub(super) fn is_label_value(text: &str) -> bool {
    text.is_empty() || is_qualified_part(text)
}

/// A port name: 1 to 15 of `[a-z0-9-]`, a letter in it, no `-` at the edges or doubled (IANA service name).
pub(super) fn is_port_name(text: &str) -> bool {
    text.len() <= 15
        && is_label_text(text)
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && !text.contains("--")
}

/// A key of a ConfigMap or Secret.
pub(super) fn is_config_key(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        && text != "."
        && !text.starts_with("..")
}

/// A path segment: what RBAC objects may be called.
pub(super) fn is_path_segment(text: &str) -> bool {
    !matches!(text, "." | "..") && !text.contains(['/', '%'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammars() {
        assert!(is_dns_label("a-1") && !is_dns_label("a.b") && !is_dns_label("-a") && !is_dns_label("A"));
        assert!(!is_dns_label(&"a".repeat(64)) && is_dns_label(&"a".repeat(63)));
        assert!(is_dns_subdomain("a.b-c.1") && !is_dns_subdomain("a..b") && !is_dns_subdomain("a_b"));
        assert!(is_dns_1035_label("a1") && !is_dns_1035_label("1a"));
        assert!(
            is_qualified_name("app.kubernetes.io/name")
                && is_qualified_name("A_b.c")
                && !is_qualified_name("a/b/c")
        );
        assert!(!is_qualified_name("/x") && !is_qualified_name("a b") && !is_qualified_name(""));
        assert!(
            is_label_value("") && is_label_value("v1.2_x") && !is_label_value("a b") && !is_label_value("-a")
        );
        assert!(
            is_port_name("http2")
                && !is_port_name("80")
                && !is_port_name("a--b")
                && !is_port_name(&"a".repeat(16))
        );
        assert!(
            is_config_key("a.b_c") && !is_config_key("..a") && !is_config_key("a/b") && !is_config_key(".")
        );
        assert!(
            is_wildcard_subdomain("*.a.b") && !is_wildcard_subdomain("*") && !is_wildcard_subdomain("*.*.a")
        );
        assert!(is_path_segment("system:x") && !is_path_segment("a/b"));
    }
}
