//! What a contract covers, and until when.

use crate::{Contract, team_key};

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
}

/// True when `text` matches `pattern`, in which `*` stands for any text. Linear but for retries at the last `*`.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
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
