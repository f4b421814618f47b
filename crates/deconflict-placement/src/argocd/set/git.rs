//! Git generators: directories and files of this repository.

use deconflict_files::RepoPath;
use deconflict_kube::{bool_at, items_at, text_at};
use deconflict_yaml::Node;
use globset::{GlobBuilder, GlobMatcher};
use serde_json::{Map, Value};

use super::Context;
use super::params::{Params, flatten, normalize, value_of};

/// Parameters of `git.directories`: every directory that an entry matches and no `exclude` does, in byte order.
/// Hidden ones and what is below them never.
pub(crate) fn directories(context: Context<'_>, base: &RepoPath, git: &Node, go: bool) -> Vec<Params> {
    let mut patterns = Vec::new();
    for entry in items_at(git, &["directories"]) {
        let pattern = text_at(entry, &["path"]).and_then(path_match);
        patterns.extend(pattern.map(|glob| (glob, bool_at(entry, &["exclude"]) == Some(true))));
    }
    let mut found: Vec<RepoPath> = context
        .survey
        .directories
        .iter()
        .filter_map(|path| path.below(base))
        .filter(|path| !path.is_top() && !path.parts().any(|part| part.starts_with('.')))
        .filter(|path| {
            let matching = |wanted: bool| {
                patterns
                    .iter()
                    .any(|(glob, exclude)| *exclude == wanted && glob.is_match(path.as_str()))
            };
            matching(false) && !matching(true)
        })
        .collect();
    found.sort();
    let prefix = text_at(git, &["pathParamPrefix"]);
    found.iter().map(|path| of_path(path, prefix, go)).collect()
}

/// Parameters of `git.files`: the content of every file that matches, an object or a list of them.
pub(crate) fn files(context: Context<'_>, base: &RepoPath, git: &Node, go: bool) -> Vec<Params> {
    let mut patterns = Vec::new();
    for entry in items_at(git, &["files"]) {
        let pattern = text_at(entry, &["path"]).and_then(pathspec);
        patterns.extend(pattern.map(|glob| (glob, bool_at(entry, &["exclude"]) == Some(true))));
    }
    let prefix = text_at(git, &["pathParamPrefix"]);
    let mut all = Vec::new();
    for file in &context.survey.files {
        let Some(below) = file.below(base) else { continue };
        let matching = |wanted: bool| {
            patterns
                .iter()
                .any(|(glob, exclude)| *exclude == wanted && glob.is_match(below.as_str()))
        };
        if !matching(false) || matching(true) {
            continue;
        }
        let Ok(loaded) = context.library.load(file) else {
            continue;
        };
        let root = loaded
            .parsed()
            .documents
            .iter()
            .find_map(|document| document.root.as_ref());
        let Some(root) = root else { continue };
        let objects = if root.is_list() {
            root.items()
        } else {
            std::slice::from_ref(root)
        };
        for object in objects {
            let Value::Object(content) = value_of(object) else {
                continue;
            };
            let mut params = Params::new();
            if go {
                params = content;
            } else {
                flatten("", &Value::Object(content), &mut params);
            }
            let directory = below.parent().unwrap_or_default();
            params.extend(of_path(&directory, prefix, go));
            add_filename(&mut params, &below, prefix, go);
            all.push(params);
        }
    }
    all
}

fn of_path(path: &RepoPath, prefix: Option<&str>, go: bool) -> Params {
    let basename = path.file_name().to_owned();
    let mut params = Params::new();
    if go {
        let segments = path.parts().map(|part| Value::String(part.to_owned())).collect();
        let mut inner = Map::new();
        inner.insert("path".into(), path.as_str().into());
        inner.insert("basename".into(), basename.clone().into());
        inner.insert("basenameNormalized".into(), normalize(&basename).into());
        inner.insert("segments".into(), Value::Array(segments));
        put_path(&mut params, prefix, inner);
    } else {
        let name = prefix.map_or_else(|| "path".to_owned(), |prefix| format!("{prefix}.path"));
        params.insert(name.clone(), path.as_str().into());
        params.insert(format!("{name}.basename"), basename.clone().into());
        params.insert(format!("{name}.basenameNormalized"), normalize(&basename).into());
        for (at, part) in path.parts().enumerate() {
            params.insert(format!("{name}[{at}]"), part.into());
        }
    }
    params
}

fn add_filename(params: &mut Params, file: &RepoPath, prefix: Option<&str>, go: bool) {
    let filename = file.file_name().to_owned();
    let normalized = normalize(&filename);
    if go {
        let mut inner = Map::new();
        inner.insert("filename".into(), filename.into());
        inner.insert("filenameNormalized".into(), normalized.into());
        put_path(params, prefix, inner);
    } else {
        let name = prefix.map_or_else(|| "path".to_owned(), |prefix| format!("{prefix}.path"));
        params.insert(format!("{name}.filename"), filename.into());
        params.insert(format!("{name}.filenameNormalized"), normalized.into());
    }
}

fn put_path(params: &mut Params, prefix: Option<&str>, inner: Map<String, Value>) {
    let mut over = Params::new();
    over.insert("path".into(), Value::Object(inner));
    if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
        let mut outer = Params::new();
        outer.insert(prefix.to_owned(), Value::Object(over));
        over = outer;
    }
    super::params::lay_over(params, &over);
}

/// A glob as Go's `path.Match` reads it: `*` and `?` stay within a part, there is no `**` and no `{a,b}`.
fn path_match(text: &str) -> Option<GlobMatcher> {
    let text = text.trim_matches('/').replace('{', "\\{").replace('}', "\\}");
    let mut text = text;
    while text.contains("**") {
        text = text.replace("**", "*");
    }
    let glob = GlobBuilder::new(&text)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .ok()?;
    Some(glob.compile_matcher())
}

/// A glob as `git ls-files` reads it: `*` crosses `/`.
fn pathspec(text: &str) -> Option<GlobMatcher> {
    let text = text
        .trim_start_matches('/')
        .replace('{', "\\{")
        .replace('}', "\\}");
    let glob = GlobBuilder::new(&text)
        .literal_separator(false)
        .backslash_escape(true)
        .build()
        .ok()?;
    Some(glob.compile_matcher())
}
