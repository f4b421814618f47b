//! What Git cannot merge.

use deconflict_files::{Origin, RepoPath};
use deconflict_findings::{Finding, Label};

use super::Change;
use crate::Input;
use crate::instance::Instance;
use crate::lint::MERGE_CONFLICT;

/// The finding about paths that cannot be merged, if there are any. No setting turns it off: there is no tree to judge.
pub(crate) fn conflict(input: &Input, change: &Change) -> Option<Instance> {
    let files = input.library.files();
    let at = |path| {
        let loaded = change.base.load(path);
        Origin::start_of(loaded.map_or_else(|_| files.intern(path, &"".into()), |loaded| loaded.file))
    };
    let (first, others) = change.conflicts.split_first()?;
    let base = input.judged.base.as_deref().unwrap_or("the base");
    let named: Vec<&str> = change.conflicts.iter().map(RepoPath::as_str).collect();
    let message = format!("Git cannot merge this with {base}: conflict in {}", list(&named));
    let meta = &MERGE_CONFLICT;
    let mut finding = Finding::new(meta.id, meta.severity, message, at(first));
    finding.related = others
        .iter()
        .map(|path| Label::new(at(path), "conflict too"))
        .collect();
    finding.key = Some(named.join(", "));
    finding.notes.push(
        "there is no tree after the merge yet: everything else was checked with what the base has in these files"
            .to_owned(),
    );
    finding.help = Some("merge or rebase, resolve the conflict, and check again".to_owned());
    Some(Instance {
        finding,
        meta,
        seen: Vec::new(),
        kept: false,
    })
}

/// At most five names.
fn list(names: &[&str]) -> String {
    match names.len() {
        0..=5 => names.join(", "),
        more => format!("{} and {} more", names[..4].join(", "), more - 4),
    }
}
