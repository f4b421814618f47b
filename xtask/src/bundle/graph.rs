//! Everything known about kinds, before it is encoded.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// All kinds and the structs they are made of.
#[derive(Default)]
pub(crate) struct Graph {
    /// Structs by their definition's name. Those of custom resources are named `group/version/Struct`.
    pub(crate) structs: BTreeMap<String, Struct>,
    /// Kinds by (group, kind, version).
    pub(crate) kinds: BTreeMap<(String, String, String), KindFacts>,
}

/// Fields of an object type.
#[derive(Default, Clone, PartialEq, Eq)]
pub(crate) struct Struct {
    /// Fields not listed are kept by the server.
    pub(crate) open: bool,
    /// Rows by field name; a field whose type changed between versions has several, with disjoint masks.
    pub(crate) rows: BTreeMap<String, Vec<Row>>,
    /// Versions that have the definition.
    pub(crate) mask: u16,
}

/// One field in some versions.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) ty: Type,
    /// Versions in which it has this type.
    pub(crate) mask: u16,
    /// Versions in which it is required.
    pub(crate) required: u16,
}

/// The type of a value. `null` always counts as absent and is no type.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Type {
    /// Anything.
    Any,
    /// A map with any content (embedded resources, extension points).
    RawObject,
    String,
    Int32,
    Int64,
    Number,
    Bool,
    IntOrString,
    Quantity,
    Time,
    MicroTime,
    /// Standard base64.
    Bytes,
    Struct(String),
    Map(Box<Type>),
    List {
        item: Box<Type>,
        kind: ListKind,
    },
    /// A closed set of strings, as `value`, `value@since`, `value@since-until` (minors).
    Enum(Vec<String>),
}

/// How server-side apply and strategic merge treat a list.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct ListKind {
    /// `x-kubernetes-list-type: set`.
    pub(crate) set: bool,
    /// Keys of `x-kubernetes-list-type: map`.
    pub(crate) keys: Vec<String>,
    /// `x-kubernetes-patch-merge-key`, or `=` for a merge list of scalars.
    pub(crate) merge_key: String,
}

/// What is known of a kind.
#[derive(Clone, Default)]
pub(crate) struct KindFacts {
    pub(crate) root: String,
    pub(crate) mask: u16,
    /// `None`: not known.
    pub(crate) namespaced: Option<bool>,
    pub(crate) plural: String,
    /// A custom resource.
    pub(crate) custom: bool,
}

impl Type {
    /// The structs it names.
    fn names(&self, into: &mut Vec<String>) {
        match self {
            Self::Struct(name) => into.push(name.clone()),
            Self::Map(value) => value.names(into),
            Self::List { item, .. } => item.names(into),
            _ => {}
        }
    }

    /// Short text for the dump.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Struct(name) => name.clone(),
            Self::Map(value) => format!("map<{}>", value.text()),
            Self::List { item, kind } => {
                let mut text = format!("[{}]", item.text());
                if kind.set {
                    text.push_str(" set");
                }
                if !kind.keys.is_empty() {
                    let _ = write!(text, " by {}", kind.keys.join("+"));
                }
                if !kind.merge_key.is_empty() {
                    let _ = write!(text, " merge {}", kind.merge_key);
                }
                text
            }
            Self::Enum(values) => format!("one of {}", values.join(" ")),
            other => format!("{other:?}").to_lowercase(),
        }
    }
}

impl Graph {
    /// Drop structs that no kind reaches (status of custom resources, for one).
    pub(crate) fn prune(&mut self) {
        let mut todo: Vec<String> = self.kinds.values().map(|facts| facts.root.clone()).collect();
        let mut reached: BTreeMap<String, Struct> = BTreeMap::new();
        while let Some(name) = todo.pop() {
            if let Some(item) = self.structs.remove(&name) {
                item.rows
                    .values()
                    .flatten()
                    .for_each(|row| row.ty.names(&mut todo));
                reached.insert(name, item);
            }
        }
        self.structs = reached;
    }

    /// A text for review: what changed in the bundle shows as a diff of lines.
    /// `shown` are the structs to print: those that were not stored under another, equal one.
    pub(crate) fn dump(&self, shown: &[String]) -> String {
        let mut text = String::from(
            "# Text form of kubernetes.bin, for review. Made by `cargo xtask bundle`; do not edit.\n",
        );
        for ((group, kind, version), facts) in &self.kinds {
            let scope = match facts.namespaced {
                Some(true) => "namespaced",
                Some(false) => "cluster",
                None => "-",
            };
            let group = if group.is_empty() { "core" } else { group };
            let plural = if facts.plural.is_empty() {
                "-"
            } else {
                &facts.plural
            };
            let _ = writeln!(
                text,
                "kind {group}/{version} {kind} {scope} {plural} {} -> {}",
                versions(facts.mask, facts.custom),
                facts.root
            );
        }
        for name in shown {
            let item = &self.structs[name];
            let _ = writeln!(text, "struct {name}{}", if item.open { " open" } else { "" });
            let prefix = name.rsplit_once('/').map_or("io.k8s.api.", |(prefix, _)| prefix);
            for (field, rows) in &item.rows {
                for row in rows {
                    let since = if row.mask == item.mask {
                        String::new()
                    } else {
                        format!(" {}", versions(row.mask, false))
                    };
                    let required = if row.required == 0 { "" } else { "!" };
                    let _ = writeln!(
                        text,
                        "  {field}{required}: {}{since}",
                        row.ty.text().replace(prefix, "")
                    );
                }
            }
        }
        text
    }
}

/// A version mask as `1.25-1.30,1.33`.
fn versions(mask: u16, custom: bool) -> String {
    if custom {
        return "any".to_owned();
    }
    let mut parts: Vec<(u16, u16)> = Vec::new();
    for (bit, minor) in super::MINORS.enumerate() {
        if mask >> bit & 1 == 1 {
            match parts.last_mut() {
                Some((_, last)) if *last + 1 == minor => *last = minor,
                _ => parts.push((minor, minor)),
            }
        }
    }
    let text = parts.iter().map(|(from, to)| {
        if from == to {
            format!("1.{from}")
        } else {
            format!("1.{from}-1.{to}")
        }
    });
    text.collect::<Vec<_>>().join(",")
}
