//! Floor 0: repository paths, file ids, spans, origins and trails, the snapshot that everything reads from,
//! recorded reads and the line index. No IO happens here: whoever makes a [`Snapshot`] supplies the [`Tree`].

mod edited;
mod lines;
mod memory;
mod origin;
mod path;
mod reads;
mod snapshot;
mod store;

pub use lines::{LineColumn, LineIndex};
pub use memory::MemoryTree;
pub use origin::{Action, Origin, Span, Step};
pub use path::RepoPath;
pub use reads::Reads;
pub use snapshot::{Entry, Kind, ReadError, Snapshot, Tree};
pub use store::{File, FileId, Files};
