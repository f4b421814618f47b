//! What fields an object may have: the embedded bundle, read in place, and the walker that holds an object against it.

mod bundle;
mod formats;
mod gone;
mod memo;
mod suggest;
mod version;
mod walk;

pub use bundle::{Bundle, KindId, Served};
pub(crate) use formats::is_base64;
pub use formats::{is_duration, is_time};
pub use gone::Retired;
pub use memo::Memo;
pub use suggest::nearest;
pub use version::KubernetesVersion;
pub use walk::{Expected, Structural, StructuralKind, check_structure};
pub(crate) use walk::{push_index, push_key};
