//! The path of a field, as messages write it.

use std::fmt::Write as _;

/// The way from the root to a value; a path is only written out when something is found.
pub(super) struct Trail<'a> {
    pub(super) part: Part<'a>,
    pub(super) before: Option<&'a Trail<'a>>,
}

#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Key(&'a str),
    Index(usize),
}

/// `spec.containers[0].image`; keys that are no plain identifiers stand in brackets, quoted.
pub(super) fn write_path(trail: Option<&Trail<'_>>) -> String {
    let mut parts = Vec::new();
    let mut next = trail;
    while let Some(trail) = next {
        parts.push(trail.part);
        next = trail.before;
    }
    let mut path = String::new();
    for part in parts.iter().rev() {
        match part {
            Part::Index(index) => push_index(&mut path, *index),
            Part::Key(key) => push_key(&mut path, key),
        }
    }
    path
}

/// Append an index to a field path.
pub(crate) fn push_index(path: &mut String, index: usize) {
    let _ = write!(path, "[{index}]");
}

/// Append a key to a field path.
pub(crate) fn push_key(path: &mut String, key: &str) {
    let plain = !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$');
    if !plain {
        let _ = write!(path, "[{key:?}]");
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}
