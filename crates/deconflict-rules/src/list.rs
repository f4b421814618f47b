//! The list of rules.

use crate::{Rule, rules};

/// All rules, sorted by id: one line each.
pub static ALL: &[&Rule] = &[
    &rules::cfg_secret_two_producers::RULE,
    &rules::crd_owned_twice::RULE,
    &rules::kus_build_error::RULE,
    &rules::lay_unknown_layout::RULE,
    &rules::lay_yaml_hazard::RULE,
    &rules::net_ingress_path_taken::RULE,
    &rules::net_nodeport_taken::RULE,
    &rules::own_object_conflict::RULE,
    &rules::own_object_duplicate::RULE,
    &rules::own_object_repeated::RULE,
    &rules::sto_pvc_shared::RULE,
];

/// The rule of that id.
pub fn rule_of(id: &str) -> Option<&'static Rule> {
    let at = ALL.binary_search_by(|rule| rule.meta.id.cmp(id)).ok()?;
    ALL.get(at).copied()
}

#[cfg(test)]
mod tests {
    use super::{ALL, rule_of};

    const HEADINGS: [&str; 6] = [
        "## What it does",
        "## Why it matters",
        "## Example",
        "## Instead",
        "## Options",
        "## Known limits",
    ];

    #[test]
    fn the_list_is_sorted() {
        assert!(ALL.is_sorted_by(|a, b| a.meta.id < b.meta.id));
        for rule in ALL {
            assert_eq!(
                rule_of(rule.meta.id).map(|found| found.meta.id),
                Some(rule.meta.id)
            );
        }
    }

    #[test]
    fn every_file_is_listed_under_its_id() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/rules");
        let mut files: Vec<String> = std::fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "mod.rs")
            .collect();
        files.sort();
        let mut listed: Vec<String> = ALL
            .iter()
            .map(|rule| format!("{}.rs", rule.meta.id.replace('-', "_")))
            .collect();
        listed.sort();
        assert_eq!(files, listed);
        for rule in ALL {
            let name = rule.meta.id.replace('-', "_");
            assert!(
                rule.meta.file.ends_with(&format!("{name}.rs")),
                "{}",
                rule.meta.id
            );
        }
    }

    #[test]
    fn pages_have_the_fixed_headings() {
        for rule in ALL {
            let found: Vec<&str> = rule
                .meta
                .docs
                .lines()
                .map(str::trim)
                .filter(|line| HEADINGS.contains(line))
                .collect();
            assert_eq!(found, HEADINGS, "{}", rule.meta.id);
        }
    }
}
