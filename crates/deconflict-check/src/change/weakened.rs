//! What the change takes out of the check itself: both trees are judged with the merged configuration, so a rule that
//! the change turns off finds nothing in either.

use deconflict_config::{Config, Contract, Ignore, ignores};
use deconflict_files::{Files, Origin, RepoPath};
use deconflict_findings::{Finding, Place, RuleMeta, Severity};
use deconflict_yaml::Library;
use rustc_hash::FxHashSet;

use super::{Change, Moved};
use crate::Input;
use crate::instance::Instance;
use crate::lint::CONFIG_WEAKENED;
use crate::silence::MARK;
use crate::{Options, select, sides};

/// One finding for each thing that is judged less; `silent` is what comments and contracts silence.
pub(crate) fn weakened(
    input: &Input,
    (change, moved): (&Change, &Moved<'_>),
    options: &Options,
    silent: &[Instance],
) -> Vec<Instance> {
    let ids: Vec<&str> = crate::rules().iter().map(|meta| meta.id).collect();
    let before = deconflict_config::find(&change.base, &input.config.top, &ids).config;
    // The change has no say in whether it is looked at.
    if !select::runs(&CONFIG_WEAKENED, &before, options) {
        return Vec::new();
    }
    let mut said = settings(input, &before);
    said.extend(comments(input, (change, moved), silent));
    said.into_iter()
        .map(|(at, message)| instance(at, message))
        .collect()
}

/// New comments that silence something.
fn comments(
    input: &Input,
    (change, moved): (&Change, &Moved<'_>),
    silent: &[Instance],
) -> Vec<(Origin, String)> {
    let files = input.library.files();
    let read = |library: &Library, path: &RepoPath| {
        let loaded = library
            .load(path)
            .ok()
            .filter(|loaded| loaded.text.contains(MARK))?;
        Some(ignores(loaded.file, &loaded.text, loaded.parsed()).all)
    };
    let mut said = Vec::new();
    for path in &change.changed {
        let Some(after) = read(&input.library, path) else {
            continue;
        };
        let before = read(&change.base, moved.path_before(path)).unwrap_or_default();
        for ignore in after.iter().filter(|ignore| moved.is_touched(ignore.at)) {
            let count = |all: &[Ignore]| all.iter().filter(|other| other.rule == ignore.rule).count();
            let silences = |instance: &&Instance| {
                let finding = &instance.finding;
                finding.rule == ignore.rule && sides::places(finding).any(|at| covers(ignore, files, at))
            };
            if let Some(hidden) = silent
                .iter()
                .find(silences)
                .filter(|_| count(&after) > count(&before))
            {
                said.push((
                    ignore.at,
                    format!(
                        "the change ignores `{}` here: {}",
                        ignore.rule, hidden.finding.message
                    ),
                ));
            }
        }
    }
    said
}

/// True when the comment speaks about a line of `at`.
fn covers(ignore: &Ignore, files: &Files, at: Origin) -> bool {
    let place = Place::of(&files.get(at.file), at.span);
    at.file == ignore.at.file && ignore.covers(place.line, place.end_line)
}

/// Settings of the configuration. A repository that had none begins with any as it likes.
fn settings(input: &Input, before: &Config) -> Vec<(Origin, String)> {
    let after = &input.config;
    if before.file.is_none() {
        return Vec::new();
    }
    // Where a setting was removed, the file it was removed from.
    let file = after.file.as_ref().and_then(|path| input.library.load(path).ok());
    let Some(start) = file.map(|file| Origin::start_of(file.file)) else {
        return Vec::new();
    };
    let mut said: Vec<(Origin, String)> = Vec::new();
    for meta in crate::rules() {
        let [was, is] = [before, &**after].map(|config| strength(meta, config));
        if is < was {
            let at = after.rules.get(meta.id).map_or(start, |setting| setting.at);
            let now = is.map_or("off", Severity::word);
            let then = was.map_or("off", Severity::word);
            said.push((at, format!("the change turns `{}` from {then} to {now}", meta.id)));
        }
    }
    let known: FxHashSet<&str> = before.exclude.iter().map(deconflict_config::Glob::text).collect();
    let new = after.exclude.iter().filter(|glob| !known.contains(glob.text()));
    said.extend(new.map(|glob| {
        let at = exclusion(after, &input.library, glob.text()).unwrap_or(start);
        (
            at,
            format!("the change excludes `{}` from every check", glob.text()),
        )
    }));
    let new = after
        .contracts
        .iter()
        .filter(|contract| !before.contracts.iter().any(|known| is_same(known, contract)));
    said.extend(new.map(|contract| {
        let what = contract.object.as_deref().unwrap_or("everything");
        (
            contract.at,
            format!("the change allows `{}` for {what}", contract.rule),
        )
    }));
    let known: FxHashSet<&str> = before
        .baseline
        .entries
        .iter()
        .map(|entry| entry.fingerprint.as_str())
        .collect();
    let mut new = after
        .baseline
        .entries
        .iter()
        .filter(|entry| !known.contains(entry.fingerprint.as_str()));
    if let Some(first) = new.next() {
        let count = 1 + new.count();
        let at = first.at.unwrap_or(start);
        said.push((
            at,
            format!("the change accepts {count} more findings in the baseline"),
        ));
    }
    said
}

/// How much a rule counts; `None` for off.
fn strength(meta: &RuleMeta, config: &Config) -> Option<Severity> {
    match config.rules.get(meta.id) {
        Some(setting) if setting.off => None,
        Some(setting) => Some(setting.severity.unwrap_or(meta.severity)),
        None => meta.default_on.then_some(meta.severity),
    }
}

/// Equal but for the place and for who agreed.
fn is_same(one: &Contract, other: &Contract) -> bool {
    (&one.rule, &one.object, &one.allow, &one.expires)
        == (&other.rule, &other.object, &other.allow, &other.expires)
}

/// Where the configuration excludes `text`.
fn exclusion(config: &Config, library: &Library, text: &str) -> Option<Origin> {
    let loaded = library.load(config.file.as_ref()?).ok()?;
    let document = loaded.parsed().documents.first()?;
    let listed = document.root.as_ref()?.get("exclude")?.items();
    let found = listed.iter().find(|item| item.text() == Some(text))?;
    Some(found.at)
}

fn instance(at: Origin, message: String) -> Instance {
    let meta = &CONFIG_WEAKENED;
    let mut finding = Finding::new(meta.id, meta.severity, message.clone(), at);
    finding.key = Some(message);
    finding
        .notes
        .push("what it hides is hidden in this very change too".to_owned());
    finding.help = Some("let the owners of the configuration agree, in a change of its own".to_owned());
    Instance {
        finding,
        meta,
        seen: Vec::new(),
        kept: false,
    }
}
