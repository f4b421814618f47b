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
        self.today.is_some_and(|today| contract.has_expired(today))
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
        let mut found: Vec<Lint> = Vec::new();
        for (contract, used) in &self.all {
            let what = contract.object.as_deref().unwrap_or("any object");
            let (message, help) = match &contract.expires {
                _ if *used || !select::ran(&contract.rule, &judge.input.config, judge.options) => continue,
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
    let names = |object: &ObjectRef| contract.names(&object.kind, object.namespace.as_deref(), &object.name);
    let about = finding.objects.iter().any(names)
        || finding.key.as_deref().is_some_and(|key| contract.names_key(key));
    let allowed = |side: &ObjectRef| side.owner.as_deref().is_some_and(|team| contract.allows(team));
    about && objects(finding).iter().all(allowed)
}
