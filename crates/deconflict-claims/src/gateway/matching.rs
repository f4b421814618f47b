//! What requests a rule of a route matches, in one spelling.

use deconflict_kube::{items_at, text_at};
use deconflict_yaml::Node;
use smol_str::{SmolStr, ToSmolStr};

use crate::{Placed, Spot};

/// How a path is compared.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PathKind {
    /// The very path.
    Exact,
    /// By elements.
    Prefix,
    /// As the implementation reads regular expressions.
    Regex,
    /// Service and method of gRPC.
    Method,
    /// Connections have no path.
    Connection,
}

/// A condition on a header or query parameter: name, true for a regular expression, value.
type Condition = (SmolStr, bool, SmolStr);

/// One match of a route in the spelling that all equal ones share (rules.md section 5.3).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RouteMatch {
    /// How the path is compared.
    pub kind: PathKind,
    /// The path, a prefix without its trailing slash.
    pub path: SmolStr,
    /// The HTTP method, if one is asked for.
    pub method: Option<SmolStr>,
    /// Conditions on headers, names in lower case, sorted, each name once.
    pub headers: Vec<Condition>,
    /// Conditions on query parameters, sorted, each name once.
    pub query: Vec<Condition>,
}

impl RouteMatch {
    fn new(kind: PathKind, path: &str) -> Self {
        Self {
            kind,
            path: match (kind, path.trim_end_matches('/')) {
                (PathKind::Prefix, "") => "/".into(),
                (PathKind::Prefix, cut) => cut.into(),
                _ => path.into(),
            },
            method: None,
            headers: Vec::new(),
            query: Vec::new(),
        }
    }

    /// True when what it matches is up to the implementation.
    pub fn is_regex(&self) -> bool {
        self.kind == PathKind::Regex || self.headers.iter().chain(&self.query).any(|(_, regex, _)| *regex)
    }

    /// For messages: `GET /cart with header x-test=1`.
    pub fn text(&self) -> String {
        let mut text = match &self.method {
            Some(method) => format!("{method} {}", self.path),
            None => self.path.to_string(),
        };
        for (word, conditions) in [("header", &self.headers), ("query", &self.query)] {
            for (name, _, value) in conditions {
                text.push_str(&format!(" with {word} {name}={value}"));
            }
        }
        text
    }
}

/// The matches of a route with the text of each, in order.
pub type RouteMatches = Vec<(RouteMatch, Spot)>;

/// All matches of all rules of `route`. A rule without matches takes every path; rules of routes for connections have
/// none.
pub fn route_matches(route: &Placed<'_>) -> RouteMatches {
    let mut found = Vec::new();
    let body = &route.facts.object.body;
    let kind = route.facts.object.key.kind.as_str();
    if matches!(kind, "TLSRoute" | "TCPRoute" | "UDPRoute") {
        let spot = body.at_path(&["spec", "rules"]).unwrap_or(body);
        return vec![(RouteMatch::new(PathKind::Connection, ""), Spot::of(spot))];
    }
    for rule in items_at(body, &["spec", "rules"]) {
        let mut entries = items_at(rule, &["matches"]).peekable();
        if entries.peek().is_none() {
            found.push((everything(kind), Spot::of(rule)));
        }
        found.extend(entries.map(|entry| match kind {
            "GRPCRoute" => of_grpc(entry),
            _ => of_http(entry),
        }));
    }
    found
}

fn everything(kind: &str) -> RouteMatch {
    match kind {
        "GRPCRoute" => RouteMatch::new(PathKind::Method, "*/*"),
        _ => RouteMatch::new(PathKind::Prefix, "/"),
    }
}

fn of_http(entry: &Node) -> (RouteMatch, Spot) {
    let value = entry.at_path(&["path", "value"]);
    let kind = match text_at(entry, &["path", "type"]) {
        Some("Exact") => PathKind::Exact,
        Some("RegularExpression") => PathKind::Regex,
        _ => PathKind::Prefix,
    };
    let mut found = RouteMatch::new(kind, value.and_then(Node::text).unwrap_or("/"));
    found.method = text_at(entry, &["method"]).map(SmolStr::from);
    found.headers = conditions(entry, "headers", true);
    found.query = conditions(entry, "queryParams", false);
    (found, Spot::of(value.unwrap_or(entry)))
}

fn of_grpc(entry: &Node) -> (RouteMatch, Spot) {
    let method = |field: &str| text_at(entry, &["method", field]).unwrap_or("*");
    let kind = match text_at(entry, &["method", "type"]) {
        Some("RegularExpression") => PathKind::Regex,
        _ => PathKind::Method,
    };
    let mut found = RouteMatch::new(kind, &format!("{}/{}", method("service"), method("method")));
    found.headers = conditions(entry, "headers", true);
    let spot = entry
        .at_path(&["method", "service"])
        .or_else(|| entry.at_path(&["method", "method"]));
    (found, Spot::of(spot.unwrap_or(entry)))
}

