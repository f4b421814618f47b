//! Routes of the Gateway API.

use deconflict_claims::gateway::GATEWAY_API;
use deconflict_claims::{ClusterIndex, Placed};

const KINDS: [&str; 5] = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"];

/// All routes, each once.
pub(crate) fn routes<'i, 'a>(index: &'i ClusterIndex<'a>) -> impl Iterator<Item = &'i Placed<'a>> {
    index.live().filter(|placed| {
        let key = &placed.facts.object.key;
        key.group == GATEWAY_API && KINDS.contains(&key.kind.as_str())
    })
}
