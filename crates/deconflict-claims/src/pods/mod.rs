//! Virtual pods: what the pod templates of a cluster become, with their counts, injected containers and resources.

mod adapters;
mod constraint;
mod container;
mod count;
mod inject;
mod pod;
mod scaler;
mod template;

pub(crate) use adapters::adapted;
pub use constraint::{NodeLabels, Placing, Toleration};
pub(crate) use container::amounts;
pub use container::{Amount, Container, ContainerKind, Port, Probe, Resources, Source};
pub use count::{Count, Surge};
pub use inject::{Injected, Injector, RESERVED_PORTS, ReservedPort, injected};
pub use pod::{Counts, Pod, Pods};
pub use scaler::{Scaler, ScalerKind};
pub use template::{ClaimTemplate, Controller, Template, Volume, templates};
