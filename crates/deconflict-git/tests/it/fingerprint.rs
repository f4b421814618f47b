//! That looking changes nothing; the tests of the command line include this file too.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Everything below `top`, `.git` included: its mode, when it last changed, and a hash of its content.
pub(crate) fn fingerprint(top: &Path) -> BTreeMap<PathBuf, (u32, (i64, i64), u64)> {
    let mut found = BTreeMap::new();
    let mut todo = vec![top.to_owned()];
    while let Some(path) = todo.pop() {
        let meta = path.symlink_metadata().expect("what was listed is there");
        let mut hash = DefaultHasher::new();
        if meta.is_dir() {
            let entries = std::fs::read_dir(&path).expect("a directory");
            todo.extend(entries.map(|entry| entry.expect("an entry").path()));
        } else if meta.is_symlink() {
            std::fs::read_link(&path).expect("a link").hash(&mut hash);
        } else {
            std::fs::read(&path).expect("a file").hash(&mut hash);
        }
        // The time of the inode, not of the content: no program can set it back.
        let state = (meta.mode(), (meta.ctime(), meta.ctime_nsec()), hash.finish());
        found.insert(path, state);
    }
    found
}

/// What `look` gives, once it is sure that nothing below `top` changed meanwhile.
pub(crate) fn unchanged<T>(top: &Path, look: impl FnOnce() -> T) -> T {
    let before = fingerprint(top);
    let seen = look();
    assert_eq!(before, fingerprint(top));
    seen
}
