//! `contracts` of the configuration: who lets whom.

use deconflict_config::Contract;
use deconflict_findings::{Finding, ObjectRef};

use super::Lint;
use crate::judge::Judge;
use crate::sides::objects;
use crate::{lint, select};

/// Contracts and whether each was of use.
pub(super) struct Contracts<'a> {
    all: Vec<(&'a Contract, bool)>,
    today: Option<&'a str>,
}

impl<'a> Contracts<'a> {
    pub(super) fn new(judge: &Judge<'a>) -> Self {
        Self {
            all: judge
                .input
                .config
                .contracts
                .iter()
                .map(|contract| (contract, false))
                .collect(),
            today: judge.options.today.as_deref(),
        }
    }

    fn has_expired(&self, contract: &Contract) -> bool {
        // Days are written so that their order is that of the texts.
        matches!((&contract.expires, self.today), (Some(last), Some(today)) if last.as_str() < today)
    }

    /// True when a contract that has not expired allows it to all sides.
    pub(super) fn silence(&mut self, finding: &Finding) -> bool {
        let mut silent = false;
        for index in 0..self.all.len() {
            let contract = self.all[index].0;
            if !self.has_expired(contract) && fits(contract, finding) {
                self.all[index].1 = true;
                silent = true;
            }
        }
        silent
    }

    pub(super) fn unused(self, judge: &Judge<'_>) -> Vec<Lint> {
        let meta = &lint::UNUSED_CONTRACT;
        if !select::runs(meta, &judge.input.config, judge.options) {
            return Vec::new();
        }
        let rules = crate::rules();
        let ran = |id: &str| {
            let rule = rules.iter().find(|rule| rule.id == id);
            rule.is_some_and(|rule| select::runs(rule, &judge.input.config, judge.options))
        };
        let mut found: Vec<Lint> = Vec::new();
        for (contract, used) in &self.all {
            let what = contract.object.as_deref().unwrap_or("any object");
            let (message, help) = match &contract.expires {
                _ if *used || !ran(&contract.rule) => continue,
                Some(day) if self.has_expired(contract) => (
                    format!("the contract for `{}` on {what} expired on {day}", contract.rule),
                    "agree on a new day, or delete the contract",
                ),
                _ => (
                    format!("the contract for `{}` on {what} silences nothing", contract.rule),
                    "delete the contract, or correct its object and teams",
                ),
            };
            let mut finding = Finding::new(meta.id, meta.severity, message, contract.at);
            finding.key = Some(format!("{} {what}", contract.rule));
            finding.help = Some(help.to_owned());
            found.push((meta, finding));
        }
        found
    }
}

/// True when the contract is about this rule and object, and names the team of every side.
fn fits(contract: &Contract, finding: &Finding) -> bool {
    if contract.rule != finding.rule {
        return false;
    }
    let about = match &contract.object {
        None => true,
        Some(pattern) => {
            let by_object = finding.objects.iter().any(|object| names(pattern, object));
            by_object || finding.key.as_deref().is_some_and(|key| names_key(pattern, key))
        }
    };
    let allowed = |side: &ObjectRef| {
        let owner = side.owner.as_deref();
        owner.is_some_and(|owner| contract.allow.iter().any(|team| team == owner))
    };
    about && objects(finding).iter().all(allowed)
}

/// `Kind/name` or `Kind/namespace/name`, with `*` for anything within a part.
fn names(pattern: &str, object: &ObjectRef) -> bool {
    let parts: Vec<&str> = pattern.split('/').collect();
    match parts.as_slice() {
        [kind, name] => matches(kind, &object.kind) && matches(name, &object.name),
        [kind, namespace, name] => {
            matches(kind, &object.kind)
                && matches(namespace, object.namespace.as_deref().unwrap_or_default())
                && matches(name, &object.name)
        }
        _ => false,
    }
}

/// What is shared may be no side of the finding but its key, for example a claim that two Deployments mount.
fn names_key(pattern: &str, key: &str) -> bool {
    let parts: Vec<&str> = pattern.split('/').skip(1).collect();
    let key: Vec<&str> = key.split('/').collect();
    parts.len() == key.len() && parts.iter().zip(&key).all(|(part, key)| matches(part, key))
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
    use super::matches;

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
