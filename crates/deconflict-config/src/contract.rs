//! What a contract covers, and until when.

use crate::{Contract, External, team_key};

impl Contract {
    /// True when its last day lies before `today` (`YYYY-MM-DD`; days are written so that their order is that of the texts).
    pub fn has_expired(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|last| last < today)
    }

    /// True when it lets that team; `@org/` and case do not count.
    pub fn allows(&self, team: &str) -> bool {
        let key = team_key(team);
        self.allow.iter().any(|allowed| team_key(allowed) == key)
    }

    /// True when it speaks about the object; one without `object` speaks about all. `Kind/name` is the object of that name
    /// in any namespace.
    pub fn names(&self, kind: &str, namespace: Option<&str>, name: &str) -> bool {
        let Some(object) = &self.object else { return true };
        let parts: Vec<&str> = object.split('/').collect();
        match parts.as_slice() {
            [k, n] => matches(k, kind) && matches(n, name),
            [k, s, n] => matches(k, kind) && matches(s, namespace.unwrap_or_default()) && matches(n, name),
            _ => false,
        }
    }

    /// True when its object is what a finding is about without being a side of it: `key` is `namespace/name` or `name`, as
    /// that of a claim that two Deployments mount.
    pub fn names_key(&self, key: &str) -> bool {
        let Some(object) = &self.object else { return true };
        let parts = object.split('/').skip(1);
        let key = key.split('/');
        parts.clone().count() == key.clone().count() && parts.zip(key).all(|(part, key)| matches(part, key))
    }
}

impl External {
    /// True when it stands for the object; one without `namespace` does so in any.
    pub fn names(&self, kind: &str, namespace: Option<&str>, name: &str) -> bool {
        self.kind == kind
            && self.namespace.as_deref().is_none_or(|own| Some(own) == namespace)
            && self.name.is_match(name)
    }
}

/// True when `text` matches `pattern`, in which `*` stands for any text. Linear but for retries at the last `*`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use deconflict_files::{MemoryTree, RepoPath};
    use deconflict_yaml::Library;

    use super::matches;
    use crate::{Config, find};

    fn config(text: &str) -> Config {
        let snapshot = Arc::new(MemoryTree::new().file("deconflict.yaml", text).snapshot());
        let found = find(
            &Library::new(snapshot, Arc::default()),
            &RepoPath::top(),
            &["sto-pvc-shared"],
        );
        assert_eq!(found.problems, []);
        found.config
    }

    /// Whether a contract with these fields covers the object for the team on 2027-01-31.
    fn check(fields: &str, object: (&str, Option<&str>, &str), team: &str, want: bool) {
        let config = config(&format!(
            "contracts: [{{rule: sto-pvc-shared, reason: r, {fields}}}]"
        ));
        let contract = &config.contracts[0];
        let (kind, namespace, name) = object;
        let covers = contract.names(kind, namespace, name)
            && contract.allows(team)
            && !contract.has_expired("2027-01-31");
        assert_eq!(covers, want, "{fields} for {object:?} of {team}");
    }

    #[test]
    fn contracts() {
        let claim = ("PersistentVolumeClaim", Some("shared"), "reports");
        let class = ("StorageClass", None, "fast");
        check("allow: [a]", claim, "a", true);
        check("allow: [a]", claim, "b", false);
        check("allow: ['@org/A']", claim, "a", true);
        check("allow: [a]", claim, "@org/A", true);
        check(
            "allow: [a], object: PersistentVolumeClaim/shared/reports",
            claim,
            "a",
            true,
        );
        check(
            "allow: [a], object: PersistentVolumeClaim/other/reports",
            claim,
            "a",
            false,
        );
        check(
            "allow: [a], object: PersistentVolumeClaim/reports",
            claim,
            "a",
            true,
        );
        check("allow: [a], object: '*/shared/rep*'", claim, "a", true);
        check("allow: [a], object: 'Persistent*/*/*'", claim, "a", true);
        check("allow: [a], object: 'Secret/*'", claim, "a", false);
        check("allow: [a], object: StorageClass/fast", class, "a", true);
        check("allow: [a], object: 'StorageClass/*/fast'", class, "a", true);
        check("allow: [a], expires: 2027-01-30", claim, "a", false);
        check("allow: [a], expires: 2027-01-31", claim, "a", true);
    }

    #[test]
    fn external_objects() {
        let config = config(
            "external: [{kind: StorageClass, name: 'fast-*'}, {kind: Secret, namespace: a, name: s}, {kind: Secret, name: t}]",
        );
        let names = |kind: &str, namespace: Option<&str>, name: &str| {
            config
                .external
                .iter()
                .any(|external| external.names(kind, namespace, name))
        };
        assert!(names("StorageClass", None, "fast-ssd"));
        assert!(!names("StorageClass", None, "slow"));
        assert!(names("Secret", Some("a"), "s"));
        assert!(!names("Secret", Some("b"), "s"));
        assert!(names("Secret", Some("b"), "t"));
    }

    #[test]
    fn stars_stand_for_any_text() {
        let check = |pattern: &str, text: &str, want: bool| {
            assert_eq!(matches(pattern, text), want, "{pattern} against {text}");
        };
        check("reports", "reports", true);
        check("reports", "reports-2", false);
        check("*", "", true);
        check("a*", "abc", true);
        check("*c", "abc", true);
        check("a*c", "abcc", true);
        check("a*b*c", "a-b-c", true);
        check("a*b*c", "a-c-b", false);
        check("ab*ba", "aba", false);
    }
}
