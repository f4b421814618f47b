//! Which requests an Ingress path matches, and how two such sets relate.

use smol_str::{SmolStr, format_smolstr};

/// How a controller reads `ImplementationSpecific` paths.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PathDialect {
    /// ingress-nginx: the start of the text.
    Nginx,
    /// Traefik: the start of the text.
    Traefik,
    /// AWS and Google load balancers: `*` at the end.
    Glob,
    /// Any other: only equal texts are known to be equal.
    Unknown,
}

/// A set of request paths.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PathSet {
    /// One path.
    Exact(SmolStr),
    /// A path and what lies below it, by elements; no trailing slash, everything is the empty text.
    Prefix(SmolStr),
    /// All that start with the text.
    Start(SmolStr),
    /// All that match the expression at their start, in lower case because case does not count.
    Regex(SmolStr),
    /// Only the controller knows.
    Opaque(SmolStr),
}

/// How two sets relate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PathRelation {
    /// Nothing is in both.
    Disjoint,
    /// The same paths.
    Equal,
    /// The first is a part of the second.
    Within,
    /// The second is a part of the first.
    Contains,
    /// They may have something in common.
    Unknown,
}

impl PathSet {
    /// What `path` of that `pathType` matches.
    pub fn new(path: &str, path_type: &str, dialect: PathDialect) -> Self {
        match path_type {
            "Exact" => Self::Exact(path.into()),
            "Prefix" => Self::Prefix(path.trim_end_matches('/').into()),
            _ => match dialect {
                PathDialect::Nginx | PathDialect::Traefik => Self::start(path),
                PathDialect::Glob => match path.strip_suffix('*') {
                    Some(start) if !start.contains(['*', '?']) => Self::start(start),
                    None if path == "/" || path.is_empty() => Self::Exact("/".into()),
                    None if !path.contains(['*', '?']) => Self::Exact(path.into()),
                    _ => Self::Opaque(path.into()),
                },
                PathDialect::Unknown if matches!(path, "" | "/") => Self::Prefix(SmolStr::default()),
                PathDialect::Unknown => Self::Opaque(path.into()),
            },
        }
    }

    /// What `path` matches on a host of ingress-nginx where some Ingress uses regular expressions: then all paths are,
    /// whatever their type.
    pub fn regex(path: &str) -> Self {
        Self::Regex(path.to_lowercase().into())
    }

    fn start(path: &str) -> Self {
        match path {
            // Every path starts with a slash.
            "" | "/" => Self::Prefix(SmolStr::default()),
            path => Self::Start(path.into()),
        }
    }

    /// True when it matches every path.
    pub fn is_everything(&self) -> bool {
        match self {
            Self::Prefix(text) => text.is_empty(),
            Self::Regex(text) => matches!(text.as_str(), "" | "/" | "/.*" | "/(.*)"),
            _ => false,
        }
    }

    /// Sets that contain this one and could stand in an index, largest first: every `Prefix` above it.
    pub fn prefixes_above(&self) -> Vec<Self> {
        let (text, whole) = match self {
            Self::Exact(text) => (text.trim_end_matches('/'), true),
            Self::Prefix(text) => (text.as_str(), false),
            Self::Start(text) => (text.rsplit_once('/').map_or("", |(above, _)| above), true),
            Self::Regex(_) | Self::Opaque(_) => return Vec::new(),
        };
        let slashes = text.match_indices('/').map(|(at, _)| &text[..at]);
        let mut above: Vec<Self> = slashes.map(|prefix| Self::Prefix(prefix.into())).collect();
        if whole {
            above.push(Self::Prefix(text.into()));
        }
        above.retain(|set| set != self);
        above
    }

    /// As people write it.
    pub fn text(&self) -> SmolStr {
        match self {
            Self::Prefix(text) if text.is_empty() => "/".into(),
            Self::Start(text) => format_smolstr!("{text}*"),
            Self::Exact(text) | Self::Prefix(text) | Self::Regex(text) | Self::Opaque(text) => text.clone(),
        }
    }
}

/// How the paths of `a` relate to those of `b`.
pub fn relate_paths(a: &PathSet, b: &PathSet) -> PathRelation {
    use PathSet::{Exact, Opaque, Regex};
    if a == b {
        return PathRelation::Equal;
    }
    match (a, b) {
        (Exact(_), Exact(_)) => PathRelation::Disjoint,
        (Regex(_) | Opaque(_), _) | (_, Regex(_) | Opaque(_)) => PathRelation::Unknown,
        _ if is_within(a, b) => PathRelation::Within,
        _ if is_within(b, a) => PathRelation::Contains,
        // Two prefixes, by elements or by text, are one inside the other or apart.
        _ => PathRelation::Disjoint,
    }
}

