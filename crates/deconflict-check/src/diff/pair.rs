//! Which object before a change is which after it, in one cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use deconflict_claims::{ClusterIndex, Placed};
use deconflict_files::Step;
use deconflict_yaml::Node;

use crate::change::Moved;

/// Objects before and after.
pub(super) type Pairs<'a> = Vec<(Option<&'a Placed<'a>>, Option<&'a Placed<'a>>)>;

/// All objects of a cluster, each with its other side: by identity and application, then by identity alone (another
/// application has it), then by what is left of a generated name, then by where it is declared (another namespace or
/// name). What is not certain is one that goes and one that comes.
pub(super) fn pairs<'a>(
    before: Option<&'a ClusterIndex<'a>>,
    after: Option<&'a ClusterIndex<'a>>,
    moved: &Moved<'_>,
) -> Pairs<'a> {
    let objects = |index: Option<&'a ClusterIndex<'a>>| {
        let objects = index.map(|index| index.objects.iter()).into_iter().flatten();
        objects.collect::<Vec<_>>()
    };
    let mut matcher = Matcher {
        gone: objects(before),
        come: objects(after),
        found: Vec::new(),
    };
    matcher.in_order(|placed| Some((placed.identity(), generate_name(placed), placed.app.as_str())));
    matcher.unique(
        |placed| Some((placed.identity(), generate_name(placed))),
        |_, _| true,
    );
    let is_hashed = |old: &Placed<'_>, new: &Placed<'_>| is_hashed(old) || is_hashed(new);
    matcher.unique(|placed| Some((stem(placed), placed.app.as_str())), is_hashed);
    matcher.unique(|placed| Some(stem(placed)), is_hashed);
    let is_same_file = |old: &Placed<'_>, new: &Placed<'_>| {
        let (old, new) = (old.facts.object.declared_at, new.facts.object.declared_at);
        moved.renamed(moved.before(old).path.as_str()) == moved.before(new).path.as_str()
    };
    matcher.unique(
        |placed| {
            let (group, kind, _, name) = placed.identity();
            Some((group, kind, name, placed.app.as_str()))
        },
        |old, new| is_same_file(old, new) || is_same_content(old, new),
    );
    matcher.unique(
        |placed| {
            let (group, kind, namespace, _) = placed.identity();
            Some((group, kind, namespace, placed.app.as_str()))
        },
        |old, new| is_same_file(old, new) && is_same_content(old, new),
    );
    let gone = matcher.gone.into_iter().map(|old| (Some(old), None));
    let come = matcher.come.into_iter().map(|new| (None, Some(new)));
    matcher.found.into_iter().chain(gone).chain(come).collect()
}

struct Matcher<'a> {
    gone: Vec<&'a Placed<'a>>,
    come: Vec<&'a Placed<'a>>,
    found: Pairs<'a>,
}

impl<'a> Matcher<'a> {
    /// Pair what has one key, the first with the first.
    fn in_order<K: Ord>(&mut self, key: impl Fn(&'a Placed<'a>) -> Option<K>) {
        self.by(key, |olds, news| olds.into_iter().zip(news).collect());
    }

    /// Pair what has a key to itself on both sides, and fits.
    fn unique<K: Ord>(
        &mut self,
        key: impl Fn(&'a Placed<'a>) -> Option<K>,
        fits: impl Fn(&Placed<'a>, &Placed<'a>) -> bool,
    ) {
        self.by(key, |olds, news| match (olds.as_slice(), news.as_slice()) {
            ([old], [new]) if fits(old.1, new.1) => vec![(*old, *new)],
            _ => Vec::new(),
        });
    }

    fn by<K: Ord>(
        &mut self,
        key: impl Fn(&'a Placed<'a>) -> Option<K>,
        pick: impl Fn(Vec<Numbered<'a>>, Vec<Numbered<'a>>) -> Vec<(Numbered<'a>, Numbered<'a>)>,
    ) {
        if self.gone.is_empty() || self.come.is_empty() {
            return;
        }
        let mut by_key: BTreeMap<K, (Vec<Numbered<'a>>, Vec<Numbered<'a>>)> = BTreeMap::new();
        for (at, old) in self.gone.iter().enumerate() {
            if let Some(key) = key(old) {
                by_key.entry(key).or_default().0.push((at, *old));
            }
        }
        for (at, new) in self.come.iter().enumerate() {
            if let Some(both) = key(new).and_then(|key| by_key.get_mut(&key)) {
                both.1.push((at, *new));
            }
        }
        let (mut gone, mut come) = (vec![true; self.gone.len()], vec![true; self.come.len()]);
        for (olds, news) in by_key.into_values() {
            for (old, new) in pick(olds, news) {
                (gone[old.0], come[new.0]) = (false, false);
                self.found.push((Some(old.1), Some(new.1)));
            }
        }
        self.gone = left(&self.gone, &gone);
        self.come = left(&self.come, &come);
    }
}

type Numbered<'a> = (usize, &'a Placed<'a>);

fn left<'a>(all: &[&'a Placed<'a>], stays: &[bool]) -> Vec<&'a Placed<'a>> {
    let both = all.iter().zip(stays);
    both.filter(|(_, stays)| **stays)
        .map(|(placed, _)| *placed)
        .collect()
}

fn name_of<'a>(placed: &'a Placed<'_>) -> Option<&'a Node> {
    placed.facts.object.body.at_path(&["metadata", "name"])
}

fn generate_name<'a>(placed: &'a Placed<'_>) -> Option<&'a str> {
    let name = placed.facts.object.body.at_path(&["metadata", "generateName"]);
    name.and_then(Node::text)
}

/// True when a generator put a hash of the content behind the name.
fn is_hashed(placed: &Placed<'_>) -> bool {
    let via = name_of(placed).and_then(|name| name.via.as_ref());
    via.is_some_and(|via| Step::chain(via).any(|step| step.by == "hash suffix"))
}

/// Group, kind, namespace and the name without such a hash.
fn stem<'a>(placed: &'a Placed<'_>) -> (&'a str, &'a str, Option<&'a str>, &'a str) {
    let (group, kind, namespace, name) = placed.identity();
    let stem = name.rsplit_once('-').filter(|_| is_hashed(placed));
    (group, kind, namespace, stem.map_or(name, |(stem, _)| stem))
}

/// True when the objects say the same but for namespace and name.
fn is_same_content(old: &Placed<'_>, new: &Placed<'_>) -> bool {
    let old = under_name_of(old, new);
    *old == *new.facts.object.body
}

/// The body of `old` with the namespace and name of `new`.
pub(super) fn under_name_of(old: &Placed<'_>, new: &Placed<'_>) -> Arc<Node> {
    let (body, other) = (&old.facts.object.body, &new.facts.object.body);
    if old.identity() == new.identity() {
        return Arc::clone(body);
    }
    let mut body = Node::clone(body);
    if let Some(metadata) = body.get_mut("metadata") {
        for name in ["name", "namespace"] {
            match other.at_path(&["metadata", name]) {
                Some(value) => metadata.set(name, value.at, value.clone()),
                None => metadata.remove(name),
            }
        }
    }
    Arc::new(body)
}
