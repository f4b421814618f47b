//! Where secret values stand in the files, so that no report shows them by accident.

use std::collections::HashMap;

use deconflict_files::{FileId, Origin, Span};

/// Places of secret values: of Secrets' `data` and `stringData`, of Secret generators, of fields that the configuration
/// names. A frame that shows such a line, for whatever reason, shows dots there.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    by_file: HashMap<FileId, Vec<Span>>,
}

impl Secrets {
    /// No secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text at `at` is a secret.
    pub fn add(&mut self, at: Origin) {
        self.by_file.entry(at.file).or_default().push(at.span);
    }

    /// The secrets that overlap `span` of `file`, in the order of the text, without repetition.
    pub fn within(&self, file: FileId, span: Span) -> Vec<Span> {
        let all = self.by_file.get(&file).into_iter().flatten();
        let mut found: Vec<Span> = all
            .copied()
            .filter(|secret| secret.start < span.end && span.start < secret.end)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}
