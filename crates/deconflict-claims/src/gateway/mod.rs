//! Gateway API: listeners, which routes they take, and when two routes match the same requests
//! (gateway-api.sigs.k8s.io, API specification; rules.md section 5.3).

mod attach;
mod listener;
mod matching;

pub use attach::{Parent, Refusal, attach, parents};
pub use listener::{GATEWAY_API, Listener, Listeners, ParentRef};
pub use matching::{PathKind, RouteMatch, RouteMatches, route_matches};