/// Of entries with an equivalent name only the first counts (API specification).
fn conditions(entry: &Node, field: &str, any_case: bool) -> Vec<Condition> {
    let mut found: Vec<Condition> = Vec::new();
    for condition in items_at(entry, &[field]) {
        let name = text_at(condition, &["name"]).unwrap_or_default();
        let name = if any_case {
            name.to_ascii_lowercase().to_smolstr()
        } else {
            name.to_smolstr()
        };
        if found.iter().all(|(known, _, _)| *known != name) {
            let regex = text_at(condition, &["type"]) == Some("RegularExpression");
            let value = text_at(condition, &["value"]).unwrap_or_default();
            found.push((name, regex, value.into()));
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{Files, MemoryTree, RepoPath};
    use deconflict_yaml::{Library, Node};

    use super::{PathKind, RouteMatch, of_grpc, of_http};

    fn node(text: &str) -> Arc<Node> {
        let snapshot = MemoryTree::new().file("m.yaml", text).snapshot();
        let library = Library::new(Arc::new(snapshot), Arc::new(Files::new()));
        let loaded = library.load(&RepoPath::new("m.yaml").unwrap()).unwrap();
        Arc::clone(loaded.parsed().documents[0].root.as_ref().unwrap())
    }

    fn http(text: &str) -> RouteMatch {
        of_http(&node(text)).0
    }

    /// Section 5.3, row by row.
    #[test]
    fn canonical_matches() {
        for (one, other, equal) in [
            // Missing matches and a missing path are the prefix `/`.
            ("{}", "{path: {type: PathPrefix, value: /}}", true),
            ("{method: GET}", "{path: {value: /}, method: GET}", true),
            // The type defaults to PathPrefix; a prefix's trailing slash does not count.
            (
                "{path: {value: /a}}",
                "{path: {type: PathPrefix, value: /a/}}",
                true,
            ),
            ("{path: {value: /a}}", "{path: {value: /ab}}", false),
            ("{path: {value: /a}}", "{path: {value: /A}}", false),
            // … of an exact path it does, and the type tells them apart.
            (
                "{path: {type: Exact, value: /a}}",
                "{path: {type: Exact, value: /a/}}",
                false,
            ),
            (
                "{path: {type: Exact, value: /a}}",
                "{path: {type: Exact, value: /a}}",
                true,
            ),
            ("{path: {type: Exact, value: /a}}", "{path: {value: /a}}", false),
            // Method.
            ("{method: GET}", "{method: POST}", false),
            ("{method: GET}", "{}", false),
            // Headers: a set, names in any case, exact apart from regular expressions.
            (
                "{headers: [{name: X-A, value: '1'}, {name: b, value: '2'}]}",
                "{headers: [{name: B, value: '2'}, {name: x-a, value: '1', type: Exact}]}",
                true,
            ),
            (
                "{headers: [{name: a, value: '1'}]}",
                "{headers: [{name: a, value: '1', type: RegularExpression}]}",
                false,
            ),
            (
                "{headers: [{name: a, value: '1'}]}",
                "{headers: [{name: a, value: '2'}]}",
                false,
            ),
            ("{headers: [{name: a, value: '1'}]}", "{}", false),
            (
                "{headers: [{name: a, value: '1'}, {name: A, value: '9'}]}",
                "{headers: [{name: a, value: '1'}]}",
                true,
            ),
            // Query parameters: a set, names in one case.
            (
                "{queryParams: [{name: a, value: '1'}, {name: b, value: '2'}]}",
                "{queryParams: [{name: b, value: '2'}, {name: a, value: '1'}]}",
                true,
            ),
            (
                "{queryParams: [{name: a, value: '1'}]}",
                "{queryParams: [{name: A, value: '1'}]}",
                false,
            ),
        ] {
            assert_eq!(http(one) == http(other), equal, "{one} | {other}");
        }
    }

    #[test]
    fn regular_expressions_are_the_implementations() {
        assert!(http("{path: {type: RegularExpression, value: '/a.*'}}").is_regex());
        assert!(http("{headers: [{name: a, value: b, type: RegularExpression}]}").is_regex());
        assert!(!http("{path: {value: /a}}").is_regex());
    }

    #[test]
    fn grpc() {
        let one = of_grpc(&node("{method: {service: shop.Cart}}")).0;
        assert_eq!((one.kind, one.path.as_str()), (PathKind::Method, "shop.Cart/*"));
        assert_ne!(
            one,
            of_grpc(&node("{method: {service: shop.Cart, method: Get}}")).0
        );
    }

    #[test]
    fn texts() {
        let text = "{path: {value: /a/}, method: GET, headers: [{name: X, value: y}]}";
        assert_eq!(http(text).text(), "GET /a with header x=y");
    }
}
