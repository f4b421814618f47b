//! Reading one file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use deconflict_files::ReadError;

/// Larger files are not read, in bytes. No manifest comes near: etcd refuses an object above 1.5 MiB.
pub const FILE_LIMIT: u64 = 64 << 20;

/// The content of the regular file at `path`, unless there are more bytes than [`FILE_LIMIT`].
pub(crate) fn read_file(path: &Path) -> Result<Arc<[u8]>, ReadError> {
    content(raw(path)?.into())
}

/// The bytes, whatever they stand for.
#[expect(clippy::disallowed_methods, reason = "this is the crate that reads")]
pub(crate) fn raw(path: &Path) -> Result<Vec<u8>, ReadError> {
    let file = File::open(path).map_err(|error| unreadable(&error))?;
    let meta = file.metadata().map_err(|error| unreadable(&error))?;
    if meta.is_dir() {
        return Err(ReadError::IsDirectory);
    }
    if meta.len() > FILE_LIMIT {
        return Err(ReadError::TooLarge {
            size: meta.len(),
            limit: FILE_LIMIT,
        });
    }
    let mut bytes = Vec::with_capacity(meta.len() as usize + 1);
    // The file may grow while it is read.
    file.take(FILE_LIMIT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(ReadError::TooLarge {
            size: bytes.len() as u64,
            limit: FILE_LIMIT,
        });
    }
    Ok(bytes)
}

/// `bytes`, unless they only stand for the content: a Git LFS pointer (the specification's first line), or a file that
/// git-crypt encrypted.
pub(crate) fn content(bytes: Arc<[u8]>) -> Result<Arc<[u8]>, ReadError> {
    let what = if bytes.starts_with(b"version https://git-lfs.github.com/spec/") {
        "is a Git LFS pointer; the working tree has the content after `git lfs pull`, Git has not"
    } else if bytes.starts_with(b"\0GITCRYPT\0") {
        "is encrypted with git-crypt"
    } else {
        return Ok(bytes);
    };
    Err(ReadError::Unreadable(what.to_owned()))
}

pub(crate) fn unreadable(error: &std::io::Error) -> ReadError {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ReadError::NotFound,
        _ => ReadError::Unreadable(words(error)),
    }
}

/// The system's words without the number, which differs between systems.
pub(crate) fn words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        kind => kind.to_string(),
    }
}
