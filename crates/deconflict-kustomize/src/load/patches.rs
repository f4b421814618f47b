//! How patches get at files and objects.

use std::sync::Arc;

use deconflict_files::{Origin, RepoPath};
use deconflict_yaml::{Node, parse_embedded};

use super::documents;
use super::paths::Paths;
use crate::Problem;
use crate::merge::{PatchReader, PatchText, Trees};

/// Reads for a kustomization in `directory`.
pub(super) struct Reads<'r> {
    pub(super) paths: &'r Paths<'r>,
    pub(super) directory: &'r RepoPath,
}

impl Reads<'_> {
    /// The text of a file.
    pub(super) fn text(&self, path: &str) -> Result<PatchText, Problem> {
        let loaded = self.paths.file(self.directory, path)?;
        Ok(PatchText {
            text: Arc::clone(&loaded.text),
            at: Origin::start_of(loaded.file),
            trees: Trees::File(loaded),
            name: Some(path.to_owned()),
            offset: 0,
        })
    }
}

impl PatchReader for Reads<'_> {
    fn file(&self, path: &str, at: Origin) -> Result<PatchText, Problem> {
        self.text(path).map_err(|problem| problem.at(at))
    }

    fn embedded(&self, node: &Node) -> PatchText {
        let file = self.paths.library().files().get(node.at.file);
        PatchText {
            text: node.text().unwrap_or_default().into(),
            trees: Trees::Scalar(Arc::new(parse_embedded(node, &file.text))),
            at: node.at,
            name: None,
            offset: 0,
        }
    }

    fn objects(&self, text: &PatchText) -> Result<Vec<Arc<Node>>, Problem> {
        documents::objects(text)
    }
}
