//! HTTPRoutes and GRPCRoutes on one listener: a host belongs to routes of one kind (Gateway API, GRPCRoute `hostnames`).

use std::collections::BTreeMap;

use deconflict_claims::Placed;
use rustc_hash::FxHashMap;

/// A route that a listener serves for a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Served<'c, 'a> {
    pub(crate) host: &'c str,
    pub(crate) route: &'c Placed<'a>,
}

/// Routes of the one kind by the hosts that they meet: their own, and those above it.
#[derive(Default)]
struct Hosts<'c, 'a> {
    exact: FxHashMap<&'c str, Served<'c, 'a>>,
    /// The first route under a suffix, whatever stands before it.
    under: FxHashMap<&'c str, Served<'c, 'a>>,
    any: Option<Served<'c, 'a>>,
}

impl<'c, 'a> Hosts<'c, 'a> {
    fn insert(&mut self, served: Served<'c, 'a>) {
        self.any.get_or_insert(served);
        self.exact.entry(served.host).or_insert(served);
        for suffix in suffixes(served.host) {
            self.under.entry(suffix).or_insert(served);
        }
    }

    /// A route whose host meets `host`; empty is any host. As many look-ups as the host has labels.
    fn meets(&self, host: &str) -> Option<Served<'c, 'a>> {
        if host.is_empty() {
            return self.any;
        }
        let wildcard = |suffix: &str| self.exact.get(format!("*.{suffix}").as_str());
        let own = self.exact.get(host).or_else(|| self.exact.get(""));
        let above = || suffixes(host).find_map(wildcard);
        let below = || host.strip_prefix("*.").and_then(|suffix| self.under.get(suffix));
        own.or_else(above).or_else(below).copied()
    }
}

/// What follows each dot: `b.c` and `c` of `a.b.c`.
fn suffixes(host: &str) -> impl Iterator<Item = &str> {
    host.match_indices('.').map(|(at, _)| &host[at + 1..])
}

/// Pairs of an HTTPRoute and a GRPCRoute that one listener serves for a common host, each pair once, with the narrower host.
pub(crate) fn pairs<'c, 'a>(served: &[Served<'c, 'a>]) -> Vec<(Served<'c, 'a>, Served<'c, 'a>)> {
    let of = |kind: &'static str| {
        let wanted = move |served: &&Served<'_, '_>| served.route.facts.object.key.kind == kind;
        served.iter().filter(wanted)
    };
    let mut hosts = Hosts::default();
    let mut grpc = of("GRPCRoute").peekable();
    if grpc.peek().is_none() {
        return Vec::new();
    }
    of("HTTPRoute").for_each(|served| hosts.insert(*served));
    let mut found = BTreeMap::new();
    for one in grpc {
        if let Some(other) = hosts.meets(one.host) {
            let key = (one.route.identity(), other.route.identity());
            found.entry(key).or_insert((*one, other));
        }
    }
    found.into_values().collect()
}
