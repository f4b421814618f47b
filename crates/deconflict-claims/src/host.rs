//! When two host names overlap: one function, three dialects (Ingress, Gateway API, Istio), because each reads a
//! wildcard differently.

use smol_str::SmolStr;

use crate::punycode;

/// How far a leading `*` reaches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HostDialect {
    /// Ingress, and TLS certificates: exactly one label.
    Ingress,
    /// Gateway API: one label or more.
    Gateway,
    /// Istio: any text that ends like that; a bare `*` is any.
    Istio,
}

/// How the names of one host relate to those of another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HostRelation {
    /// No name is in both.
    Disjoint,
    /// The same names.
    Equal,
    /// The first is a part of the second.
    Within,
    /// The second is a part of the first.
    Contains,
}

/// Lower case, without trailing dot, in ASCII (punycode); any host is the empty text.
pub fn normalise_host(text: &str) -> SmolStr {
    let text = text.trim().trim_end_matches('.');
    if text == "*" {
        return SmolStr::default();
    }
    if text.is_ascii() {
        return text.to_ascii_lowercase().into();
    }
    let labels: Vec<String> = text
        .to_lowercase()
        .split('.')
        .map(|label| {
            if label.is_ascii() {
                label.to_owned()
            } else {
                format!("xn--{}", punycode::encode(label))
            }
        })
        .collect();
    labels.join(".").into()
}

/// How the names of `a` relate to those of `b`; both normalised.
pub fn relate_hosts(a: &str, b: &str, dialect: HostDialect) -> HostRelation {
    if a == b {
        HostRelation::Equal
    } else if is_within(a, b, dialect) {
        HostRelation::Within
    } else if is_within(b, a, dialect) {
        HostRelation::Contains
    } else {
        HostRelation::Disjoint
    }
}

/// True when every name of `inner` is one of `outer`, which is another host.
fn is_within(inner: &str, outer: &str, dialect: HostDialect) -> bool {
    if outer.is_empty() {
        return true;
    }
    let Some(suffix) = outer.strip_prefix('*') else {
        return false;
    };
    if inner.is_empty() {
        return false;
    }
    match dialect {
        HostDialect::Ingress => inner.strip_suffix(suffix).is_some_and(|label| {
            // Two wildcards of different length have a different number of labels.
            !label.is_empty() && label != "*" && !label.contains('.')
        }),
        HostDialect::Gateway => inner
            .strip_suffix(suffix)
            .is_some_and(|labels| !labels.is_empty() && labels != "*"),
        HostDialect::Istio => inner.trim_start_matches('*').ends_with(suffix),
    }
}

#[cfg(test)]
mod tests {
    use super::{HostDialect, HostRelation, normalise_host, relate_hosts};
    use HostRelation::{Contains, Disjoint, Equal, Within};

    fn check(a: &str, b: &str, ingress: HostRelation, gateway: HostRelation, istio: HostRelation) {
        let (first, second) = (normalise_host(a), normalise_host(b));
        for (dialect, expected) in [
            (HostDialect::Ingress, ingress),
            (HostDialect::Gateway, gateway),
            (HostDialect::Istio, istio),
        ] {
            assert_eq!(
                relate_hosts(&first, &second, dialect),
                expected,
                "{a} {b} {dialect:?}"
            );
            let turned = match expected {
                Within => Contains,
                Contains => Within,
                same => same,
            };
            assert_eq!(
                relate_hosts(&second, &first, dialect),
                turned,
                "{b} {a} {dialect:?}"
            );
        }
    }

    #[test]
    fn exact() {
        check("a.foo.com", "a.foo.com", Equal, Equal, Equal);
        check("A.Foo.com.", "a.foo.com", Equal, Equal, Equal);
        check("a.foo.com", "b.foo.com", Disjoint, Disjoint, Disjoint);
        check("bücher.example", "xn--bcher-kva.example", Equal, Equal, Equal);
    }

    #[test]
    fn exact_and_wildcard() {
        check("a.foo.com", "*.foo.com", Within, Within, Within);
        check("a.b.foo.com", "*.foo.com", Disjoint, Within, Within);
        check("foo.com", "*.foo.com", Disjoint, Disjoint, Disjoint);
        check("afoo.com", "*.foo.com", Disjoint, Disjoint, Disjoint);
        check("a.bar.com", "*.foo.com", Disjoint, Disjoint, Disjoint);
        // Istio takes a wildcard without a dot: a suffix of the text.
        check("afoo.com", "*foo.com", Within, Within, Within);
    }

    #[test]
    fn wildcards() {
        check("*.foo.com", "*.foo.com", Equal, Equal, Equal);
        check("*.b.foo.com", "*.foo.com", Disjoint, Within, Within);
        check("*.foo.com", "*.bar.com", Disjoint, Disjoint, Disjoint);
        check("*.afoo.com", "*.foo.com", Disjoint, Disjoint, Disjoint);
    }

    #[test]
    fn any() {
        check("", "", Equal, Equal, Equal);
        check("*", "", Equal, Equal, Equal);
        check("a.foo.com", "", Within, Within, Within);
        check("*.foo.com", "*", Within, Within, Within);
    }
}
