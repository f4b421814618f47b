//! A schema and the files it refers to.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::sync::Arc;

use deconflict_files::RepoPath;
use deconflict_yaml::{Dialect, Node};
use jsonschema::{PatternOptions, Retrieve, Uri};
use serde_json::Value;

use crate::{Schema, json};

/// How many files one schema may consist of.
const FILES: usize = 500;
/// What a pattern may try before it counts as not matching.
const BACKTRACKS: usize = 100_000;
/// The scheme that stands for the repository.
const REPOSITORY: &str = "repo:///";
/// Keywords whose value names another schema.
const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];
impl Schema {
    /// The schema at `path`; `load` gives the tree of a file of the repository. The draft is the one that `$schema` names,
    /// else 2020-12. A `$ref` to another file is followed within the repository, also where an absolute `$id` stands for the
    /// schema's own directory; nothing else is. The error is a sentence.
    pub fn compile(path: &RepoPath, load: &dyn Fn(&RepoPath) -> Option<Arc<Node>>) -> Result<Self, String> {
        let read = |path: &RepoPath| json(&*load(path)?, Dialect::Resource);
        let Some(root) = read(path) else {
            return Err(format!("{path} is not there, or no JSON or YAML"));
        };
        if !root.is_object() && !root.is_boolean() {
            return Err(format!("{path} is no schema: a schema is a map"));
        }
        let files = Files::collect(path, root, &read)?;
        let validator = jsonschema::options()
            .with_base_uri(uri(path))
            .with_retriever(files.by_uri())
            .with_pattern_options(
                PatternOptions::fancy_regex()
                    .backtrack_limit(BACKTRACKS)
                    .size_limit(1 << 20),
            )
            .build(&files.all[path])
            .map_err(|error| format!("{path} is no schema that can be used: {error}"))?;
        Ok(Self { validator })
    }
}

fn uri(path: &RepoPath) -> String {
    let mut uri = REPOSITORY.to_owned();
    for byte in path.as_str().bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[derive(Default)]
struct Files {
    all: BTreeMap<RepoPath, Value>,
    /// The directory part of an absolute `$id`, and the directory of the file that has it.
    known_as: Vec<(String, RepoPath)>,
}

impl Files {
    fn collect(
        path: &RepoPath,
        root: Value,
        read: &dyn Fn(&RepoPath) -> Option<Value>,
    ) -> Result<Self, String> {
        let mut files = Self::default();
        let mut waiting = vec![(path.clone(), root)];
        while let Some((path, schema)) = waiting.pop() {
            let directory = path.parent().unwrap_or_else(RepoPath::top);
            if let Some(id) = schema.get("$id").and_then(Value::as_str)
                && id.contains("://")
                && let Some((before, _)) = id.rsplit_once('/')
            {
                files.known_as.push((format!("{before}/"), directory.clone()));
            }
            let mut names = Vec::new();
            references(&schema, &mut names);
            files.all.insert(path, schema);
            for name in names {
                let Some(target) = files.target(&name, &directory) else {
                    continue;
                };
                let known =
                    files.all.contains_key(&target) || waiting.iter().any(|(path, _)| *path == target);
                if !known && let Some(schema) = read(&target) {
                    waiting.push((target, schema));
                }
                if files.all.len() + waiting.len() > FILES {
                    return Err(format!("it refers to more than {FILES} files"));
                }
            }
        }
        Ok(files)
    }

    /// The file that a reference names; `None` for the own file and for what is not in the repository.
    fn target(&self, name: &str, directory: &RepoPath) -> Option<RepoPath> {
        let name = name.split('#').next().filter(|name| !name.is_empty())?;
        if name.contains(':') {
            let mut known = self.known_as.iter();
            return known.find_map(|(id, directory)| directory.join(name.strip_prefix(id.as_str())?));
        }
        directory.join(name)
    }

    fn by_uri(&self) -> InRepository {
        let mut schemas = HashMap::new();
        for (path, schema) in &self.all {
            schemas.insert(uri(path), schema.clone());
            for (id, directory) in &self.known_as {
                if let Some(rest) = path.below(directory) {
                    schemas.insert(format!("{id}{}", rest.as_str()), schema.clone());
                }
            }
        }
        InRepository { schemas }
    }
}

/// Every reference in a schema.
fn references(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(name) if REFERENCES.contains(&key.as_str()) => names.push(name.clone()),
                    _ => references(value, names),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

/// What the library may read: what was handed over.
struct InRepository {
    schemas: HashMap<String, Value>,
}

impl Retrieve for InRepository {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        if let Some(schema) = self.schemas.get(uri.as_str()) {
            return Ok(schema.clone());
        }
        Err(match uri.as_str().strip_prefix(REPOSITORY) {
            Some(path) => format!("`{path}` is not in the repository"),
            None => format!("`{uri}` is not in the repository, and nothing is read from a network"),
        }
        .into())
    }
}
