//! Objects that lie elsewhere than the repository says: what a push brings stands in a quarantine of its own until a
//! server's hook accepts it (git-receive-pack(1), "QUARANTINE ENVIRONMENT"). gix does not read these variables.

use std::ffi::OsStr;
use std::sync::Arc;

use crate::Error;
use crate::locate::Environment;
use crate::read::words;

/// A directory of our own that names the real ones. It lives as long as somebody reads from it.
pub(crate) type Quarantine = Arc<tempfile::TempDir>;

/// Let `git` read from the object directories that the environment names; `None` when it names none.
pub(crate) fn enter(
    git: &mut gix::ThreadSafeRepository,
    environment: &Environment,
) -> Result<Option<Quarantine>, Error> {
    let objects = text(environment.objects.as_deref())?;
    let alternates = text(environment.alternates.as_deref())?;
    if objects.is_none() && alternates.is_none() {
        return Ok(None);
    }
    let local = git.to_thread_local();
    let own = local.common_dir().join("objects");
    let mut lines = line(match objects {
        Some(objects) => objects,
        None => utf8(own.as_os_str())?,
    });
    lines.push_str(&split(alternates.unwrap_or_default()));
    let failed = |error: std::io::Error| Error::git(local.git_dir(), words(&error));
    let directory = written(&lines).map_err(failed)?;
    let store = gix::odb::Store::at_opts(
        directory.path().to_owned(),
        local.object_hash(),
        &mut std::iter::empty(),
        gix::odb::store::init::Options::default(),
    );
    git.objects = Arc::new(store.map_err(failed)?);
    Ok(Some(Arc::new(directory)))
}

#[expect(clippy::disallowed_methods, reason = "a temporary directory of our own")]
fn written(alternates: &str) -> std::io::Result<tempfile::TempDir> {
    let directory = tempfile::Builder::new().prefix("deconflict-").tempdir()?;
    let info = directory.path().join("info");
    std::fs::create_dir(&info)?;
    std::fs::write(info.join("alternates"), alternates)?;
    Ok(directory)
}

/// The text of a variable that is set.
fn text(value: Option<&OsStr>) -> Result<Option<&str>, Error> {
    value.filter(|value| !value.is_empty()).map(utf8).transpose()
}

fn utf8(path: &OsStr) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| Error::NotUtf8 { path: path.into() })
}

/// A line of `objects/info/alternates`. The variables count from the current directory, the file from its own.
fn line(path: &str) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let absolute = absolute.to_string_lossy();
    if absolute.contains('\n') {
        let escaped = absolute
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        format!("\"{escaped}\"\n")
    } else {
        format!("{absolute}\n")
    }
}

/// Between the paths of a list.
const SEPARATOR: char = if cfg!(windows) { ';' } else { ':' };

/// The lines for a list of paths; git quotes, as C does, a path that holds the separator.
fn split(list: &str) -> String {
    let mut lines = String::new();
    let mut rest = list;
    while !rest.is_empty() {
        let (one, after) = match rest.strip_prefix('"').map(closing) {
            Some(Some(end)) => {
                // The file quotes in the same way.
                let (quoted, after) = rest.split_at(end);
                lines.push_str(quoted);
                lines.push('\n');
                ("", after.strip_prefix(SEPARATOR).unwrap_or(after))
            }
            _ => rest.split_once(SEPARATOR).unwrap_or((rest, "")),
        };
        if !one.is_empty() {
            lines.push_str(&line(one));
        }
        rest = after;
    }
    lines
}

/// Where the quoted text ends, its opening quote counted, that goes on with `text`.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn lists_of_directories() {
        let check = |list: &str, want: &str| {
            assert_eq!(split(list), want, "{list}");
        };
        check("", "");
        check("/a:/b c", "/a\n/b c\n");
        check(":/a::", "/a\n");
        check("\"/a:\\\"b\":/c", "\"/a:\\\"b\"\n/c\n");
        check("/a\nb", "\"/a\\nb\"\n");
    }
}
