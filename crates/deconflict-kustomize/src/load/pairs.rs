//! Keys and values for generators (kustomize's `kv` package; kustomize.md section 8).

use std::sync::Arc;

use deconflict_files::{Origin, RepoPath, Span};
use deconflict_yaml::Loaded;

use super::paths::Paths;
use crate::Problem;
use crate::transform::{Reader, Sourced};

/// One pair. The value may be any bytes.
pub(super) struct Pair {
    pub(super) key: String,
    pub(super) value: Vec<u8>,
    /// The text to edit: the literal, the line of the env file, the data file.
    pub(super) at: Origin,
    /// The entry in the kustomization.
    pub(super) entry: Origin,
}

/// bufio's scanner gives up at a line as long as its buffer, and kustomize goes on with what it has so far.
const LONGEST_LINE: usize = 64 * 1024;

/// All pairs of a generator: env files, literals, files.
pub(super) fn load(args: &Reader<'_>, directory: &RepoPath, paths: &Paths<'_>) -> Result<Vec<Pair>, Problem> {
    let mut envs = args.texts("envs")?;
    envs.extend(args.text("env")?.filter(|env| !env.text.is_empty()));
    let (literals, files) = (args.texts("literals")?, args.texts("files")?);
    let mut pairs = Vec::new();
    for env in &envs {
        from_env_file(env, directory, paths, &mut pairs).map_err(|problem| {
            problem
                .within(format!("env source files: {}", shown(&envs)))
                .at(env.at)
        })?;
    }
    for literal in &literals {
        let pair = from_literal(literal).map_err(|problem| {
            problem
                .within(format!("literal sources {}", shown(&literals)))
                .at(literal.at)
        })?;
        pairs.push(pair);
    }
    for file in &files {
        let pair = from_file(file, directory, paths).map_err(|problem| {
            problem
                .within(format!("file sources: {}", shown(&files)))
                .at(file.at)
        })?;
        pairs.push(pair);
    }
    Ok(pairs)
}

/// A list of texts as Go prints it.
fn shown(texts: &[Sourced]) -> String {
    let texts: Vec<&str> = texts.iter().map(|text| text.text.as_str()).collect();
    format!("[{}]", texts.join(" "))
}

fn from_literal(literal: &Sourced) -> Result<Pair, Problem> {
    match literal.text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(Pair {
            key: key.to_owned(),
            value: unquoted(value).as_bytes().to_vec(),
            at: literal.at,
            entry: literal.at,
        }),
        _ => {
            let message = format!("invalid literal source {}, expected key=value", literal.text);
            Err(Problem::build(message))
        }
    }
}

/// Without one pair of equal quotes around it.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    text
}

fn from_file(source: &Sourced, directory: &RepoPath, paths: &Paths<'_>) -> Result<Pair, Problem> {
    let text = source.text.as_str();
    let (key, path) = match text.split_once('=') {
        None => (base_name(text), text),
        Some((_, path)) if path.contains('=') => {
            let message = format!("source \"{text}\" key name or file path contains '='");
            return Err(Problem::build(message));
        }
        Some(("", path)) => {
            let message = format!("missing key name for file path \"{path}\" in source \"{text}\"");
            return Err(Problem::build(message));
        }
        Some((key, "")) => {
            let message = format!("missing file path for key name \"{key}\" in source \"{text}\"");
            return Err(Problem::build(message));
        }
        Some((key, path)) => (key, path),
    };
    let loaded = paths.file(directory, path)?;
    Ok(Pair {
        key: key.to_owned(),
        value: loaded.bytes.to_vec(),
        at: whole(&loaded),
        entry: source.at,
    })
}

fn whole(loaded: &Loaded) -> Origin {
    Origin::new(loaded.file, Span::new(0, loaded.text.len()))
}

/// Go's `path.Base`.
fn base_name(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next().unwrap_or_default() {
        "" if path.is_empty() => ".",
        "" => "/",
        name => name,
    }
}

fn from_env_file(
    source: &Sourced,
    directory: &RepoPath,
    paths: &Paths<'_>,
    pairs: &mut Vec<Pair>,
) -> Result<(), Problem> {
    let loaded: Arc<Loaded> = paths.file(directory, &source.text)?;
    let mut start = 0;
    for (index, line) in loaded.bytes.split(|byte| *byte == b'\n').enumerate() {
        let at = start;
        start += line.len() + 1;
        if line.len() >= LONGEST_LINE {
            break;
        }
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Ok(text) = std::str::from_utf8(line) else {
            let numbers: Vec<String> = line.iter().map(u8::to_string).collect();
            let message = format!(
                "line [{}] has invalid utf8 bytes : {}",
                numbers.join(" "),
                String::from_utf8_lossy(line)
            );
            return Err(Problem::build(message).at(line_of(&loaded, index)));
        };
        let text = match index {
            0 => text.strip_prefix('\u{feff}').unwrap_or(text),
            _ => text,
        };
        let text = text.trim_start_matches(is_go_space);
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        if key.is_empty() {
            continue;
        }
        let end = at + line.len();
        let place = if loaded.is_utf8() {
            Span::new(end - text.len(), end)
        } else {
            Span::default()
        };
        pairs.push(Pair {
            key: key.to_owned(),
            value: value.as_bytes().to_vec(),
            at: Origin::new(loaded.file, place),
            entry: source.at,
        });
    }
    Ok(())
}

/// Line `index` of a text that is not UTF-8 and so stands otherwise in the table of files.
fn line_of(loaded: &Loaded, index: usize) -> Origin {
    let start: usize = loaded.text.split_inclusive('\n').take(index).map(str::len).sum();
    let length = loaded.text[start..].find('\n');
    let end = length.map_or(loaded.text.len(), |length| start + length);
    Origin::new(loaded.file, Span::new(start, end))
}

/// Go's `unicode.IsSpace`.
fn is_go_space(c: char) -> bool {
    c.is_whitespace()
}
