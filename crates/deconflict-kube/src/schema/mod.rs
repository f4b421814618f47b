//! What fields an object may have: the embedded bundle, read in place, and the walker that holds an object against it.

mod bundle;
mod formats;
mod gone;
mod memo;
mod path;
mod suggest;
mod version;
mod walk;

pub use bundle::{Bundle, KindId, Served};
pub(crate) use formats::is_base64;
pub use formats::{is_duration, is_time};
pub use gone::Retired;
pub use memo::Memo;
pub(crate) use path::{push_index, push_key};
pub use suggest::nearest;
pub use version::KubernetesVersion;
pub use walk::{Expected, Structural, StructuralKind, check_structure};