/// True when every path of `inner` is in `outer`, another set.
fn is_within(inner: &PathSet, outer: &PathSet) -> bool {
    use PathSet::{Exact, Prefix, Start};
    match (inner, outer) {
        (Exact(path), Prefix(prefix)) => is_below(path.trim_end_matches('/'), prefix),
        (Prefix(path), Prefix(prefix)) => is_below(path, prefix),
        (Start(path), Prefix(prefix)) => is_below(path, prefix) && path.len() > prefix.len(),
        (Exact(path) | Start(path), Start(start)) => path.starts_with(start.as_str()),
        (Prefix(path), Start(start)) => path.starts_with(start.as_str()),
        _ => false,
    }
}

/// True when the elements of `prefix` are the first ones of `path`.
fn is_below(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::PathDialect::{Glob, Nginx, Unknown};
    use super::{PathRelation, PathSet, relate_paths};
    use PathRelation::{Contains, Disjoint, Equal, Within};

    fn relate(a: &PathSet, b: &PathSet, expected: PathRelation) {
        assert_eq!(relate_paths(a, b), expected, "{a:?} {b:?}");
        let turned = match expected {
            Within => Contains,
            Contains => Within,
            same => same,
        };
        assert_eq!(relate_paths(b, a), turned, "{b:?} {a:?}");
    }

    fn check(a: (&str, &str), b: (&str, &str), expected: PathRelation) {
        let set = |(kind, path): (&str, &str)| PathSet::new(path, kind, Nginx);
        relate(&set(a), &set(b), expected);
    }

    #[test]
    fn exact() {
        check(("Exact", "/foo"), ("Exact", "/foo"), Equal);
        check(("Exact", "/foo"), ("Exact", "/foo/"), Disjoint);
        check(("Exact", "/foo"), ("Prefix", "/foo"), Within);
        check(("Exact", "/foo/"), ("Prefix", "/foo"), Within);
        check(("Exact", "/foo/bar"), ("Prefix", "/foo"), Within);
        check(("Exact", "/foobar"), ("Prefix", "/foo"), Disjoint);
        check(("Exact", "/"), ("Prefix", "/"), Within);
    }

    #[test]
    fn prefix() {
        check(("Prefix", "/foo"), ("Prefix", "/foo/"), Equal);
        check(("Prefix", "/foo/bar"), ("Prefix", "/foo"), Within);
        check(("Prefix", "/foobar"), ("Prefix", "/foo"), Disjoint);
        check(("Prefix", "/foo"), ("Prefix", "/"), Within);
        check(("Prefix", "/Foo"), ("Prefix", "/foo"), Disjoint);
    }

    #[test]
    fn implementation_specific() {
        let nginx = "ImplementationSpecific";
        check((nginx, "/"), ("Prefix", "/"), Equal);
        check((nginx, ""), ("Prefix", "/"), Equal);
        check((nginx, "/foo"), (nginx, "/foo"), Equal);
        check((nginx, "/foobar"), (nginx, "/foo"), Within);
        check(("Prefix", "/foo"), (nginx, "/foo"), Within);
        check(("Prefix", "/foo/bar"), (nginx, "/foo"), Within);
        check(("Exact", "/foobar"), (nginx, "/foo"), Within);
        check((nginx, "/foo/b"), ("Prefix", "/foo"), Within);
        let specific = |path, dialect| PathSet::new(path, nginx, dialect);
        relate(&specific("/*", Glob), &PathSet::new("/", "Prefix", Glob), Equal);
        relate(&specific("/a/*", Glob), &specific("/a/*", Glob), Equal);
        relate(&specific("/a", Unknown), &specific("/a", Unknown), Equal);
        relate(
            &specific("/a", Unknown),
            &specific("/b", Unknown),
            PathRelation::Unknown,
        );
        relate(
            &specific("/", Unknown),
            &PathSet::new("/", "Prefix", Unknown),
            Equal,
        );
    }

    #[test]
    fn expressions() {
        relate(
            &PathSet::regex("/Foo(/|$)(.*)"),
            &PathSet::regex("/foo(/|$)(.*)"),
            Equal,
        );
        relate(
            &PathSet::regex("/foo"),
            &PathSet::regex("/foo.*"),
            PathRelation::Unknown,
        );
    }

    #[test]
    fn what_stands_above() {
        let above = |kind, path| -> Vec<String> {
            PathSet::new(path, kind, Nginx)
                .prefixes_above()
                .iter()
                .map(|set| set.text().to_string())
                .collect()
        };
        assert_eq!(above("Prefix", "/a/b"), ["/", "/a"]);
        assert_eq!(above("Exact", "/a/b"), ["/", "/a", "/a/b"]);
        assert_eq!(above("ImplementationSpecific", "/a/b"), ["/", "/a"]);
        assert_eq!(above("Prefix", "/"), [""; 0]);
    }
}
