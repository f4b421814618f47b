//! As much of a crate's manifest as the checks need.

/// The dependencies that a `Cargo.toml` names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// What the crate itself needs.
    pub(super) normal: Vec<String>,
    /// What its tests need.
    pub(super) dev: Vec<String>,
}

/// Read the `[dependencies]`, `[build-dependencies]` and `[dev-dependencies]` tables: a key per line, as `cargo` writes
/// them, or a table per dependency.
pub(super) fn parse(text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let mut section = String::new();
    for line in text.lines() {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut section);
            if let Some((table, dependency)) = name.rsplit_once("dependencies.") {
                section = format!("{table}dependencies");
                add(&mut manifest, &section, dependency);
                section.clear();
            }
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = line
            .split(['=', '.'])
            .next()
            .unwrap_or_default()
            .trim()
            .trim_matches('"');
        add(&mut manifest, &section, key);
    }
    manifest
}

fn add(manifest: &mut Manifest, section: &str, dependency: &str) {
    if section == "workspace.dependencies" {
        return;
    }
    if section.ends_with("dev-dependencies") {
        manifest.dev.push(dependency.to_owned());
    } else if section.ends_with("dependencies") {
        manifest.normal.push(dependency.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::{Manifest, parse};

    #[test]
    fn every_kind_of_table_is_seen() {
        let manifest = parse(
            "[package]\nname = \"x\"\n\n[dependencies]\n# why\na = { workspace = true }\nb.workspace = true\n\n\
             [target.'cfg(unix)'.dependencies]\nc = \"1\"\n\n[dependencies.d]\nversion = \"1\"\n\n\
             [dev-dependencies]\ne = \"1\"\n\n[workspace.dependencies]\nf = \"1\"\n",
        );
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            manifest,
            Manifest {
                normal: names(&["a", "b", "c", "d"]),
                dev: names(&["e"])
            }
        );
    }
}
