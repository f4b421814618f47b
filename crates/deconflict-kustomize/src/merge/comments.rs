//! Merge keys in comments: `containers: # {"type":"array","x-kubernetes-patch-merge-key":"name",…}`, an OpenAPI schema
//! after a key, which kyaml takes for the schema of the list below.

use std::sync::Arc;

use deconflict_files::{File, FileId, Files, Origin};
use deconflict_yaml::{Node, parse};

/// Reads the comments of fields.
#[derive(Debug)]
pub(super) struct Comments<'f> {
    files: &'f Files,
    /// The file read last; lists of one object mostly stand in one file.
    last: Option<(FileId, Arc<File>)>,
}

impl<'f> Comments<'f> {
    pub(super) fn new(files: &'f Files) -> Self {
        Self { files, last: None }
    }

    /// The schema in the comment after the key at `key`, if there is one.
    pub(super) fn schema_at(&mut self, key: Origin) -> Option<Arc<Node>> {
        let file = match &self.last {
            Some((id, file)) if *id == key.file => file,
            _ => &self.last.insert((key.file, self.files.get(key.file))).1,
        };
        let rest = file.text.get(key.span.range().end..)?;
        let rest = rest.trim_start_matches([' ', '\t']).strip_prefix(':')?;
        let comment = rest.trim_start_matches([' ', '\t']).strip_prefix('#')?;
        let schema = comment.lines().next()?.trim_start_matches('#').trim();
        if !schema.starts_with('{') {
            return None;
        }
        let parsed = parse(key.file, schema);
        let is_readable = parsed.problems.iter().all(|problem| !problem.kind.is_fatal());
        let root = parsed.documents.into_iter().next()?.root?;
        (is_readable && root.is_map()).then_some(root)
    }
}
