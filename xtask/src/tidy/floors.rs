//! A crate may depend only on crates of a strictly lower floor, and some dependencies belong to one crate.

use std::path::Path;

use super::manifest::{Manifest, parse};
use crate::read;

/// The crates and their floors; ARCHITECTURE.md says what each must not know.
const FLOORS: [(&str, u8); 16] = [
    ("deconflict-files", 0),
    ("deconflict-findings", 1),
    ("deconflict-git", 1),
    ("deconflict-lua", 1),
    ("deconflict-yaml", 1),
    ("deconflict-cel", 2),
    ("deconflict-config", 2),
    ("deconflict-jsonschema", 2),
    ("deconflict-report", 2),
    ("deconflict-kube", 3),
    ("deconflict-kustomize", 4),
    ("deconflict-placement", 5),
    ("deconflict-claims", 6),
    ("deconflict-rules", 7),
    ("deconflict-check", 8),
    ("deconflict-cli", 9),
];

/// Dependencies that may be named in one crate only, so that they can be exchanged there; the package at the top, which has
/// no code, may test with them.
const CONFINED: [(&str, &str); 13] = [
    ("gix", "deconflict-git"),
    ("granit-parser", "deconflict-yaml"),
    ("yaml-rust2", "deconflict-yaml"),
    ("miette", "deconflict-report"),
    ("rayon", "deconflict-check"),
    ("clap", "deconflict-cli"),
    ("clap_complete", "deconflict-cli"),
    ("clap_mangen", "deconflict-cli"),
    ("cel", "deconflict-cel"),
    ("mlua", "deconflict-lua"),
    ("full_moon", "deconflict-lua"),
    ("regorus", "deconflict-policy"),
    ("jsonschema", "deconflict-jsonschema"),
];

/// Failures in the manifests of the checkout at `top`.
pub(super) fn check(top: &Path) -> Result<Vec<String>, String> {
    let mut failures = Vec::new();
    let listed = std::fs::read_dir(top.join("crates")).map_err(|error| format!("crates: {error}"))?;
    let mut names: Vec<String> = listed
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .collect();
    names.sort();
    for name in names {
        let manifest = parse(&read(&top.join("crates").join(&name).join("Cargo.toml"))?);
        failures.extend(judge(&name, &manifest));
    }
    for (name, path) in [("deconflict", "Cargo.toml"), ("xtask", "xtask/Cargo.toml")] {
        let manifest = parse(&read(&top.join(path))?);
        failures.extend(confined(name, &manifest));
    }
    Ok(failures)
}

fn judge(name: &str, manifest: &Manifest) -> Vec<String> {
    let floor = |name: &str| {
        FLOORS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, floor)| *floor)
    };
    let Some(own) = floor(name) else {
        return vec![format!(
            "{name}: has no floor; give it one in xtask/src/tidy/floors.rs and in ARCHITECTURE.md"
        )];
    };
    let mut failures = confined(name, manifest);
    for dependency in manifest
        .normal
        .iter()
        .filter(|dependency| dependency.starts_with("deconflict-"))
    {
        match floor(dependency) {
            Some(below) if below < own => {}
            Some(below) => failures.push(format!(
                "{name} (floor {own}) depends on {dependency} (floor {below}): edges go down only"
            )),
            None => failures.push(format!("{name} depends on {dependency}, which has no floor")),
        }
    }
    failures
}

fn confined(name: &str, manifest: &Manifest) -> Vec<String> {
    // The package at the top has tests only, and they give second opinions.
    let dev = if name == "deconflict" {
        &[][..]
    } else {
        &manifest.dev
    };
    let all = manifest.normal.iter().chain(dev);
    all.filter_map(|dependency| {
        let (_, home) = CONFINED.iter().find(|(known, _)| known == dependency)?;
        (*home != name).then(|| format!("{name} names {dependency}, which belongs to {home} alone"))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{judge, parse};

    #[test]
    fn edges_go_down_only() {
        let check = |name: &str, dependency: &str, want: &str| {
            let failures = judge(name, &parse(&format!("[dependencies]\n{dependency} = \"1\"\n"))).join("\n");
            assert!(
                if want.is_empty() {
                    failures.is_empty()
                } else {
                    failures.contains(want)
                },
                "{failures}"
            );
        };
        check("deconflict-yaml", "deconflict-files", "");
        check("deconflict-yaml", "deconflict-findings", "edges go down only");
        check("deconflict-yaml", "deconflict-kube", "edges go down only");
        check("deconflict-yaml", "granit-parser", "");
        check(
            "deconflict-kube",
            "granit-parser",
            "belongs to deconflict-yaml alone",
        );
        check("deconflict-nobody", "serde", "has no floor");
    }
}
