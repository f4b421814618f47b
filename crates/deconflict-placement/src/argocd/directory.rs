//! `source.directory`: plain manifests, as Argo CD reads them.

use deconflict_files::RepoPath;
use deconflict_kube::{bool_at, text_at};
use deconflict_yaml::{Library, Node};
use globset::{GlobBuilder, GlobMatcher};
use memchr::memmem;

use crate::survey::Survey;

/// What Argo CD skips a file for.
const SKIP: &[u8] = b"+argocd:skip-file-rendering";

/// The files of an Application with a directory source, sorted. Jsonnet files are among `jsonnet`.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) manifests: Vec<RepoPath>,
    pub(crate) jsonnet: Vec<RepoPath>,
}

/// Read the directory as `stanza` says: without `recurse` only itself; `exclude` is asked before `include`, each one
/// glob in which `*` crosses `/`.
pub(crate) fn files(survey: &Survey, library: &Library, path: &RepoPath, stanza: Option<&Node>) -> Files {
    let recurse = stanza.and_then(|stanza| bool_at(stanza, &["recurse"])) == Some(true);
    let pattern = |name: &str| {
        stanza
            .and_then(|stanza| text_at(stanza, &[name]))
            .filter(|text| !text.is_empty())
            .and_then(glob)
    };
    let (include, exclude) = (pattern("include"), pattern("exclude"));
    let mut files = Files::default();
    for file in survey.below(path) {
        let Some(below) = file.below(path) else { continue };
        let is_direct = below.parts().count() == 1;
        let is_out = exclude.as_ref().is_some_and(|glob| glob.is_match(below.as_str()))
            || include
                .as_ref()
                .is_some_and(|glob| !glob.is_match(below.as_str()));
        if is_out || !(is_direct || recurse) {
            continue;
        }
        match file.extension() {
            Some("yaml" | "yml" | "json") if survey.objects.contains(file) => {
                let skips = library
                    .load(file)
                    .is_ok_and(|loaded| memmem::find(&loaded.bytes, SKIP).is_some());
                if !skips {
                    files.manifests.push(file.clone());
                }
            }
            Some("jsonnet") => files.jsonnet.push(file.clone()),
            _ => {}
        }
    }
    files
}

/// A glob as gobwas reads it without separator.
fn glob(text: &str) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(text).literal_separator(false).build().ok()?;
    Some(glob.compile_matcher())
}
